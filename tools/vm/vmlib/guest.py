# SPDX-License-Identifier: GPL-2.0-only
"""Runs one guest from start to verdict."""

import re
import sys
import time
from pathlib import Path

from carryover.common import CACHE

from . import initramfs, judge, paths, payload, results, stuck, system
from .devices import Devices
from .monitor import Monitor
from .qemu import Qemu, arguments
from .window import Window

POLL = 0.05
PROGRAM_TAIL = 15
KERNEL_TAIL = 12
SPLAT_LINES = 40
OURS = re.compile(r"live ?update|luo|KHO|kexec|iommufd|vfio|panic", re.IGNORECASE)


def _check(job):
    for folder in job.files:
        if not folder.is_dir():
            raise paths.UserError(f"--files {folder}: no such folder")
    if job.icount and job.accel != "tcg":
        raise paths.UserError("--icount counts TCG's instructions, so it needs --accel tcg")


class _Outputs:
    """Copies the guest's channels into files, and to the terminal on the way."""

    def __init__(self, job, window: Window, monitor: Monitor):
        self._window = window
        self._monitor = monitor
        self._echo = not job.quiet
        self._program = open(job.out / "program.log", "wb")
        self._report = open(job.out / "report.log", "wb")

    def pump(self):
        new = self._window.program.read()
        self._program.write(new)
        self._report.write(self._window.report.read())
        if new:
            self._program.flush()
        self._monitor.feed(new)
        if new and self._echo:
            sys.stdout.write(new.decode(errors="replace"))
            sys.stdout.flush()

    def close(self):
        self.pump()
        if self._window.program.overflowed():
            self._program.write(b"(more was printed than there was room for)\n")
        self._program.close()
        self._report.close()


def _follow(qemu: Qemu, outputs: _Outputs, timeout: float) -> bool:
    """Until the guest ends; True if it did not in time."""
    deadline = time.monotonic() + timeout
    while not qemu.ended():
        outputs.pump()
        if time.monotonic() > deadline:
            return True
        time.sleep(POLL)
    return False


def _prepare(job):
    """The files QEMU starts from."""
    devices = Devices(job.out, CACHE)
    for text in job.devices:
        devices.add(text)
    if job.root:
        system.write_payload(job)
        return system.Serial(job.out / "line"), devices
    initrd = initramfs.build()
    (job.out / "initrd").write_bytes(initrd)
    return Window(job.out / "window", payload.build(job, initrd)), devices


def _tidy(job, devices: Devices):
    """Images are large, and nobody reads them after most runs."""
    for name in ("initrd", "payload"):
        (job.out / name).unlink(missing_ok=True)
    if not job.keep:
        for disk in devices.disks:
            if disk.parent == job.out:
                disk.unlink(missing_ok=True)


def _where_it_hangs(job, monitor: Monitor):
    """Its processors, by the symbols of the kernel that runs."""
    kernels = results.split_kernels(results.read_lines(job.out / "kernel.log"))
    running = job.stages[min(len(kernels), len(job.stages)) - 1]
    return stuck.processors(monitor, running.kernel)


def _show_failure(job, verdict: judge.Verdict, hangs):
    for found in verdict.splats[:2]:
        print(f"--- kernel {found.kernel}:")
        print("\n".join(found.lines[:SPLAT_LINES]))
    _show_lines("QEMU, last lines", results.read_lines(job.out / "qemu.log")[-PROGRAM_TAIL:])
    if not verdict.splats:
        _show_kernel(results.read_lines(job.out / "kernel.log"), whole=bool(hangs))
    _show_lines("processors", hangs)
    _show_lines("program output, last lines",
                results.read_lines(job.out / "program.log")[-PROGRAM_TAIL:])


def _show_kernel(lines, whole: bool):
    """What has to do with a live update; whatever came last when nothing has, or when it
    hung: then what it did last may be anything."""
    ours = [] if whole else [line for line in lines if OURS.search(line)]
    _show_lines("kernel log, last lines", (ours or lines)[-KERNEL_TAIL:])


def _show_lines(what: str, lines):
    if lines:
        print(f"--- {what}:")
        print("\n".join(lines))


def run(job) -> int:
    """Boot, follow, judge; the exit code of the runner."""
    _check(job)
    job.out.mkdir(parents=True, exist_ok=True)
    window, devices = _prepare(job)
    monitor = Monitor(job.out)
    command = arguments(job, window, devices, f"file:{job.out / 'kernel.log'}") + monitor.arguments
    outputs = _Outputs(job, window, monitor)
    hangs = []
    try:
        with open(job.out / "qemu.log", "wb") as log, Qemu(command, log) as qemu:
            timed_out = _follow(qemu, outputs, job.timeout)
            if timed_out:
                hangs = _where_it_hangs(job, monitor)
    finally:
        outputs.close()
        monitor.close()
        window.close()
        _tidy(job, devices)
    kernels = results.write_split(job.out)
    report = judge.read_report(results.read_lines(job.out / "report.log"))
    verdict = judge.judge(job, report, kernels, timed_out)
    if verdict.reasons:
        _show_failure(job, verdict, hangs)
        for reason in verdict.reasons[1:]:
            print(f"also: {reason}")
        print(f"FAIL: {verdict.reasons[0]} ({job.out})", flush=True)
        return 1
    print(f"PASS ({job.out})", flush=True)
    return 0


def shell(job) -> int:
    """A prompt in the guest; leaving the shell powers it off, Ctrl-A X ends it at once."""
    _check(job)
    job.out.mkdir(parents=True, exist_ok=True)
    window, devices = _prepare(job)
    command = arguments(job, window, devices, f"file:{job.out / 'kernel.log'}")
    print(f"kernel log: {job.out / 'kernel.log'}; Ctrl-A X ends the guest", flush=True)
    try:
        with Qemu(command, None, interactive=True) as qemu:
            return qemu.process.wait()
    finally:
        window.close()
        _tidy(job, devices)
