"""What is said in headers: who asks, and what an answer was called and cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.gateways.usage import read_cost
from conversations.text import clean_line
from conversations.wire import Protocol, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from conversations.gateways.base import Route
    from conversations.wire import Finished

# The version whose requests and answers we know; later ones refuse more.
ANTHROPIC_VERSION = "2023-06-01"
NAME_LETTERS = 200
# LiteLLM's is written before the answer, and 0 for all that is streamed.
_COSTS = ("x-opper-cost", "x-litellm-response-cost")


def auth_headers(route: Route) -> dict[str, str]:
    """Return the header that shows the key, none where there is no key."""
    if not route.key:
        return {}
    if route.auth == "x-api-key":
        return {"x-api-key": route.key}
    return {"Authorization": f"Bearer {route.key}"}


def extra_headers(route: Route) -> dict[str, str]:
    """Return what a gateway wants, or likes, to be told beside the key."""
    headers = {}
    if route.protocol == Protocol.MESSAGES:
        headers["anthropic-version"] = ANTHROPIC_VERSION
    if route.preset == "openrouter":
        headers["X-OpenRouter-Title"] = "Roundtable"
    return headers


def read_headers(finished: Finished, headers: Mapping[str, str]) -> Finished:
    """Return `finished` with what only the headers of the answer tell."""
    if not finished.answer_id:
        name = clean_line(headers.get("x-generation-id", ""))[:NAME_LETTERS]
        finished = replace(finished, answer_id=name)
    usage = finished.usage or Usage()
    if usage.cost is None and (cost := _read_cost(headers)):
        finished = replace(finished, usage=replace(usage, cost=cost))
    return finished


def _read_cost(headers: Mapping[str, str]) -> Decimal | None:
    costs = (read_cost(headers.get(name)) for name in _COSTS)
    return next((cost for cost in costs if cost), None)
