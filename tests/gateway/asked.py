"""What a request asks, whatever its protocol: blocks of text in order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

from conversations.wire import Json, Protocol
from tests.gateway.pieces import NotThatError, Piece, is_piece, read_piece

# These mark a block; they are no part of it.
_MARKERS = ("cache_control", "prompt_cache_breakpoint")


@dataclass(frozen=True)
class Block:
    """A piece of the prompt. `key` is equal for pieces that a model reads alike.

    `seal` is the signature of a thought, None where it needs none; `message` counts
    from 0, or -1 for the system prompt. `marker` is a cache's lifetime, "" for none.
    """

    role: str
    kind: str
    text: str
    key: str
    message: int
    seal: str | None = None
    marker: str = ""
    # An image or a PDF.
    piece: Piece | None = None


@dataclass(frozen=True)
class Asked:
    """One request. `model` is as it was named, with its provider and parts."""

    protocol: Protocol
    model: str
    body: Json = field(repr=False)

    @cached_property
    def blocks(self) -> list[Block]:
        """All that the model reads, in order."""
        return _READERS[self.protocol](self.body)

    @property
    def turns(self) -> list[tuple[str, str]]:
        """Who said what, message by message, thoughts left out."""
        said: dict[int, tuple[str, str]] = {}
        for block in self.blocks:
            if block.kind == "text":
                _, before = said.get(block.message, ("", ""))
                said[block.message] = (block.role, before + block.text)
        return list(said.values())

    @property
    def thoughts(self) -> list[Json]:
        """The thoughts that were given back, as they came."""
        return [json.loads(each.key) for each in self.blocks if each.kind == "thought"]

    @property
    def pieces(self) -> list[Piece]:
        """The images and PDFs, in order."""
        return [block.piece for block in self.blocks if block.piece]

    @property
    def newest(self) -> str:
        """The text of the newest message."""
        return self._text_of(self.blocks[-1].message) if self.blocks else ""

    @property
    def first(self) -> str:
        """The text of the first message that is not the system's."""
        users = [block.message for block in self.blocks if block.role == "user"]
        return self._text_of(users[0]) if users else ""

    @property
    def streams(self) -> bool:
        return self.body.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def most_tokens(self) -> int | None:
        names = ("max_completion_tokens", "max_tokens", "max_output_tokens")
        values = (self.body.get(name) for name in names)
        return next((each for each in values if isinstance(each, int)), None)

    @property
    def cache_key(self) -> str:
        names = ("session_id", "prompt_cache_key")
        return next((str(self.body[name]) for name in names if name in self.body), "")

    @cached_property
    def prefixes(self) -> list[str]:
        """A name for all that comes before each block, and one for all of them."""
        digest = hashlib.sha256()
        names = [digest.hexdigest()]
        for block in self.blocks:
            digest.update(f"{block.role}\0{block.key}\0".encode("utf-8", "replace"))
            names.append(digest.hexdigest())
        return names

    def _text_of(self, message: int) -> str:
        rows = (each for each in self.blocks if each.message == message)
        return "".join(each.text for each in rows if each.kind == "text")


def _read_chat(body: Json) -> list[Block]:
    blocks: list[Block] = []
    for number, row in enumerate(_rows(body.get("messages"))):
        role = str(row.get("role", ""))
        details = _rows(row.get("reasoning_details"))
        blocks += [_thought(role, detail, number) for detail in details]
        blocks += _parts(role, row.get("content"), number)
    return blocks


def _read_responses(body: Json) -> list[Block]:
    blocks = _parts("system", body.get("instructions"), -1)
    items = body.get("input")
    if isinstance(items, str):
        return blocks + _parts("user", items, 0)
    for number, item in enumerate(_rows(items)):
        if item.get("type") == "reasoning":
            blocks.append(_thought("assistant", item, number))
        elif "role" in item:
            blocks += _parts(str(item["role"]), item.get("content"), number)
        else:
            blocks.append(_block("assistant", item, number))
    return blocks


def _read_messages(body: Json) -> list[Block]:
    blocks = _parts("system", body.get("system"), -1)
    for number, row in enumerate(_rows(body.get("messages"))):
        blocks += _parts(str(row.get("role", "")), row.get("content"), number)
    return blocks


_READERS = {
    Protocol.CHAT_COMPLETIONS: _read_chat,
    Protocol.RESPONSES: _read_responses,
    Protocol.MESSAGES: _read_messages,
}


def _parts(role: str, content: object, number: int) -> list[Block]:
    if isinstance(content, str):
        return [_block(role, {"type": "text", "text": content}, number)]
    return [
        _thought(role, part, number)
        if part.get("type") in ("thinking", "redacted_thinking")
        else _block(role, part, number)
        for part in _rows(content)
    ]


def _block(role: str, part: Json, number: int) -> Block:
    if is_piece(part):
        return _piece(role, part, number)
    text = part.get("text", part.get("refusal"))
    kind = "text" if isinstance(text, str) else "other"
    key = text if isinstance(text, str) else _canonical(part)
    return Block(role, kind, str(text or ""), key, number, marker=_marker(part))


def _piece(role: str, part: Json, number: int) -> Block:
    try:
        piece = read_piece(part)
    except NotThatError:
        piece = None
    key = hashlib.sha256(_canonical(part).encode()).hexdigest()
    return Block(role, "file", "", key, number, marker=_marker(part), piece=piece)


def _thought(role: str, part: Json, number: int) -> Block:
    """Read a thought; what may be sealed has a seal, "" where it has lost it."""
    words = part.get("thinking", part.get("text", part.get("summary", "")))
    text = words if isinstance(words, str) else ""
    sealed = part.get("type") in (
        "thinking",
        "redacted_thinking",
        "reasoning.encrypted",
    )
    seals = [part.get(name) for name in ("signature", "data", "encrypted_content")]
    found = next((str(each) for each in seals if each), "" if sealed else None)
    key = _canonical(part)
    return Block(role, "thought", text, key, number, found, _marker(part))


def _marker(part: Json) -> str:
    control = part.get("cache_control")
    if isinstance(control, dict):
        return str(control.get("ttl", "5m"))
    return "30m" if part.get("prompt_cache_breakpoint") else ""


def _canonical(part: Json) -> str:
    kept = {name: value for name, value in part.items() if name not in _MARKERS}
    return json.dumps(kept, sort_keys=True)


def _rows(value: object) -> list[Json]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict)]
