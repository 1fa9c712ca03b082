"""Counting a prompt's tokens truthfully: with a real tokenizer, block by block."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING
from zlib import crc32

from conversations.context import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.gateway.asked import Asked, Block

# No tokens of the vocabulary: what every message costs beside its words.
_ROLES = {"system": 300_000, "developer": 300_001, "user": 300_002}
_ASSISTANT = 300_003
_PADDING = (300_010, 300_011)
_SEALED, _SEALS = 400_000, 1_000_000_000
_FILES = 2_000_000_000
PRIMING = 3


@dataclass(frozen=True)
class Counted:
    """The tokens of each block, in order; `ends` are where each block ends."""

    blocks: list[array[int]]

    @property
    def ends(self) -> list[int]:
        return list(accumulate(map(len, self.blocks)))

    @property
    def total(self) -> int:
        return sum(map(len, self.blocks)) + PRIMING


def count_prompt(asked: Asked, thoughts: Mapping[str, int] | None = None) -> Counted:
    """Return the tokens that a request's prompt is made of.

    `thoughts` are the sizes of sealed ones by their seals; of others it is their words
    that count.
    """
    blocks: list[array[int]] = []
    message = None
    for block in asked.blocks:
        opening = () if block.message == message else _opening(block)
        message = block.message
        known = (thoughts or {}).get(block.seal or "")
        words = _encode_block(block) if known is None else _encode_seal(block, known)
        blocks.append(array("I", (*opening, *words)))
    return Counted(blocks)


def count_text(text: str) -> int:
    return len(encode(text))


@lru_cache(maxsize=4_096)
def encode(text: str) -> tuple[int, ...]:
    """Return the o200k tokens of `text`, as the app would count them."""
    encoding = tokens.load_encoding(tokens.RANKS)
    return tuple(
        token
        for piece in tokens._cut(text)
        for token in encoding.encode(piece, disallowed_special=())
    )


def _encode_block(block: Block) -> tuple[int, ...]:
    if block.piece is not None:
        return (_FILES + crc32(block.key.encode()) % _SEALS,) * block.piece.tokens
    return encode(block.text if block.kind in ("text", "thought") else block.key)


def _encode_seal(block: Block, tokens: int) -> tuple[int, ...]:
    """Return what a sealed thought is read as: so many tokens that no other has."""
    return (_SEALED + crc32((block.seal or "").encode()) % _SEALS,) * tokens


def _opening(block: Block) -> tuple[int, ...]:
    return (_ROLES.get(block.role, _ASSISTANT), *_PADDING)
