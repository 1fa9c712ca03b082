"""One plain sentence for every end that is not simply complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.base import ErrorKind
from conversations.gateways.errors import explain
from conversations.wire import State

if TYPE_CHECKING:
    from conversations.models import Generation

NOTES = {
    State.LENGTH: "The answer reached its length limit here.",
    State.INTERRUPTED: "The server restarted here.",
    State.FILTERED: "The gateway's filter ended this answer.",
    State.CONTEXT_FULL: "The conversation is too long for this model.",
    State.CUT: "The answer broke off here.",
}

# Where we, not the gateway, could not go on.
OWN_REASONS = {
    "no_model": "There is no model to ask. An admin can add or enable one.",
    "no_key": "The gateway's key cannot be used.",
    "too_large": "This message is larger than the model can take at once.",
    "empty": "The model ended without writing anything.",
    "tool_calls": "The model asked for a tool, and there are none here.",
    "error": "The gateway ended the answer with an error.",
    "internal": "Something went wrong here. The log has the details.",
}


def note_for(generation: Generation) -> str:
    """Say how a generation ended, or nothing where that needs no words."""
    state = State(generation.state)
    if state is State.STOPPED:
        return _stopped(generation)
    if state is State.FAILED or generation.error_kind in OWN_REASONS:
        return _reason(generation.error_kind)
    if state is State.CUT and generation.error_kind:
        return f"{NOTES[state]} {_reason(generation.error_kind)}"
    return NOTES.get(state, "")


def _stopped(generation: Generation) -> str:
    who = generation.stopped_by.name if generation.stopped_by else "somebody"
    if generation.started_at is None:
        return f"Withdrawn by {who} before it was asked."
    return f"Stopped by {who}."


def _reason(kind: str) -> str:
    if kind in OWN_REASONS:
        return OWN_REASONS[kind]
    if kind in set(ErrorKind):
        return explain(ErrorKind(kind))
    return "The gateway could not answer."
