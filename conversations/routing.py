from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.urls import path

from conversations.consumers import ConversationConsumer

if TYPE_CHECKING:
    from channels.routing import URLRouter, _ExtendedURLPattern

# Django's stubs do not know that Channels routes ASGI applications with `path`.
_conversation = cast("Any", ConversationConsumer.as_asgi())

websocket_urlpatterns = cast(
    "list[_ExtendedURLPattern | URLRouter]",
    [path("ws/c/<uuid:pk>/", _conversation, name="socket")],
)
