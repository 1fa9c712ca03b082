"""What a person may see of what was found, asked for once in a search."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Q

from conversations.models import Conversation, Membership, SearchEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from conversations.models import User
    from conversations.models.conversations import ConversationQuerySet

# Of those that a person sees, the last active: so many can be asked for at once.
MOST_CONVERSATIONS = 500
# Whoever sees no more than these is asked for them at once, and for nothing else.
FEW_CONVERSATIONS = 250
# Teams of a person: one statement each.
MOST_TEAMS = 8
# Ids of a slice: one statement. Where fewer of it are seen, others write much more.
SLICE_IDS = 100
FEW_IDS = 20


class Sight:
    """The conversations in which somebody searches, as far as they were asked for.

    An admin too finds only what is shared with them: what else they read is noted where
    they open it, and a list of results would show it unseen.
    """

    def __init__(self, user: User) -> None:
        self._user = user
        self._rows = Conversation.objects.shared_with(user)
        self._was_counted = False
        self._all: list[UUID] | None = None
        self._seen: dict[UUID, bool] = {}
        self._active: list[UUID] | None = None
        # Others write so much more that what anybody wrote is not looked through again.
        self.is_narrow = False

    def narrow(self, **conditions: object) -> None:
        """Leave out the conversations that are not as these say."""
        self._rows = self._rows.filter(**conditions)

    def look(self, found: Iterable[int], wanted: Q) -> Iterator[int]:
        """Yield those of `found` entries that are in them, until these are too few."""
        ids = iter(found)
        while some := list(islice(ids, SLICE_IDS)):
            entries = SearchEntry.objects.filter(wanted, pk__in=some).order_by("-pk")
            pairs = list(entries.values_list("pk", "conversation"))
            self._ask({place for _, place in pairs})
            seen = [pk for pk, place in pairs if self._seen[place]]
            yield from seen
            if len(seen) < FEW_IDS:
                return

    def list_all(self) -> list[UUID] | None:
        """Return all of them where they are few, None where there are more."""
        if not self._was_counted:
            self._was_counted = True
            found: set[UUID] = set()
            for rows in self._list_ways():
                pks = rows.values_list("pk", flat=True)
                found.update(pks[: FEW_CONVERSATIONS + 1])
                if len(found) > FEW_CONVERSATIONS:
                    return None
            self._all = list(found)
        return self._all

    def list_active(self) -> list[UUID]:
        """Return those that were active last."""
        if self._active is None:
            active = {
                pk: at for rows in self._list_ways() for pk, at in _last_active(rows)
            }
            newest = sorted(active, key=active.__getitem__, reverse=True)
            self._active = newest[:MOST_CONVERSATIONS]
        return self._active

    def _list_ways(self) -> list[ConversationQuerySet]:
        # Each by its index: of all ways at once, and of teams that they have to find
        # first, databases go through all conversations.
        user, rows = self._user.pk, self._rows
        ways = [rows.filter(owner=user), rows.filter(shares__user=user)]
        teams = list(
            Membership.objects.full().filter(user=user).values_list("team", flat=True)
        )
        if len(teams) > MOST_TEAMS:
            return [*ways, rows.filter(team__in=teams)]
        return [*ways, *(rows.filter(team=team) for team in teams)]

    def _ask(self, places: set[UUID]) -> None:
        # By their keys: databases would list all that somebody may see.
        new = places - self._seen.keys()
        if new:
            seen = set(self._rows.filter(pk__in=new).values_list("pk", flat=True))
            self._seen |= {place: place in seen for place in new}


def _last_active(rows: ConversationQuerySet) -> list[tuple[UUID, datetime]]:
    newest = rows.order_by("-active_at").values_list("pk", "active_at")
    return list(newest[:MOST_CONVERSATIONS])
