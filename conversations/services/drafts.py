"""Drafts: what somebody is writing, kept for every machine and page of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F

from conversations.models import User, View
from conversations.services.changes import tell_people_after_commit
from conversations.services.personal import ensure_view

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import Conversation


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, and the version that grows with every change of it.

    Without a version it is known to have been empty.
    """

    text: str = ""
    version: int | None = 0


# What is left once it was sent.
NO_DRAFT = Draft(version=None)


class NewerDraftError(Exception):
    """Another page of the same person has changed the draft meanwhile."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


def read_draft(*, user: User, conversation: Conversation | None) -> Draft:
    """Return what somebody was writing in a conversation, or for a new one."""
    return _read(_rows(user, conversation))


def save_draft(
    *, user: User, conversation: Conversation | None, text: str, version: int | None
) -> int:
    """Keep what somebody is writing, and return its version.

    `version` is the one the text was written on, None where that was empty. Raises `NewerDraftError` where another
    text has been kept since.
    """
    rows = _rows(user, conversation)
    before = _read(rows)
    if before.text == text:
        return before.version or 0
    if conversation is not None:
        ensure_view(user=user, conversation=conversation)
    based = {"draft": ""} if version is None else {"draft_version": version}
    if not rows.filter(**based).update(
        draft=text, draft_version=F("draft_version") + 1
    ):
        raise NewerDraftError(_read(rows))
    if conversation is not None and bool(before.text) != bool(text):
        tell_people_after_commit([user.pk], besides=conversation.pk)
    return _read(rows).version or 0


def clear_first_draft(*, user: User) -> None:
    """Empty the draft of a new conversation: it has begun."""
    rows = User.objects.filter(pk=user.pk)
    rows.update(draft="", draft_version=F("draft_version") + 1)


def _rows(
    user: User, conversation: Conversation | None
) -> QuerySet[View] | QuerySet[User]:
    if conversation is None:
        return User.objects.filter(pk=user.pk)
    return View.objects.filter(conversation=conversation, user=user)


def _read(rows: QuerySet[View] | QuerySet[User]) -> Draft:
    found = rows.values_list("draft", "draft_version").first()
    return Draft(*found) if found else Draft()
