"""What the next turn is asked with, and which messages are too large for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.context.budget import limit_for
from conversations.context.tokens import count
from conversations.models import Conversation
from conversations.services.attachments.sending import describe_files
from conversations.services.branching.viewing import find_end_in_view
from conversations.services.budgets import settings_of
from conversations.services.contexts import Chosen
from conversations.services.errors import RefusedError
from conversations.services.gateways import model_for, reach
from conversations.services.meter.before import Place
from conversations.services.meter.foreseeing import foresee
from conversations.services.meter.notes import note_unseen, say_too_large
from conversations.services.prices import find_prices
from conversations.services.requests import TOKENIZER_RATIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from conversations.models import (
        Attachment,
        LanguageModel,
        Message,
        SystemPrompt,
        User,
    )
    from conversations.services.attachments.sending import Files

# A shorter text fits into any window that is of use.
SMALL_BYTES = 2_000


def choose_next(conversation: Conversation, user: User) -> Chosen | None:
    """Return what the next turn is asked with, None where nothing can be asked."""
    model = model_for(conversation, user)
    if model is None:
        return None
    try:
        reached = reach(model)
    except RefusedError:
        return None
    revision = conversation.prompt.newest if conversation.prompt else None
    prices = find_prices(model=model, at=timezone.now())
    return Chosen(model, reached, revision, prices)


def refuse_too_large(
    *,
    conversation: Conversation,
    user: User,
    content: str,
    after: UUID | None = None,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Refuse a message that cannot be sent, were it all that is sent.

    It would go to the branch through `after`, or to the one that the person looks at.
    Raises `RefusedError` with its size and the limit, or with the names of files that
    the model cannot read. Short texts without files are not looked at.
    """
    files = describe_files(attachments=attachments)
    chosen = _choose_for_large(conversation, user, content, files)
    if chosen is not None:
        leaf = find_end_in_view(conversation=conversation, user=user, after=after)
        _refuse(chosen, Place(count(content), conversation, leaf, files))


def refuse_too_large_edit(
    *,
    message: Message,
    user: User,
    content: str,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Refuse a text in the place of an earlier message that cannot be sent.

    Raises `RefusedError` as `refuse_too_large` does.
    """
    conversation = message.conversation
    files = describe_files(attachments=attachments)
    chosen = _choose_for_large(conversation, user, content, files)
    if chosen is not None:
        place = Place(count(content), conversation, message.parent_id, files)
        _refuse(chosen, place)


def refuse_first_too_large(
    *,
    user: User,
    model: LanguageModel | None,
    prompt: SystemPrompt | None,
    content: str,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Refuse a first message that cannot be sent, before there is a conversation.

    Raises `RefusedError` as `refuse_too_large` does.
    """
    new = Conversation(owner=user, model=model, prompt=prompt)
    refuse_too_large(
        conversation=new, user=user, content=content, attachments=attachments
    )


def _choose_for_large(
    conversation: Conversation, user: User, content: str, files: Files
) -> Chosen | None:
    """Return what a message is asked with that may be refused; None if it is not."""
    most = len(content.encode())
    is_small = most <= SMALL_BYTES and not files
    chosen = None if is_small else choose_next(conversation, user)
    may_be = chosen is not None and most * TOKENIZER_RATIO > _limit(chosen)
    return chosen if may_be or files else None


def _refuse(chosen: Chosen, place: Place) -> None:
    for note in note_unseen(chosen, place):
        raise RefusedError(note.words)
    seen = foresee(chosen=chosen, place=place)
    if seen.is_too_large:
        raise RefusedError(say_too_large(seen, place.files))


def _limit(chosen: Chosen) -> int:
    return limit_for(settings_of(chosen.model, chosen.revision), chosen.facts)
