"""What is sent: ids in it are looked for among what is one's own, all else is ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from django.db import models

from tests.rights.answers import page_of
from tests.rights.matrix import MATRIX
from tests.rights.requests import ids_for, posted
from tests.rights.routes import our_routes
from tests.rights.rows import Rows, changes, our_models, read_rows
from tests.rights.undoing import undone
from tests.rights.world import Things, World

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(world: World) -> Rows:
    """What there is before each test, as whatever is done is undone."""
    return read_rows()


# What a route takes beside what `posted` sends it.
ALSO_TAKEN: dict[str, set[str]] = {
    "home": {"effort", "team"},
    "first_meter": {"model", "prompt"},
    "send": {"after", "post", "people_only"},
    "model": {"effort"},
    # Another model is asked.
    "retry": {"model"},
    # Without scripts what was typed comes along.
    "add_files": {"content"},
    "add_first_files": {"content"},
    "place": {"folder", "new_folder"},
    "talk_settings": {"asks_when_named"},
    "team_settings": {"model", "prompt"},
    "invite": {"address"},
    "invitation": {"name"},
}
POSTS = [name for name, row in MATRIX.items() if "post" in row]

HOSTILE = (
    (models.DateField, "2001-01-01"),
    (models.CharField, "hostile"),
    (models.TextField, "hostile"),
)


def extras(world: World) -> dict[str, object]:
    """A value for every column of every table, whatever it is called in a form."""
    found: dict[str, object] = {}
    for model in our_models():
        for field in model._meta.concrete_fields:
            value = _hostile(field, world)
            found |= {field.name: value, field.attname: value}
    return found


def _hostile(field: models.Field[Any, Any], world: World) -> object:
    if field.is_relation:
        return _of_charlie(field.related_model, world)
    if field.choices:
        return [value for value, _ in field.flatchoices][-1]
    if isinstance(field, models.BooleanField):
        return "" if field.default is True else "1"
    if isinstance(field, models.UUIDField):
        return world.foreign.conversation.pk
    return next((value for kind, value in HOSTILE if isinstance(field, kind)), "77")


def _of_charlie(model: Any, world: World) -> object:
    names = {"user": "outsider", "team": "team", "message": "reply"}
    name = model._meta.model_name
    if name == "user":
        return world.people["outsider"].pk
    thing = getattr(world.foreign, names.get(name, name), None)
    return thing.pk if thing is not None else 1


# What a route is told by an id beside its address, and what kind of thing that names.
NAMED: list[tuple[str, str, str, str]] = [
    ("get", "home", "model", "model"),
    ("get", "home", "team", "team"),
    ("post", "home", "model", "model"),
    ("post", "home", "team", "team"),
    ("get", "models", "model", "model"),
    ("get", "models", "conversation", "conversation"),
    ("get", "search", "conversation", "conversation"),
    ("get", "search", "person", "member"),
    ("get", "search", "team", "team"),
    ("get", "search", "model", "model"),
    ("post", "home", "attachments", "first_file"),
    ("post", "first_meter", "attachments", "first_file"),
    ("post", "first_meter", "model", "model"),
    ("get", "conversation", "at", "message"),
    ("get", "conversation", "before", "message"),
    ("get", "conversation", "after", "message"),
    ("get", "older", "before", "message"),
    ("get", "older", "end", "message"),
    ("get", "newer", "after", "message"),
    ("get", "newer", "end", "message"),
    ("get", "around", "at", "message"),
    ("get", "around", "end", "message"),
    ("post", "send", "after", "message"),
    ("post", "send", "attachments", "draft_file"),
    ("post", "meter", "after", "message"),
    ("post", "meter", "attachments", "draft_file"),
    ("post", "retry", "model", "model"),
    ("post", "place", "folder", "folder"),
    ("post", "model", "model", "model"),
    ("post", "summary", "until", "message"),
    ("post", "summary", "after", "message"),
    ("get", "memory", "after", "message"),
    ("post", "share", "team", "team"),
    ("get", "team", "person", "member"),
    ("get", "team", "model", "model"),
    ("post", "team_settings", "model", "model"),
]
NOBODYS = {
    kind: UUID(int=1 << (100 + number))
    for number, kind in enumerate(
        ("message", "conversation", "draft_file", "first_file")
    )
}
NUMBER = 10**17


@pytest.mark.parametrize(("method", "name", "field", "kind"), NAMED)
def test_an_id_that_is_sent_is_looked_for_among_ones_own(
    world: World, rows: Rows, method: str, name: str, field: str, kind: str
) -> None:
    """Another's is as good as one that never was; and one's own is another matter."""
    own, foreign = (named(kind, things) for things in (world.own, world.foreign))
    nobodys = NOBODYS.get(kind, NUMBER)

    never = sends(world, rows, method, name, {field: nobodys})
    theirs = sends(world, rows, method, name, {field: foreign})
    mine = sends(world, rows, method, name, {field: own})

    assert without(theirs, foreign, nobodys) == without(never, foreign, nobodys)
    assert without(mine, own, nobodys) != without(never, own, nobodys)


def named(kind: str, things: Things) -> object:
    return things.ids["message_pk"] if kind == "message" else getattr(things, kind).pk


def sends(
    world: World, rows: Rows, method: str, name: str, more: Mapping[str, object]
) -> list[str]:
    """What it answers, and what it writes."""
    path = our_routes()[name].path(ids_for(name, world.own))
    data = {**(posted(name, world) if method == "post" else {}), **more}
    with undone():
        response = getattr(world.client("owner"), method)(path, data)
        after = read_rows()
    answered = [str(response.status_code), response.get("Location", "")]
    found = [*answered, page_of(response), *changes(rows, after)]
    return without(found, *new_ids(rows, after))


def new_ids(before: Rows, after: Rows) -> list[object]:
    """What was drawn for rows that were added, which is another id each time."""
    keys = (key for table in after for key in after[table].keys() - before[table])
    return [key for key in keys if isinstance(key, UUID)]


def without(answer: list[str], *ids: object) -> list[str]:
    """The answer without the ids that were sent, which it may repeat."""
    if not ids:
        return answer
    sent = re.compile(rf"\b({'|'.join(map(str, ids))})\b")
    return [sent.sub("", text) for text in answer]


@pytest.mark.parametrize("name", POSTS)
def test_what_no_form_asks_for_changes_nothing(
    world: World, rows: Rows, name: str
) -> None:
    """With a column's name for each value, it does what it does without them."""
    asked = posted(name, world)
    taken = {*asked, *ALSO_TAKEN.get(name, set())}
    more = {key: value for key, value in extras(world).items() if key not in taken}
    role = "outsider" if name == "invitation" else "owner"

    plain = done(world, rows, role, name, asked)
    assert done(world, rows, role, name, {**more, **asked}) == plain


def done(
    world: World, rows: Rows, role: str, name: str, data: Mapping[str, object]
) -> object:
    path = our_routes()[name].path(ids_for(name, world.own))
    with undone():
        response = world.client(role).post(path, data)
        return response.status_code, changes(rows, read_rows())
