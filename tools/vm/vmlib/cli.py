# SPDX-License-Identifier: GPL-2.0-only
"""The command line of tools/vm/vm."""

import argparse
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from carryover.common import CACHE

from . import guest, modules, needs, paths, system
from .job import Job, Stage, command_line, kho_scratch
from .paths import UserError

RESULTS_KEPT = 50

# How a kernel may come after another.
WAYS = ("kexec", "crash", "reboot")

# Options that carry a stage's number in their name.
NUMBERED = re.compile(r"--(stage|kernel|append|by|expect-fail-stage)(\d+)(?:=(.*))?$", re.S)

EPILOG = """
Options with a number, for N from 1 on:
  --stageN CMD          what kernel N runs ('sh -c' in a copy of --files); kernel N+1 is
                        started by kexec when it exits 0, with what it left running alive
  --kernelN IMAGE       the image from kernel N on
  --appendN STR         more kernel command line from kernel N on
  --byN HOW             how kernel N comes to run: 'kexec'; 'crash', it takes over when the one
                        before it panics; or 'reboot', from QEMU with what kernel 1 was given
  --expect-fail-stageN  stage N must exit non-zero, and the next one follows all the same

Devices are QEMU's device strings. 'edu' may address all memory unless told otherwise. 'nvme'
without drive= gets a disk of 16M in which word i of sector s (64 bits, little-endian) is
(s << 16) | i; besides QEMU's own options it takes size=64M, image=FILE, throttle-iops=N,
throttle-iops-read=N, throttle-iops-write=N and throttle-bps=N.

A line that a stage prints with "@monitor COMMAND" is a command for QEMU's monitor, such as
"device_del ID"; what that answered is in monitor.log.

A kernel built to check itself gets 4G more than --mem says, six times --timeout, and the
command line it needs; --append has the last word.

The verdict is the last line: PASS or FAIL, and the folder with the logs. The exit code is 0
for PASS, 1 for FAIL, 2 when the run could not be started.
"""


class Numbered:
    """The numbered options, taken out of the arguments before argparse sees the rest."""

    def __init__(self, argv):
        self.rest = []
        self.values = {"stage": {}, "kernel": {}, "append": {}, "by": {},
                       "expect-fail-stage": {}}
        words = iter(argv)
        for word in words:
            match = NUMBERED.match(word)
            if not match:
                self.rest.append(word)
                continue
            name, number, value = match.groups()
            if name != "expect-fail-stage" and value is None:
                value = next(words, None)
                if value is None:
                    raise UserError(f"{word} needs a value")
            self.values[name][int(number)] = value

    def from_stage(self, name, stage):
        """Values in force at @stage, in order: those given for it or an earlier one."""
        return [self.values[name][n] for n in sorted(self.values[name]) if n <= stage]


def _parser():
    parser = argparse.ArgumentParser(
        prog="vm", description="Boots a guest that may replace its kernel by kexec.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run", "shell"],
                        help="run stages and judge them, or give a prompt in the guest")
    add = parser.add_argument
    add("--device", action="append", default=[], metavar="STR", help="a device; may repeat")
    add("--files", action="append", default=[], type=Path, metavar="DIR",
        help="a folder to copy into the guest; may repeat")
    add("--env", action="append", default=[], metavar="NAME=VALUE",
        help="environment of the stages; may repeat")
    add("--kernel", type=Path, metavar="IMAGE",
        help="the image of all kernels (default: the release profile's, or $CARRYOVER_KERNEL)")
    add("--root", type=Path, metavar="DISK",
        help="a disk with systemd on it, made by tools/vm/root: its unit vm-stage runs the "
             "stages, whose commands start the next kernel themselves; needs --initrd")
    add("--initrd", type=Path, metavar="FILE", help="what finds the disk of --root")
    add("--module", action="append", metavar="NAME",
        default=os.environ.get("CARRYOVER_MODULES", "").split(),
        help="a module to have loaded before every stage, in kernels that have it as one; may "
             "repeat, beyond those in $CARRYOVER_MODULES")
    add("--append", action="append", default=[], metavar="STR",
        help="more kernel command line, all kernels")
    add("--smp", type=int, default=2, metavar="N", help="processors (default 2)")
    add("--mem", default="1G", metavar="SIZE", help="memory (default 1G)")
    add("--cpu", default="max", metavar="MODEL", help="QEMU's CPU model (default max)")
    add("--accel", choices=["tcg", "tcg-parallel", "kvm"], default="tcg", help="(default tcg)")
    add("--icount", action="store_true", help="guest time by instructions: runs repeat exactly")
    add("--timeout", type=float, default=120, metavar="SEC", help="wall time (default 120)")
    add("--allow-splat", action="append", default=[], metavar="REGEX",
        help="a report in the kernel log that has a matching line is not held against the run")
    add("--late-load", action="store_true",
        help="load the next kernel after the stage's command instead of before it")
    add("--kmemleak", action="store_true", help="look for leaks after every stage")
    add("--out", type=Path, metavar="DIR", help="the result folder")
    add("--keep", action="store_true", help="leave disk images in the result folder")
    add("--quiet", action="store_true", help="do not show what the stages print")
    add("--qemu", action="append", default=[], metavar="ARG",
        help="one more argument for QEMU; may repeat (--qemu=-trace --qemu=...)")
    return parser


