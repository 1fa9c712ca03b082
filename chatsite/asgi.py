"""The ASGI application: nothing is answered before recovery has ended."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

django.setup(set_prefix=False)

from chatsite.handler import PooledHandler
from conversations.middleware import ExactOrigin
from conversations.routing import websocket_urlpatterns
from conversations.services.lifecycle import SecondProcessError, lifecycle

if TYPE_CHECKING:
    from asgiref.typing import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        Scope,
    )

logger = logging.getLogger("conversations")


class Started:
    """Hold every request back until the server has started."""

    def __init__(self, app: ASGI3Application) -> None:
        self.app = app

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        try:
            await lifecycle.ensure_started()
        except SecondProcessError as error:
            logger.critical("%s", error)
            signal.raise_signal(signal.SIGTERM)
            return
        await self.app(scope, receive, send)


application = Started(
    ProtocolTypeRouter(
        {
            "http": PooledHandler(),
            "websocket": ExactOrigin(
                AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
            ),
        }
    )
)
