"""One answer while it is being written: its text, and the reasoning before it."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import limits
from conversations.live.track import Track
from conversations.rendering.blocks import Lines
from conversations.rendering.markdown import Block

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from django.utils.safestring import SafeString

    from conversations.live.journal import Row

# A tail longer than this is tried again only when it has grown by a quarter, so
# that an endless list or table costs linear time, not quadratic.
EAGER_CHARACTERS = 2_000


class Buffer:
    """What one (message, attempt) has come to, addressed by offset.

    Offsets count characters (code points): of the text from the start of the
    message, of the reasoning from the start of the attempt. No viewer is shown
    anything that has not landed.
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
        self._text = Track(text)
        # How much of the text has landed.
        self.length = len(text)
        self._reasoning = Track()
        self._bytes = len(text.encode())
        # The first delta of any kind, and the first of the text.
        self.first_delta_at: datetime | None = None
        self.first_text_at: datetime | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._block_html: list[SafeString] = []
        self._block_ends: list[int] = []
        self._lines = Lines()
        self._may_close = self._lines.take(text)
        # Whether the beginning of the next line may close what the last try left.
        self._wants_more = False
        self._next_try = 0
        self._frames: dict[tuple[int, int], str] = {}
        self._reasoning_frames: dict[int, str] = {}

    @property
    def reasoning_length(self) -> int:
        """How much of the reasoning has landed."""
        return self._reasoning.length

    @property
    def closed(self) -> int:
        """The offset up to which the text is closed Markdown blocks."""
        return self._block_ends[-1] if self._block_ends else 0

    @property
    def blocks(self) -> list[Block]:
        """The closed blocks, from the start of the message."""
        pairs = zip(self._block_ends, self._block_html, strict=True)
        return [Block(end, html) for end, html in pairs]

    @property
    def began(self) -> bool:
        """Whether the gateway has given anything, text or reasoning."""
        return self.first_delta_at is not None

    def append(self, text: str) -> None:
        """Take a delta of the text; it is pending until `land`."""
        if self.first_text_at is None:
            self.first_text_at = timezone.now()
            self.first_delta_at = self.first_delta_at or self.first_text_at
        self._text.waiting.append(text)
        self._quiet.clear()

    def think(self, text: str) -> None:
        """Take a delta of the reasoning; it is pending until `land`."""
        if self.first_delta_at is None:
            self.first_delta_at = timezone.now()
        self._reasoning.waiting.append(text)
        self._quiet.clear()

    @property
    def pending(self) -> bool:
        """Whether anything waits for the next tick."""
        return bool(self._text.waiting or self._reasoning.waiting)

    def take(self) -> Iterator[Row]:
        """Move what is pending into flight and yield it as rows of the journal."""
        for is_reasoning, track in ((True, self._reasoning), (False, self._text)):
            if track.waiting or track.in_flight:
                yield self.generation_id, is_reasoning, *track.take()

    def land(self) -> None:
        """Make what was in flight visible: it is in the database now."""
        if self._reasoning.in_flight:
            self._reasoning.land()
            self._reasoning_frames.clear()
        if text := self._text.land():
            self.length += len(text)
            self._bytes += len(text.encode())
            self._may_close |= self._lines.take(text) or self._wants_more
            self._wants_more = False
            self._frames.clear()
        if not self.pending:
            self._quiet.set()

    def discard(self) -> None:
        """Forget what has not landed: the answer was ended by somebody else."""
        self._text.discard()
        self._reasoning.discard()
        self._quiet.set()

    async def settle(self) -> None:
        """Wait until nothing is pending and nothing is in flight."""
        await self._quiet.wait()

    def slice(self, offset: int) -> str:
        """Return the landed text from `offset` to the end."""
        return self._text.slice(offset)

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
        # What has landed meanwhile was not looked at.
        self._may_close = self.length > start + size
        rest = size - (blocks[-1].end if blocks else 0)
        self._wants_more = rest > 0 and self._lines.is_at_start
        self._next_try = rest + rest // 4 if rest > EAGER_CHARACTERS else 0
        if blocks:
            self._frames.clear()

    def frame(self, offset: int, closed: int) -> str:
        """Return the frame that brings a viewer's text from (offset, closed) to now.

        It is encoded once and shared by all viewers at the same place.
        """
        key = (offset, closed)
        if key not in self._frames:
            self._frames[key] = self._encode(offset, closed)
        return self._frames[key]

    def reasoning_frame(self, offset: int) -> str:
        """Return the frame that brings a viewer's reasoning from `offset` to now."""
        if offset not in self._reasoning_frames:
            text = self._reasoning.slice(offset)
            body = {"t": "r", "o": offset, "x": text}
            frame = self._dump(body, self.reasoning_length)
            self._reasoning_frames[offset] = frame
        return self._reasoning_frames[offset]

    def _encode(self, offset: int, closed: int) -> str:
        if self.closed <= closed:
            body = {"t": "d", "o": offset, "x": self.slice(offset)}
        else:
            first, index = self._blocks_after(closed)
            html = "".join(self._block_html[index:])
            tail = self.slice(self.closed)
            body = {"t": "b", "f": first, "c": self.closed, "h": html, "x": tail}
        return self._dump(body, self.length)

    def _dump(self, body: dict[str, object], end: int) -> str:
        head = {"m": str(self.message_id), "a": self.attempt, "e": end}
        return json.dumps(head | body, ensure_ascii=False, separators=(",", ":"))

    def _blocks_after(self, closed: int) -> tuple[int, int]:
        # A page may have been split elsewhere than we split: then all anew.
        index = bisect_right(self._block_ends, closed)
        known = index > 0 and self._block_ends[index - 1] == closed
        return (closed, index) if known else (0, 0)
