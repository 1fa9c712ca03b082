"""What chat completions check of the conversation they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.checks.pieces import check_piece
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from conversations.wire import Json
    from tests.gateway.asked import Asked
    from tests.gateway.flavours import Flavour

ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
FIELDS = {"role", "content", "name", "refusal", "audio", "tool_calls", "tool_call_id"}
THOUGHT_FIELDS = {"reasoning_details", "reasoning", "reasoning_content"}
PARTS = {"text", "image_url", "input_audio", "file", "refusal"}


def check(asked: Asked, flavour: Flavour) -> None:
    rows = asked.body.get("messages")
    if not isinstance(rows, list) or not rows:
        raise invalid("Invalid 'messages': empty array.", "messages")
    known = FIELDS | (THOUGHT_FIELDS if flavour.replays_thoughts else set())
    for number, row in enumerate(rows):
        _check_row(row, f"messages[{number}]", known)


def _check_row(row: object, place: str, known: set[str]) -> None:
    if not isinstance(row, dict):
        raise invalid(f"Invalid type for '{place}'.", place)
    for name in row:
        if name not in known:
            field = f"{place}.{name}"
            raise invalid(f"Unknown parameter: '{field}'.", field, "unknown_parameter")
    if row.get("role") not in ROLES:
        raise invalid(f"Invalid value: '{row.get('role')}'.", f"{place}.role")
    content = row.get("content")
    if isinstance(content, list):
        _check_parts(content, f"{place}.content", str(row["role"]))
    elif not isinstance(content, str) and not row.get("tool_calls"):
        raise invalid(f"Invalid type for '{place}.content'.", f"{place}.content")


def _check_parts(parts: list[Json], place: str, role: str) -> None:
    if not parts:
        raise invalid(f"Invalid '{place}': empty array.", place)
    for part in parts:
        if part.get("type") not in PARTS:
            raise invalid(f"Invalid value: '{part.get('type')}'.", f"{place}.type")
        check_piece(part, place, role=role)
