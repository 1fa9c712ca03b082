"""Whether a request that failed before its answer began is sent again, and how.

After the first delta nothing here is asked: text would come, and be paid for, twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations import limits
from conversations.gateways.errors import ErrorKind
from conversations.gateways.files import PARTS
from conversations.gateways.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conversations.gateways.errors import GatewayError

# Parameters that one request may lose.
MOST_ADAPTED = 4
# From this share of the window on, an error without an explanation is an overflow.
FULL_SHARE = 0.9

_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529, *range(520, 525)})
_NOT_IMPLEMENTED = 501
_MOST_DOUBLINGS = 20
# Kinds that pass by themselves, also where no status says so.
_PASSING = frozenset(
    {
        ErrorKind.UNREACHABLE,
        ErrorKind.OVERLOADED,
        ErrorKind.RATE_LIMITED,
        ErrorKind.SERVER,
    }
)
_PASSING_WITH_STATUS = _PASSING | {ErrorKind.TIMEOUT, ErrorKind.BAD_REQUEST}
# Kinds that may be no more than a name for what happened behind the gateway.
_VAGUE = frozenset({ErrorKind.SERVER, ErrorKind.BAD_REQUEST})

_FILES = frozenset(PARTS.values())
# What a protocol cannot be spoken without.
_NEEDED = {"messages": frozenset({"max_tokens"})}
# Where a refused setting stands, if not at the top under its own name.
_WITHIN = {
    "effort": ("output_config", "reasoning_effort", "reasoning.effort", "reasoning"),
    "reasoning_effort": ("reasoning.effort", "reasoning"),
    "reasoning.effort": ("reasoning_effort", "reasoning"),
    "budget_tokens": ("thinking",),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked so far.

    `tries` counts the requests sent, but not those that were adapted or trimmed;
    `adapted` counts parameters left out. `sent` are the newest request's parameters,
    `predicted_share` the share of the model's window that it was to fill.
    """

    preset: str
    protocol: str
    sent: Collection[str]
    predicted_share: float
    tries: int = 1
    adapted: int = 0
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again, the same, after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Adapt:
    """Ask again at once, without `parameter`."""

    parameter: str


@dataclass(frozen=True, slots=True)
class Trim:
    """Ask again at once, with less of the history."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is no way left."""


Step = Wait | Adapt | Trim | GiveUp


def next_step(error: GatewayError, asked: Asked, jitter: Callable[[], float]) -> Step:
    """Return what to do about `error`; `jitter` gives numbers from 0 to 1.

    At most `limits.RETRY_TRIES` requests and, beside these, one that is trimmed and
    `MOST_ADAPTED` adapted ones: whoever counts as `Asked` says comes to an end.
    """
    if _is_full(error, asked):
        return GiveUp() if asked.trimmed else Trim()
    parameter = _spare_parameter(error, asked)
    if parameter and asked.adapted < MOST_ADAPTED:
        return Adapt(parameter)
    if asked.tries >= limits.RETRY_TRIES or not _passes(error, asked):
        return GiveUp()
    return _wait(error, asked.tries, jitter)


def _is_full(error: GatewayError, asked: Asked) -> bool:
    vague = error.from_upstream and error.kind in _VAGUE
    if error.by_size and not _FILES.isdisjoint(asked.sent):
        # Of its files some can leave.
        return True
    return error.kind is ErrorKind.CONTEXT_FULL or (
        vague and asked.predicted_share >= FULL_SHARE
    )


def _spare_parameter(error: GatewayError, asked: Asked) -> str:
    """Return the parameter that was refused, was sent, and can be done without."""
    names = (error.parameter, *_WITHIN.get(error.parameter, ()))
    needed = _NEEDED.get(asked.protocol, frozenset())
    return next(
        (name for name in names if name in asked.sent and name not in needed), ""
    )


def _passes(error: GatewayError, asked: Asked) -> bool:
    """Tell whether the same request may succeed in a moment."""
    if error.retryable is not None:
        return error.retryable
    never_limits = PRESETS[asked.preset].never_limits
    if error.kind is ErrorKind.RATE_LIMITED and never_limits:
        return False
    if error.status is None:
        # A timeout is not among them: it was we who waited in vain, and the answer may
        # have been written all the same, and be billed.
        return error.kind in _PASSING
    if error.from_upstream and error.kind in _VAGUE:
        return True
    return error.kind in _PASSING_WITH_STATUS and _passes_by_status(
        error.status, never_limits=never_limits
    )


def _passes_by_status(status: int, *, never_limits: bool) -> bool:
    if never_limits:
        return status >= 500 and status != _NOT_IMPLEMENTED
    return status in _RETRIED


def _wait(error: GatewayError, tries: int, jitter: Callable[[], float]) -> Step:
    if error.retry_after:
        late = error.retry_after > limits.RETRY_AFTER_MOST_SECONDS
        return GiveUp() if late else Wait(error.retry_after)
    most = limits.RETRY_FIRST_SECONDS * 2.0 ** min(tries - 1, _MOST_DOUBLINGS)
    return Wait(min(most, limits.RETRY_MOST_SECONDS) * jitter())
