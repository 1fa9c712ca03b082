"""What the messages protocol checks of the conversation it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.checks.pieces import check_piece
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.wire import Json
    from tests.gateway.asked import Asked
    from tests.gateway.flavours import Flavour

MOST_MARKERS = 4
LEAST_BUDGET = 1024
THINKING = {"adaptive", "enabled", "disabled", "between_tools"}
SAMPLING = ("temperature", "top_p", "top_k")


def check_version(headers: Mapping[str, str]) -> None:
    if not headers.get("anthropic-version"):
        raise invalid("anthropic-version: header is required")


def check(asked: Asked, _: Flavour) -> None:
    body = asked.body
    if not isinstance(body.get("max_tokens"), int):
        raise invalid("max_tokens: Field required")
    for name in SAMPLING:
        if name in body:
            raise invalid(f"`{name}` is deprecated for this model.")
    _check_thinking(body)
    rows = body.get("messages")
    if not isinstance(rows, list) or not rows:
        raise invalid("messages: at least one message is required")
    for number, row in enumerate(rows):
        _check_row(row, f"messages.{number}")
    _check_system(body.get("system"))
    _check_ends(rows)
    _check_markers(asked)


def _check_thinking(body: Json) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if kind not in THINKING:
        raise invalid(f"thinking.type: Input should be one of {sorted(THINKING)}")
    if kind != "enabled":
        return
    assert isinstance(thinking, dict)
    budget, most = thinking.get("budget_tokens"), body["max_tokens"]
    assert isinstance(most, int)
    if not isinstance(budget, int) or budget < LEAST_BUDGET:
        message = "thinking.enabled.budget_tokens: Input should be greater than or"
        raise invalid(f"{message} equal to {LEAST_BUDGET}")
    if budget >= most:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_row(row: object, place: str) -> None:
    if not isinstance(row, dict) or row.get("role") not in ("user", "assistant"):
        raise invalid(f"{place}.role: Input should be 'user' or 'assistant'")
    for name in row:
        if name not in ("role", "content"):
            raise invalid(f"{place}.{name}: Extra inputs are not permitted")
    content = row.get("content")
    if not content:
        raise invalid(f"{place}: all messages must have non-empty content")
    if isinstance(content, list):
        for number, block in enumerate(content):
            _check_block(block, f"{place}.content.{number}")
            check_piece(block, f"{place}.content.{number}", role=row["role"])


def _check_system(system: object) -> None:
    for number, block in enumerate(system if isinstance(system, list) else []):
        _check_block(block, f"system.{number}")


def _check_block(block: Json, place: str) -> None:
    kind = block.get("type")
    if not kind:
        raise invalid(f"{place}.type: Field required")
    if kind == "text" and not str(block.get("text") or "").strip():
        raise invalid(f"{place}: text content blocks must contain non-whitespace text")
    if "thinking" in str(kind) and "cache_control" in block:
        raise invalid(f"{place}.cache_control: Extra inputs are not permitted")
    if kind == "thinking" and not block.get("signature"):
        raise invalid(f"{place}.thinking.signature: Field required")


def _check_ends(rows: list[Json]) -> None:
    if rows[0]["role"] != "user":
        raise invalid("messages: first message must use the user role")
    if rows[-1]["role"] != "user":
        message = "This model does not support assistant message prefill. The"
        raise invalid(f"{message} conversation must end with a user message.")


def _check_markers(asked: Asked) -> None:
    lifetimes = [block.marker for block in asked.blocks if block.marker]
    if len(lifetimes) > MOST_MARKERS:
        message = f"A maximum of {MOST_MARKERS} blocks with cache_control may be"
        raise invalid(f"{message} provided. Found {len(lifetimes)}.")
    if "1h" in lifetimes[lifetimes.index("5m") if "5m" in lifetimes else 99 :]:
        message = "a ttl='1h' cache_control block must not come after a ttl='5m'"
        raise invalid(f"cache_control.ttl: {message} cache_control block.")
