"""A gateway's list of models, in every shape that gateways give it."""

from __future__ import annotations

from conversations.gateways.base import ModelListing
from conversations.gateways.chat_completions import parse
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.mapping import map_payload, plain_text
from conversations.text import clean_line

_WINDOWS = ("context_length", "max_model_len", "max_input_tokens", "context_window")
_OUTPUTS = ("max_completion_tokens", "max_output_tokens")


def read_listings(body: bytes) -> list[ModelListing]:
    """Return the models that `body` lists, in its order, each once.

    Raises GatewayError where it is no list of models.
    """
    payload = _parse(body)
    if isinstance(payload, dict) and payload.get("error"):
        raise map_payload(payload)
    rows = payload.get("data") if isinstance(payload, dict) else payload
    if not isinstance(rows, list):
        raise _no_list(body)
    listings = [_read(row) for row in rows if isinstance(row, dict)]
    return list({each.name: each for each in listings if each.name}.values())


def _parse(body: bytes) -> object:
    try:
        return parse(body)
    except GatewayError:
        raise _no_list(body) from None


def _no_list(body: bytes) -> GatewayError:
    text = plain_text(body.decode("utf-8", "replace"))
    return GatewayError(ErrorKind.NOT_A_STREAM, text[:300])


def _read(row: dict[str, object]) -> ModelListing:
    provider = row.get("top_provider")
    places = [row, provider] if isinstance(provider, dict) else [row]
    return ModelListing(
        name=clean_line(str(row.get("id") or ""))[:200],
        window=_size(places, _WINDOWS),
        max_output=_size(places, _OUTPUTS),
    )


def _size(places: list[dict[str, object]], names: tuple[str, ...]) -> int | None:
    """Return the smallest size named: what every one of them allows."""
    values = [place.get(name) for place in places for name in names]
    sizes = [
        value
        for value in values
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return min((size for size in sizes if 0 < size < 2**31), default=None)
