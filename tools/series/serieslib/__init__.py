# SPDX-License-Identifier: GPL-2.0-only
"""Turns patches and overlay into a series of commits, and proves that it did."""
