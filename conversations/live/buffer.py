"""The text of one answer while it is being written."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import limits

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from conversations.rendering.markdown import Block

# A tail longer than this is tried again only when it has grown by a quarter, so
# that an endless list or table costs linear time, not quadratic.
EAGER_CHARACTERS = 2_000


class Buffer:
    """Append-only text of one (message, attempt), addressed by offset.

    Offsets count characters (code points) from the start of the message. Text is
    first *pending*, then *in flight* to the database, and only then *landed*: no
    viewer is shown anything that has not landed.
    """

    def __init__(
        self,
        generation_id: int,
        message_id: UUID,
        attempt: int,
        text: str = "",
    ) -> None:
        self.generation_id = generation_id
        self.message_id = message_id
        self.attempt = attempt
        self._pieces: list[str] = [text] if text else []
        self._starts: list[int] = [0] if text else []
        self.length = len(text)
        self._bytes = len(text.encode())
        self.first_delta_at: datetime | None = None
        self._pending: list[str] = []
        self._in_flight = ""
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._block_html: list[str] = []
        self._block_ends: list[int] = []
        self._may_close = "\n" in text
        self._next_try = 0
        self._frames: dict[tuple[int, int], str] = {}

    @property
    def closed(self) -> int:
        """The offset up to which the text is closed Markdown blocks."""
        return self._block_ends[-1] if self._block_ends else 0

    def append(self, text: str) -> None:
        """Take a delta from the gateway; it is pending until `land`."""
        if self.first_delta_at is None:
            self.first_delta_at = timezone.now()
        self._pending.append(text)
        self._quiet.clear()

    @property
    def pending(self) -> bool:
        """Whether text waits for the next tick."""
        return bool(self._pending)

    def take(self) -> tuple[int, str]:
        """Move what is pending into flight and return its offset and text.

        What is in flight already (its commit failed) is returned as it was, so
        that trying again cannot write a piece twice.
        """
        if not self._in_flight:
            self._in_flight = "".join(self._pending)
            self._pending.clear()
        return self.length, self._in_flight

    def land(self) -> None:
        """Make what was in flight visible: it is in the database now."""
        text, self._in_flight = self._in_flight, ""
        if text:
            self._starts.append(self.length)
            self._pieces.append(text)
            self.length += len(text)
            self._bytes += len(text.encode())
            self._may_close = self._may_close or "\n" in text
            self._frames.clear()
        if not self._pending:
            self._quiet.set()

    def discard(self) -> None:
        """Forget what has not landed: the answer was ended by somebody else."""
        self._pending.clear()
        self._in_flight = ""
        self._quiet.set()

    async def settle(self) -> None:
        """Wait until nothing is pending and nothing is in flight."""
        await self._quiet.wait()

    def slice(self, offset: int) -> str:
        """Return the landed text from `offset` to the end."""
        if offset >= self.length:
            return ""
        index = max(bisect_right(self._starts, offset) - 1, 0)
        first = self._pieces[index][offset - self._starts[index] :]
        return first + "".join(self._pieces[index + 1 :])

    def wants_closing(self) -> bool:
        """Tell whether it is worth looking for blocks that have closed."""
        size = self.length - self.closed
        return (
            self._may_close
            and size >= self._next_try
            and self._bytes <= limits.RICH_BYTES
        )

    def close_blocks(self, start: int, size: int, blocks: list[Block]) -> None:
        """Record the blocks found in the `size` characters from offset `start`."""
        for block in blocks:
            self._block_ends.append(start + block.end)
            self._block_html.append(block.html)
        self._may_close = False
        rest = size - (blocks[-1].end if blocks else 0)
        self._next_try = rest + rest // 4 if rest > EAGER_CHARACTERS else 0
        if blocks:
            self._frames.clear()

    def frame(self, offset: int, closed: int) -> str:
        """Return the frame that brings a viewer from (offset, closed) to now.

        It is encoded once and shared by all viewers at the same place.
        """
        key = (offset, closed)
        if key not in self._frames:
            self._frames[key] = self._encode(offset, closed)
        return self._frames[key]

    def _encode(self, offset: int, closed: int) -> str:
        head = {"m": str(self.message_id), "a": self.attempt, "e": self.length}
        if self.closed <= closed:
            body = {"t": "d", "o": offset, "x": self.slice(offset)}
        else:
            first, index = self._blocks_after(closed)
            html = "".join(self._block_html[index:])
            tail = self.slice(self.closed)
            body = {"t": "b", "f": first, "c": self.closed, "h": html, "x": tail}
        return json.dumps(head | body, ensure_ascii=False, separators=(",", ":"))

    def _blocks_after(self, closed: int) -> tuple[int, int]:
        # A page may have been split elsewhere than we split: then all anew.
        index = bisect_right(self._block_ends, closed)
        known = index > 0 and self._block_ends[index - 1] == closed
        return (closed, index) if known else (0, 0)
