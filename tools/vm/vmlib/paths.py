# SPDX-License-Identifier: GPL-2.0-only
"""Where things are: the checkout, the cache folder, the kernel images."""

import os
from pathlib import Path

VM_DIR = Path(__file__).resolve().parent.parent


class UserError(Exception):
    """Something the caller can mend; shown as one line."""


def cache() -> Path:
    """Everything that is built or fetched lives here, never in the checkout."""
    default = os.path.join(os.path.expanduser("~"), ".cache", "carryover")
    return Path(os.environ.get("CARRYOVER_CACHE") or default)


def kernel_image(profile: str = "release") -> Path:
    """The image of a profile, as tools/vm/build leaves it."""
    return cache() / "kernel" / profile / "arch/x86/boot/bzImage"


def default_kernel() -> Path:
    """The image a guest boots unless told otherwise."""
    return Path(os.environ.get("CARRYOVER_KERNEL") or kernel_image())
