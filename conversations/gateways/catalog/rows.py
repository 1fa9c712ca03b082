"""A gateway's list of models, in every shape that gateways give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conversations.gateways.catalog.listed_abilities import (
    is_chat_model,
    read_abilities,
)
from conversations.gateways.catalog.listed_prices import read_prices
from conversations.gateways.decoding import parse
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.mapping import map_payload, plain_text
from conversations.text import clean_line, shorten
from conversations.wire import Abilities, Json, Prices, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# More than any gateway serves; what comes after is left out.
MOST_LISTED = 2_000
NAME_LETTERS = 200
LABEL_LETTERS = 80
DETAIL_LETTERS = 300
# Sizes outside are mistakes: the database could not hold them, nobody could talk.
LEAST_TOKENS, MOST_TOKENS = 256, 2**31 - 1

_WINDOWS = (
    "context_length",
    "max_model_len",
    "max_input_tokens",
    "context_window",
    "max_context_length",
    "n_ctx",
)
_OUTPUTS = ("max_completion_tokens", "max_output_tokens", "max_output_length")
# Where these stand, they say what is; the others what could be.
_LOADED = "loaded_context_length"
_TRAINED = "n_ctx_train"
# What new-api deployments such as EZRouter call the protocols.
_ENDPOINT_TYPES = {
    "openai": Protocol.CHAT_COMPLETIONS,
    "openai-response": Protocol.RESPONSES,
    "anthropic": Protocol.MESSAGES,
}


@dataclass(frozen=True, slots=True)
class ModelListing:
    """A model as its gateway lists it. Sizes in tokens, None where it is silent.

    `prices` is None where the list does not speak of prices at all; with unknown
    rates it says that they are unknown. `protocols` is () where it does not say.
    """

    name: str
    window: int | None = None
    max_output: int | None = None
    label: str = ""
    prices: Prices | None = None
    abilities: Abilities = field(default_factory=Abilities)
    protocols: tuple[Protocol, ...] = ()


def read_listings(body: bytes, preset: str = "compatible") -> list[ModelListing]:
    """Return the models for chat that `body` lists, in its order, each once.

    Shapes: OpenAI, EZRouter, OpenRouter, Opper, Anthropic, LiteLLM (`/v1/models` and
    `/model/info`), LM Studio, vLLM, llama.cpp, Ollama, or near enough. Raises
    GatewayError where it is no list of models.
    """
    listings: dict[str, ModelListing] = {}
    for row in read_rows(body):
        listing = _read(row, preset)
        if listing is not None:
            listings.setdefault(listing.name, listing)
        if len(listings) >= MOST_LISTED:
            break
    return list(listings.values())


def read_rows(body: bytes) -> list[Json]:
    """Return the rows of a list of models; raises GatewayError where it is none."""
    payload = _parse(body)
    rows = payload
    if isinstance(payload, dict):
        if payload.get("error"):
            raise map_payload(payload)
        rows = payload.get("data", payload.get("models"))
    if not isinstance(rows, list):
        raise _no_list(body)
    return [row for row in rows if isinstance(row, dict)]


def read_name(row: Json) -> str:
    """Return what a model is asked for by, "" where a request could not name it."""
    names = (row.get(key) for key in ("id", "model_name", "model", "key", "name"))
    name = next((each for each in names if isinstance(each, str) and each), "")
    return name if clean_line(name) == name and len(name) <= NAME_LETTERS else ""


def read_size(value: object) -> int | None:
    """Return a number of tokens, None where `value` is none that makes sense."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if LEAST_TOKENS <= value <= MOST_TOKENS else None


def _read(row: Json, preset: str) -> ModelListing | None:
    name = read_name(row)
    types = row.get("supported_endpoint_types")
    protocols = _read_protocols(types)
    # Types that are none of ours are of what makes images, or ranks, or embeds.
    other = isinstance(types, list) and bool(types) and not protocols
    places = list(_places(row))
    if not name or other or not is_chat_model(name, places):
        return None
    return ModelListing(
        name=name,
        window=_read_window(places),
        max_output=_read_output(places, preset),
        label=_read_label(row, name),
        prices=read_prices(places),
        abilities=read_abilities(places),
        protocols=protocols,
    )


def _places(row: Json) -> Iterator[Json]:
    """The row itself, and the objects in it that speak of the same."""
    yield row
    for name in ("top_provider", "model_info", "meta"):
        place = row.get(name)
        if isinstance(place, dict):
            yield place


def _read_protocols(types: object) -> tuple[Protocol, ...]:
    if not isinstance(types, list):
        return ()
    named = {
        _ENDPOINT_TYPES[each]
        for each in types
        if isinstance(each, str) and each in _ENDPOINT_TYPES
    }
    return tuple(each for each in Protocol if each in named)


def _read_label(row: Json, name: str) -> str:
    for key in ("display_name", "name"):
        label = row.get(key)
        if isinstance(label, str) and label and label != name:
            return shorten(label, LABEL_LETTERS)
    return ""


def _read_window(places: list[Json]) -> int | None:
    """The loaded window, else the smallest named, else the one it was trained with."""
    loaded = _smallest(places, (_LOADED,))
    return loaded or _smallest(places, _WINDOWS) or _smallest(places, (_TRAINED,))


def _read_output(places: list[Json], preset: str) -> int | None:
    # What others mean by `max_tokens` is anybody's guess.
    names = (*_OUTPUTS, "max_tokens") if preset == "anthropic" else _OUTPUTS
    return _smallest(places, names)


def _smallest(places: Iterable[Json], names: tuple[str, ...]) -> int | None:
    """Return the smallest size named: what every one of them allows."""
    sizes = (read_size(place.get(name)) for place in places for name in names)
    return min((size for size in sizes if size is not None), default=None)


def _parse(body: bytes) -> object:
    try:
        return parse(body)
    except GatewayError:
        raise _no_list(body) from None


def _no_list(body: bytes) -> GatewayError:
    text = plain_text(body.decode("utf-8", "replace"))
    return GatewayError(ErrorKind.NOT_A_STREAM, text[:DETAIL_LETTERS])
