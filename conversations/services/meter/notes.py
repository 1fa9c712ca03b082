"""What is said before a message is sent: that it is dear, too large, or the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.rendering.figures import name_expected_cost
from conversations.services.attachments.heavy import say_too_heavy
from conversations.services.attachments.sending import as_sent
from conversations.services.attachments.unseen import (
    name_largest,
    say_unseen,
    unseen,
)
from conversations.services.memory.policy import get_policy
from conversations.services.memory.remembered import find_summary
from conversations.services.months import (
    month_after,
    month_at,
    read_spending,
)
from conversations.services.spending import (
    COMMON_LIMIT,
    UNKNOWN_PRICE,
    format_dollars,
    read_limits,
)

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from conversations.models import User
    from conversations.services.attachments.sending import Files
    from conversations.services.contexts import Chosen
    from conversations.services.meter.before import Place
    from conversations.services.meter.foreseeing import Foresight

DIGITS = 3


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence above the composer; a `calm` one asks for nothing."""

    words: str
    calm: bool = False


def round_tokens(tokens: int) -> int:
    """Return what is only expected to three digits."""
    return round(tokens, min(0, DIGITS - len(str(tokens))))


def say_too_large(seen: Foresight, files: Files = ()) -> str:
    """Return the refusal of a message that is larger than fits, even by itself."""
    largest = name_largest(files=files)
    less = "take it out" if largest else "shorten it"
    return (
        f"This message takes about {round_tokens(seen.alone):,} tokens, and "
        f"{seen.limit:,} fit with this model.{largest} Please {less}, or choose a model "
        "with a larger window."
    )


def note_unseen(chosen: Chosen, place: Place) -> list[Note]:
    """Say which files cannot be sent to the model, before they are sent in vain."""
    dialect = chosen.reached.dialect
    files = unseen(place.files, dialect)
    words = say_unseen(model=chosen.model.title, files=files) if files else ""
    words = words or say_too_heavy(files=as_sent(files=place.files, dialect=dialect))
    return [Note(words)] if words else []


def note_roll(seen: Foresight, place: Place) -> list[Note]:
    """Say that older turns leave with this message, and what stands for them."""
    talk = place.conversation
    if not seen.rolls or talk is None or place.leaf is None:
        return []
    words = "Older turns will leave the context with this message"
    summary = find_summary(conversation_id=talk.pk, leaf=place.leaf)
    has_summary = summary is not None and talk.summarises
    kept = "; what the summary says of them stays" if has_summary else ""
    return [Note(f"{words}{kept}.", calm=True)]


def note_cost(cost: Decimal | None) -> list[Note]:
    """Warn of a turn that is likely to cost more than admins let pass unsaid."""
    limit = get_policy().warn_above
    if cost is None or limit is None or cost <= limit:
        return []
    return [
        Note(
            f"This turn is likely to cost about {name_expected_cost(cost)}, answer "
            f"included. You are told before any turn above {_exact(limit)}."
        )
    ]


def note_limits(*, user: User, highest: Decimal | None, at: datetime) -> list[Note]:
    """Say what a call of at most `highest` US dollars meets of this month's limits."""
    limits = read_limits(user)
    if highest == 0 or (limits.person, limits.everyone) == (None, None):
        return []
    if highest is None:
        return [] if limits.allows_unknown else [Note(UNKNOWN_PRICE)]
    words = _words_for_person(user, limits.person, highest, at)
    words = words or _words_for_everyone(limits.everyone, highest, at)
    return [Note(words)] if words else []


def _words_for_person(
    user: User, limit: Decimal | None, highest: Decimal, at: datetime
) -> str:
    left = _left(user, limit, at)
    if left is None or highest <= left:
        return ""
    if left <= 0:
        renews = month_after(month_at(at))
        return (
            "Your limit for this month is reached, so no answer will come. It renews "
            f"on {renews.day} {renews:%B}; an admin can raise it."
        )
    return (
        f"The answer may cost up to {_exact(highest)}, and {format_dollars(left)} of "
        "your limit for this month is left."
    )


def _words_for_everyone(limit: Decimal | None, highest: Decimal, at: datetime) -> str:
    """What all have spent is not everyone's business: no sums are named."""
    left = _left(None, limit, at)
    if left is None or highest <= left:
        return ""
    if left <= 0:
        return COMMON_LIMIT
    return "The answer may cost more than what is left for everyone this month."


def _left(user: User | None, limit: Decimal | None, at: datetime) -> Decimal | None:
    if limit is None:
        return None
    row = read_spending(user=user, month=month_at(at))
    return limit - row.spent - row.reserved


def _exact(amount: Decimal) -> str:
    """Return an amount as it was entered, or to the cent where it is that large."""
    if amount >= 1:
        return format_dollars(amount)
    return name_expected_cost(amount)
