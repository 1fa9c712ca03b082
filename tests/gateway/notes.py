"""Answers for those who ask about a record of a conversation: notes on it, or facts."""

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

FIRST_LETTERS = 40


async def notes(answer: Answer, part: Part) -> None:
    """Notes that begin every message of a record, after those so far; or K facts."""
    lines = _read_record(answer.asked)
    answer.start(role=True)
    said = [line for line in lines if "message" in line]
    wants_json = any(
        block.role == "system" and '"facts"' in block.text
        for block in answer.asked.blocks
    )
    text = _facts(said[: part.count_or(2)]) if wants_json else _notes(lines, said)
    await answer.say_all(text, part.rate)
    answer.finish()


def _read_record(asked: Asked) -> list[Json]:
    rows = [line for line in asked.newest.split("\n") if line.startswith("{")]
    return [json.loads(row) for row in rows]


def _notes(lines: list[Json], said: list[Json]) -> str:
    before = [str(line["notes_so_far"]) for line in lines if "notes_so_far" in line]
    return "\n".join([*before, *(f"{one['from']}: {_first(one)}" for one in said)])


def _facts(said: list[Json]) -> str:
    facts = [
        {"text": f"It was said: {_first(one)}", "message": one["message"]}
        for one in said
    ]
    return f"```json\n{json.dumps({'facts': facts}, ensure_ascii=False)}\n```"


def _first(line: Json) -> str:
    return str(line["text"])[:FIRST_LETTERS].strip()


SCENARIOS: dict[str, Scenario] = {"notes": notes}
