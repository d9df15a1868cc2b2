# SPDX-License-Identifier: GPL-2.0-only
"""The environment that kernels are built in, so that equal sources make equal files.

Objects are shared between builds by content. What would make equal files differ is taken
out: absolute paths, the folder's name, date and host.
"""

import os
from typing import Dict

from .common import CACHE

# What a make of ours passes on to one that is none of ours.
OURS = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "ARCH", "CC")
# What whoever calls us may have set.
DEFAULTS = {"CCACHE_DIR": str(CACHE / "ccache"), "CCACHE_MAXSIZE": "5G"}
FIXED = {
    "CCACHE_BASEDIR": str(CACHE), "CCACHE_NOHASHDIR": "1",
    "KBUILD_BUILD_TIMESTAMP": "2026-01-01 00:00:00 UTC", "KBUILD_BUILD_USER": "carryover",
    "KBUILD_BUILD_HOST": "carryover", "KBUILD_BUILD_VERSION": "1",
}


def without_ours() -> Dict[str, str]:
    """This environment, for a make that is none of ours."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def environment() -> Dict[str, str]:
    """This environment, for a build of the kernel."""
    return {**DEFAULTS, **without_ours(), **FIXED}
