# SPDX-License-Identifier: GPL-2.0-only
"""Kernel configurations, as fragments that are laid over each other."""

import re
from typing import Dict, Iterable

SET = re.compile(r"^CONFIG_(\w+)=(.+)$", re.M)


def read(*texts: str) -> Dict[str, str]:
    """Name -> value of what is set. The last word on an option wins, where the first stood."""
    return {name: value for text in texts for name, value in SET.findall(text)}


def merge(words: Iterable[str]) -> Dict[str, str]:
    """The same of words NAME=VALUE."""
    return dict(word.split("=", 1) for word in words)


def text(options: Dict[str, str]) -> str:
    """As kconfig takes it."""
    return "".join(f"CONFIG_{name}={value}\n" for name, value in options.items())
