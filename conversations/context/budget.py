"""How much of a model's window we allow ourselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire import ContextSettings, ModelFacts


def budget_for(settings: ContextSettings, model: ModelFacts) -> int:
    """Return the budget of one request, in tokens; never below 0.

    The rest of the window is for the answer, and for the error of our estimate.
    """
    return max(0, int(model.window * settings.window_share))
