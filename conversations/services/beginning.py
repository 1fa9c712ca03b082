"""How a conversation begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from conversations.models import Access, Conversation, Membership, User
from conversations.services.attachments.attached import find_named
from conversations.services.attachments.writing import Written
from conversations.services.changes import tell_people_after_commit
from conversations.services.drafts import clear_first_draft
from conversations.services.errors import RefusedError
from conversations.services.prices import fit_effort
from conversations.services.sharing import NOT_YOUR_TEAM
from conversations.services.teams import lock_team
from conversations.services.turns import refuse_while_draining, send_written
from conversations.text import first_words, shorten

if TYPE_CHECKING:
    from conversations.models import LanguageModel, SystemPrompt, Team

TITLE_FROM_MESSAGE_CHARACTERS = 80
# Of a message in which nothing can be seen.
NO_TITLE = "Without words"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was chosen before the first message; with a team it is shared at birth.

    An effort that the model does not have gives way to its default.
    """

    model: LanguageModel | None = None
    prompt: SystemPrompt | None = None
    effort: str = ""
    team: Team | None = None


def start_written(
    *, owner: User, written: Written, beginning: Beginning
) -> Conversation:
    """Make a conversation of a first message and ask the model.

    Its `client_id` is also the conversation's id, so a repeated submit is one
    conversation. Raises `RefusedError`.
    """
    refuse_while_draining()
    with transaction.atomic():
        found = _find_or_make(owner, written, beginning)
        # Asked last: somebody else may have taken the id just now.
        if found.owner_id != owner.pk:
            raise RefusedError("Please send your message once more.")
        send_written(conversation=found, author=owner, written=written)
    return found


def _find_or_make(owner: User, written: Written, beginning: Beginning) -> Conversation:
    model, team = beginning.model, beginning.team
    values = {
        "owner": owner,
        "title": _entitle(owner, written),
        "model": model,
        "prompt": beginning.prompt,
        "effort": fit_effort(model=model, effort=beginning.effort),
        "team": team,
        "team_access": Access.WRITE,
    }
    found, is_new = Conversation.objects.get_or_create(
        pk=written.client_id, defaults=values
    )
    if is_new:
        clear_first_draft(user=owner)
    if team is not None and is_new:
        # Asked last: they may have left it, or it may be gone, just now.
        if lock_team(team, owner).role == Membership.Role.GUEST:
            raise RefusedError(NOT_YOUR_TEAM)
        full = team.memberships.full()
        tell_people_after_commit(full.values_list("user", flat=True))
    return found


def _entitle(owner: User, written: Written) -> str:
    """Return the first words, else the name of the first file."""
    words = shorten(first_words(written.content), TITLE_FROM_MESSAGE_CHARACTERS)
    if words:
        return words
    ids = written.attachment_ids
    named = find_named(user=owner, conversation=None, ids=ids)
    return named[0].name if named else NO_TITLE
