# SPDX-License-Identifier: GPL-2.0-only
"""The memory the runner and the guest's init share.

It is a file here and the BAR of an ivshmem device there; struct window in
tools/vm/init/init.h is the same layout. The payload goes in, what programs
print and what init reports come out.
"""

import mmap
import struct
from pathlib import Path

MAGIC = b"carryovr"
HEAD = struct.Struct("<8s QQQ QQQ QQ Q")
USED = struct.Struct("<Q")
USED_AT = {"program": 8 + 16, "report": 8 + 24 + 16}
LOG_SIZE = {"program": 24 << 20, "report": 1 << 20}
PAGE = 4096


def _page_up(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _bar_size(size: int) -> int:
    """A BAR's size is a power of two."""
    return 1 << (size - 1).bit_length()


class Log:
    """One of the guest's channels, read as it grows."""

    def __init__(self, memory, used_at: int, offset: int, size: int):
        self._memory = memory
        self._used_at = used_at
        self._offset = offset
        self._size = size
        self._seen = 0

    def read(self) -> bytes:
        """What came since the last call."""
        used = USED.unpack_from(self._memory, self._used_at)[0]
        end = min(used, self._size)
        new = self._memory[self._offset + self._seen:self._offset + end]
        self._seen = end
        return new

    def overflowed(self) -> bool:
        """Whether the guest had more to say than there was room for."""
        return USED.unpack_from(self._memory, self._used_at)[0] > self._size


class Window:
    """The shared file: filled before the guest starts, followed while it runs."""

    def __init__(self, path: Path, payload: bytes):
        self.path = path
        program_at = PAGE
        report_at = program_at + LOG_SIZE["program"]
        payload_at = report_at + LOG_SIZE["report"]
        self.size = _bar_size(payload_at + _page_up(len(payload)))
        with open(path, "w+b") as file:
            file.truncate(self.size)
            file.write(HEAD.pack(MAGIC, program_at, LOG_SIZE["program"], 0,
                                 report_at, LOG_SIZE["report"], 0, payload_at, len(payload), 0))
            file.seek(payload_at)
            file.write(payload)
            file.flush()
            self._memory = mmap.mmap(file.fileno(), self.size)
        self.program = Log(self._memory, USED_AT["program"], program_at, LOG_SIZE["program"])
        self.report = Log(self._memory, USED_AT["report"], report_at, LOG_SIZE["report"])

    def close(self):
        """Give the memory back; the file goes too, all it held is in the logs."""
        self._memory.close()
        self.path.unlink(missing_ok=True)
