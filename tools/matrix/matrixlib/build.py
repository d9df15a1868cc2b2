# SPDX-License-Identifier: GPL-2.0-only
"""One configuration: configure, build our folders, and read what was said."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path

from carryover import config as options
from carryover.common import BUILD_LOCK, TOP, ToolError

from .common import SOURCE, WORK, environment, prepare, say

FOLDERS = ("drivers/iommu/", "drivers/vfio/", "drivers/pci/", "kernel/liveupdate/")

UNMET = re.compile(r"unmet direct dependencies")
# From the compiler, from sparse, from kernel-doc: "path:line[:column]: warning: text".
SAID = re.compile(r"^(?:Warning: )?(\S+?\.[ch]):\d+(?::\d+)?:? .*$", re.M)
SUBJECT = re.compile(r"(?:warning|error|Warning): ")


def our_files():
    """Sources of ours in FOLDERS and headers anywhere, as paths in the kernel."""
    found = set()
    for top in ("drivers", "kernel", "include"):
        for path in (TOP / top).rglob("*.[ch]"):
            found.add(str(path.relative_to(TOP)))
    return found


def jobs():
    """How many processors to keep busy, each with a configuration."""
    return int(os.environ.get("MATRIX_JOBS") or os.cpu_count())


@cache
def answers(target):
    """Where what this compiler answers Kconfig is kept."""
    asked = target.tools()[0]
    said = subprocess.run([asked, "--version"], check=True, text=True, stdout=subprocess.PIPE)
    return WORK / "answers" / re.sub(r"\W+", "-", f"{asked} {said.stdout.splitlines()[0]}")


def kbuild(target, out, *words):
    """make; its exit code and all it said. On one processor: Kconfig uses no more."""
    known = {"ANSWERS": str(answers(target))}
    done = subprocess.run(["make", "-s", "-k", "-C", SOURCE, f"O={out}", *target.make_words(),
                           *words],
                          check=False, text=True, errors="replace", env={**environment(), **known},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def configure(target, out):
    """Complaints about the configuration."""
    fragment = out / "wanted.config"
    # Kconfig would complain about an option that is named twice.
    wanted = options.merge(target.options)
    fragment.write_text(options.text(wanted))
    code, said = kbuild(target, out, f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig")
    complaints = [line for line in said.splitlines() if UNMET.search(line) or "Depends on" in line]
    if code:
        return [*complaints, *(said.splitlines()[-3:])]
    config = dict(re.findall(r"^CONFIG_(\w+)=(.*)$", (out / ".config").read_text(), re.M))
    complaints += [f"{key}={value} wanted, it is {config.get(key, 'n')}"
                   for key, value in wanted.items() if config.get(key, "n") != value]
    return complaints


def forget(out):
    """Archives; one that has nothing to do with this configuration would stay as it is."""
    for folder in FOLDERS:
        for archive in (out / folder).rglob("built-in.a"):
            archive.unlink()


def linked(out, folder):
    """What a folder and those below it gave; an earlier configuration may have left others."""
    archive, order = out / folder / "built-in.a", out / folder / "modules.order"
    found = set()
    if archive.exists():
        found |= set(subprocess.run(["ar", "t", archive.relative_to(out)], cwd=out, check=True,
                                    text=True, stdout=subprocess.PIPE).stdout.split())
    for module in order.read_text().split() if order.exists() else ():
        found |= set((out / module).with_suffix(".mod").read_text().split())
    return found


def made(out):
    """Which of our sources were built."""
    found = set().union(*(linked(out, folder) for folder in FOLDERS))
    return [name for name in our_files()
            if name.endswith(".c") and str(Path(name).with_suffix(".o")) in found]


def about_ours(said):
    """Lines of the output about our files, whatever folder they are named from."""
    ours, found = our_files(), []
    for match in SAID.finditer(said):
        name = os.path.normpath(match.group(1))
        inside = next((path for path in ours if name == path or name.endswith("/" + path)), None)
        if inside and SUBJECT.search(match.group(0)):
            found.append(match.group(0))
    return list(dict.fromkeys(found))


def sparse_works(said):
    """Sparse that stops in a header has not looked at what follows."""
    lines = [line for line in said.splitlines()
             if "too many errors" in line or "unable to open" in line]
    return [f"sparse gave up: {line}" for line in lines[:2]]


def errors(said):
    """What make and the compiler died of."""
    return [line for line in said.splitlines()
            if re.search(r"error: |\*\*\* |undefined reference|ERROR: modpost", line)
            and "Waiting for unfinished" not in line][:10]


def same_configuration(out, strict):
    """As if Kconfig had been asked once more, time stamps of what changed included."""
    shutil.copytree(out / "include/config", strict / "include/config", dirs_exist_ok=True)
    (strict / "include/generated").mkdir(exist_ok=True)
    for name in (".config", "include/generated/autoconf.h", "include/generated/rustc_cfg"):
        shutil.copy2(out / name, strict / name)


def strictly(target, strict, objects):
    """What compiler and sparse say about our objects, those that any option changed.

    In a folder of their own, as the flags would have everything built again.
    """
    return kbuild(target, strict, "W=1", "C=1", *objects) if objects else (0, "")


def compile_ours(target, out, strict):
    """Complaints, everything that was said, and our sources that were built."""
    forget(out)
    code, first = kbuild(target, out, *FOLDERS)
    if code:
        return errors(first) or [f"make failed: {code}"], first, []
    ours = made(out)
    same_configuration(out, strict)
    code, second = strictly(target, strict, [str(Path(name).with_suffix(".o")) for name in ours])
    said = first + second
    complaints = [*about_ours(said), *sparse_works(second)]
    if code:
        complaints += errors(second) or [f"make W=1 C=1 failed: {code}"]
    if complaints:
        # Or they would be taken for checked.
        for name in ours:
            (strict / name).with_suffix(".o").unlink(missing_ok=True)
    return complaints, said, ours


def check(target):
    """(complaints, seconds, number of our files that were built) of one configuration."""
    missing = [tool for tool in [*target.tools(), "sparse", "ccache"] if not shutil.which(tool)]
    if missing:
        raise ToolError(f"{target.name} needs {missing[0]}: tools/base/packages matrix")
    prepare()
    out = WORK / (target.folder or target.name)
    strict = out.with_name(out.name + ".strict")
    out.mkdir(parents=True, exist_ok=True)
    strict.mkdir(exist_ok=True)
    BUILD_LOCK.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(BUILD_LOCK, "w", encoding="ascii") as lock:
        # Beside each other, but not beside the build of a guest's kernel.
        fcntl.flock(lock, fcntl.LOCK_SH)
        say(target.name)
        complaints, said, ours = configure(target, out), "", []
        if not complaints:
            complaints, said, ours = compile_ours(target, out, strict)
    (WORK / f"{target.name}.log").write_text(said)
    return complaints, time.monotonic() - start, len(ours)
