# SPDX-License-Identifier: GPL-2.0-only
"""A guest with Debian's userland on a disk, made by tools/vm/root, instead of an init of ours.

It has no window. The payload is a second disk, and what the guest's unit vm-stage prints
comes over a second serial line; lines of it that begin with "@report" are for the runner.
See tools/vm/system/stage.
"""

import time
from pathlib import Path

from . import payload

REPORT = b"@report "
ROOT = "root=/dev/vda rw"


class _Channel:
    """What was taken out of the line for one of the two readers, until it is read."""

    def __init__(self, serial):
        self._serial = serial
        self.lines = []

    def read(self) -> bytes:
        """What came since the last call."""
        self._serial.take()
        new, self.lines[:] = b"".join(self.lines), []
        return new

    @staticmethod
    def overflowed() -> bool:
        """A file has room for all."""
        return False


class Serial:
    """The line, in the window's place: program and report."""

    def __init__(self, path: Path):
        self.path = path
        path.write_bytes(b"")
        self._file = open(path, "rb")
        self._rest = b""
        self._stage = 0
        self._start = time.monotonic()
        self.program = _Channel(self)
        self.report = _Channel(self)

    def take(self):
        """Sort what the guest has written meanwhile."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            self._sort(line.rstrip(b"\r"))

    def _sort(self, line: bytes):
        if not line.startswith(REPORT):
            stamp = b"[%d %.6f] " % (self._stage, time.monotonic() - self._start)
            self.program.lines.append(stamp + line + b"\n")
            return
        words = line[len(REPORT):]
        self.report.lines.append(words + b"\n")
        match words.split():
            case [b"kernel", number, *_] if number.isdigit():
                self._stage = int(number)

    def close(self):
        """All it held is in the logs."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def write_payload(job) -> Path:
    """The second disk, which is as long as disks can be."""
    data = payload.build_files(job)
    path = job.out / "payload"
    path.write_bytes(data + bytes(-len(data) % 512))
    return path


def arguments(job, serial: Serial):
    """QEMU's, of the two disks and the line. The image stays as it is."""
    def disk(name, path, more):
        return ["-drive", f"if=none,id={name},format=raw,file={path},{more}",
                "-device", f"virtio-blk-pci,drive={name},addr={'1c' if name == 'root' else '1d'}.0"]
    return ["-serial", f"file:{serial.path}",
            *disk("root", job.root.absolute(), "snapshot=on,file.locking=off"),
            *disk("payload", job.out / "payload", "readonly=on")]
