"""How a generation ended, and in which of the named states that puts it."""

from __future__ import annotations

import logging
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

STATE_OF_REASON = {
    FinishReason.STOP: State.COMPLETE,
    FinishReason.LENGTH: State.LENGTH,
    FinishReason.CONTEXT: State.CONTEXT_FULL,
    FinishReason.TOOL_CALLS: State.FAILED,
    FinishReason.FILTERED: State.FILTERED,
    FinishReason.ERROR: State.FAILED,
    FinishReason.CUT: State.CUT,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a generation. `kind` names an error; `detail` is scrubbed."""

    state: State
    kind: str = ""
    detail: str = ""
    raw_reason: str = ""
    usage: Usage | None = None
    first_delta_at: datetime | None = None


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
    if error.kind is ErrorKind.CONTEXT_FULL:
        state = State.CONTEXT_FULL
    elif has_text and error.kind is ErrorKind.TOO_LONG:
        state = State.LENGTH
    elif has_text and error.kind in BROKE_OFF:
        state = State.CUT
    else:
        state = State.FAILED
    return Ending(state, kind=error.kind.value, detail=error.detail)


def _of_finish(finished: Finished, *, has_text: bool) -> Ending:
    ending = Ending(
        STATE_OF_REASON[finished.reason],
        raw_reason=finished.raw_reason[:100],
        usage=finished.usage,
    )
    if ending.state is State.FAILED:
        return replace(ending, kind=finished.reason.value)
    if not has_text and ending.state in {State.COMPLETE, State.CUT}:
        return replace(ending, state=State.FAILED, kind="empty")
    return ending
