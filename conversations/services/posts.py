"""Posts: what people write to each other in a conversation, without asking the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conversations.context.authors import as_sent_name
from conversations.models import Message
from conversations.services.audience import is_shared

if TYPE_CHECKING:
    from conversations.models import Conversation, User

MODEL_NAME = "roundtable"
_NAMED = re.compile(rf"(?<![\w@.+-])@{MODEL_NAME}(?!\w)", re.IGNORECASE)


def names_model(content: str) -> bool:
    """Tell whether a text asks the model by its name."""
    return _NAMED.search(content) is not None


def choose_readers(*, conversation: Conversation, content: str, wanted: str) -> str:
    """Return who a message is meant for where its author `wanted` so.

    Where the model is only asked by its name, what does not name it is for everyone:
    so long as there is anybody else.
    """
    if wanted != Message.MeantFor.MODEL or names_model(content):
        return wanted
    if conversation.asks_when_named and is_shared(conversation=conversation):
        return Message.MeantFor.EVERYONE
    return wanted


def name_for_model(
    conversation: Conversation,
    author: User,
    meant_for: str = Message.MeantFor.MODEL,
) -> str:
    """Return the name that the model sees for a message of `author`, "" for none."""
    is_seen = meant_for != Message.MeantFor.PEOPLE
    if not conversation.names_authors or not is_seen:
        return ""
    return as_sent_name(author.name) or as_sent_name(author.username)
