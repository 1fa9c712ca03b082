"""What the next request of a branch will take, without reading what was said on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.context.budget import budget_beside, is_too_large, limit_for
from conversations.context.parts import PRIMING_TOKENS
from conversations.context.turns import MESSAGE_TOKENS
from conversations.gateways.caching import CacheRule, cache_rule, predict_cached
from conversations.services.branching.weighing import weigh_path
from conversations.services.budgets import settings_of
from conversations.services.meter.before import read_before
from conversations.services.meter.staying import Room, predict_roll, read_notes
from conversations.services.meter.weighing import weigh_each, weigh_since

if TYPE_CHECKING:
    from conversations.services.contexts import Chosen
    from conversations.services.meter.before import Before, Place
    from conversations.wire import ContextSettings


@dataclass(frozen=True, slots=True)
class Foresight:
    """The next request, in tokens as its gateway is likely to count them.

    `alone` is what it takes without earlier turns, and `limit` the most of it that can
    be sent. `rolls` says that older turns leave. `answer` is a typical answer. `cached`
    is what a cache should serve, None where there is no telling.
    """

    tokens: int
    estimate: int
    alone: int
    budget: int
    limit: int
    rolls: bool
    answer: int
    is_too_large: bool
    cached: int | None = None
    rule: CacheRule | None = None


def foresee(*, chosen: Chosen, place: Place) -> Foresight:
    """Return what the next request will take; reads few rows, however long the talk."""
    settings, facts = settings_of(chosen.model, chosen.revision), chosen.facts
    branch = read_before(chosen, settings, place)
    place = replace(place, tokens=place.tokens_for(branch.dialect), files=())
    learned, fixed = branch.gauge, _fixed(settings, place)
    alone = learned.predict(fixed)
    budget = budget_beside(settings, facts, alone, learned.hidden)
    room = Room(learned, budget, fixed)
    estimate = _estimate(settings, place, branch, room.most)
    sealed = branch.sealed if chosen.replays else 0
    estimate += sealed
    notes = None if branch.goes_on else read_notes(place, room)
    if notes is not None:
        estimate += notes.whole if branch.slides else notes.facts
    tokens = learned.predict(estimate, sealed)
    rolls = tokens > budget and estimate > fixed
    if rolls:
        left = predict_roll(branch, settings, room, notes or read_notes(place, room))
        tokens = min(tokens, left)
        estimate = min(estimate, learned.most(tokens))
    limit, answer = limit_for(settings, facts), branch.answer
    too_large = is_too_large(settings, facts, fixed, alone)
    seen = Foresight(tokens, estimate, alone, budget, limit, rolls, answer, too_large)
    return _with_cache(seen, chosen, branch)


def _fixed(settings: ContextSettings, place: Place) -> int:
    prompt = settings.system_prompt_tokens
    head = prompt + MESSAGE_TOKENS if prompt else 0
    return PRIMING_TOKENS + head + place.tokens + MESSAGE_TOKENS


def _estimate(
    settings: ContextSettings, place: Place, branch: Before, most: int
) -> int:
    """Return the text of the next request by our count, as if nothing had to leave.

    Of one that is above `most` anyway, not all may be counted.
    """
    if place.leaf is None:
        return _fixed(settings, place)
    if branch.base is None or not branch.goes_on:
        each = weigh_each(branch.path, branch.earlier, branch.dialect)
        earlier = weigh_path(
            leaf=place.leaf,
            most_tokens=most,
            most_turns=settings.last_turns,
            a_message=MESSAGE_TOKENS,
        )
        coming = sum(one.is_active for one in branch.earlier) * branch.answer
        earlier += sum(one.more for one in each.values())
        return _fixed(settings, place) + max(0, earlier) + coming
    since = weigh_since(
        branch.base,
        path=branch.path,
        earlier=branch.earlier,
        answer=branch.answer,
        dialect=branch.dialect,
    )
    text = (branch.base.estimate or 0) - branch.base.sealed
    return text + since + place.tokens + MESSAGE_TOKENS


def _with_cache(seen: Foresight, chosen: Chosen, branch: Before) -> Foresight:
    """Add what a cache will serve, as its rule says, else as it did the last time."""
    route, dialect = chosen.reached.route, chosen.reached.dialect
    rule = cache_rule(route.preset, route.protocol, chosen.model.name, dialect)
    seen, base = replace(seen, rule=rule), branch.base
    if base is None or base.at is None or seen.rolls or not branch.goes_on:
        return seen
    before = base.predicted if base.is_active else base.actual
    if not before:
        return seen
    if rule is None:
        known = base.cached is not None and base.actual
        share = (base.cached or 0) / before
        return replace(seen, cached=int(seen.tokens * share)) if known else seen
    seconds = (timezone.now() - base.at).total_seconds()
    cached = predict_cached(rule, before, seconds, base.kept)
    return replace(seen, cached=min(cached, seen.tokens))
