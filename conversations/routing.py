from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.urls import path, re_path

from conversations.consumers import ConversationConsumer, PersonConsumer

if TYPE_CHECKING:
    from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
    from channels.routing import URLRouter, _ExtendedURLPattern


async def refuse(
    _scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable
) -> None:
    """Answer 403 where there is no socket; without a route Channels raises."""
    await send({"type": "websocket.close", "code": 4404, "reason": None})


# Django's stubs do not know that Channels routes ASGI applications with `path`.
_conversation = cast("Any", ConversationConsumer.as_asgi())
_person = cast("Any", PersonConsumer.as_asgi())

websocket_urlpatterns = cast(
    "list[_ExtendedURLPattern | URLRouter]",
    [
        path("ws/c/<uuid:pk>/", _conversation, name="socket"),
        path("ws/", _person, name="person_socket"),
        re_path("", cast("Any", refuse), name="nowhere"),
    ],
)
