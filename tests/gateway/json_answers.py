"""Answers for those who asked for JSON: right, and wrong in the usual ways."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations.wire import Json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.answer import Answer
    from tests.gateway.asked import Asked
    from tests.gateway.naming import Part

    Scenario = Callable[[Answer, Part], Awaitable[None]]

USUAL: Json = {"title": "A title", "summary": "A summary.", "facts": ["One fact."]}
_SCALARS: dict[str, object] = {
    "string": "A text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def fitting(asked: Asked) -> object:
    """Return a value for the schema a request comes with, else a usual one."""
    schema = _schema_of(asked.body)
    return _instance(schema) if schema else USUAL


def _schema_of(body: Json) -> Json:
    """Find a schema where any of the protocols has it."""
    places = (
        ("response_format", "json_schema", "schema"),
        ("text", "format", "schema"),
        ("output_config", "format", "schema"),
    )
    for place in places:
        found: object = body
        for name in place:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            return found
    return {}


def _instance(schema: Json) -> object:
    if isinstance(choices := schema.get("enum"), list) and choices:
        return choices[0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        items = schema.get("items")
        return [_instance(items)] if isinstance(items, dict) else []
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties")
        rows = properties if isinstance(properties, dict) else {}
        return {name: _instance(each) for name, each in rows.items()}
    return _SCALARS.get(str(kind), "A text")


def _saying(make: Callable[[str], str], reason: str = "stop") -> Scenario:
    async def say(answer: Answer, part: Part) -> None:
        answer.start(role=True)
        text = json.dumps(fitting(answer.asked), ensure_ascii=False)
        await answer.say_all(make(text), part.rate)
        answer.finish(reason)

    return say


SCENARIOS: dict[str, Scenario] = {
    "json-valid": _saying(lambda text: text),
    "json-fenced": _saying(lambda text: f"```json\n{text}\n```"),
    "json-prose": _saying(
        lambda text: f"Here is the JSON:\n\n{text}\n\nAnything else?"
    ),
    "json-truncated": _saying(lambda text: text[: len(text) * 2 // 3], "length"),
    "json-wrong": _saying(lambda _: '{"nothing": ["that", "was", "asked"]}'),
    "json-refusal": _saying(lambda _: "I cannot help with that."),
}
