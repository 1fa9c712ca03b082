"""What some gateways add to a protocol, alike on each of the three."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire import Dialect, Json, Request


def render_additions(request: Request) -> Json:
    """Return the parameters that are a gateway's own and no protocol's."""
    dialect = request.dialect
    body: Json = {}
    if dialect.cache_key and request.conversation:
        body[dialect.cache_key] = request.conversation
    if dialect.compresses:
        body["plugins"] = [{"id": "context-compression", "enabled": False}]
    return body


def cache_mark(dialect: Dialect) -> Json:
    """Return the mark behind what is to be cached; its shortest lifetime is not said."""
    mark: Json = {"type": "ephemeral"}
    return mark if dialect.cache == "5m" else mark | {"ttl": dialect.cache}
