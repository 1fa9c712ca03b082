"""An id of what is not yours says nothing: not even that there is such a thing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from conversations import limits
from conversations.models import (
    Conversation,
    Membership,
    Message,
    OneTimeLink,
    User,
)
from tests.rights.answers import page_of
from tests.rights.matrix import MATRIX
from tests.rights.requests import Data, ids_for, posted
from tests.rights.routes import Route, our_routes
from tests.rights.undoing import undone
from tests.rights.world import World

pytestmark = pytest.mark.django_db

MISSING = {"UUIDConverter": uuid.UUID(int=1 << 100), "RowConverter": 10**18 - 1}
# What no converter takes as an id, in the place of one.
MALFORMED = (
    "0",
    "-1",
    "x",
    "1e3",
    "9" * 19,
    "9" * 4000,
    "%00",
    "..%2f",
    "%d9%a1",
    "00000000-0000-0000-0000-00000000000G",
    "{00000000-0000-4000-8000-000000000000}",
)


def with_ids(world: World) -> Iterator[tuple[Route, str, Data]]:
    """Each route that takes ids, with each of its methods and what it is sent."""
    for name, route in our_routes().items():
        if any(kind in MISSING for _, kind in route.kinds):
            for method in MATRIX.get(name, {}):
                yield route, method, posted(name, world) if method == "post" else {}


def replacing(
    route: Route, here: Mapping[str, object], there: Mapping[str, object]
) -> Iterator[tuple[str, dict[str, object]]]:
    """The ids of `here`, each in its turn replaced by that of `there`."""
    for name, kind in route.kinds:
        if kind in MISSING:
            yield name, {**here, name: there[name]}


def answer(
    client: Client, method: str, path: str, data: Mapping[str, object]
) -> tuple[int, str, bool]:
    """The status and the page, and whether something was written."""
    with undone() as written:
        response = getattr(client, method)(path, data)
    return response.status_code, page_of(response), bool(written)


def missing(route: Route) -> dict[str, object]:
    return {name: MISSING[kind] for name, kind in route.kinds if kind in MISSING}


@pytest.mark.parametrize("role", ["owner", "team_admin", "reader"])
def test_an_id_of_others_looks_like_one_that_never_was(world: World, role: str) -> None:
    """Each id of an address in its turn is another team's, or of another
    conversation or team of one's own: then it is no child of what comes before it.
    """
    wrong = {}
    client = world.client(role)
    for route, method, data in with_ids(world):
        here = ids_for(route.name, world.own)
        for changed, ids in replacing(route, here, missing(route)):
            never = answer(client, method, route.path(ids), data)
            for whose in ("foreign", "other"):
                if is_a_way_in(route, changed, role, whose):
                    continue
                theirs = ids_for(route.name, getattr(world, whose))
                path = route.path({**here, changed: theirs[changed]})
                got = answer(client, method, path, data)
                if got != never or got[2] or got[0] < 400:
                    wrong[method, route.name, changed, whose] = (got[0], never[0])

    assert wrong == {}


def is_a_way_in(route: Route, changed: str, role: str, whose: str) -> bool:
    """Whether the address then names something else that is one's own.

    A conversation can be shared with anyone of any team of its owner.
    """
    alone = changed == route.arguments[0] or route.name == "share_person"
    return role == "owner" and whose == "other" and alone


def test_a_malformed_id_looks_like_one_that_never_was(world: World) -> None:
    wrong = {}
    client = world.client("owner")
    for route, method, data in with_ids(world):
        here = ids_for(route.name, world.own)
        whole = route.path(here)
        for changed, ids in replacing(route, here, missing(route)):
            never = answer(client, method, route.path(ids), data)
            before, _, after = whole.rpartition(f"/{here[changed]}/")
            for malformed in MALFORMED:
                got = answer(client, method, f"{before}/{malformed}/{after}", data)
                if got != never:
                    wrong[method, route.name, changed, malformed] = (got[0], never[0])

    assert wrong == {}


def test_a_deleted_conversation_looks_like_one_that_never_was(world: World) -> None:
    def delete() -> None:
        Conversation.objects.update(deleted_at=timezone.now())

    of_one = {"pk", "file_pk"}
    routes = OF_DELETED | OF_DRAFTS
    assert differing(world, "owner", of_one, delete, besides=routes) == {}


def test_a_deleted_branch_looks_like_one_that_never_was(world: World) -> None:
    def delete() -> None:
        Message.objects.update(removed_at=timezone.now())

    of_one = {"message_pk", "file_pk"}
    routes = {"restore_branch"} | OF_DRAFTS
    assert differing(world, "owner", of_one, delete, besides=routes) == {}


# Its owner can have it back, or have it deleted for good.
OF_DELETED = {"restore", "purge"}
# What is taken out of a draft is one's own wherever that was.
OF_DRAFTS = {"remove_file"}
STRANGERS = ("outsider", "guest", "reader", "participant", "team_admin", "staff")


@pytest.mark.parametrize("role", STRANGERS)
def test_what_its_owner_can_have_back_looks_to_others_like_what_never_was(
    world: World, role: str
) -> None:
    """Also to whom it was shared with."""
    assert differing(world, role, {"pk"}, only=OF_DELETED) == {}


@pytest.mark.parametrize("hours", [None, limits.UNDO_HOURS])
def test_what_is_not_deleted_or_too_long_ago_cannot_be_had_back(
    world: World, hours: int | None
) -> None:
    def become() -> None:
        since = hours and timezone.now() - timedelta(hours=hours)
        Conversation.objects.update(deleted_at=since)

    assert differing(world, "owner", {"pk"}, become, only=OF_DELETED) == {}


def differing(
    world: World,
    role: str,
    of_one: set[str],
    become: Callable[[], None] = lambda: None,
    *,
    besides: Collection[str] = (),
    only: Collection[str] = MATRIX,
) -> dict[tuple[str, str], tuple[int, int]]:
    """Where the answer is another one than for ids that never were."""
    wrong = {}
    client = world.client(role)
    for route, method, data in with_ids(world):
        concerned = of_one & {*route.arguments} and route.name in only
        if not concerned or route.name in besides:
            continue
        here = ids_for(route.name, world.own)
        never = answer(client, method, route.path({**here, **missing(route)}), data)
        with undone():
            become()
            got = answer(client, method, route.path(here), data)
        if got != never or got[0] != 404:
            wrong[method, route.name] = (got[0], never[0])
    return wrong


def lose_account(world: World) -> None:
    User.objects.filter(pk=world.people["owner"].pk).update(is_active=False)


def lose_rank(world: World) -> None:
    Membership.objects.filter(user=world.people["owner"]).update(role="member")


def lose_team(world: World) -> None:
    Membership.objects.filter(user=world.people["owner"]).delete()


def be_used(_: World) -> None:
    OneTimeLink.objects.update(used_at=timezone.now())


def be_late(_: World) -> None:
    OneTimeLink.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(
    "become", [lose_account, lose_rank, lose_team, be_used, be_late]
)
@pytest.mark.parametrize("role", ["anonymous", "outsider"])
def test_a_link_that_is_no_good_any_more_looks_like_one_that_never_was(
    world: World, role: str, become: Callable[[World], None]
) -> None:
    """That of somebody who could not make it any more is one of them."""
    client, wrong = world.client(role), {}
    for name in ("invitation", "new_password"):
        route, ids = our_routes()[name], ids_for(name, world.own)
        for method in MATRIX[name]:
            data = posted(name, world) if method == "post" else {}
            nobodys = route.path({"token": "no-such-token"})
            never = answer(client, method, nobodys, data)
            with undone():
                become(world)
                got = answer(client, method, route.path(ids), data)
            if got != never or got[0] != 404:
                wrong[method, name] = (got[0], never[0])

    assert wrong == {}
