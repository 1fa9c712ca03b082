"""Every role at every route: the role matrix, and what must hold beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from conversations.models import Access, Conversation, Membership
from tests.rights.matrix import (
    LOGIN,
    MATRIX,
    Row,
    Status,
)
from tests.rights.requests import ids_for, posted
from tests.rights.routes import all_routes, our_routes
from tests.rights.undoing import undone
from tests.rights.world import ROLES, World

pytestmark = pytest.mark.django_db
REFUSED = {LOGIN, 401, 403, 404, 405}
# What any page of Django admin is about.
OF_ADMIN = {
    "object_id": 1,
    "app_label": "conversations",
    "content_type_id": 1,
    "pk": 1,
    "id": 1,
    "number": 1,
}
# Redirects to the page after it, and what catches all else.
UNNAMED = {"admin:None"}
METHODS = ("get", "post", "put", "patch", "delete")


def status_of(response: HttpResponse) -> Status:
    to = response.get("Location", "")
    return LOGIN if to.startswith(reverse("account_login")) else response.status_code


def ask(world: World, client: Client, method: str, name: str) -> HttpResponse:
    path = our_routes()[name].path(ids_for(name, world.own))
    data = posted(name, world) if method == "post" else {}
    response: HttpResponse = getattr(client, method)(path, data)
    return response


def may_not_write(method: str, got: Status) -> bool:
    return method == "get" or got in REFUSED


@pytest.mark.parametrize("name", MATRIX)
def test_a_role_gets_what_the_matrix_says(
    world: World, settings: Settings, name: str
) -> None:
    """Looking changes nothing, nor does what is refused; but an admin's reading is noted."""
    wrong = {}
    for method, row in MATRIX[name].items():
        for role in ROLES:
            settings.ADMINS_MAY_READ = role == "reading_staff"
            with undone() as written:
                got = status_of(ask(world, world.client(role), method, name))
            if got != row[role]:
                wrong[method, role] = f"{got}, not {row[role]}"
            elif written and role != "reading_staff" and may_not_write(method, got):
                wrong[method, role] = f"{got}, but wrote {written}"

    assert wrong == {}


def test_whatever_an_admin_reads_of_a_conversation_is_noted(
    world: World, settings: Settings
) -> None:
    settings.ADMINS_MAY_READ = True
    client, unnoted = world.client("reading_staff"), []
    for name, row in MATRIX.items():
        if row.get("get", {}).get("reading_staff") == 200 and is_for_readers(row):
            with undone() as written:
                ask(world, client, "get", name)
            if not any("conversations_opening" in sql for sql in written):
                unnoted.append(name)

    assert unnoted == []


def is_for_readers(row: Mapping[str, Row]) -> bool:
    """Whether other admins, who may not read, get nothing."""
    return row["get"]["staff"] == 404


@pytest.mark.parametrize("role", ["anonymous", "participant", "owner"])
def test_a_method_that_no_row_names_is_refused(world: World, role: str) -> None:
    wrong = {}
    for name, row in MATRIX.items():
        for method in set(METHODS) - set(row):
            with undone() as written:
                got = status_of(ask(world, world.client(role), method, name))
            if got not in REFUSED or written:
                wrong[method, name] = got

    assert wrong == {}


def test_a_team_that_may_only_read_is_made_of_readers(world: World) -> None:
    """What a member may then do is what the matrix says of a reader."""
    wrong = {}
    for name, row in of_a_conversation():
        for method, statuses in row.items():
            for role in ("participant", "team_admin"):
                with undone() as written:
                    Conversation.objects.update(team_access=Access.READ)
                    made = len(written)
                    got = status_of(ask(world, world.client(role), method, name))
                if got != statuses["reader"] or (got in REFUSED and written[made:]):
                    wrong[method, name, role] = got

    assert wrong == {}


def of_a_conversation() -> list[tuple[str, Mapping[str, Row]]]:
    routes = our_routes()
    return [row for row in MATRIX.items() if "pk" in routes[row[0]].arguments]


def test_what_another_site_posts_is_refused_everywhere(world: World) -> None:
    wrong = {}
    for name, row in MATRIX.items():
        if "post" not in row:
            continue
        with undone() as written:
            client = world.client("owner", checks_csrf=True)
            got = status_of(ask(world, client, "post", name))
        if got != 403 or written:
            wrong[name] = got

    assert wrong == {}


def test_what_is_posted_empty_is_refused_or_needs_no_words(world: World) -> None:
    """Where a form is not filled in, nothing is written."""
    client, statuses = world.client("owner"), {}
    for name, row in MATRIX.items():
        if "post" in row:
            path = our_routes()[name].path(ids_for(name, world.own))
            with undone() as written:
                response = client.post(path)
            statuses[name] = (response.status_code, bool(written))
    filled = {name: got for name, got in statuses.items() if posted(name, world)}

    assert all(status < 500 for status, _ in statuses.values()), statuses
    assert {name for name, (_, wrote) in filled.items() if wrote} == NEEDS_NO_WORDS


# A form whose every box may be empty; who empties their draft wants nothing kept, and
# who names neither the light theme nor the dark one has that of their system.
NEEDS_NO_WORDS = {"talk_settings", "draft", "theme"}


def test_a_right_that_is_taken_behind_an_open_page_is_gone(world: World) -> None:
    """The page was opened as a member; what its buttons do is then not there."""
    client, wrong = world.client("participant"), {}
    page = world.own.conversation.get_absolute_url()
    with undone() as written:
        assert client.get(page).status_code == 200
        Membership.objects.filter(user=world.people["participant"]).delete()
        for name, row in of_a_conversation():
            made = len(written)
            for method in row:
                got = status_of(ask(world, client, method, name))
                if got != 404 or written[made:]:
                    wrong[method, name] = got

    assert wrong == {}


@pytest.mark.parametrize("role", sorted({*ROLES} - {"staff", "reading_staff"}))
def test_no_admin_page_is_served_to_anyone_but_staff(world: World, role: str) -> None:
    client, served = world.client(role), {}
    for route in all_routes():
        if not route.is_of_admin or route.name in UNNAMED:
            continue
        path = route.path(OF_ADMIN)
        if client.get(path).status_code not in (302, 403, 404):
            served[path] = role

    assert served == {}
