"""All that pages say to somebody, whatever they ask for or try to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from tests.rights.answers import text_of
from tests.rights.canaries import BEGINNING
from tests.rights.matrix import MATRIX
from tests.rights.requests import ids_for, posted
from tests.rights.routes import Route, our_routes
from tests.rights.undoing import undone
from tests.rights.world import Things, World

HTMX = {"hx-request": "true"}
# After which nobody is signed in who was.
RENEWS_SESSION = {"account_logout"}


def looks(world: World, route: Route) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Ways to look at what a route shows: an address, and with htmx or without."""
    own, other, foreign = (
        route.path({**ids_for(route.name, things), "token": "no-such-token"})
        for things in (world.own, world.other, world.foreign)
    )
    search = urlencode({"q": BEGINNING, "unread": "on", "edit": "summary"})
    yield from ((path, {}) for path in dict.fromkeys((own, other, foreign)))
    yield from ((route.path(ids), {}) for ids in out_of_sight(route, world))
    for path in dict.fromkeys((own, foreign)):
        yield f"{path}?{search}", HTMX
        yield f"{path}?{naming(world.own)}", {}
        if route.name == "exact_request":
            yield from ((f"{path}?as={kind}", {}) for kind in ("json", "curl"))
        if route.name == "export_json":
            yield f"{path}?all=1", {}


def out_of_sight(route: Route, world: World) -> Iterator[dict[str, object]]:
    """Ids of what was deleted, and of files in what somebody is writing."""
    for things in (world.own, world.other):
        ids = {**ids_for(route.name, things), "token": "no-such-token"}
        if "message_pk" in route.arguments:
            yield {**ids, "message_pk": things.removed.pk}
        if "pk" in route.arguments:
            yield {**ids, "pk": things.deleted.pk}
        if "file_pk" in route.arguments:
            for file in (things.draft_file, things.first_file):
                yield {**ids, "file_pk": file.pk}


def naming(things: Things) -> str:
    """A query of all that a page can be told by an id."""
    messages = dict.fromkeys(("before", "at", "after"), things.reply.pk)
    more = {
        "person": things.conversation.owner_id,
        "model": things.model.pk,
        "team": things.team.pk,
        "conversation": things.conversation.pk,
    }
    return urlencode({**messages, **more})


def shown(world: World, role: str, *, posts: bool = True) -> Iterator[tuple[str, str]]:
    """The address and the answer of every GET, and of every POST."""
    client = world.client(role)
    for name, route in our_routes().items():
        row = MATRIX.get(name, {})
        if "get" in row:
            for path, headers in looks(world, route):
                with undone():
                    yield path, text_of(client.get(path, headers=headers))
        if posts and "post" in row and name not in RENEWS_SESSION:
            for things in (world.own, world.other):
                ids = {**ids_for(name, things), "token": "no-such-token"}
                path, data = route.path(ids), posted(name, world)
                with undone():
                    yield f"POST {path}", text_of(client.post(path, data, headers=HTMX))
