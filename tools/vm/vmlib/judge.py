# SPDX-License-Identifier: GPL-2.0-only
"""Decides whether a run was good, from init's report and the kernels' logs."""

from dataclasses import dataclass, field
from typing import Dict, List

from . import splat


@dataclass
class Report:
    """What init reported, by stage."""

    kernels: List[int] = field(default_factory=list)
    exits: Dict[int, int] = field(default_factory=dict)
    failures: List[str] = field(default_factory=list)
    ended: bool = False


@dataclass
class Verdict:
    """Good if there is no reason against it."""

    reasons: List[str] = field(default_factory=list)
    splats: List[splat.Splat] = field(default_factory=list)


def read_report(lines: List[str]) -> Report:
    """Parse report.log; the lines are written by tools/vm/init/init.c."""
    report = Report()
    for line in lines:
        match line.split():
            case ["kernel", number, "tsc", *_]:
                report.kernels.append(int(number))
            case ["stage", number, "exit", code]:
                report.exits[int(number)] = int(code)
            case ["modules", number, "failed", code]:
                report.failures.append(f"modules of kernel {number}: modprobe exited {code}")
            case ["load", number, "failed", code]:
                report.failures.append(f"kernel {number} could not be loaded: kexec exited {code}")
            case ["kexec", number, "failed", code]:
                report.failures.append(f"the kexec of stage {number} failed: kexec exited {code}")
            case ["kmemleak", "failed"]:
                report.failures.append("kmemleak could not scan")
            case ["end"]:
                report.ended = True
    return report


def _judge_stage(stage, report: Report):
    code = report.exits.get(stage.number)
    if code is None:
        # It may have replaced the kernel itself instead of exiting.
        if stage.number in report.kernels and stage.number + 1 not in report.kernels:
            return f"stage {stage.number} did not end"
    elif stage.expect_fail and code == 0:
        return f"stage {stage.number} was to fail and did not"
    elif code and not stage.expect_fail:
        return f"stage {stage.number} exited {code}"
    return None


def _judge_kernels(stages, report: Report):
    """The first kernel that should have reported and did not."""
    for stage in stages:
        if stage.number not in report.kernels:
            return f"kernel {stage.number} never reached its init"
    return None


def judge(job, report: Report, kernels, timed_out: bool) -> Verdict:
    """All that speaks against the run, the most telling first."""
    verdict = Verdict()
    for number, log in kernels.items():
        verdict.splats += splat.find(number, log, job.allow_splat)
    reasons = [f"splat in kernel {s.kernel}: {s.sign}" for s in verdict.splats]
    if timed_out:
        reasons.append(f"timeout after {job.timeout:g} s")
    reasons += report.failures
    reasons += filter(None, (_judge_stage(stage, report) for stage in job.stages))
    if not reasons:
        reasons += filter(None, [_judge_kernels(job.stages, report)])
    if not reasons and not report.ended:
        reasons.append("the guest ended or was reset before its last stage was done")
    verdict.reasons = reasons
    return verdict
