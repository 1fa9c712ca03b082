"""Rights are read when used: which open pages may no longer be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.models import Conversation, User

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from conversations.live.viewer import Viewer

SIGNED_OUT = 4401
NO_RIGHT = 4403
GONE = 4404


def find_lost_viewers(viewers: Sequence[Viewer]) -> list[tuple[Viewer, int]]:
    """Return the viewers that have lost their right, with the code to close with."""
    users = User.objects.in_bulk({viewer.user_id for viewer in viewers})
    sessions = set(
        Session.objects.filter(
            session_key__in={viewer.session[0] for viewer in viewers},
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    watched = Conversation.objects.filter(
        pk__in={viewer.conversation_id for viewer in viewers}
    )
    visible = watched.list_visible_pairs(users)
    found = [(viewer, _loss(viewer, users, sessions, visible)) for viewer in viewers]
    return [(viewer, code) for viewer, code in found if code]


def _loss(
    viewer: Viewer,
    users: dict[int, User],
    sessions: set[str],
    visible: set[tuple[int, UUID]],
) -> int:
    user = users.get(viewer.user_id)
    key, auth_hash = viewer.session
    if user is None or not user.is_active or key not in sessions:
        return SIGNED_OUT
    if user.get_session_auth_hash() != auth_hash:
        return SIGNED_OUT
    if (user.pk, viewer.conversation_id) not in visible:
        return GONE
    return 0
