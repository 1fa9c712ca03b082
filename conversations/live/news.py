"""Which lists have changed: gathered, and told to the pages of those who have them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conversations import limits
from conversations.models import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from uuid import UUID

    from conversations.live.listener import Listener
    from conversations.live.threads import DatabaseThreads


class News:
    """One round at a time, `NEWS_SECONDS` apart, and a query only if a page cares.

    A page that shows a conversation hears of its changes anyway, and not by its lists.
    """

    def __init__(
        self, list_pages: Callable[[], list[Listener]], readers: DatabaseThreads
    ) -> None:
        self._list_pages = list_pages
        self._readers = readers
        self._changed: set[UUID] = set()
        # Person, and the conversation whose pages need not know.
        self._told: set[tuple[int, UUID | None]] = set()
        self._wanted = asyncio.Event()

    def change(self, conversation_id: UUID) -> None:
        """Note that a conversation looks different in lists."""
        self._changed.add(conversation_id)
        self._wanted.set()

    def tell(self, user_ids: Iterable[int], besides: UUID | None = None) -> None:
        """Note that lists of people have changed, `besides` what one page shows."""
        self._told.update((user_id, besides) for user_id in user_ids)
        self._wanted.set()

    async def spread(self) -> None:
        """Wait until there is something, then tell it in one round."""
        await self._wanted.wait()
        await asyncio.sleep(limits.ANNOUNCE_SECONDS)
        self._wanted.clear()
        told, self._told = self._told, set()
        changed, self._changed = self._changed, set()
        try:
            if interested := self._list_interested(changed):
                told |= await self._readers.run(_find_readers, interested, changed)
        except Exception:
            # It is told in the next round.
            self._told |= told
            self._changed |= changed
            self._wanted.set()
            raise
        concerned: dict[int, set[UUID | None]] = {}
        for user_id, besides in told:
            concerned.setdefault(user_id, set()).add(besides)
        for page in self._list_pages():
            if _concerns(page, concerned.get(page.user_id, set())):
                page.tell()
        await asyncio.sleep(limits.NEWS_SECONDS)

    def _list_interested(self, changed: Collection[UUID]) -> set[int]:
        return {
            page.user_id
            for page in self._list_pages()
            if any(page.conversation_id != pk for pk in changed)
        }


def _concerns(page: Listener, changed: set[UUID | None]) -> bool:
    """Tell whether anything has changed beside what the page shows."""
    shown = {page.conversation_id} - {None}
    return bool(changed - shown)


def _find_readers(
    user_ids: Collection[int], changed: Collection[UUID]
) -> set[tuple[int, UUID | None]]:
    rows = Conversation.objects.filter(pk__in=changed)
    return set(rows.list_visible_pairs(user_ids))
