"""The words for who speaks, where an answer is, and how it ended."""

from __future__ import annotations

from enum import StrEnum


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
    PAUSED = "paused"
    ERROR = "error"
    CUT = "cut"
    CANCELLED = "cancelled"


class Protocol(StrEnum):
    """A wire format that gateways speak."""

    CHAT_COMPLETIONS = "chat_completions"
    RESPONSES = "responses"
    MESSAGES = "messages"
