"""What a request that was too long says of the next one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.context.prediction import gauge

if TYPE_CHECKING:
    from conversations.context.prediction import Gauge
    from conversations.wire import ContextState, ModelFacts, Refusal


def is_vague(state: ContextState) -> bool:
    """Whether a request was too long, and nobody knows by how much."""
    return state.refused is not None and not state.refused.is_exact


def below(refused: Refusal, measure: Gauge) -> int:
    """Return the most that is less than what was refused, in the gateway's tokens."""
    return max(0, measure.predict(refused.estimate, refused.sealed) - 1)


def half(budget: int, fixed: int) -> int:
    """Return what to send of what was too long: half of it, or of what can leave less."""
    return max(budget // 2, fixed + (budget - fixed) // 4)


def gauge_of(state: ContextState, model: ModelFacts) -> Gauge:
    """Return how the gateway counts.

    No more can be hidden than a model reads: then it is its tokenizer that makes more.
    """
    if state.refused is None:
        return gauge(state.samples)
    learned = gauge((*state.samples, *state.refused.samples))
    is_all_hidden = state.refused.window and learned.hidden >= model.window
    return learned.in_proportion() if is_all_hidden else learned


def as_refused(model: ModelFacts, refused: Refusal | None) -> ModelFacts:
    """Return what is known of a model after what it said of its window."""
    if refused is None or refused.window is None:
        return model
    return replace(model, window=min(model.window, refused.window))
