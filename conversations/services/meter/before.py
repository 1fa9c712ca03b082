"""What came before the next message, on its branch, and whether its epoch goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.context.prediction import gauge
from conversations.services.attachments.sending import as_sent
from conversations.services.history import read_path
from conversations.services.meter.earlier import Earlier, read_earlier
from conversations.services.meter.weighing import weigh_thoughts

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.context.prediction import Gauge
    from conversations.models import Conversation
    from conversations.services.attachments.sending import Files
    from conversations.services.contexts import Chosen
    from conversations.wire import ContextSettings, Dialect

# As many answers back are looked at, to tell how long the next may be.
ANSWERS = 5
# Where nothing was answered yet.
TYPICAL_ANSWER_TOKENS = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message would go: below `leaf`, or at the very beginning.

    Its text takes `tokens`; its files come with it.
    """

    tokens: int
    conversation: Conversation | None = None
    leaf: UUID | None = None
    files: Files = ()

    def tokens_for(self, dialect: Dialect) -> int:
        """Return what the message takes with its files, as they are sent."""
        sent = as_sent(files=self.files, dialect=dialect)
        return self.tokens + sum(file.tokens for file in sent)


@dataclass(frozen=True, slots=True)
class Before:
    """What came before, newest first: all requests, and those of the same model there.

    `base` is the one that the next goes on from; `goes_on` says whether it does so in
    the same epoch, `slides` that a turn leaves with each new one. `dialect` is how it
    is asked.
    """

    path: list[UUID]
    earlier: list[Earlier]
    same: list[Earlier]
    base: Earlier | None
    goes_on: bool
    slides: bool
    dialect: Dialect

    @property
    def gauge(self) -> Gauge:
        return gauge([one.sample for one in reversed(self.same) if one.sample])

    @property
    def seen(self) -> list[UUID]:
        """The messages of the epoch that ends although it may have room."""
        if self.goes_on or self.base is None or self.base.first not in self.path:
            return []
        return self.path[: self.path.index(self.base.first) + 1]

    def after(self, message: UUID | None) -> list[UUID]:
        """Return the messages after one, none where it is not among the newest."""
        here = message is not None and message in self.path
        return self.path[: self.path.index(message)] if message and here else []

    @property
    def sealed(self) -> int:
        """What thoughts take that go back while the epoch goes on."""
        if self.base is None or not self.goes_on:
            return 0
        return self.base.sealed + weigh_thoughts(self.base, path=self.path)

    @property
    def answer(self) -> int:
        known = [one.answered for one in self.same or self.earlier if one.answered]
        newest = known[:ANSWERS]
        return sum(newest) // len(newest) if newest else TYPICAL_ANSWER_TOKENS


def read_before(chosen: Chosen, settings: ContextSettings, place: Place) -> Before:
    """Return what came before a message that would go to `place`."""
    path = read_path(place.leaf) if place.leaf else []
    earlier = read_earlier(path)
    here = (chosen.facts.name, chosen.facts.endpoint)
    same = [one for one in earlier if one.asked_of == here]
    base = next((one for one in same or earlier if one.was_sent), None)
    slides = _slides(settings, earlier)
    goes_on = (
        base is not None
        and (base.asked_of, base.prompt_ref) == (here, settings.system_prompt_ref)
        and not _must_roll(place.conversation, base)
        and not slides
    )
    dialect = chosen.reached.dialect
    return Before(path, earlier, same, base, goes_on, slides, dialect)


def _must_roll(conversation: Conversation | None, base: Earlier) -> bool:
    asked_at = conversation.roll_asked_at if conversation else None
    return bool(asked_at and base.epoch_began and base.epoch_began < asked_at)


def _slides(settings: ContextSettings, earlier: list[Earlier]) -> bool:
    """Whether the simple mode leaves out a turn with the next one."""
    turns = {one.message_id for one in earlier if not one.was_withdrawn}
    return settings.last_turns is not None and len(turns) > settings.last_turns
