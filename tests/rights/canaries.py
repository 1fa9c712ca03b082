"""A word of its own in every text that a team has: where it turns up, that was shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import CharField, EmailField, Field, JSONField, Model, TextField
from django.utils import timezone

from conversations.models import (
    Conversation,
    Epoch,
    File,
    Generation,
    LearnedFact,
    Membership,
    Opening,
    Price,
    SearchEntry,
    UsageRecord,
    User,
)
from conversations.services.search.indexing import index_written
from tests.rights.rows import our_models
from tests.rights.world import Things, World

BEGINNING = "zq"
WORD = re.compile(rf"{BEGINNING}\d+k", re.IGNORECASE)
# Around what was found in a word: only its beginning is searched for.
MARK = re.compile(r"</?mark[^>]*>")
# What is no text of people, of models or of gateways.
NO_TEXT = {
    "Attachment.media_type",
    "Departure.shares",
    "Endpoint.base_url",
    "Epoch.endpoint",
    "Epoch.noted",
    "Epoch.prompt_ref",
    "Gateway.key_last_four",
    "Gateway.key_variable",
    "Generation.manifest",
    "Generation.protocol",
    "Generation.request_sha256",
    "LanguageModel.abilities",
    "LanguageModel.listed_protocols",
    "OneTimeLink.token_hash",
    "Price.tiers",
    "SetUp.token_hash",
    "User.password",
    # Admins write them for everyone.
    "PromptRevision.note",
    "PromptRevision.text",
    "SystemPrompt.name",
    # Asked by the demo of nobody.
    "Delta.text",
}


@dataclass(frozen=True)
class Where:
    """The column a word is in, the row, and what it is of."""

    column: str
    row: object
    conversation: object = None
    user: object = None

    @classmethod
    def of(cls, column: str, row: Model) -> Where:
        user = row.pk if isinstance(row, User) else getattr(row, "user_id", None)
        return cls(column, row.pk, conversation_of(row), user)


def conversation_of(row: Model) -> object:
    """The key of the conversation that a row is of, if it is of one."""
    if isinstance(row, File):
        attached = row.attachments.values_list("conversation", flat=True)
        return attached.first()
    own = row.pk if isinstance(row, Conversation) else None
    return getattr(row, "conversation_id", own)


def text_fields(model: type[Model]) -> Iterator[Field[Any, Any]]:
    """The fields of a table that hold text, not one of a few words."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, CharField | TextField | JSONField)
        if is_text and not field.choices:
            yield field


def plant(rows: Iterable[Model], known: dict[str, Where]) -> None:
    """Put a word into every text of these rows; `known` says where each is."""
    for row in rows:
        model = type(row)
        words = {}
        for field in text_fields(model):
            column = f"{model.__name__}.{field.name}"
            if column not in NO_TEXT:
                word = f"{BEGINNING}{len(known)}k"
                known[word] = Where.of(column, row)
                words[field.name] = _filled(field, word)
        if words:
            model._base_manager.filter(pk=row.pk).update(**words)


def index(known: dict[str, Where]) -> None:
    """Read all into the search's index, and add a word of its own to each entry."""
    while index_written():
        pass
    for entry in SearchEntry.objects.all():
        word = f"{BEGINNING}{len(known)}k"
        known[word] = Where.of("SearchEntry.words", entry)
        # Beside what it is found by: it stays the entry of what was written.
        entry.words = f"{entry.words} {word}"
        entry.save(update_fields=["words"])


def _filled(field: Field[Any, Any], word: str) -> object:
    if isinstance(field, EmailField):
        return f"{word}@people.example"
    if isinstance(field, JSONField):
        return [{"url": f"https://{word}.example/", "title": word}]
    return word


def furnish(things: Things, world: World) -> None:
    """Whatever else a conversation leaves behind."""
    reply, conversation = things.reply, things.conversation
    owner, now = conversation.owner, timezone.now()
    epoch = Epoch.objects.create(
        conversation=conversation, message=reply, reason="start", memory="m"
    )
    usage = UsageRecord.objects.create(
        user=owner, model=things.model, input_tokens=7, cost=Decimal("0.07")
    )
    asked = Generation.objects.filter(message=reply)
    asked.update(epoch=epoch, started_at=now, ended_at=now, model=things.model)
    UsageRecord.objects.filter(pk=usage.pk).update(generation=asked.get())
    Opening.objects.create(
        conversation=conversation,
        user=world.people["staff"],
        name="staff",
        last_at=now - timedelta(hours=2),
    )
    endpoint = things.model.gateway.endpoints.get()
    LearnedFact.objects.create(
        endpoint=endpoint, model_name="m", kind="rejects", value="v"
    )
    Price.objects.create(model=things.model, input=1, output=2)


def rows_beside(things: Things, *people: Model) -> Iterator[Model]:
    """Every row but those of some people and of one team of theirs."""
    kept = {
        *people,
        things.team,
        things.model,
        things.model.gateway,
        things.conversation,
        things.invitation,
        things.password_link,
        things.folder,
        things.deleted_folder,
        things.first_file,
        things.first_file.file,
    }
    for model in our_models():
        for row in model._base_manager.all():
            if row not in kept and not _belongs(row, things):
                yield row


def _belongs(row: Model, things: Things) -> bool:
    of = (things.team, things.model.gateway, things.model)
    is_of_team = any(
        getattr(row, name, None) in of for name in ("team", "gateway", "model")
    )
    return is_of_team or conversation_of(row) == things.conversation.pk


def members_of(things: Things) -> Iterable[Model]:
    return [row.user for row in Membership.objects.filter(team=things.team)]


def found_in(text: str, known: dict[str, Where]) -> set[Where]:
    """Where the words are from that a text has."""
    return {known[word.lower()] for word in WORD.findall(MARK.sub("", text))}
