"""What a decoder makes of bytes, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.transport.reading import read_tail
from conversations.gateways.transport.sse import EventSplitter
from conversations.wire import ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.gateways.decoding import Decoder
    from conversations.wire import Delta


def read_pieces(decoder: Decoder, pieces: Iterable[bytes]) -> list[Delta]:
    """Do what the reader does with the pieces of one stream."""
    splitter = EventSplitter()
    deltas: list[Delta] = []
    for piece in pieces:
        for name, data in splitter.feed(piece):
            deltas += decoder.decode(name, data)
    return deltas + read_tail(splitter, decoder)


def text_of(deltas: Iterable[Delta]) -> str:
    return "".join(each.text for each in deltas if isinstance(each, TextDelta))


def reasoning_of(deltas: Iterable[Delta]) -> str:
    return "".join(each.text for each in deltas if isinstance(each, ReasoningDelta))
