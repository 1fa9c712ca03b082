"""A request of the chat completions protocol, as each gateway likes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.gateways.additions import cache_mark, render_additions
from conversations.gateways.files import data_url, shown_files, words_of

if TYPE_CHECKING:
    from conversations.wire import (
        AttachedFile,
        Dialect,
        Json,
        Request,
        RequestMessage,
    )

# A request is none without them.
_REQUIRED = frozenset({"model", "stream", "messages"})


def render_request(request: Request) -> Json:
    """Return the body of a streamed request, in the order in which it is sent."""
    dialect = request.dialect
    messages = _merged(request.messages) if dialect.alternates else request.messages
    marked = _marked(messages) if dialect.cache else frozenset()
    body: Json = {
        "model": request.model,
        "stream": True,
        "messages": [
            _render_message(message, dialect, marked=position in marked)
            for position, message in enumerate(messages)
        ],
        **_render_limit(request),
        "stream_options": {"include_usage": True},
        **_render_effort(request),
        **render_additions(request),
    }
    left_out = dialect.without - _REQUIRED
    return {name: value for name, value in body.items() if name not in left_out}


def _merged(messages: tuple[RequestMessage, ...]) -> tuple[RequestMessage, ...]:
    """Return messages whose roles alternate; what one side said in a row is one."""
    merged: list[RequestMessage] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            said = (merged[-1].content, message.content)
            merged[-1] = replace(
                merged[-1],
                # Of a message that is nothing but files there are no words to add.
                content="\n\n".join(said) if all(said) else "".join(said),
                files=(*merged[-1].files, *message.files),
            )
        else:
            merged.append(message)
    return tuple(merged)


def _marked(messages: tuple[RequestMessage, ...]) -> frozenset[int]:
    """Return the places up to which the gateway is to cache: the last of each role."""
    places = {message.role: place for place, message in enumerate(messages)}
    return frozenset(places[role] for role in ("system", "user") if role in places)


def _render_message(message: RequestMessage, dialect: Dialect, *, marked: bool) -> Json:
    words, shown = words_of(message, dialect), shown_files(message, dialect)
    content: object = words
    if dialect.cache or shown:
        # Every content is a list: else moving a mark would change the shape of others.
        block: Json = {"type": "text", "text": words}
        if marked:
            block["cache_control"] = cache_mark(dialect)
        files = [_render_file(file) for file in shown]
        # A mark is read on text, and stands for all before it.
        content = [*files, block] if words.strip() or not files else files
    rendered: Json = {"role": message.role, "content": content}
    if message.items:
        rendered["reasoning_details"] = list(message.items)
    return rendered


def _render_file(file: AttachedFile) -> Json:
    if file.kind == "image":
        return {"type": "image_url", "image_url": {"url": data_url(file)}}
    named = {"filename": file.name, "file_data": data_url(file)}
    return {"type": "file", "file": named}


def _render_limit(request: Request) -> Json:
    if request.max_output_tokens is None:
        return {}
    modern = "max_completion_tokens" not in request.dialect.without
    name = "max_completion_tokens" if modern else "max_tokens"
    return {name: request.max_output_tokens}


def _render_effort(request: Request) -> Json:
    if not request.effort:
        return {}
    if request.dialect.effort_field != "reasoning":
        return {"reasoning_effort": request.effort}
    refused = "reasoning.effort" in request.dialect.without
    return {} if refused else {"reasoning": {"effort": request.effort}}
