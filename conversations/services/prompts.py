"""System prompts and their revisions, which never change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from conversations.models import PromptRevision, SystemPrompt
from conversations.services.errors import RefusedError
from conversations.text import clean_line, clean_text

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import User

SAVE_ATTEMPTS = 20
NOTE_CHARACTERS = 200
FIRST_PROMPT = """\
You help a team with its work. Answer in the language you are asked in, plainly and \
to the point; begin with what matters most. Where you are not sure, say so, and say \
what would settle it. Use Markdown where it helps the reader: short lists, tables \
for comparisons, fenced code with its language named.
"""

_KEY_LIKE = re.compile(
    r"\b(sk|pk|rk|ghp|gho|xox[abp]|AIza|AKIA)[-_]?[A-Za-z0-9_-]{16,}"
)


def list_prompts() -> QuerySet[SystemPrompt]:
    """Return the system prompts people can choose, by name."""
    return SystemPrompt.objects.filter(is_archived=False)


def find_default_prompt() -> SystemPrompt | None:
    """Return the system prompt of new conversations, None where there is none."""
    return list_prompts().filter(is_default=True).first()


def make_first_prompt(*, author: User) -> None:
    """Make a system prompt to begin with, the default, where there is none at all."""
    if SystemPrompt.objects.exists():
        return
    prompt = SystemPrompt.objects.create(name="General", is_default=True)
    save_revision(prompt=prompt, text=FIRST_PROMPT, note="To begin with", author=author)


def save_revision(
    *, prompt: SystemPrompt, text: str, note: str, author: User
) -> PromptRevision | None:
    """Save what a prompt says from now on; None where it says so already.

    Two people may save at once: each gets a revision and a number of their own.
    """
    text, note = clean_text(text), clean_line(note)[:NOTE_CHARACTERS]
    for _ in range(SAVE_ATTEMPTS):
        try:
            with transaction.atomic():
                return _add_revision(prompt, text, note, author)
        except IntegrityError:
            # Somebody else took the number.
            continue
    raise RefusedError("Others are saving this prompt too. Please save once more.")


def _add_revision(
    prompt: SystemPrompt, text: str, note: str, author: User
) -> PromptRevision | None:
    newest = prompt.newest
    if newest is not None and newest.text == text:
        return None
    return PromptRevision.objects.create(
        prompt=prompt,
        number=newest.number + 1 if newest else 1,
        text=text,
        note=note,
        author=author,
    )


def restore_revision(
    *, revision: PromptRevision, author: User
) -> PromptRevision | None:
    """Make a prompt say again what it said; None where it still does."""
    return save_revision(
        prompt=revision.prompt,
        text=revision.text,
        note=f"Restored from v{revision.number}",
        author=author,
    )


def choose_default_prompt(*, prompt: SystemPrompt) -> None:
    """Make `prompt` the one of new conversations; raises `RefusedError` if archived."""
    with transaction.atomic():
        _lock_prompts()
        prompt.refresh_from_db(fields=["is_archived"])
        if prompt.is_archived:
            raise RefusedError("An archived prompt cannot be the default.")
        clear_default_prompt()
        SystemPrompt.objects.filter(pk=prompt.pk).update(is_default=True)
    prompt.is_default = True


def clear_default_prompt() -> None:
    """Let new conversations begin without a system prompt."""
    SystemPrompt.objects.filter(is_default=True).update(is_default=False)


def archive_prompt(*, prompt: SystemPrompt, archived: bool) -> None:
    """Take a prompt out of people's choice, or put it back; its history stays."""
    fields = {"is_archived": archived}
    if archived:
        fields["is_default"] = False
    SystemPrompt.objects.filter(pk=prompt.pk).update(**fields)
    prompt.refresh_from_db(fields=["is_archived", "is_default"])


def is_used(prompt: SystemPrompt) -> bool:
    """Tell whether an answer or a conversation refers to a prompt."""
    answered = prompt.revisions.filter(generation__isnull=False)
    return answered.exists() or prompt.conversation_set.exists()


def looks_like_key(text: str) -> bool:
    """Tell whether `text` seems to hold somebody's key."""
    return _KEY_LIKE.search(text) is not None


def _lock_prompts() -> None:
    """Let one person at a time choose; two chosen at once would break the rule."""
    rows = SystemPrompt.objects.select_for_update().order_by("pk")
    list(rows.values_list("pk", flat=True))
