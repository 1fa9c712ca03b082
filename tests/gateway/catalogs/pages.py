"""Which page of which catalogue is at which address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Json
from tests.gateway.catalogs import entries, shapes
from tests.gateway.catalogs.entries import Entry
from tests.gateway.envelopes import HTML, HTML_TYPE, JSON_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.exchange import Recorded

PAGE_ROWS = 20
SLOW_SECONDS = 3.0
SMALL_WINDOW = 8_192


@dataclass(frozen=True)
class Page:
    """An answer to a question about models. `delay` is in seconds."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    delay: float = 0.0


NOT_FOUND = Page(404, b'{"detail":"Not Found"}')


def find_page(request: Recorded, path: str, catalog: str) -> Page:
    """Return what the gateway with this `catalog` has at `path`."""
    address = urlsplit(path)
    native = _NATIVE.get((catalog, request.method, address.path))
    if native is not None:
        return Page(200, demo_wire.to_bytes(native(request)))
    if request.method != "GET":
        return NOT_FOUND
    if address.path.endswith("/models"):
        return _list(catalog, parse_qs(address.query), address.path)
    before, _, name = address.path.partition("/models/")
    return _one(catalog, unquote(name)) if before and name else NOT_FOUND


def _list(catalog: str, query: dict[str, list[str]], path: str) -> Page:
    nuisance = _nuisance(catalog)
    if nuisance is not None:
        return nuisance
    shape = _shape_of(catalog)
    rows = [shapes.SHAPES[shape](entry) for entry in listed(shape)]
    if catalog == "bare":
        return Page(200, demo_wire.to_bytes(rows))
    page = _WRAPPERS.get(shape, _all)(rows, query, path)
    delay = SLOW_SECONDS if catalog == "slow" else 0.0
    return Page(200, demo_wire.to_bytes(page), delay=delay)


def _shape_of(catalog: str) -> str:
    if catalog == "paginated":
        return "openrouter"
    return catalog if catalog in shapes.SHAPES else "plain"


def listed(catalog: str) -> list[Entry]:
    """Return the models that a catalogue lists, in its order."""
    scenarios = entries.scenario_entries()
    if catalog == "plain":
        return scenarios
    if catalog == "openai":
        return [*entries.named_entries("gpt"), *scenarios]
    if catalog == "anthropic":
        return [*entries.named_entries("claude"), *scenarios]
    if catalog in ("openrouter", "opper", "litellm"):
        return [*entries.named_entries(), *entries.odd_entries(), *scenarios]
    if catalog == "ezrouter":
        return [*entries.named_entries(), *scenarios]
    return [entries.loaded(entry) for entry in scenarios]


def _nuisance(catalog: str) -> Page | None:
    if catalog == "missing":
        return NOT_FOUND
    if catalog == "html":
        return Page(200, HTML, HTML_TYPE)
    if catalog == "empty":
        return Page(200, b'{"object":"list","data":[]}')
    if catalog == "garbage":
        return Page(200, b'{"object":"list","data":[{"id":')
    if catalog == "error":
        return Page(200, b'{"error":{"message":"Something went wrong.","code":502}}')
    return None


def _one(catalog: str, name: str) -> Page:
    shape = _shape_of(catalog)
    for entry in listed(shape):
        row = shapes.SHAPES[shape](entry)
        if row["id"] == name:
            return Page(200, demo_wire.to_bytes(row))
    message = f"The model '{name}' does not exist"
    return Page(404, demo_wire.to_bytes(demo_wire.error(message, "", "not_found")))


def _all(rows: list[Json], _: dict[str, list[str]], __: str) -> Json:
    return {"object": "list", "data": rows}


def _for_ezrouter(rows: list[Json], _: dict[str, list[str]], __: str) -> Json:
    return {"success": True, "object": "list", "data": rows}


def _for_openrouter(rows: list[Json], query: dict[str, list[str]], path: str) -> Json:
    """Return a page, with a link to the next one."""
    start = int(query.get("offset", ["0"])[0])
    most = int(query.get("limit", [str(PAGE_ROWS)])[0])
    page: Json = {"data": rows[start : start + most], "total_count": len(rows)}
    if start + most < len(rows):
        page["links"] = {"next": f"?offset={start + most}&limit={most}"}
    return page


def _for_anthropic(rows: list[Json], query: dict[str, list[str]], _: str) -> Json:
    """Return a page after the id that was named; at most 20 unless more are wanted."""
    names = [row["id"] for row in rows]
    after = query.get("after_id", [""])[0]
    start = names.index(after) + 1 if after in names else 0
    most = int(query.get("limit", [str(PAGE_ROWS)])[0])
    page = rows[start : start + most]
    return {
        "data": page,
        "has_more": start + most < len(rows),
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }


_WRAPPERS = {
    "ezrouter": _for_ezrouter,
    "openrouter": _for_openrouter,
    "anthropic": _for_anthropic,
}


def _ollama_show(request: Recorded) -> Json:
    name = str(request.json.get("model") or request.json.get("name", ""))
    found = [each for each in listed("ollama") if each.name == name]
    return shapes.ollama_show(found[0]) if found else {"error": "model not found"}


def _ollama_loaded(_: Recorded) -> Json:
    found = [each for each in listed("ollama") if each.loaded]
    return {"models": [shapes.ollama_loaded(entry) for entry in found]}


def _ollama_tags(_: Recorded) -> Json:
    return {"models": [shapes.ollama_tag(entry) for entry in listed("ollama")]}


def _lmstudio(_: Recorded) -> Json:
    rows = [shapes.lmstudio_native(entry) for entry in listed("lmstudio")]
    return {"object": "list", "data": rows}


def _llamacpp(_: Recorded) -> Json:
    return {"default_generation_settings": {"n_ctx": SMALL_WINDOW}, "total_slots": 1}


def _litellm(_: Recorded) -> Json:
    return {"data": [shapes.litellm_info(entry) for entry in listed("litellm")]}


_NATIVE: dict[tuple[str, str, str], Callable[[Recorded], Json]] = {
    ("ollama", "POST", "/api/show"): _ollama_show,
    ("ollama", "GET", "/api/ps"): _ollama_loaded,
    ("ollama", "GET", "/api/tags"): _ollama_tags,
    ("lmstudio", "GET", "/api/v0/models"): _lmstudio,
    ("llamacpp", "GET", "/props"): _llamacpp,
    ("litellm", "GET", "/model/info"): _litellm,
}
