"""What a new epoch begins with: notes, and the turns that stay when older ones leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.choosing import MEMORY_TOKENS, choose, facts_tokens
from conversations.context.epochs import MORE_SHARE, MOST_SHARE
from conversations.services.memory.remembered import read_memory
from conversations.services.meter.weighing import weigh_turns

if TYPE_CHECKING:
    from conversations.context.prediction import Gauge
    from conversations.services.meter.before import Before, Place
    from conversations.wire import ContextSettings

# A question and its answer.
MESSAGES_A_TURN = 2


@dataclass(frozen=True, slots=True)
class Notes:
    """What the notes of a new epoch take, in tokens of ours.

    `whole` where turns have left, `facts` where none have. Their summary, if there is
    one, goes up to the reply `until`.
    """

    whole: int
    facts: int
    until: UUID | None


@dataclass(frozen=True, slots=True)
class Room:
    """What a request may have: `budget` in its gateway's tokens.

    `fixed` of it, by our count, cannot leave.
    """

    gauge: Gauge
    budget: int
    fixed: int

    @property
    def most(self) -> int:
        """All of it, by our count."""
        return self.gauge.most(self.budget)


def read_notes(place: Place, room: Room) -> Notes:
    """Return what the notes would take if an epoch began with the next message."""
    talk = place.conversation
    if talk is None:
        return Notes(0, 0, None)
    memory = read_memory(
        conversation_id=talk.pk, leaf=place.leaf, summarises=talk.summarises
    )
    choice = choose(memory, (), room.most - room.fixed, room.most)
    facts = facts_tokens(choice.facts)
    return Notes(
        whole=choice.sizes(0, left_before=True)[0],
        facts=facts + MEMORY_TOKENS if facts else 0,
        until=UUID(choice.summary.until) if choice.summary else None,
    )


def predict_roll(
    before: Before, settings: ContextSettings, room: Room, notes: Notes
) -> int:
    """Return what is left at most once older turns have gone, as `context` rolls.

    In the gateway's tokens; turns that are not among the newest are not looked at.
    """
    if settings.last_turns is not None:
        return room.budget
    keep, least = settings.keep_share, room.fixed + notes.whole
    stays = room.gauge.predict(least)
    left = int(max(keep * room.budget, stays + keep / 2 * (room.budget - stays)))
    share = min(MOST_SHARE, keep + MORE_SHARE)
    for part, most in (
        # The newest turn; those that no summary reaches; those that the model sees.
        (before.path[:MESSAGES_A_TURN], room.budget),
        (before.after(notes.until), int(share * room.budget)),
        (before.seen, room.budget),
    ):
        said = weigh_turns(
            part,
            earlier=before.earlier,
            answer=before.answer,
            dialect=before.dialect,
        )
        predicted = room.gauge.predict(least + said)
        left = max(left, predicted if predicted <= most else 0)
    return left
