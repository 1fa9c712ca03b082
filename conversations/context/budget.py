"""How many tokens a request may have, as its gateway will count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire import ContextSettings, ModelFacts

# How near we come to where every token of a prompt begins to cost more.
CLIFF_SHARE = 0.95
# Beside prompt and answer, for what a gateway adds of its own.
SPARE_TOKENS = 1_000


def budget_for(settings: ContextSettings, model: ModelFacts) -> int:
    """Return the budget of one request, in tokens; never below 0."""
    return budget_beside(settings, model, 0)


def budget_beside(
    settings: ContextSettings, model: ModelFacts, fixed: int, hidden: int = 0
) -> int:
    """Return the budget of a request with `fixed` tokens that cannot be left out.

    A cap and a dearer tier are a matter of money: they keep earlier turns out, but
    never refuse a question. The window refuses. Where what a gateway adds, `hidden`,
    takes all of that, there is a share of what is left beside it.
    """
    sizes = [limit_for(settings, model)]
    if sizes[0] < hidden < model.window:
        sizes = [hidden + int((model.window - hidden) * settings.window_share)]
    if settings.cap is not None:
        sizes.append(max(settings.cap, fixed))
    # What is dearer anyway has all the room.
    if model.dearer_above is not None and fixed <= model.dearer_above:
        sizes.append(max(int(model.dearer_above * CLIFF_SHARE), fixed))
    return max(0, min(sizes))


def is_too_large(
    settings: ContextSettings, model: ModelFacts, fixed: int, predicted: int
) -> bool:
    """Tell whether what cannot be left out is sure not to fit.

    `fixed` is our estimate of it, `predicted` what its gateway is likely to count. So
    as to refuse nothing that a gateway would have taken, a prediction is held against
    the whole window.
    """
    return fixed > limit_for(settings, model) or predicted > model.window


def limit_for(settings: ContextSettings, model: ModelFacts) -> int:
    """Return what a request may have at most, in tokens; never below 0.

    The answer has its room in the window, but never more than half of it.
    """
    sizes = [int(model.window * settings.window_share)]
    if model.max_output is not None:
        room = model.window - model.max_output - SPARE_TOKENS
        sizes.append(max(model.window // 2, room))
    return max(0, min(sizes))
