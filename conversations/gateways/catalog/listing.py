"""Asking a gateway for its models: which addresses, and what to make of the answers.

Lists come in pages, and servers on one's own machine say elsewhere how much of a model
they have loaded.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from conversations.gateways.catalog.listed_abilities import (
    ABILITY_NAMES,
    read_abilities,
)
from conversations.gateways.catalog.rows import (
    MOST_LISTED,
    ModelListing,
    read_listings,
    read_name,
    read_rows,
    read_size,
)
from conversations.gateways.decoding import parse
from conversations.gateways.errors import GatewayError
from conversations.wire import Json

# Asks a URL, with a JSON body or without, and returns the body of the answer.
# Raises GatewayError.
Fetch = Callable[[str, Json | None], Awaitable[bytes]]

MOST_PAGES = 20
ANTHROPIC_PAGE = 1_000
# Further questions, each of which many servers have no answer to.
PROBE_SECONDS = 5.0
MOST_SHOWN = 100

_LM_STUDIO_SIZE = "max_context_length"
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)
_TRAINED = re.compile(r"\A[\w.-]+\.context_length\Z")


async def list_models(preset: str, base_url: str, fetch: Fetch) -> list[ModelListing]:
    """Return the models of a gateway of kind `preset`, each once.

    Raises GatewayError where there is no list. What it says beyond that, at other
    addresses, is taken where it is there.
    """
    pages = await _read_pages(preset, base_url, fetch)
    server = _Server(base_url.removesuffix("/v1"), fetch)
    listings: dict[str, ModelListing] = {}
    for page in pages:
        for listing in read_listings(page, preset):
            listings.setdefault(listing.name, listing)
    found = list(listings.values())[:MOST_LISTED]
    if preset == "ollama":
        return await _ask_ollama(server, found)
    if preset == "compatible" and found:
        return await _ask_others(server, found, pages)
    return found


async def _read_pages(preset: str, base_url: str, fetch: Fetch) -> list[bytes]:
    """Return the pages of a list, at most `MOST_PAGES`, none of them twice."""
    url = f"{base_url}/models"
    if preset == "anthropic":
        url += f"?limit={ANTHROPIC_PAGE}"
    pages: list[bytes] = []
    asked: set[str] = set()
    while url and url not in asked and len(pages) < MOST_PAGES:
        asked.add(url)
        pages.append(await fetch(url, None))
        url = _next_page(url, base_url, pages[-1])
    return pages


def _next_page(url: str, base_url: str, body: bytes) -> str:
    """Return the address of the page after `body`, "" where it is the last.

    Only the gateway itself is asked: the key goes nowhere else.
    """
    payload = _read_object(body)
    links = payload.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    if isinstance(following, str) and following:
        target = urljoin(url, following)
        is_home = urlsplit(target)[:2] == urlsplit(base_url)[:2]
        return target if is_home else ""
    last = payload.get("last_id")
    if payload.get("has_more") is True and isinstance(last, str) and last:
        after = quote(last, safe="")
        return f"{base_url}/models?limit={ANTHROPIC_PAGE}&after_id={after}"
    return ""


@dataclass(frozen=True, slots=True)
class _Server:
    """A gateway's own addresses, beside those of the protocol."""

    base_url: str
    fetch: Fetch

    async def ask(self, path: str, body: Json | None = None) -> bytes:
        """Return the answer at `path`, b"" where there is none."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await self.fetch(self.base_url + path, body)
        except (GatewayError, TimeoutError):
            return b""


async def _ask_ollama(
    server: _Server, listings: list[ModelListing]
) -> list[ModelListing]:
    """Add the windows of models as they are loaded, else as they would be."""
    loaded = _read_loaded(await server.ask("/api/ps"))
    found = []
    for number, listing in enumerate(listings):
        body = b""
        if number < MOST_SHOWN:
            body = await server.ask("/api/show", {"model": listing.name})
        shown = _read_object(body)
        if _is_for_chat(shown):
            window = loaded.get(listing.name) or _read_num_ctx(shown)
            abilities = read_abilities([shown])
            found.append(replace(listing, window=window, abilities=abilities))
    return found


def _read_loaded(body: bytes) -> dict[str, int]:
    sizes = {
        read_name(row): read_size(row.get("context_length")) for row in _try_rows(body)
    }
    return {name: size for name, size in sizes.items() if name and size}


def _is_for_chat(shown: Json) -> bool:
    capabilities = shown.get("capabilities")
    return not isinstance(capabilities, list) or "completion" in capabilities


def _read_num_ctx(shown: Json) -> int | None:
    """Return the window a model is loaded with: what it could hold is not that."""
    parameters = shown.get("parameters")
    found = _NUM_CTX.search(parameters) if isinstance(parameters, str) else None
    if found:
        return read_size(found[1])
    info = shown.get("model_info")
    if not shown.get("remote_host") or not isinstance(info, dict):
        return None
    # Only what runs elsewhere has all of it.
    sizes = (read_size(value) for key, value in info.items() if _TRAINED.match(key))
    return next(sizes, None)


async def _ask_others(
    server: _Server, listings: list[ModelListing], pages: list[bytes]
) -> list[ModelListing]:
    """Add what LM Studio, llama.cpp or LiteLLM say elsewhere, whichever it is."""
    is_trained = any(b'"n_ctx_train"' in page for page in pages)
    if is_trained or not any(listing.window for listing in listings):
        body = await server.ask("/api/v0/models")
        # Others may answer as well: with the list once more, an error, or a page.
        if any(_LM_STUDIO_SIZE in row for row in _try_rows(body)):
            return _merge(listings, body)
        if window := _read_props(await server.ask("/props")):
            return [replace(listing, window=window) for listing in listings]
    if not any(listing.prices for listing in listings):
        return _merge(listings, await server.ask("/model/info"))
    return listings


def _read_props(body: bytes) -> int | None:
    settings = _read_object(body).get("default_generation_settings")
    return read_size(settings.get("n_ctx")) if isinstance(settings, dict) else None


def _merge(listings: list[ModelListing], body: bytes) -> list[ModelListing]:
    """Return `listings` with what the rows of `body` know better, and no others.

    What stands there without being for chat is left out.
    """
    rows = _try_rows(body)
    if not rows:
        return listings
    further = {each.name: each for each in read_listings(body)}
    others = {read_name(row) for row in rows} - further.keys()
    return [
        _overlay(further.get(each.name), each)
        for each in listings
        if each.name not in others
    ]


def _overlay(upper: ModelListing | None, lower: ModelListing) -> ModelListing:
    if upper is None:
        return lower
    known: dict[str, Any] = {
        name: value
        for name in ABILITY_NAMES
        if (value := getattr(upper.abilities, name)) not in (None, ())
    }
    return replace(
        lower,
        window=upper.window or lower.window,
        max_output=upper.max_output or lower.max_output,
        prices=upper.prices or lower.prices,
        abilities=replace(lower.abilities, **known),
    )


def _try_rows(body: bytes) -> list[Json]:
    try:
        return read_rows(body)
    except GatewayError:
        return []


def _read_object(body: bytes) -> Json:
    try:
        payload = parse(body)
    except GatewayError:
        return {}
    return payload if isinstance(payload, dict) else {}
