from __future__ import annotations

from conversations.admin import gateways, prompts, teams, users

__all__ = ["gateways", "prompts", "teams", "users"]
