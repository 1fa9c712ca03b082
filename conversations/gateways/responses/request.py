"""A request of the responses protocol. Nothing of it is stored at the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.additions import cache_mark, render_additions
from conversations.gateways.files import data_url, shown_files, words_of
from conversations.wire import Json

if TYPE_CHECKING:
    from conversations.wire import AttachedFile, Dialect, Request, RequestMessage


def render_request(request: Request) -> Json:
    """Return the body of a streamed request, in the order in which it is sent."""
    dialect = request.dialect
    body: Json = {"model": request.model, "stream": True, "store": False}
    if dialect.asks_reasoning:
        body["include"] = ["reasoning.encrypted_content"]
    if reasoning := _render_reasoning(request):
        body["reasoning"] = reasoning
    body["input"] = [
        item
        for position, message in enumerate(request.messages)
        for item in _render_message(message, position, dialect)
    ]
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = request.max_output_tokens
    if dialect.cache:
        # OpenRouter, whose one mark here stands for the end of the input.
        body["cache_control"] = cache_mark(dialect)
    body |= render_additions(request)
    return {key: body[key] for key in body if key not in dialect.without}


def _render_reasoning(request: Request) -> Json:
    reasoning: Json = {}
    if request.effort:
        reasoning["effort"] = request.effort
    if request.dialect.asks_reasoning:
        reasoning["summary"] = "auto"
    # OpenAI writes summaries for verified organisations only, and names the inner
    # parameter where it refuses.
    refused = request.dialect.without
    return {
        key: reasoning[key] for key in reasoning if f"reasoning.{key}" not in refused
    }


def _render_message(
    message: RequestMessage, position: int, dialect: Dialect
) -> list[Json]:
    """Return the items of a message.

    The system prompt is a message because "instructions" cannot be cached by itself,
    of the role "system" because Ollama hands roles on to templates that know no other.
    """
    if message.role != "assistant":
        content = _render_parts(message, dialect)
        return [{"type": "message", "role": message.role, "content": content}]
    name = message.id.replace("-", "") or str(position)
    if message.items:
        return [
            _complete(item, name, number) for number, item in enumerate(message.items)
        ]
    said = {"type": "output_text", "text": message.content, "annotations": []}
    return [_render_answer(f"msg_{name}") | {"content": [said]}]


def _render_parts(message: RequestMessage, dialect: Dialect) -> list[Json]:
    files = [_render_file(file) for file in shown_files(message, dialect)]
    text: Json = {"type": "input_text", "text": words_of(message, dialect)}
    return [*files, text] if str(text["text"]).strip() or not files else files


def _render_file(file: AttachedFile) -> Json:
    if file.kind == "image":
        image = {"type": "input_image", "detail": "auto"}
        return {**image, "image_url": data_url(file)}
    named = {"type": "input_file", "filename": file.name}
    return {**named, "file_data": data_url(file)}


def _render_answer(name: str) -> Json:
    answer = {"type": "message", "role": "assistant", "id": name}
    return {**answer, "status": "completed"}


def _complete(item: Json, name: str, number: int) -> Json:
    """Return an item as it came; OpenRouter takes no message without some fields."""
    if item.get("type") != "message":
        return item
    required = _render_answer(f"msg_{name}_{number}")
    return item | {key: item.get(key) or required[key] for key in required}
