# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's monitor, driven by what the guest's programs print.

A line of theirs with "@monitor COMMAND" is a command of QEMU's human monitor, such
as device_del or device_add: a test plugs devices that way. Nothing comes back, so the
test watches what it waits for. The runner itself can ask(). What QEMU answered is in
monitor.log.
"""

import re
import socket
import tempfile
import time
from pathlib import Path

COMMAND = re.compile(rb"@monitor (.+)$")
PROMPT = b"(qemu) "
ANSWER_TIME = 10


class Monitor:
    """The monitor of one guest; the connection is made when there is a command."""

    def __init__(self, out: Path):
        # A socket's name is short, a result folder's need not be.
        self._folder = tempfile.TemporaryDirectory(prefix="vm-")
        self._path = Path(self._folder.name) / "monitor"
        self._log = out / "monitor.log"
        self._socket = None
        self._rest = b""
        self.arguments = ["-monitor", f"unix:{self._path},server=on,wait=off"]

    def feed(self, output: bytes):
        """What programs printed since the last call."""
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            found = COMMAND.search(line.rstrip())
            if found:
                self._send(found[1] + b"\n")
        if self._socket:
            self._note()

    def ask(self, command: str) -> str:
        """QEMU's answer to @command; what there is of it if QEMU doesn't end it in time."""
        try:
            if not self._socket:
                self._send(b"")
                self._until_prompt()
            self._note()
            self._send(command.encode() + b"\n")
            return self._until_prompt().decode(errors="replace").replace("\r", "")
        except OSError:
            return ""

    def _until_prompt(self) -> bytes:
        """A prompt is said when a connection is made, and after every answer."""
        answer, deadline = b"", time.monotonic() + ANSWER_TIME
        while not answer.endswith(PROMPT) and time.monotonic() < deadline:
            answer += self._note()
            time.sleep(0.01)
        return answer

    def _send(self, command: bytes):
        if not self._socket:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(str(self._path))
            self._socket.setblocking(False)
        self._socket.sendall(command)

    def _note(self) -> bytes:
        try:
            answer = self._socket.recv(1 << 16)
        except BlockingIOError:
            return b""
        with open(self._log, "ab") as log:
            log.write(answer)
        return answer

    def close(self):
        """The end of the guest."""
        if self._socket:
            self._socket.close()
        self._folder.cleanup()
