"""What was said on a branch, as the context takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.tokens import count
from conversations.models import Generation, Message
from conversations.services.branches import count_turns, list_path
from conversations.wire import History, HistoryMessage, Role, State, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_MESSAGES = 100


def read_history(*, generation: Generation, window: int) -> History:
    """Read the branch above a reply as far back as `window` tokens can hold.

    Turns older than that are only counted. Counts of new messages are made and
    stored here, once.
    """
    reply = generation.message
    assert reply.parent_id is not None
    turns, before = _read_turns(reply.parent_id, window)
    asking = turns.pop() if turns else Turn(())
    return History(
        turns=tuple(turns),
        asking=asking.messages,
        partial=_partial(reply, generation),
        turns_before=before,
    )


def _read_turns(leaf: UUID, window: int) -> tuple[list[Turn], int]:
    limit = FIRST_MESSAGES
    while True:
        messages = _load(list_path(leaf=leaf, limit=limit))
        turns = _group(messages)
        if messages[0].parent_id is None:
            return _without_withdrawn(turns), 0
        # The oldest turn may have begun before what was read.
        oldest, *rest = turns
        if sum(map(_size, rest)) > window and oldest.reply is not None:
            return _without_withdrawn(rest), count_turns(leaf=UUID(oldest.reply.id))
        limit *= 4


def _load(path: list[UUID]) -> list[Message]:
    found = Message.objects.in_bulk(path)
    messages = [found[pk] for pk in reversed(path) if pk in found]
    _count_new(messages)
    return messages


def _count_new(messages: Iterable[Message]) -> None:
    fresh = [message for message in messages if message.tokens is None]
    for message in fresh:
        message.tokens = count(message.content)
    Message.objects.bulk_update(fresh, ["tokens"])


def _group(messages: list[Message]) -> list[Turn]:
    """Put messages, oldest first, into turns: a reply ends its turn."""
    turns: list[Turn] = []
    asking: list[HistoryMessage] = []
    for message in messages:
        if message.role == Role.ASSISTANT:
            turns.append(Turn(tuple(asking), _as_history(message)))
            asking = []
        else:
            asking.append(_as_history(message))
    if asking:
        turns.append(Turn(tuple(asking)))
    return turns


def _without_withdrawn(turns: list[Turn]) -> list[Turn]:
    """Leave out what its author withdrew before the model was asked."""
    empty = [
        UUID(turn.reply.id) for turn in turns if turn.reply and not turn.reply.content
    ]
    withdrawn = Generation.objects.filter(
        message__in=empty, state=State.STOPPED, started_at=None
    ).values_list("message_id", flat=True)
    gone = {str(pk) for pk in withdrawn}
    return [turn for turn in turns if not (turn.reply and turn.reply.id in gone)]


def _as_history(message: Message) -> HistoryMessage:
    return HistoryMessage(
        str(message.pk), Role(message.role), message.content, message.tokens or 0
    )


def _size(turn: Turn) -> int:
    reply = turn.reply.tokens if turn.reply else 0
    return reply + sum(message.tokens for message in turn.messages)


def _partial(reply: Message, generation: Generation) -> HistoryMessage | None:
    text = reply.content[: generation.start]
    if not text:
        return None
    return HistoryMessage(str(reply.pk), Role.ASSISTANT, text, count(text))
