"""The rows of `Spending`: one a month for a person, one for everyone (no person).

Each change is one statement, which is right however many are made at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import F, Value
from django.db.models.functions import Greatest, Round

from conversations.models import Spending

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.db.models.expressions import CombinedExpression

    from conversations.models import User

ZERO = Decimal(0)
# Those of the columns.
PLACES = 8


def month_at(at: datetime) -> date:
    """Return the first day of the month of a moment, in UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def month_after(month: date) -> date:
    """Return the first day of the month that follows."""
    return (month + timedelta(days=31)).replace(day=1)


def read_spending(*, user: User | None, month: date) -> Spending:
    """Return a month, which is unsaved where nothing was spent."""
    found = _rows(user, month).first()
    return found or Spending(user=user, month=month, spent=ZERO, reserved=ZERO)


def hold(
    *, user: User | None, month: date, amount: Decimal, limit: Decimal | None
) -> bool:
    """Add to what is reserved while less than `limit` is spent and reserved.

    Tells whether it was added.
    """
    rows = _rows(user, month)
    if limit is not None:
        committed = _rounded(F("spent") + F("reserved"))
        rows = rows.alias(committed=committed).filter(committed__lt=limit)
    new = _rounded(F("reserved") + amount)
    if rows.update(reserved=new):
        return True
    # The first call of its month, which several may make at once, or the limit.
    _make_row(user, month)
    return bool(rows.update(reserved=new))


def release(*, user: User | None, month: date, amount: Decimal, spent: Decimal) -> None:
    """Take from what is reserved, never below nothing, and add to what is spent."""
    rows = _rows(user, month)
    new = {
        "reserved": Greatest(_rounded(F("reserved") - amount), Value(ZERO)),
        "spent": _rounded(F("spent") + spent),
    }
    if not rows.update(**new):
        _make_row(user, month)
        rows.update(**new)


def _rows(user: User | None, month: date) -> QuerySet[Spending]:
    return Spending.objects.filter(user=user, month=month)


def _make_row(user: User | None, month: date) -> None:
    row = Spending(user=user, month=month)
    Spending.objects.bulk_create([row], ignore_conflicts=True)


def _rounded(amount: CombinedExpression) -> Round:
    """SQLite calculates with binary fractions: without it the cents would drift."""
    return Round(amount, precision=PLACES)
