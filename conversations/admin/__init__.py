from __future__ import annotations

from conversations.admin import (
    context,
    gateways,
    language_models,
    prompts,
    spending,
    teams,
    users,
)

__all__ = [
    "context",
    "gateways",
    "language_models",
    "prompts",
    "spending",
    "teams",
    "users",
]
