"""What of a turn is sent, and what that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import RequestMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire import HistoryMessage, Json, Turn

# What the chat format takes for each message (OpenAI cookbook, "How to count tokens
# with tiktoken": 3 or 4, by model).
MESSAGE_TOKENS = 4


def says_something(text: str) -> bool:
    """Whether a gateway takes `text` as content; some refuse blank messages."""
    return bool(text) and not text.isspace()


def is_said(message: HistoryMessage) -> bool:
    """Whether there is anything in a message to be sent."""
    return says_something(message.content) or bool(message.files)


def leave_out_empty(messages: Iterable[HistoryMessage]) -> tuple[HistoryMessage, ...]:
    """Return the messages that say something, in order."""
    return tuple([one for one in messages if is_said(one)])


def split_by_asked(turns: Iterable[Turn]) -> tuple[list[Turn], list[Turn]]:
    """Part the turns in which something was asked from those that cannot be sent."""
    asked: list[Turn] = []
    empty: list[Turn] = []
    for turn in turns:
        said = [one for one in turn.messages if is_said(one)]
        (asked if said else empty).append(turn)
    return asked, empty


def messages_of(turn: Turn) -> tuple[HistoryMessage, ...]:
    """Return all messages of a turn, the reply last."""
    return (*turn.messages, turn.reply) if turn.reply else turn.messages


def size(messages: Iterable[HistoryMessage]) -> int:
    """Return what `messages` take, in tokens; empty ones are not sent."""
    return sum([one.tokens + MESSAGE_TOKENS for one in messages if is_said(one)])


def native_size(turns: Iterable[Turn], epoch: str) -> int:
    """Return what replies add that go back as they came, in tokens."""
    return sum(
        [
            turn.reply.native.tokens
            for turn in turns
            if turn.reply and turn.reply.native and is_replayed(turn.reply, epoch)
        ]
    )


def is_replayed(reply: HistoryMessage, epoch: str) -> bool:
    """Whether a reply goes back as it came: only while its epoch goes on."""
    return bool(epoch) and reply.native is not None and reply.native.epoch == epoch


def render(turns: Iterable[Turn], epoch: str) -> list[RequestMessage]:
    """Return turns as messages of a request, replies natively within `epoch`."""
    sent: list[RequestMessage] = []
    for turn in turns:
        sent += [
            RequestMessage("user", one.content, one.id, files=one.files)
            for one in turn.messages
            if is_said(one)
        ]
        reply = turn.reply
        if reply is not None and says_something(reply.content):
            items = _items(reply, epoch) if reply.native else ()
            sent.append(RequestMessage("assistant", reply.content, reply.id, items))
    return sent


def _items(reply: HistoryMessage, epoch: str) -> tuple[Json, ...]:
    if reply.native is None or not is_replayed(reply, epoch):
        return ()
    return reply.native.items
