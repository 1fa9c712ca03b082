"""What is spent in a month, and the limits it is held to. US dollars; months are UTC.

A call is admitted while what is spent and what is reserved is below the limit, and
reserves the most it can cost; when it has ended, its cost takes that place. So calls
made at the same time are never more than one above a limit.

Rows are locked in this order: generation, a person's spending, everyone's, conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from conversations.gateways.prices import cost_of
from conversations.models import (
    LanguageModel,
    Spending,
    SpendingLimits,
    UsageRecord,
    User,
)
from conversations.services.errors import RefusedError
from conversations.services.months import (
    PLACES,
    ZERO,
    hold,
    month_after,
    month_at,
    read_spending,
    release,
)
from conversations.services.prices import find_prices

if TYPE_CHECKING:
    from conversations.models import Generation
    from conversations.wire import Usage

CENT = Decimal("0.01")
# No request costs so much: a figure above it is a mistake, and would close a month.
MOST_DOLLARS_A_CALL = Decimal(10_000)
TITLE_LETTERS = 100
COMMON_LIMIT = "What everyone together may spend this month is spent or set aside."
UNKNOWN_PRICE = (
    "What this model costs is unknown, and a limit on spending holds. An admin can "
    "enter its price, or allow models without one."
)


class OverLimitError(RefusedError):
    """A limit on money does not admit the call; `str()` says whose, and till when."""


class Month(NamedTuple):
    """What is spent in a month, what may be (None: as much as one likes), and until when."""

    spent: Decimal
    limit: Decimal | None
    renews_on: date


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds now for a person, and for everyone together."""

    person: Decimal | None
    everyone: Decimal | None
    allows_unknown: bool


def reserve(*, user: User | None, amount: Decimal | None, at: datetime) -> Decimal:
    """Hold back `amount`, the most a call can cost, and return what is held back.

    None is unknown; what is free is always admitted. `user` is as the database has it
    now. Inside the caller's transaction,
    after the generation's row is locked. Raises `OverLimitError`, having held back
    nothing.
    """
    if amount == 0:
        return ZERO
    limits = read_limits(user)
    holds = limits.person is not None or limits.everyone is not None
    if amount is None and not holds:
        return ZERO
    if amount is None and not limits.allows_unknown:
        raise OverLimitError(UNKNOWN_PRICE)
    held, month = _round_up(amount or ZERO), month_at(at)
    if user is not None:
        _hold(user, month, held, limits.person)
    try:
        _hold(None, month, held, limits.everyone)
    except OverLimitError:
        if user is not None:
            release(user=user, month=month, amount=held, spent=ZERO)
        raise
    return held


def settle(
    *, user: User | None, reserved: Decimal, cost: Decimal | None, at: datetime
) -> None:
    """Put what a call cost in the place of what was `reserved` for it at `at`.

    An unknown cost is counted as nothing: nobody could say what to count.
    """
    spent, month = _round_up(cost or ZERO), month_at(at)
    if not reserved and not spent:
        return
    if user is not None:
        release(user=user, month=month, amount=reserved, spent=spent)
    release(user=None, month=month, amount=reserved, spent=spent)


def reset_reserved() -> None:
    """Give back what is held for calls that a server before this one was making."""
    Spending.objects.exclude(reserved=0).update(reserved=0)


def month_of(*, user: User | None, at: datetime) -> Month:
    """Return a person's month, or with no person everyone's."""
    limits, month = read_limits(user), month_at(at)
    return Month(
        spent=read_spending(user=user, month=month).spent,
        limit=limits.everyone if user is None else limits.person,
        renews_on=month_after(month),
    )


def read_limits(user: User | None) -> Limits:
    """Return the limits on money that hold now, a person's and everyone's."""
    row = next(iter(SpendingLimits.objects.filter(pk=1)), SpendingLimits())
    own = None if user is None else user.monthly_limit
    each = None if user is None else row.each_person
    return Limits(each if own is None else own, row.everyone, row.allows_unknown)


def record_usage(
    *,
    generation: Generation | None,
    user: User | None,
    model: LanguageModel | None,
    purpose: UsageRecord.Purpose,
    usage: Usage,
    at: datetime,
) -> UsageRecord:
    """Write down the tokens of a request and what they cost at the prices of `at`.

    What the gateway reports comes first. The price is that of the model which
    answered, where its gateway lists it.
    """
    echoed = generation.echoed_model if generation else ""
    answering = find_answering_model(model=model, name=echoed, at=at)
    cost, source = _cost(answering, usage, at)
    return UsageRecord.objects.create(
        generation=generation,
        user=user,
        model=model,
        model_title=model.title[:TITLE_LETTERS] if model else "",
        purpose=purpose,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        estimated=usage.estimated,
        cost=cost,
        cost_source=source,
    )


def find_answering_model(
    *, model: LanguageModel | None, name: str, at: datetime
) -> LanguageModel | None:
    """Return the model a gateway calls `name`, where its price at `at` is known.

    Else `model`, which was asked: what it costs was reserved.
    """
    if model is None or name in ("", model.name):
        return model
    listed = LanguageModel.objects.select_related("gateway")
    found = listed.filter(gateway=model.gateway_id, name=name).first()
    return found if found and find_prices(model=found, at=at) else model


def format_dollars(amount: Decimal) -> str:
    """Return an amount for people, to the cent; what is less does not look like nothing."""
    if 0 < amount < CENT:
        return "less than $0.01"
    return f"${amount.quantize(CENT):,}"


def _cost(
    model: LanguageModel | None, usage: Usage, at: datetime
) -> tuple[Decimal | None, UsageRecord.CostSource]:
    source = UsageRecord.CostSource
    if (reported := _sane(usage.cost)) is not None:
        return reported, source.REPORTED
    prices = find_prices(model=model, at=at) if model else None
    cost = _sane(cost_of(usage, prices)) if prices else None
    if cost is None:
        return None, source.UNKNOWN
    return cost, source.COMPUTED if cost else source.FREE


def _sane(cost: Decimal | None) -> Decimal | None:
    """Return a cost that can be one; gateways may say anything."""
    if cost is None or not cost.is_finite():
        return None
    return cost if 0 <= cost <= MOST_DOLLARS_A_CALL else None


def _hold(
    user: User | None, month: date, amount: Decimal, limit: Decimal | None
) -> None:
    if not hold(user=user, month=month, amount=amount, limit=limit):
        raise OverLimitError(_reached(user, month))


def _reached(user: User | None, month: date) -> str:
    """Say it to everyone in the conversation: what was spent is not their business."""
    whose = COMMON_LIMIT
    if user is not None:
        whose = f"{user.name}’s limit for this month is reached."
    renews = f"{month_after(month).day} {month_after(month):%B}"
    return f"{whose} It renews on {renews}; an admin can raise it."


def _round_up(amount: Decimal) -> Decimal:
    smallest = Decimal(1).scaleb(-PLACES)
    return min(amount, MOST_DOLLARS_A_CALL).quantize(smallest, ROUND_UP)
