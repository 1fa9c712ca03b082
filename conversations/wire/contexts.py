"""What was said, and what of it a model is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from conversations.wire.answers import Json
from conversations.wire.epochs import Epoch, Item
from conversations.wire.files import AttachedFile
from conversations.wire.requests import RequestMessage
from conversations.wire.states import Role


@dataclass(frozen=True, slots=True)
class Native:
    """A reply in its protocol's own items, as they came.

    They stand for the prompt they were made with: they may be replayed only while
    the context is still of the same `epoch`. `tokens` is what they add to the text: the
    thoughts, as its gateway counted them when they were written, else as we estimate.
    """

    epoch: str
    items: tuple[Json, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """One stored message as the context sees it. `tokens` counts it with its files.

    A post asks nothing: it is shown with the next question.
    """

    id: str
    role: Role
    content: str
    tokens: int
    native: Native | None = None
    is_post: bool = False
    files: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One or more user messages and at most one reply."""

    messages: tuple[HistoryMessage, ...]
    reply: HistoryMessage | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned message that may have left the context. `place` orders pins by age."""

    message: HistoryMessage
    place: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something worth remembering, from the message `source` where it is known."""

    id: int
    text: str
    tokens: int
    source: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What was said up to the reply `until`, in short.

    `turns_after` are those between it and the history that was read.
    """

    id: int
    text: str
    tokens: int
    until: str
    turns_after: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """What may be sent of turns that are not: the pins, facts and newest summary."""

    pins: tuple[Pin, ...] = ()
    facts: tuple[Fact, ...] = ()
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A branch: whole earlier turns, oldest first, and the turn to be answered.

    `partial` is the text so far of an answer that is to be continued.
    """

    turns: tuple[Turn, ...]
    asking: tuple[HistoryMessage, ...]
    partial: HistoryMessage | None = None
    # Older turns that have left the context before, or cannot fit: not loaded.
    turns_before: int = 0
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """What admins decide: the system prompt, and how much of the window is used.

    `window_share` bounds a request by its model's window. At a roll, `keep_share` of
    the budget stays; `cap` bounds the budget (tokens, None for none); `last_turns`
    keeps just so many turns instead, a simple mode. `file_bytes` bounds the files that
    are sent as they are; None for no bound.
    """

    system_prompt: str = ""
    system_prompt_ref: str = ""
    system_prompt_tokens: int = 0
    window_share: float = 0.8
    keep_share: float = 0.45
    cap: int | None = None
    last_turns: int | None = None
    file_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model. Sizes in tokens.

    `endpoint` names where it is reached: what it sent is replayed there only.
    Of a prompt above `dearer_above` every token costs more.
    """

    name: str
    window: int
    max_output: int | None = None
    endpoint: str = ""
    is_assumed: bool = False
    dearer_above: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What will be sent for a turn, and the manifest that explains it.

    `tokens` is our own estimate, `sealed` what of it are thoughts that go back, and
    `predicted` what the gateway is likely to count; `budget` is what it may count at
    most. `is_new` says that `epoch` begins here.
    """

    messages: tuple[RequestMessage, ...]
    items: tuple[Item, ...]
    tokens: int
    predicted: int
    budget: int
    epoch: Epoch
    is_new: bool
    sealed: int = 0
    # Whether it cannot be sent, even without any earlier turn.
    is_too_large: bool = False

    @property
    def share(self) -> float:
        """The share of its budget that it takes."""
        return self.predicted / max(1, self.budget)

    @property
    def over_budget(self) -> bool:
        """Whether even without earlier turns there is more than the budget."""
        return self.predicted > self.budget
