"""Requests of the messages protocol of Anthropic, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.additions import cache_mark, render_additions
from conversations.gateways.files import base64_of, shown_files, words_of
from conversations.gateways.messages.blocks import THINKING, is_signed

if TYPE_CHECKING:
    from conversations.wire import (
        AttachedFile,
        Dialect,
        Json,
        Request,
        RequestMessage,
    )

# The protocol wants a bound; this one where nobody says which.
OUTPUT_TOKENS = 4_096

LEAST_THINKING_TOKENS = 1_024
MOST_THINKING_TOKENS = 32_000
# Which part of the output the model may think, by effort.
_PART = {"low": 8, "medium": 4, "high": 2, "xhigh": 2, "max": 2}
_USUAL_PART = 4

# A request is none without them.
_REQUIRED = frozenset({"model", "max_tokens", "stream", "messages"})


def render_request(request: Request) -> Json:
    """Return the body of a streamed request, in the order in which it is sent.

    Contents are always arrays of blocks, so that a cache marker changes no shape.
    """
    dialect = request.dialect
    most = request.max_output_tokens or OUTPUT_TOKENS
    body: Json = {"model": request.model, "max_tokens": most, "stream": True}
    system, messages = _system(request), _messages(request)
    if dialect.cache and "cache_control" not in dialect.without:
        for blocks in [system, *(blocks for _, blocks in messages[-1:])]:
            for block in blocks[-1:]:
                block["cache_control"] = cache_mark(dialect)
    if system:
        body["system"] = system
    body["messages"] = [{"role": role, "content": rows} for role, rows in messages]
    body |= _thinking(request, most) | render_additions(request)
    left_out = dialect.without - _REQUIRED
    return {name: value for name, value in body.items() if name not in left_out}


def _system(request: Request) -> list[Json]:
    texts = [each.content for each in request.messages if each.role == "system"]
    return [block for text in texts for block in _text_blocks(text)]


def _messages(request: Request) -> list[tuple[str, list[Json]]]:
    """Return roles and blocks in turn, from the user's first to the user's last."""
    merged: list[tuple[str, list[Json]]] = []
    for message in request.messages:
        is_system = message.role == "system"
        blocks = [] if is_system else _blocks(message, request.dialect)
        if merged and merged[-1][0] == message.role:
            merged[-1][1].extend(blocks)
        elif blocks and (merged or message.role == "user"):
            merged.append((message.role, blocks))
    if merged and merged[-1][0] == "assistant":
        # Newer models refuse to be given the beginning of their answer.
        merged.pop()
    return merged


def _blocks(message: RequestMessage, dialect: Dialect) -> list[Json]:
    if message.role == "assistant":
        blocks = [block for block in message.items if _is_taken_back(block)]
        if any(block.get("type") not in THINKING for block in blocks):
            return blocks
    # What is asked of a file is best said after it (Anthropic, "Vision").
    files = [_file_block(file) for file in shown_files(message, dialect)]
    return [*files, *_text_blocks(words_of(message, dialect))]


def _file_block(file: AttachedFile) -> Json:
    """Return an image or a PDF as a block."""
    source = {"type": "base64", "media_type": file.media_type, "data": base64_of(file)}
    if file.kind == "image":
        return {"type": "image", "source": source}
    return {"type": "document", "source": source, "title": file.name}


def _is_taken_back(block: Json) -> bool:
    """Whether a gateway takes `block` of an earlier answer."""
    kind = block.get("type")
    if kind == "text":
        return bool(str(block.get("text") or "").strip())
    return is_signed(block) if kind in THINKING else kind != "tool_use"


def _text_blocks(text: str) -> list[Json]:
    """Return `text` as a block; one without any letters would be refused."""
    return [{"type": "text", "text": text}] if text.strip() else []


def _thinking(request: Request, most: int) -> Json:
    thinking = request.dialect.thinking
    if thinking == "enabled":
        budget = most // _PART.get(request.effort, _USUAL_PART)
        budget = min(max(budget, LEAST_THINKING_TOKENS), MOST_THINKING_TOKENS)
        # It is part of the output, and something must be left for the text.
        if budget >= most:
            return {}
        return {"thinking": {"type": "enabled", "budget_tokens": budget}}
    fields: Json = {}
    if thinking == "adaptive":
        fields["thinking"] = {"type": "adaptive", "display": "summarized"}
    if request.effort:
        fields["output_config"] = {"effort": request.effort}
    return fields
