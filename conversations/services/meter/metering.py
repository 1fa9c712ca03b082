"""Before a message is sent: what the request will take and cost, and what to know.

Nothing here reads a history, so that it can be asked while somebody types.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.context.authors import with_author
from conversations.context.tokens import count_about
from conversations.models import Conversation
from conversations.rendering.figures import name_expected_cost
from conversations.services.attachments.sending import describe_files
from conversations.services.branching.viewing import find_end_in_view
from conversations.services.meter.before import Place
from conversations.services.meter.expecting import expect_cost, expect_highest
from conversations.services.meter.foreseeing import foresee
from conversations.services.meter.notes import (
    Note,
    note_cost,
    note_limits,
    note_roll,
    note_unseen,
    round_tokens,
    say_too_large,
)
from conversations.services.meter.refusing import choose_next
from conversations.services.posts import name_for_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from uuid import UUID

    from conversations.models import (
        Attachment,
        LanguageModel,
        Message,
        SystemPrompt,
        User,
    )

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Meter:
    """The next request: tokens as its gateway is likely to count them, US dollars.

    `cost` is that of the prompt with what a cache should serve of it, `cold_cost`
    without; None is unknown. `again` is set where a message is sent anew.
    """

    tokens: int
    budget: int
    cached: int | None = None
    cost: Decimal | None = None
    cold_cost: Decimal | None = None
    notes: list[Note] = field(default_factory=list)
    again: bool = False

    @property
    def about(self) -> int:
        """The tokens, no finer than they can be known."""
        return round_tokens(self.tokens)

    @property
    def percent(self) -> int:
        """The share of the budget; 0 is less than half of one."""
        return round(PERCENT * self.tokens / max(1, self.budget))

    @property
    def width(self) -> int:
        """How long its bar is, in percent."""
        return min(PERCENT, self.percent)

    @property
    def price(self) -> str:
        return "" if self.cost is None else name_expected_cost(self.cost)

    @property
    def cold_price(self) -> str:
        """The price without a cache, where that makes a difference."""
        cold = "" if self.cold_cost is None else name_expected_cost(self.cold_cost)
        return "" if cold == self.price else cold


def meter_message(
    *,
    conversation: Conversation,
    user: User,
    content: str,
    after: UUID | None = None,
    attachments: Sequence[Attachment] = (),
) -> Meter | None:
    """Foresee the next turn of the branch through `after`; None while unknown.

    Without `after` it is the branch that the person looks at.
    """
    leaf = find_end_in_view(conversation=conversation, user=user, after=after)
    text = with_author(content, name_for_model(conversation, user))
    place = Place(
        count_about(text), conversation, leaf, describe_files(attachments=attachments)
    )
    return _meter(conversation, user, place)


def meter_first(
    *,
    user: User,
    model: LanguageModel | None,
    prompt: SystemPrompt | None,
    content: str,
    attachments: Sequence[Attachment] = (),
) -> Meter | None:
    """Foresee the first turn of a new conversation; None while nothing is known."""
    new = Conversation(owner=user, model=model, prompt=prompt)
    place = Place(
        count_about(content), new, files=describe_files(attachments=attachments)
    )
    return _meter(new, user, place)


def meter_edit(
    *,
    message: Message,
    text: str,
    user: User,
    attachments: Sequence[Attachment] = (),
) -> Meter | None:
    """Foresee what `text` takes, sent in the place of an earlier message."""
    conversation = message.conversation
    files = describe_files(attachments=attachments)
    place = Place(count_about(text), conversation, message.parent_id, files)
    meter = _meter(conversation, user, place)
    return replace(meter, again=True) if meter else None


def _meter(conversation: Conversation, user: User, place: Place) -> Meter | None:
    chosen = choose_next(conversation, user)
    if chosen is None:
        return None
    seen = foresee(chosen=chosen, place=place)
    if seen.is_too_large:
        words = say_too_large(seen, place.files)
        return Meter(seen.alone, seen.limit, notes=[Note(words)])
    notes = [
        *note_unseen(chosen, place),
        *note_cost(expect_cost(chosen, seen, seen.cached, answer=seen.answer)),
        *note_limits(
            user=user, highest=expect_highest(chosen, seen), at=timezone.now()
        ),
        *note_roll(seen, place),
    ]
    return Meter(
        tokens=seen.tokens,
        budget=seen.budget,
        cached=seen.cached,
        cost=expect_cost(chosen, seen, seen.cached),
        cold_cost=expect_cost(chosen, seen, 0),
        notes=notes,
    )
