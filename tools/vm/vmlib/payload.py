# SPDX-License-Identifier: GPL-2.0-only
"""The payload: all a guest's userspace has, and the plan init follows.

The plan is a folder of small files, read by tools/vm/init/plan.c:

    stageN         the command of stage N
    kernelN        where kernel N (the one that runs stage N) lies in the guest
    cmdlineN       its kernel command line
    byN            there unless kernel N comes by an ordinary kexec: 'crash' or 'reboot'
    expect-failN   go on to the next stage although this one is going to fail
    modulesN       modules kernel N loads before its stage
    environment    NAME=VALUE lines for the commands
    late-load      load the next kernel after the stage instead of before it
    kmemleak       scan for leaks after every stage
    shell          give a prompt instead of running stages
"""

import re
import shutil
import subprocess
from pathlib import Path

from . import modules, paths
from .cpio import Archive

PLAN = "carryover"


def _program(name: str) -> Path:
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not found:
        raise paths.UserError(f"{name} is not installed; 'make packages' installs what is needed")
    return Path(found).resolve()


def _busybox(archive: Archive):
    busybox = _program("busybox")
    archive.file("bin/busybox", busybox)
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        if applet != "busybox":
            archive.link(f"bin/{applet}", "busybox")


def _libraries(program: Path):
    """What the loader says a program needs; nothing for a static one."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", said)


def _kexec(archive: Archive):
    kexec = _program("kexec")
    archive.file("sbin/kexec", kexec)
    for library in _libraries(kexec):
        archive.file(library.lstrip("/"), Path(library))


def _kernels(archive: Archive, stages):
    for stage in stages:
        if stage.number == 1:
            continue
        inside = f"boot/kernel{stage.number}"
        same = [s for s in stages if 1 < s.number < stage.number and s.kernel == stage.kernel]
        if same:
            inside = f"boot/kernel{same[0].number}"
        else:
            archive.file(inside, stage.kernel)
        archive.data(f"{PLAN}/kernel{stage.number}", f"/{inside}".encode())
        archive.data(f"{PLAN}/cmdline{stage.number}", stage.cmdline.encode())


def _plan(archive: Archive, job):
    archive.directory(PLAN)
    for stage in job.stages:
        archive.data(f"{PLAN}/stage{stage.number}", stage.command.encode())
        if stage.way != "kexec":
            archive.data(f"{PLAN}/by{stage.number}", stage.way.encode())
        if stage.modules:
            archive.data(f"{PLAN}/modules{stage.number}", " ".join(stage.modules).encode())
        if stage.expect_fail:
            archive.data(f"{PLAN}/expect-fail{stage.number}", b"")
    for flag in job.plan_flags:
        archive.data(f"{PLAN}/{flag}", b"")
    archive.data(f"{PLAN}/environment", "\n".join(job.environment).encode())


def _files(archive: Archive, job):
    archive.directory("files")
    for folder in job.files:
        archive.tree("files", folder)


def build_files(job) -> bytes:
    """For a guest that has a userland: what it is to do, and with what."""
    archive = Archive()
    _files(archive, job)
    _plan(archive, job)
    return archive.bytes()


def build(job, initrd: bytes) -> bytes:
    """The archive init lays over its root."""
    archive = Archive()
    _files(archive, job)
    _busybox(archive)
    _kexec(archive)
    _kernels(archive, job.stages)
    for stage in job.stages:
        modules.add(archive, modules.of_kernel(stage.kernel, stage.modules))
    archive.data("boot/initrd", initrd)
    _plan(archive, job)
    return archive.bytes()
