"""What admins decide for all contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import ContextPolicy
from conversations.services.gateways import is_usable

if TYPE_CHECKING:
    from conversations.models import LanguageModel


def get_policy() -> ContextPolicy:
    """Return what admins have decided, else what holds where nobody has."""
    rows = ContextPolicy.objects.select_related("summary_model__gateway")
    return rows.filter(pk=1).first() or ContextPolicy()


def find_summary_model(*, policy: ContextPolicy) -> LanguageModel | None:
    """Return the model that writes summaries while it can be asked, else None."""
    model = policy.summary_model
    return model if model is not None and is_usable(model) else None
