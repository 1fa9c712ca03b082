"""Server-sent events out of bytes, however the network cut them."""

from __future__ import annotations

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError

_BOM = b"\xef\xbb\xbf"

# The name of an event ("" for most) and its data.
Event = tuple[str, bytes]


class EventSplitter:
    """Splits a byte stream into events (HTML standard, section 9.2.6).

    Line ends may be LF, CR or CRLF; any split of the bytes gives the same events.
    A comment is no event.
    """

    def __init__(self) -> None:
        self._partial: list[bytes] = []
        self._data: list[bytes] = []
        self._name = ""
        self._size = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes.

        Raises TOO_LONG where one event outgrows `limits.GATEWAY_EVENT_BYTES`.
        """
        if self._is_one_event(data):
            self._after_cr = self._at_start = False
            return [("", data[6:-2])]
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
        if not data:
            return []
        self._after_cr = data.endswith(b"\r")
        events: list[Event] = []
        for line in data.splitlines(keepends=True):
            self._take(line, events)
        return events

    def close(self) -> list[Event]:
        """Return what the end of the stream left without its blank line."""
        events: list[Event] = []
        if self._partial:
            self._line(self._end_line(b""), events)
        self._dispatch(events)
        return events

    def _is_one_event(self, data: bytes) -> bool:
        """Whether `data` is what most reads are: exactly `data: …` and a blank line."""
        return (
            self._size == 0
            and not self._name
            and data.startswith(b"data: ")
            and data.endswith(b"\n\n")
            and data.find(b"\n") == len(data) - 2
            and b"\r" not in data
            and len(data) <= limits.GATEWAY_EVENT_BYTES
        )

    def _take(self, piece: bytes, events: list[Event]) -> None:
        self._size += len(piece)
        if self._size > limits.GATEWAY_EVENT_BYTES:
            raise GatewayError(
                ErrorKind.TOO_LONG, "One event of the stream is too big."
            )
        if piece.endswith((b"\n", b"\r")):
            self._line(self._end_line(piece.rstrip(b"\r\n")), events)
        else:
            self._partial.append(piece)

    def _end_line(self, end: bytes) -> bytes:
        if self._partial:
            end = b"".join(self._partial) + end
            self._partial.clear()
        if self._at_start:
            end = end.removeprefix(_BOM)
            self._at_start = False
        return end

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not line:
            self._dispatch(events)
            return
        if line.startswith(b":"):
            if not self._data:
                self._size = 0
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")

    def _dispatch(self, events: list[Event]) -> None:
        if data := b"\n".join(self._data):
            events.append((self._name, data))
        self._data.clear()
        self._name = ""
        self._size = 0
