"""What would leave the context if it rolled now: known before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.context.assembly import assemble
from conversations.context.epochs import leaving
from conversations.models import Generation
from conversations.services.budgets import settings_of
from conversations.services.contexts import Chosen, stretch_for, with_memory
from conversations.services.errors import RefusedError
from conversations.services.gateways import reach
from conversations.services.history import read_answered, read_path
from conversations.services.past import read_past
from conversations.services.prices import find_prices

if TYPE_CHECKING:
    from conversations.wire import Turn

# So near to the budget, a roll is to be expected with one of the next turns.
NEAR_SHARE = 0.9
# Below this no history needs to be read to tell.
FAR_SHARE = 0.8


def next_roll(generation_id: int) -> tuple[Turn, ...]:
    """Return the turns that would leave if the epoch of an answer rolled now.

    None of them while the next prompt is not near the budget. Reads only.
    """
    rows = Generation.objects.select_related(
        "message", "conversation", "model__gateway", "revision", "usage", "epoch"
    ).defer("items", "reasoning")
    generation = rows.filter(pk=generation_id, epoch__isnull=False).first()
    if generation is None or generation.model is None or _is_far(generation):
        return ()
    try:
        reached = reach(generation.model)
    except RefusedError:
        return ()
    prices = find_prices(model=generation.model, at=timezone.now())
    chosen = Chosen(generation.model, reached, generation.revision, prices)
    return _leaving(generation, chosen)


def _is_far(generation: Generation) -> bool:
    manifest = generation.manifest or {}
    usage = getattr(generation, "usage", None)
    real = usage.input_tokens if usage else None
    answered = usage.output_tokens if usage else None
    tokens = (real or generation.predicted or 0) + (answered or 0)
    return bool(tokens < FAR_SHARE * manifest.get("budget", 0))


def _leaving(generation: Generation, chosen: Chosen) -> tuple[Turn, ...]:
    facts = chosen.facts
    settings = settings_of(chosen.model, chosen.revision)
    path = read_path(generation.message_id)
    past = read_past(
        generation=generation,
        path=path,
        model_name=facts.name,
        endpoint=facts.endpoint,
        with_own=True,
    )
    stretch = stretch_for(past.state, settings, facts, chosen)
    history = read_answered(path=path, stretch=stretch)
    history = with_memory(history, generation, path)
    context = assemble(history, settings, facts, past.state)
    if context.share < NEAR_SHARE and not context.is_new:
        return ()
    return leaving(history, settings, facts, past.state)
