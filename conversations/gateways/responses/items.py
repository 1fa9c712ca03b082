"""What of an answer is replayed: its items as they came, where plain text will not do."""

from __future__ import annotations

from conversations import limits
from conversations.gateways.decoding import read_objects
from conversations.wire import Json

# What a small item counts for, so that there cannot be too many of them either.
_LEAST_BYTES = 4_000


class Items:
    """Keeps the finished items of one answer, in the order of their index.

    At most as many as one event could bring at once, else none.
    """

    def __init__(self) -> None:
        self._items: list[tuple[int, Json]] = []
        self._bytes = 0

    def keep(self, index: int | None, item: Json, size: int) -> None:
        """Keep an item that took `size` bytes."""
        self._bytes += max(size, _LEAST_BYTES)
        if self._bytes > limits.GATEWAY_EVENT_BYTES:
            self._items.clear()
        else:
            self._items.append((len(self._items) if index is None else index, item))

    def ordered(self) -> list[Json]:
        """Return what was kept."""
        return [item for _, item in sorted(self._items, key=lambda each: each[0])]


def read_replay(items: list[Json]) -> tuple[Json, ...]:
    """Return the items to be replayed, verbatim; () where the text alone would do.

    Reasoning is kept where a gateway can check it and right before the message it led
    to: without what follows it, it is refused. A call without an output is refused too.
    """
    kept: list[Json] = []
    leads = False
    for item in reversed(items):
        is_message = item.get("type") == "message"
        leads = is_message or (leads and _is_sealed(item))
        if leads:
            kept.append(item)
    kept.reverse()
    worth = any(item.get("type") == "reasoning" or item.get("phase") for item in kept)
    return tuple(kept) if worth else ()


def _is_sealed(item: Json) -> bool:
    """Whether an item is reasoning that its gateway will know again as its own.

    LiteLLM retypes reasoning as text of an answer: not what the model made.
    """
    retyped = any(
        part.get("type") == "output_text" for part in read_objects(item.get("content"))
    )
    seal = item.get("encrypted_content") or item.get("signature")
    return item.get("type") == "reasoning" and bool(seal) and not retyped
