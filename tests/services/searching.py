"""The conversations whose titles match, as the page of a search has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import limits
from conversations.services.search.searching import search_all

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.services.search.finding import Filters
    from conversations.services.search.searching import Found


def search_titles(
    *, user: User, typed: str, filters: Filters | None = None
) -> list[Found]:
    most = limits.SEARCH_PAGE
    return search_all(user=user, typed=typed, filters=filters, titles=most)[0]
