"""What is in every request of a turn, whatever of the earlier turns is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from conversations.context.turns import (
    MESSAGE_TOKENS,
    leave_out_empty,
    says_something,
    size,
)
from conversations.wire import Item, Outcome, RequestMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire import ContextSettings, History, HistoryMessage

# What the chat format takes once, for the answer to begin (OpenAI cookbook, "How to
# count tokens with tiktoken").
PRIMING_TOKENS = 3

# Models refuse a request that ends with an assistant message, so a user's line follows
# what is to be continued. It is never stored.
CONTINUE_LINE = (
    "Your last answer broke off. Go on exactly where it stopped, in the middle of a "
    "word if need be. Do not repeat anything, and do not remark on the break."
)
CONTINUE_LINE_TOKENS = 36


@dataclass(frozen=True, slots=True)
class Part:
    """Messages that are sent one after the other, and their line of the manifest."""

    item: Item
    messages: tuple[RequestMessage, ...]


def head_of(settings: ContextSettings) -> tuple[Part, ...]:
    """Return what a request begins with: the system prompt, if there is one."""
    prompt, ref = settings.system_prompt, settings.system_prompt_ref
    if not says_something(prompt):
        return ()
    tokens = settings.system_prompt_tokens + MESSAGE_TOKENS
    item = Item("system", Outcome.SENT, tokens, first=ref, last=ref)
    return (Part(item, (RequestMessage("system", prompt),)),)


def tail_of(history: History) -> tuple[Part, ...]:
    """Return what a request ends with: the question, and an answer to be continued."""
    asking = _part("asking", history.asking, "user")
    partial = _part(
        "partial", (history.partial,) if history.partial else (), "assistant"
    )
    return (*asking, *partial, _go_on()) if asking and partial else asking


def tokens_of(parts: Iterable[Part]) -> int:
    """Return what `parts` take, in tokens."""
    return sum([part.item.tokens for part in parts])


def messages_in(parts: Iterable[Part]) -> list[RequestMessage]:
    """Return the messages of `parts`, one after the other."""
    messages: list[RequestMessage] = []
    for part in parts:
        messages += part.messages
    return messages


def _part(
    kind: Literal["asking", "partial"],
    messages: Iterable[HistoryMessage],
    role: Literal["user", "assistant"],
) -> tuple[Part, ...]:
    said = leave_out_empty(messages)
    if not said:
        return ()
    item = Item(kind, Outcome.SENT, size(said), first=said[0].id, last=said[-1].id)
    sent = tuple(
        RequestMessage(role, one.content, one.id, files=one.files) for one in said
    )
    return (Part(item, sent),)


def _go_on() -> Part:
    item = Item("continue", Outcome.SENT, CONTINUE_LINE_TOKENS + MESSAGE_TOKENS)
    return Part(item, (RequestMessage("user", CONTINUE_LINE),))
