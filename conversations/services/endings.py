"""How a generation ended, and in which of the named states that puts it."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.gateways.base import ErrorKind, GatewayError
from conversations.wire import Finished, FinishReason, State, Usage

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

logger = logging.getLogger(__name__)

# After text has been shown, these end like a stream that broke off: what is there
# is kept and can be continued. Other errors are the gateway's refusal.
BROKE_OFF = frozenset(
    {
        ErrorKind.UNREACHABLE,
        ErrorKind.TIMEOUT,
        ErrorKind.STALLED,
        ErrorKind.GARBLED,
    }
)

# These are the same whether they come before the answer or in it.
LONG_WAIT_SECONDS = 30.0
# The kind of what is never sent: it is larger than fits at once.
TOO_LARGE = "too_large"
STATE_OF_ERROR = {
    ErrorKind.CONTEXT_FULL: State.CONTEXT_FULL,
    ErrorKind.MODERATED: State.FILTERED,
}
STATE_OF_REASON = {
    FinishReason.STOP: State.COMPLETE,
    FinishReason.LENGTH: State.LENGTH,
    FinishReason.CONTEXT: State.CONTEXT_FULL,
    FinishReason.TOOL_CALLS: State.FAILED,
    FinishReason.FILTERED: State.FILTERED,
    FinishReason.PAUSED: State.LENGTH,
    FinishReason.ERROR: State.FAILED,
    FinishReason.CUT: State.CUT,
    FinishReason.CANCELLED: State.CUT,
}
# Where the state alone does not say it.
NAMED_REASONS = frozenset({FinishReason.PAUSED, FinishReason.CANCELLED})


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a generation. `kind` names an error; `detail` is scrubbed.

    `answer` is what the gateway said at the end of its stream, where it came to that.
    `text` is the whole message as it was read, `tokens` its size by our count; None is
    not counted.
    """

    state: State
    kind: str = ""
    detail: str = ""
    answer: Finished | None = None
    usage: Usage | None = None
    first_delta_at: datetime | None = None
    first_text_at: datetime | None = None
    text: str = ""
    tokens: int | None = None


def of_reader(
    reader: asyncio.Task[Finished], *, has_text: bool, stopped: bool
) -> Ending:
    """Name the end of a reading that finished, failed, or was cancelled.

    `has_text` tells whether the message has any text, of this attempt or before.
    """
    if reader.cancelled():
        return Ending(State.STOPPED if stopped else State.INTERRUPTED)
    error = reader.exception()
    if isinstance(error, GatewayError):
        return _of_error(error, has_text=has_text)
    if error is not None:
        logger.error("Reading an answer failed unexpectedly.", exc_info=error)
        return Ending(State.CUT if has_text else State.FAILED, kind="internal")
    return _of_finish(reader.result(), has_text=has_text)


def _of_error(error: GatewayError, *, has_text: bool) -> Ending:
    if error.kind in STATE_OF_ERROR:
        state = STATE_OF_ERROR[error.kind]
    elif has_text and error.kind is ErrorKind.TOO_LONG:
        state = State.LENGTH
    elif has_text and error.kind in BROKE_OFF:
        state = State.CUT
    else:
        state = State.FAILED
    return Ending(state, kind=error.kind.value, detail=_detail(error))


def _detail(error: GatewayError) -> str:
    """The gateway's words, and how long it asks to be left alone."""
    if not error.retry_after or error.retry_after < LONG_WAIT_SECONDS:
        return error.detail
    minutes = math.ceil(error.retry_after / 60)
    asks = f"It asks to be asked again in {minutes} minute{'s' * (minutes > 1)}."
    return f"{error.detail}\n{asks}".strip()


def _of_finish(finished: Finished, *, has_text: bool) -> Ending:
    ending = Ending(
        STATE_OF_REASON[finished.reason],
        detail=finished.detail,
        answer=finished,
        usage=finished.usage,
    )
    if ending.state is State.FAILED or finished.reason in NAMED_REASONS:
        ending = replace(ending, kind=finished.reason.value)
    if ending.state is State.FAILED:
        return ending
    if not has_text and ending.state in {State.COMPLETE, State.CUT}:
        return replace(ending, state=State.FAILED, kind="empty")
    return ending
