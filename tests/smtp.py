"""A small mail server, spoken to over a real connection."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it takes. It says each line once `may_speak` is set, or later."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.taken: list[str] = []
        self.refused = ""
        self.late_by = 0.0
        self.may_speak = threading.Event()
        self.may_speak.set()
        self.stopped = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            match line.upper().split()[0]:
                case "DATA":
                    self._say("354 go on")
                    self.server.taken.append(self._read_mail())
                    self._say("250 taken")
                case "RCPT" if self.server.refused:
                    self._say(self.server.refused)
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _read_mail(self) -> str:
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        return "".join(lines)

    def _say(self, line: str) -> None:
        self.server.may_speak.wait()
        self.server.stopped.wait(self.server.late_by)
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A mail server on a free port; whoever it kept waiting is let go at the end."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.may_speak.set()
            server.stopped.set()
            server.shutdown()
            thread.join()
