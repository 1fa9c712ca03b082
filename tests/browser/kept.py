"""Rows for screens of one person: conversations in every place, and a long one."""

from __future__ import annotations

from typing import TypedDict

from django.utils import timezone

from conversations.models import (
    Conversation,
    Folder,
    LanguageModel,
    Message,
    User,
    View,
)
from tests.factories import make_answered_turn, make_conversation, make_prompt
from tests.long import make_long

PROMPT = "You are kind.\nAnswer in few words, and say so where you do not know."
MANY = 1_000
# Where each is: pinned, in a folder, unread, with a draft, or just there.
TITLES = {
    "Plan the autumn meeting": "pinned",
    "Letter to the landlord about the heating that has not worked since March": "draft",
    "Why is my query slow?": "unread",
    "Names for a small boat": "",
    "Refunds: what we promise": "Work",
    "Minutes of Tuesday": "Work",
    "رسالة إلى المالك": "",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft": "",
    "An old one": "archived",
    "Another old one, of which nobody needs to be reminded": "archived",
    "A mistake": "deleted",
    "The second mistake, with a rather long title that says what it was about": "deleted",
}


class Kept(TypedDict):
    """What the screens need of it: keys of conversations."""

    long: str
    middle: str
    short: str


def make_kept(username: str) -> Kept:
    """Put conversations everywhere for somebody."""
    owner = User.objects.get(username=username)
    model = LanguageModel.objects.earliest("pk")
    make_prompt(PROMPT, name="House rules")
    for title, where in reversed(TITLES.items()):
        talk = make_conversation(owner, title=title, model=model)
        make_answered_turn(talk, title, "Let me see.")
        _put(talk, owner, where)
    long = make_long(owner, MANY, model=model)
    middle = Message.objects.get(conversation=long, seq=MANY // 2)
    short = Conversation.objects.get(owner=owner, title="Names for a small boat")
    return {"long": str(long.pk), "middle": str(middle.pk), "short": str(short.pk)}


def _put(talk: Conversation, owner: User, where: str) -> None:
    now = timezone.now()
    if where == "deleted":
        Conversation.objects.filter(pk=talk.pk).update(deleted_at=now)
        return
    View.objects.create(
        conversation=talk,
        user=owner,
        read_seq=2,
        folder=_folder(owner, where) if where == "Work" else None,
        pinned_at=now if where == "pinned" else None,
        archived_at=now if where == "archived" else None,
        kept_unread=where == "unread",
        draft="Dear Mr Ellis," if where == "draft" else "",
        draft_version=int(where == "draft"),
    )


def _folder(owner: User, name: str) -> Folder:
    return Folder.objects.get_or_create(user=owner, name=name)[0]
