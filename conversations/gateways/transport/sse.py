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
        if events := self._read_usual(data):
            return events
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        if not data:
            return []
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data or len(data) > limits.GATEWAY_EVENT_BYTES:
            self._read_lines(data, events)
        else:
            self._read_blocks(data, events)
        return events

    def close(self) -> list[Event]:
        """Return what the end of the stream left without its blank line."""
        events: list[Event] = []
        if self._partial:
            self._line(self._end_line(b""), events)
        self._dispatch(events)
        return events

    def _read_usual(self, data: bytes) -> list[Event]:
        """Return the one event that most reads are, [] where there is more or less."""
        if (
            data.endswith(b"\n\n")
            and b"\r" not in data
            and not (self._size or self._name or self._at_start)
            and len(data) <= limits.GATEWAY_EVENT_BYTES
            and (event := _read_block(data[:-2]))
        ):
            self._after_cr = False
            return [event]
        return []

    def _read_blocks(self, data: bytes, events: list[Event]) -> None:
        """Take whole events at once, where a read has several."""
        if self._size or self._name or self._at_start:
            # What comes first may not be the beginning of an event.
            begun, end, data = data.partition(b"\n\n")
            self._read_lines(begun + end, events)
        *blocks, rest = data.split(b"\n\n")
        for block in blocks:
            if event := _read_block(block):
                events.append(event)
            else:
                self._read_lines(block + b"\n\n", events)
        if rest:
            self._read_lines(rest, events)

    def _read_lines(self, data: bytes, events: list[Event]) -> None:
        for line in data.splitlines(keepends=True):
            self._take(line, events)

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


def _read_block(block: bytes) -> Event | None:
    """Return the event in `block` where it is of the usual form: a name, some data."""
    name = ""
    if block.startswith(b"event: "):
        first, _, block = block[7:].partition(b"\n")
        name = first.decode("utf-8", "replace")
    if block.startswith(b"data: ") and b"\n" not in block and len(block) > 6:
        return name, block[6:]
    return None
