"""What the database holds, and what of it has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils import timezone

from conversations.models import Conversation, Message

# Table → key → column → value.
Rows = dict[str, dict[object, dict[str, Any]]]

# Whatever is set now lasts no longer.
ABOUT_NOW = timedelta(days=30)
# Made of chance: that they changed is all that can be told.
BY_CHANCE = {"password", "token_hash"}
# Columns without a foreign key that hold the key of another row.
KEYS: dict[str, type[Model]] = {
    "Unindexed.conversation_id": Conversation,
    "Unindexed.message_id": Message,
}


def read_rows() -> Rows:
    """Every row of every table of ours."""
    return {
        model._meta.db_table: {
            row[key_of(model)]: row for row in model._base_manager.values()
        }
        for model in our_models()
    }


def our_models() -> list[type[Model]]:
    return list(
        apps.get_app_config("conversations").get_models(include_auto_created=True)
    )


def key_of(model: type[Model]) -> str:
    assert model._meta.pk is not None
    return model._meta.pk.attname


def changes(before: Rows, after: Rows) -> list[str]:
    """One line for each value that is other than before.

    Keys of new rows, times of now and what is made of chance look the same each time.
    """
    return sorted(
        line for model in our_models() for line in _changes(model, before, after)
    )


def _changes(model: type[Model], before: Rows, after: Rows) -> Iterator[str]:
    table = model._meta.db_table
    old, new = before[table], after[table]
    yield from (f"{table} {key} is gone" for key in old.keys() - new.keys())
    for key, row in new.items():
        was = old.get(key)
        if row == was:
            continue
        for field in model._meta.concrete_fields:
            value = row[field.attname]
            if was is None or value != was[field.attname]:
                shown = _shown(field, value, before)
                name = "new" if was is None else key
                yield f"{table} {name} {field.attname}: {shown}"


def _shown(field: Field[Any, Any], value: object, before: Rows) -> str:
    if field.name in BY_CHANCE:
        return "another"
    if isinstance(value, datetime) and abs(value - timezone.now()) < ABOUT_NOW:
        return "about now"
    target = _named_by(field)
    if value is not None and target is not None and _is_new(target, value, before):
        return "a new row"
    return repr(value)


def _named_by(field: Field[Any, Any]) -> Any:
    """The table of which the values of a column are keys, if of any."""
    if field.is_relation:
        return field.related_model
    if field.primary_key:
        return field.model
    return KEYS.get(f"{field.model.__name__}.{field.name}")


def _is_new(
    model: Any, key: object, before: Mapping[str, Mapping[object, Any]]
) -> bool:
    return key not in before.get(model._meta.db_table, {})
