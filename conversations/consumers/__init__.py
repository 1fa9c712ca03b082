"""Sockets: what happened comes down, little goes up."""

from __future__ import annotations

from conversations.consumers.commands import COMMANDS
from conversations.consumers.conversation import ConversationConsumer
from conversations.consumers.person import PersonConsumer

__all__ = ["COMMANDS", "ConversationConsumer", "PersonConsumer"]
