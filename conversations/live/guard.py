"""Rights are read when used: which open pages may no longer be served."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.models import Conversation, User

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from conversations.live.listener import Listener

SIGNED_OUT = 4401
NO_RIGHT = 4403
GONE = 4404


class _Rights(NamedTuple):
    """What holds now, of all that the pages are about."""

    users: dict[int, User]
    sessions: set[str]
    visible: set[tuple[int, UUID]]
    # Conversations that have not been deleted.
    there: set[UUID]


def find_lost_pages(pages: Sequence[Listener]) -> list[tuple[Listener, int]]:
    """Return the pages that have lost their right, with the code to close with."""
    people = {page.user_id for page in pages}
    sessions = set(
        Session.objects.filter(
            session_key__in={page.session[0] for page in pages},
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    watched = Conversation.objects.filter(
        pk__in={page.conversation_id for page in pages}
    )
    visible = watched.list_visible_pairs(people)
    there = watched.filter(deleted_at=None).values_list("pk", flat=True)
    # Last: who was deactivated meanwhile is signed out, and not merely shut out here.
    users = User.objects.in_bulk(people)
    rights = _Rights(users, sessions, visible, set(there))
    found = [(page, _loss(page, rights)) for page in pages]
    return [(page, code) for page, code in found if code]


def _loss(page: Listener, rights: _Rights) -> int:
    user = rights.users.get(page.user_id)
    key, auth_hash = page.session
    if user is None or not user.is_active or key not in rights.sessions:
        return SIGNED_OUT
    if user.get_session_auth_hash() != auth_hash:
        return SIGNED_OUT
    pk = page.conversation_id
    if pk is None or (user.pk, pk) in rights.visible:
        return 0
    # Who could see it a moment ago may know that it is still there.
    return NO_RIGHT if pk in rights.there else GONE
