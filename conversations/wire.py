"""The vocabulary shared by context, gateways, live and services: plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class State(StrEnum):
    """Where a generation is. The first two are on the way; the rest are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    LENGTH = "length"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FILTERED = "filtered"
    CONTEXT_FULL = "context_full"
    FAILED = "failed"
    CUT = "cut"


ACTIVE = frozenset({State.QUEUED, State.RUNNING})
# Where there is text, it can be gone on with.
CONTINUABLE = frozenset(
    {State.LENGTH, State.STOPPED, State.INTERRUPTED, State.CUT, State.FAILED}
)
# After these the next queued turn starts by itself; after others a person decides.
# An answer is interrupted by a restart, after which what waits starts.
GOES_ON = frozenset(
    {
        State.COMPLETE,
        State.LENGTH,
        State.STOPPED,
        State.FILTERED,
        State.INTERRUPTED,
    }
)


class FinishReason(StrEnum):
    """Why a stream ended, in our words."""

    STOP = "stop"
    LENGTH = "length"
    CONTEXT = "context"
    TOOL_CALLS = "tool_calls"
    FILTERED = "filtered"
    ERROR = "error"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request. `input_tokens` includes cached and written ones."""

    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last delta of every stream; `raw_reason` is the gateway's own word."""

    reason: FinishReason
    raw_reason: str = ""
    usage: Usage | None = None
    model: str = ""


Delta = TextDelta | ReasoningDelta | ToolCallDelta | Finished


@dataclass(frozen=True, slots=True)
class RequestMessage:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a protocol module renders into bytes."""

    model: str
    messages: tuple[RequestMessage, ...]
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """One stored message as the context sees it. `tokens` counts its content."""

    id: str
    role: Role
    content: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One or more user messages and at most one reply."""

    messages: tuple[HistoryMessage, ...]
    reply: HistoryMessage | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A branch: whole earlier turns, oldest first, and the turn to be answered.

    `partial` is the text so far of an answer that is to be continued.
    """

    turns: tuple[Turn, ...]
    asking: tuple[HistoryMessage, ...]
    partial: HistoryMessage | None = None
    # Older turns that cannot fit and were not loaded.
    turns_before: int = 0


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """What admins decide: the system prompt and the budget's share of the window."""

    system_prompt: str = ""
    system_prompt_ref: str = ""
    system_prompt_tokens: int = 0
    window_share: float = 0.8


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model. Sizes in tokens."""

    name: str
    window: int
    max_output: int | None = None


@dataclass(frozen=True, slots=True)
class ContextState:
    """What is carried from one turn to the next: the epoch that is running."""

    epoch: int = 0
    first_message: str | None = None


class Outcome(StrEnum):
    SENT = "sent"
    DROPPED = "dropped"
    SUMMARISED = "summarised"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the manifest: a candidate for the context and what became of it.

    A run of whole turns is one item, from message `first` to message `last`, so
    that a manifest stays small however long the conversation is.
    """

    kind: Literal["system", "turns", "asking", "partial", "continue"]
    outcome: Outcome
    tokens: int
    reason: str = ""
    first: str = ""
    last: str = ""
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """What will be sent for a turn, and the manifest that explains it."""

    messages: tuple[RequestMessage, ...]
    items: tuple[Item, ...]
    tokens: int
    budget: int
    state: ContextState = field(default_factory=ContextState)

    @property
    def over_budget(self) -> bool:
        """Whether even without earlier turns there is more than the budget."""
        return self.tokens > self.budget
