"""From rows to a context: what a turn is shown, and what it goes on from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from conversations.context.assembly import assemble
from conversations.context.prediction import gauge
from conversations.gateways.caching import cache_rule, predict_at_roll, predict_cached
from conversations.gateways.presets import replays_items
from conversations.models import Generation
from conversations.services.branching.branches import count_turns
from conversations.services.budgets import facts_of, settings_of
from conversations.services.endings import TOO_LARGE
from conversations.services.history import Stretch, read_history, read_path
from conversations.services.memory.remembered import read_memory
from conversations.services.past import Past, read_past
from conversations.wire import Refusal, RollReason, State

if TYPE_CHECKING:
    from conversations.gateways.caching import CacheRule
    from conversations.models import LanguageModel, PromptRevision
    from conversations.services.gateways import Reach
    from conversations.wire import (
        Context,
        ContextSettings,
        ContextState,
        History,
        ModelFacts,
        Prices,
        Summary,
    )


# Why turns leave that were sent before.
LEAVES = frozenset({RollReason.FULL, RollReason.TOO_LONG, RollReason.LAST_TURNS})


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a turn is asked with: its model, how that is reached, prompt and prices."""

    model: LanguageModel
    reached: Reach
    revision: PromptRevision | None
    prices: Prices | None

    @property
    def facts(self) -> ModelFacts:
        """What the context must know of the model."""
        return facts_of(self.model, self.reached, self.prices)

    @property
    def replays(self) -> bool:
        """Whether replies can be sent back in their gateway's own items."""
        route = self.reached.route
        return replays_items(route.preset, route.protocol)


def build_context(
    *, generation: Generation, chosen: Chosen, refused: Refusal | None = None
) -> tuple[Context, Past]:
    """Assemble what a generation is shown; return it with what came before.

    After its gateway has `refused` it, or another answer to the same question, it will
    be smaller than that.
    """
    facts, settings = chosen.facts, settings_of(chosen.model, chosen.revision)
    assert generation.message.parent_id is not None
    path = read_path(generation.message.parent_id)
    past = read_past(
        generation=generation,
        path=path,
        model_name=facts.name,
        endpoint=facts.endpoint,
    )
    spares = refused is not None and refused.by_size
    if refused is None or spares:
        refused = _refused_before(generation, chosen)
    state = replace(past.state, refused=refused, spares_files=spares)
    past = replace(past, state=state)
    stretch = stretch_for(past.state, settings, facts, chosen)
    history = read_history(generation=generation, path=path, stretch=stretch)
    context = assemble(history, settings, facts, past.state)
    if not context.is_new:
        return context, past
    history = with_memory(history, generation, path)
    return assemble(history, settings, facts, past.state), past


def stretch_for(
    state: ContextState,
    settings: ContextSettings,
    facts: ModelFacts,
    chosen: Chosen,
) -> Stretch:
    """Return how far back to read: to where the epoch begins while it can go on."""
    epoch = state.epoch
    window = Stretch(facts.window, dialect=chosen.reached.dialect)
    if epoch is None or state.must_roll:
        return window
    same = (epoch.model, epoch.endpoint, epoch.prompt_ref)
    if same != (facts.name, facts.endpoint, settings.system_prompt_ref):
        return window
    first = UUID(epoch.first_message) if epoch.first_message else None
    return replace(
        window,
        since=first,
        turns_before=epoch.turns_before,
        epoch=int(epoch.id) if chosen.replays else None,
    )


def with_memory(history: History, generation: Generation, path: list[UUID]) -> History:
    """Add what is remembered, for a context that begins anew."""
    memory = read_memory(
        conversation_id=generation.conversation_id,
        leaf=path[0],
        summarises=generation.conversation.summarises,
    )
    if memory.summary is not None:
        memory = replace(memory, summary=_placed(memory.summary, history))
    return replace(history, memory=memory)


def _placed(summary: Summary, history: History) -> Summary:
    """Say how many turns lie between a summary and what was read."""
    read = {turn.reply.id for turn in history.turns if turn.reply}
    if summary.until in read or not history.turns_before:
        return summary
    covered = count_turns(leaf=UUID(summary.until))
    return replace(summary, turns_after=max(0, history.turns_before - covered))


def expect_cached(*, chosen: Chosen, context: Context, past: Past) -> int | None:
    """Return how much of a request its gateway's cache should serve, in tokens.

    None where there is no telling: nobody knows that cache, or what else it was sent.
    """
    route, dialect = chosen.reached.route, chosen.reached.dialect
    rule = cache_rule(route.preset, route.protocol, chosen.model.name, dialect)
    if rule is not None and not rule.lifetime:
        return 0
    if rule is None or past.tokens is None or past.at is None:
        return None
    if context.is_new:
        return _expect_at_roll(rule, context, past)
    if rule.block > 1 and past.is_more_known:
        # Such a cache finds the part of the answer too, whose tokens nobody has told.
        return None
    return predict_cached(rule, past.tokens, _seconds_since(past), past.kept)


def _expect_at_roll(rule: CacheRule, context: Context, past: Past) -> int | None:
    """Return what a cache still serves once older turns have left; None: who knows."""
    old, new = past.state.epoch, context.epoch
    if old is None or new.reason not in LEAVES or new.turns_before <= old.turns_before:
        return None
    head = sum(item.tokens for item in context.items if item.kind == "system")
    if not head:
        rule = replace(rule, marks_system=False)
    system = gauge(past.state.samples).predict(head)
    return predict_at_roll(rule, _seconds_since(past), system, past.opened)


def _seconds_since(past: Past) -> float:
    assert past.at is not None
    return (timezone.now() - past.at).total_seconds()


def _refused_before(generation: Generation, chosen: Chosen) -> Refusal | None:
    """Return the smallest request for the same turn that was too long for a model."""
    reply = generation.message
    assert reply.parent is not None
    if reply.seq == reply.parent.seq + 1:
        # The first answer to its question.
        return None
    too_long = Generation.objects.filter(
        message__parent=reply.parent, model=chosen.model, state=State.CONTEXT_FULL
    ).exclude(error_kind=TOO_LARGE)
    smallest = too_long.filter(estimate__gt=0).order_by("estimate")
    for estimate, sealed in smallest.values_list("estimate", "sealed")[:1]:
        return Refusal(estimate or 0, sealed)
    return None
