# SPDX-License-Identifier: GPL-2.0-only
"""The QEMU process: its command line, and that it never outlives the runner."""

import ctypes
import signal
import subprocess

from . import system

PR_SET_PDEATHSIG = 1

# Runs that are the same to the byte, guest clock included, need all of these.
ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1",
          "-rtc", "base=2026-01-01T00:00:00,clock=vm"]

# QEMU can run each processor of a guest in a thread of its own. Of some hundred
# boots one then hung where the kernel first stops all processors, at the change
# of the clock source, as if one of them slept on; and most programs use one only.
ACCEL = {"tcg": "tcg,thread=single", "tcg-parallel": "tcg,thread=multi", "kvm": "kvm"}


def arguments(job, window, devices, console: str):
    """The whole command line; @console is QEMU's name for where ttyS0 goes."""
    command = [
        "qemu-system-x86_64",
        "-M", "q35,sata=off,smbus=off",
        "-cpu", job.cpu,
        "-m", job.mem,
        "-smp", str(job.smp),
        "-nodefaults",
        "-display", "none",
        "-action", f"reboot={'reset' if any(s.way == 'reboot' for s in job.stages) else 'shutdown'}",
        "-serial", console,
    ]
    # icount needs TCG's one-thread mode, which QEMU picks by itself.
    command += ICOUNT if job.icount else ["-accel", ACCEL[job.accel]]
    if job.interactive:
        command += ["-serial", "mon:stdio"]
    command += [
        "-kernel", str(job.stages[0].kernel),
        "-initrd", str(job.initrd or job.out / "initrd"),
        "-append", job.stages[0].cmdline,
    ]
    command += system.arguments(job, window) if job.root else _window(window)
    return command + devices.arguments + job.qemu_arguments


def _window(window):
    memory = f"memory-backend-file,id=window,mem-path={window.path},size={window.size},share=on"
    # Far from where devices are put by default: their addresses stay what
    # they would be without it.
    return ["-object", memory, "-device", "ivshmem-plain,memdev=window,addr=1e.0"]


def _die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Qemu:
    """A running QEMU; leaving the `with` block ends it."""

    def __init__(self, command, log, interactive=False):
        self.process = subprocess.Popen(
            command,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=None if interactive else log,
            stderr=None if interactive else log,
            # An interactive one needs the terminal, which its own session would not have.
            start_new_session=not interactive,
            preexec_fn=_die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def ended(self) -> bool:
        """Whether the guest powered off, was reset, or QEMU failed."""
        return self.process.poll() is not None

    def kill(self):
        """The end, if it has not come already."""
        if not self.ended():
            self.process.kill()
        self.process.wait()
