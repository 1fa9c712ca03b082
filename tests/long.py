"""Conversations of thousands of messages, made at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.models import Generation, Message
from conversations.wire import State
from tests.factories import make_conversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.models import Conversation, LanguageModel, User

WORDS = "Several words that are of no matter here, so that a message has a length. "


def make_long(
    owner: User,
    count: int,
    *,
    words: str = WORDS,
    model: LanguageModel | None = None,
) -> Conversation:
    """A conversation of `count` messages, one after the other: question, answer."""
    conversation = make_conversation(owner, title=f"{count} messages", model=model)
    make_branch(conversation, [None, *range(count - 1)], words=words)
    return conversation


def make_branch(
    conversation: Conversation, parents: Sequence[int | None], *, words: str = WORDS
) -> list[Message]:
    """Messages, each after that of an index before its own; every second one answers."""
    made: list[Message] = []
    now = timezone.now()
    for index, parent in enumerate(parents):
        above = None if parent is None else made[parent]
        is_reply = above is not None and above.role == Message.Role.USER
        made.append(
            Message(
                conversation=conversation,
                parent=above,
                previous_reply=_reply_above(above),
                seq=index + 1,
                role=Message.Role.ASSISTANT if is_reply else Message.Role.USER,
                author=None if is_reply else conversation.owner,
                content=f"Message {index + 1}. {words}",
                tokens=20,
                attempt=int(is_reply),
                changed=1,
            )
        )
    Message.objects.bulk_create(made)
    Generation.objects.bulk_create(
        Generation(
            conversation=conversation,
            message=message,
            attempt=1,
            state=State.COMPLETE,
            asked_by=conversation.owner,
            started_at=now,
            ended_at=now,
        )
        for message in made
        if message.attempt
    )
    conversation.version = 1
    conversation.save(update_fields=["version"])
    return made


def _reply_above(above: Message | None) -> Message | None:
    if above is None or above.role == Message.Role.ASSISTANT:
        return above
    return above.previous_reply
