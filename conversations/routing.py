from __future__ import annotations

from django.urls import path

from conversations.consumers import ConversationConsumer

websocket_urlpatterns = [
    path("ws/c/<uuid:pk>/", ConversationConsumer.as_asgi(), name="socket"),
]
