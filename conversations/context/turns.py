"""What of a turn is sent, and what that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import RequestMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire import HistoryMessage, Turn

# What the chat format takes for each message (OpenAI cookbook, "How to count tokens
# with tiktoken": 3 or 4, by model).
MESSAGE_TOKENS = 4


def says_something(text: str) -> bool:
    """Whether a gateway takes `text` as content; some refuse blank messages."""
    return bool(text) and not text.isspace()


def leave_out_empty(messages: Iterable[HistoryMessage]) -> tuple[HistoryMessage, ...]:
    """Return the messages that say something, in order."""
    return tuple([one for one in messages if says_something(one.content)])


def split_by_asked(turns: Iterable[Turn]) -> tuple[list[Turn], list[Turn]]:
    """Part the turns in which something was asked from those that cannot be sent."""
    asked: list[Turn] = []
    empty: list[Turn] = []
    for turn in turns:
        (asked if leave_out_empty(turn.messages) else empty).append(turn)
    return asked, empty


def messages_of(turn: Turn) -> tuple[HistoryMessage, ...]:
    """Return all messages of a turn, the reply last."""
    return (*turn.messages, turn.reply) if turn.reply else turn.messages


def size(messages: Iterable[HistoryMessage]) -> int:
    """Return what sending `messages` takes, in tokens; empty ones are not sent."""
    return sum(
        [one.tokens + MESSAGE_TOKENS for one in messages if says_something(one.content)]
    )


def render(turn: Turn) -> list[RequestMessage]:
    """Return a turn as messages of a request."""
    asked = leave_out_empty(turn.messages)
    replied = leave_out_empty((turn.reply,) if turn.reply else ())
    return [
        *(RequestMessage("user", message.content) for message in asked),
        *(RequestMessage("assistant", message.content) for message in replied),
    ]
