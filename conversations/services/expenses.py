"""What each person has spent in one conversation. US dollars; unknown is not zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, Sum

from conversations.models import UsageRecord, User
from conversations.rendering.figures import name_cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from conversations.models import Conversation

# How a request belongs to a conversation: an answer, a summary, a search for facts.
WAYS = ("generation__conversation", "summary__conversation", "epoch__conversation")
PURPOSE = UsageRecord.Purpose


@dataclass(slots=True)
class Expense:
    """What requests took: tokens where all are known, and what is known of the cost."""

    person: User | None = None
    answers: int = 0
    others: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cost: Decimal = field(default_factory=Decimal)
    # Requests whose cost nobody knows.
    unpriced: int = 0
    is_estimated: bool = False

    @property
    def requests(self) -> int:
        return self.answers + self.others

    @property
    def words(self) -> str:
        """Say what it cost, and how much of that is not known."""
        if self.unpriced == self.requests:
            return "cost unknown"
        cost = name_cost(self.cost, estimated=self.is_estimated)
        if not self.unpriced:
            return cost
        requests = "request" if self.unpriced == 1 else "requests"
        return f"{cost}, and {self.unpriced} {requests} of unknown cost"

    def add(self, other: Expense) -> None:
        """Take in what others took."""
        self.answers += other.answers
        self.others += other.others
        self.input_tokens = _sum(self.input_tokens, other.input_tokens)
        self.output_tokens = _sum(self.output_tokens, other.output_tokens)
        self.cost += other.cost
        self.unpriced += other.unpriced
        self.is_estimated |= other.is_estimated


def list_expenses(*, conversation: Conversation) -> list[Expense]:
    """Return what each person has spent here, by name; who has left comes last."""
    found: dict[int | None, Expense] = {}
    for way in WAYS:
        for user_id, expense in _read(
            UsageRecord.objects.filter(**{way: conversation})
        ):
            found.setdefault(user_id, Expense()).add(expense)
    people = User.objects.in_bulk(pk for pk in found if pk is not None)
    for user_id, expense in found.items():
        expense.person = people.get(user_id or 0)
    return sorted(found.values(), key=_place)


def add_up(expenses: Iterable[Expense]) -> Expense:
    """Return what all have spent together."""
    total = Expense()
    for expense in expenses:
        total.add(expense)
    return total


def _read(records: QuerySet[UsageRecord]) -> list[tuple[int | None, Expense]]:
    """Add up requests for each person."""
    rows = (
        records.order_by()
        .values("user")
        .annotate(
            requests=Count("pk"),
            answers=Count("pk", filter=Q(purpose=PURPOSE.ANSWER)),
            counted_in=Count("input_tokens"),
            counted_out=Count("output_tokens"),
            tokens_in=Sum("input_tokens"),
            tokens_out=Sum("output_tokens"),
            dollars=Sum("cost"),
            priced=Count("cost"),
            guessed=Count("pk", filter=Q(estimated=True)),
        )
    )
    return [(row["user"], _expense(dict(row))) for row in rows]


def _expense(row: dict[str, Any]) -> Expense:
    requests = row["requests"]
    return Expense(
        answers=row["answers"],
        others=requests - row["answers"],
        input_tokens=row["tokens_in"] if row["counted_in"] == requests else None,
        output_tokens=row["tokens_out"] if row["counted_out"] == requests else None,
        cost=row["dollars"] or Decimal(),
        unpriced=requests - row["priced"],
        is_estimated=row["guessed"] > 0,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _place(expense: Expense) -> tuple[bool, str]:
    person = expense.person
    return (person is None, person.name.casefold() if person else "")
