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
    reader: asyncio.Task[Finished], *, first_delta_at: datetime | None, stopped: bool
) -> Ending:
    """Name the end of a reading that finished, failed, or was cancelled.

    `first_delta_at` is when text came first, None where none came at all.
    """
    ending = _of_reader(reader, wrote=first_delta_at is not None, stopped=stopped)
    return replace(ending, first_delta_at=first_delta_at)


def _of_reader(reader: asyncio.Task[Finished], *, wrote: bool, stopped: bool) -> Ending:
    if reader.cancelled():
        return Ending(State.STOPPED if stopped else State.INTERRUPTED)
    error = reader.exception()
    if isinstance(error, GatewayError):
        return _of_error(error, wrote=wrote)
    if error is not None:
        logger.error("Reading an answer failed unexpectedly.", exc_info=error)
        return Ending(State.CUT if wrote else State.FAILED, kind="internal")
    return _of_finish(reader.result(), wrote=wrote)


def _of_error(error: GatewayError, *, wrote: bool) -> Ending:
    if error.kind is ErrorKind.CONTEXT_FULL:
        state = State.CONTEXT_FULL
    elif wrote and error.kind is ErrorKind.TOO_LONG:
        state = State.LENGTH
    elif wrote and error.kind in BROKE_OFF:
        state = State.CUT
    else:
        state = State.FAILED
    return Ending(state, kind=error.kind.value, detail=error.detail)


def _of_finish(finished: Finished, *, wrote: bool) -> Ending:
    ending = Ending(
        STATE_OF_REASON[finished.reason],
        raw_reason=finished.raw_reason[:100],
        usage=finished.usage,
    )
    if ending.state is State.FAILED:
        return replace(ending, kind=finished.reason.value)
    if not wrote and ending.state in {State.COMPLETE, State.CUT}:
        return replace(ending, state=State.FAILED, kind="empty")
    return ending
