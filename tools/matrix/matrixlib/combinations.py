# SPDX-License-Identifier: GPL-2.0-only
"""Every combination of our options that Kconfig permits.

Ours are those with a prompt in the repository's Kconfig. What they depend on of
iommufd and VFIO is tried built in and as modules. Options are added one after the
other to every combination there is so far, and Kconfig is asked each time; what
comes out as something else is not permitted, and nothing is added to it.
"""

import hashlib
import itertools
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from carryover import config as options
from carryover.common import TOP, ToolError

from .common import SOURCE, WORK, environment, prepare, say

ENTRY = re.compile(r"^config (\w+)\n((?:[ \t]+.*\n|\n)+)", re.M)
PROMPT = re.compile(r"^\s+(bool|tristate) \"", re.M)
DEPENDS = re.compile(r"^\s+depends on (.*)$", re.M)
TRISTATE = re.compile(r"^(?:menu)?config (\w+)\n\s+tristate \"", re.M)
# Where the base's options are that ours depend on.
HOSTS = ("drivers/iommu/iommufd/Kconfig", "drivers/vfio/Kconfig", "drivers/vfio/pci/Kconfig")

# Kconfig asks the compiler a hundred questions that none of our options is about:
# only those about versions go to the real one.
ANSWERS = """#!/bin/sh
case " $* " in
*" -E "*|*version*|*" -dumpmachine "*|*" -print-"*) exec {compiler} "$@" ;;
esac
exit 0
"""


def entries():
    """(name, type, text) of our options with a prompt; tests after what they test."""
    text = (TOP / "Kconfig").read_text()
    found = [(name, PROMPT.search(body).group(1), body)
             for name, body in ENTRY.findall(text) if PROMPT.search(body)]
    return sorted(found, key=lambda entry: "KUNIT" in entry[0])


def hosts():
    """Options of the base that ours depend on, or are a part of, and that may be modules."""
    modular = {name for path in HOSTS for name in TRISTATE.findall((SOURCE / path).read_text())}
    named = {word for *_, body in entries() for line in DEPENDS.findall(body)
             for word in re.findall(r"\w+", line)}
    return sorted(modular & {*named, "VFIO"})


def product(choices):
    """Dictionaries of option and value."""
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


class Kconfig:
    """The kernel's own conf, run on its own for one target."""

    def __init__(self, target):
        self.target = target
        self.out = WORK / "kconfig" / target.name
        self.out.mkdir(parents=True, exist_ok=True)
        compiler = target.compiler if target.compiler.endswith("gcc") else "gcc"
        answers = self.out / "cc"
        answers.write_text(ANSWERS.format(compiler=compiler))
        answers.chmod(0o755)
        self.environment = {
            **environment(), "srctree": str(SOURCE), "ARCH": target.arch,
            "SRCARCH": target.srcarch or target.arch, "KERNELVERSION": "0", "CC": str(answers),
            "LD": compiler.removesuffix("gcc") + "ld", "HOSTCC": "gcc", "NM": "nm", "AR": "ar",
            "OBJCOPY": "objcopy", "PAHOLE": "false", "RUSTC": "false", "BINDGEN": "false",
            "CC_VERSION_TEXT": "", "RUSTC_VERSION_TEXT": "", "PAHOLE_VERSION": "0",
            "CONFIG_SHELL": "sh", "KCONFIG_ALLCONFIG": str(self.out / "wanted")}
        # Builds conf, whatever becomes of the configuration.
        subprocess.run(["make", "-s", "-C", SOURCE, f"O={self.out}", "ARCH=x86_64", "allnoconfig"],
                       check=False, env=environment(), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        if not os.access(self.out / "scripts/kconfig/conf", os.X_OK):
            raise ToolError("Kconfig does not build")

    def ask(self, wanted):
        """What becomes of these options: a dictionary, n included; and what it complained of."""
        (self.out / "wanted").write_text(
            options.text({**options.merge(self.target.options), **wanted}))
        done = subprocess.run(["scripts/kconfig/conf", "--allnoconfig", SOURCE / "Kconfig"],
                              cwd=self.out, check=False, text=True, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise ToolError(f"{self.target.name}: {done.stdout.splitlines()[-1]}")
        config = dict(re.findall(r"^CONFIG_(\w+)=(.*)$", (self.out / ".config").read_text(), re.M))
        return {key: config.get(key, "n") for key in wanted}, \
            [line for line in done.stdout.splitlines() if "unmet direct" in line]


def suffix(wanted):
    """A name for a combination: +IOMMUFD=y+PCI_LIVEUPDATE=y..."""
    return "".join(f"+{key}={value}" for key, value in sorted(wanted.items()) if value != "n")


def is_permitted(kconfig, wanted):
    """Whether Kconfig takes all of it as it is."""
    got, unmet = kconfig.ask(wanted)
    if unmet:
        raise ToolError(f"{kconfig.target.name}{suffix(wanted)}: {unmet[0]}")
    return got == wanted


def digest(target):
    """Of everything that permitted() depends on."""
    known = hashlib.sha256(repr((target, entries(), hosts())).encode())
    for path in sorted(SOURCE.rglob("Kconfig*")):
        if path.is_file():
            known.update(path.read_bytes())
    return known.hexdigest()[:16]


def permitted(target):
    """All combinations Kconfig permits for a target's architecture. Takes minutes, once."""
    prepare()
    known = WORK / "kconfig" / f"{target.name}-{digest(target)}.json"
    if known.exists():
        return json.loads(known.read_text())
    found = ask_for_all(target)
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(json.dumps(found))
    return found


def ask_for_all(target):
    """All combinations, by asking."""
    kconfig = Kconfig(target)
    none = {name: "n" for name, *_ in entries()}
    around = product({name: ("y", "m") for name in hosts()})
    found = [{**one, **none} for one in around if is_permitted(kconfig, {**one, **none})]
    for name, kind, _ in entries():
        values = ("y", "m") if kind == "tristate" else ("y",)
        more = [{**one, name: value} for one in found for value in values]
        found += [one for one in more if is_permitted(kconfig, one)]
    say(f"{target.arch}: {len(found)} combinations are permitted")
    return sorted(found, key=rebuilt)


def rebuilt(wanted):
    """For sorting: what most of the kernel's files know of changes least often."""
    ours = [name for name, *_ in entries()]
    return [wanted[name] for name in [*ours[:1], *hosts(), *ours[1:]]]


def of(targets):
    """Each target with each combination that its architecture permits."""
    asked = {target.arch: target for target in reversed(targets)}
    with ThreadPoolExecutor() as pool:
        known = dict(zip(asked, pool.map(permitted, asked.values())))
    for target in targets:
        for wanted in known[target.arch]:
            yield target.having(suffix(wanted), [f"{key}={value}" for key, value in wanted.items()])