def _stages(options, numbered):
    commands = numbered.values["stage"]
    count = max(commands, default=1)
    missing = [n for n in range(1, count + 1) if n not in commands]
    if missing and options.verb == "run":
        raise UserError(f"--stage{missing[0]} is missing")
    return _number_stages(options, numbered, commands, range(1, count + 1))


def _number_stages(options, numbered, commands, numbers):
    kernels = [_kernel(options, numbered, number) for number in numbers]
    need = needs.of_kernels(kernels)
    if options.root:
        need.words.append(system.ROOT)
    scratch = need.scratch or kho_scratch(kernels)
    always = need.words + (["kmemleak=on"] if options.kmemleak else [])
    return [
        Stage(number, commands.get(number, ""), kernel,
              command_line(number, scratch, options.icount,
                           always + options.append + numbered.from_stage("append", number)),
              number in numbered.values["expect-fail-stage"], _way(numbered, number),
              sorted(modules.of_kernel(kernel, options.module).needs))
        for number, kernel in zip(numbers, kernels)]


def _way(numbered, number) -> str:
    way = numbered.values["by"].get(number, "kexec")
    if way not in WAYS or number == 1 and way != "kexec":
        raise UserError(f"--by{number} {way}: kernels after the first come by {', '.join(WAYS)}")
    return way


def _kernel(options, numbered, number) -> Path:
    images = numbered.from_stage("kernel", number)
    kernel = Path(images[-1]) if images else options.kernel or paths.default_kernel()
    if not kernel.is_file():
        raise UserError(f"no kernel image at {kernel}; 'make kernel' builds one")
    return kernel.absolute()


def _default_out() -> Path:
    """A new folder; of those made before, the oldest beyond a number go."""
    results = CACHE / "results"
    for old in sorted(results.glob("*-*-*"))[:-RESULTS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return results / (time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}")


def _flags(options):
    wanted = {"late-load": options.late_load, "kmemleak": options.kmemleak,
              "shell": options.verb == "shell"}
    return [name for name, on in wanted.items() if on]


def _job(options, numbered):
    stages = _stages(options, numbered)
    need = needs.of_kernels([stage.kernel for stage in stages])
    return Job(
        stages=stages,
        out=(options.out or _default_out()).absolute(),
        files=options.files, devices=options.device, environment=options.env,
        plan_flags=_flags(options), qemu_arguments=options.qemu,
        allow_splat=options.allow_splat, smp=options.smp,
        mem=needs.mem_plus(options.mem, need.more_mem), cpu=options.cpu,
        accel=options.accel, icount=options.icount, timeout=options.timeout * need.slower,
        quiet=options.quiet, keep=options.keep, interactive=options.verb == "shell",
        root=options.root, initrd=options.initrd)


def _exit_on_signal(signum, _frame):
    # As an exception, so that the guest is ended on the way out.
    sys.exit(128 + signum)


def main(argv) -> int:
    """Entry point; the process's exit code."""
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _exit_on_signal)
    try:
        numbered = Numbered(argv)
        options = _parser().parse_args(numbered.rest)
        job = _job(options, numbered)
        return guest.shell(job) if options.verb == "shell" else guest.run(job)
    except (UserError, OSError) as error:
        print(f"vm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
