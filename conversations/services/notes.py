"""One plain sentence for every end that is not simply complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.base import ErrorKind
from conversations.gateways.errors import explain
from conversations.wire import ACTIVE, State

if TYPE_CHECKING:
    from conversations.models import Generation

NOTES = {
    State.LENGTH: "The answer reached its length limit here.",
    State.INTERRUPTED: "The server restarted here.",
    State.CONTEXT_FULL: "The conversation is too long for this model.",
    State.CUT: "The answer broke off here.",
}

# Where we, not the gateway, could not go on, or its word needs explaining.
OWN_REASONS = {
    "no_model": "There is no model to ask. An admin can add or enable one.",
    "no_key": "The gateway's key cannot be used.",
    "too_large": "This message is larger than the model can take at once.",
    "over_limit": "The spending limit of this month is reached.",
    "empty": "The model ended without writing anything.",
    "error": "The gateway ended the answer with an error.",
    "paused": "The model paused here. Continue lets it go on.",
    "cancelled": "The gateway cancelled this answer.",
    "internal": "Something went wrong here. The log has the details.",
}
# Their detail is our own sentence, not the gateway's.
SAID_BY_US = frozenset({"over_limit", ErrorKind.UNREADABLE})
# Their detail comes from here or from the network: the gateway said nothing.
NOT_THE_GATEWAYS = frozenset(
    {
        "internal",
        "no_key",
        "too_large",
        ErrorKind.UNREACHABLE,
        ErrorKind.TIMEOUT,
        ErrorKind.STALLED,
        ErrorKind.TOO_LONG,
    }
)

GUARDED = (
    "The gateway's guard changed or ended this answer; what it let through is kept."
)
WITHHELD = "The gateway's guard withheld this answer."
DECLINED = "The model declined to answer."
DECLINED_HERE = "The model declined to go on; what it wrote is kept."
FULL_HERE = "The model's window was full here."
TOOL_UNNAMED = "The model asked for a tool and named none, so nothing could be done."
TOOL_UNKNOWN = "The model asked for a tool, and there are none here."

WAIT_REASONS = {
    ErrorKind.RATE_LIMITED: "The gateway is busy.",
    ErrorKind.OVERLOADED: "The model is in great demand.",
    ErrorKind.SERVER: "The gateway had a problem.",
    ErrorKind.UNREACHABLE: "The gateway could not be reached.",
    ErrorKind.TIMEOUT: "The gateway took too long.",
}


def note_for(generation: Generation, *, text: str) -> str:
    """Say how a generation with this text ended, or nothing where none is needed."""
    state = State(generation.state)
    if state in ACTIVE:
        return ""
    if state is State.STOPPED:
        return _stopped(generation)
    if state is State.FILTERED:
        return _filtered(generation, text)
    if state is State.FAILED or generation.error_kind in OWN_REASONS:
        return _reason(generation)
    words = FULL_HERE if state is State.CONTEXT_FULL and text else NOTES.get(state)
    if state is State.CUT and generation.error_kind:
        return f"{words} {_reason(generation)}"
    return words or ""


def detail_for(generation: Generation, *, text: str) -> str:
    """Return the gateway's own words, where neither note nor text has said them."""
    detail = generation.error_detail
    is_said = generation.error_kind in SAID_BY_US or _is_refusal_itself(detail, text)
    return "" if is_said else detail


def name_detail(generation: Generation) -> str:
    """Say whose words the details are."""
    if generation.state == State.FILTERED:
        return "In its own words"
    ours = generation.error_kind in NOT_THE_GATEWAYS
    return "Details" if ours else "What the gateway said"


def wait_reason(kind: str) -> str:
    """Say why a gateway is not asked again at once."""
    known = kind in set(ErrorKind)
    words = WAIT_REASONS.get(ErrorKind(kind)) if known else None
    return words or "The gateway could not answer."


def _stopped(generation: Generation) -> str:
    who = generation.stopped_by.name if generation.stopped_by else "somebody"
    if generation.started_at is None:
        return f"Withdrawn by {who} before it was asked."
    return f"Stopped by {who}."


def _filtered(generation: Generation, text: str) -> str:
    raw, detail = generation.raw_reason, generation.error_detail
    if "refusal" in raw or (detail and "filter" not in raw):
        is_kept = text and not _is_refusal_itself(detail, text)
        return DECLINED_HERE if is_kept else DECLINED
    return GUARDED if text else WITHHELD


def _is_refusal_itself(detail: str, text: str) -> bool:
    """Tell whether the text is nothing but the words of a refusal."""
    return bool(detail) and detail.strip() == text.strip()


def _reason(generation: Generation) -> str:
    kind, detail = generation.error_kind, generation.error_detail
    if kind in SAID_BY_US and detail:
        return detail
    if kind == "tool_calls":
        return TOOL_UNKNOWN if detail else TOOL_UNNAMED
    if kind in OWN_REASONS:
        return OWN_REASONS[kind]
    if kind in set(ErrorKind):
        return explain(ErrorKind(kind))
    return "The gateway could not answer."
