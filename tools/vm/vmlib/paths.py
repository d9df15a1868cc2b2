# SPDX-License-Identifier: GPL-2.0-only
"""Where the runner's own files are, and what a guest boots."""

import os
from pathlib import Path

from carryover.common import kernel_image

VM_DIR = Path(__file__).resolve().parent.parent


class UserError(Exception):
    """Something the caller can mend; shown as one line."""


def default_kernel() -> Path:
    """The image a guest boots unless told otherwise."""
    return Path(os.environ.get("CARRYOVER_KERNEL") or kernel_image("release"))


def built_with(image: Path, name: str) -> Path:
    """A file or folder of the build folder: an image is DIR/arch/x86/boot/bzImage."""
    return (image / "../../../.." / name).resolve()
