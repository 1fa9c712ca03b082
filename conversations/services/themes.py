"""Light or dark: what a person has said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import User

if TYPE_CHECKING:
    from typing import Literal

    Theme = Literal["", "light", "dark"]


def choose_theme(*, user: User, theme: Theme) -> None:
    """Keep the theme of all pages this person opens; empty is as their machine has it."""
    User.objects.filter(pk=user.pk).update(theme=theme)
