# SPDX-License-Identifier: GPL-2.0-only
"""The runner behind tools/vm/vm: boots a guest, lets it kexec, and judges what it saw."""
