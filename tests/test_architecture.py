"""The rules that hold everywhere: every route in the role matrix, and more."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conversations.consumers import COMMANDS
from conversations.models import Message
from conversations.routing import websocket_urlpatterns
from tests.factories import make_answered_turn, make_conversation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.test import Client

    from conversations.models import Conversation, User

ROLES = ("anonymous", "outsider", "owner", "deactivated", "staff")

# Route name → method → the status each role gets, in the order of ROLES.
# "login" is a redirect to the login page.
LOGIN = "login"
MATRIX: dict[str, dict[str, tuple[object, ...]]] = {
    "home": {
        "get": (LOGIN, 200, 200, LOGIN, 200),
        "post": (LOGIN, 422, 422, LOGIN, 422),
    },
    "sidebar": {"get": (LOGIN, 200, 200, LOGIN, 200)},
    "conversation": {"get": (LOGIN, 404, 200, LOGIN, 404)},
    "older": {"get": (LOGIN, 404, 200, LOGIN, 404)},
    "send": {"post": (LOGIN, 404, 422, LOGIN, 404)},
    "rename": {"post": (LOGIN, 404, 302, LOGIN, 404)},
    "delete": {"post": (LOGIN, 404, 302, LOGIN, 404)},
    "stop": {"post": (LOGIN, 404, 302, LOGIN, 404)},
    "retry": {"post": (LOGIN, 404, 302, LOGIN, 404)},
    "continue": {"post": (LOGIN, 404, 409, LOGIN, 404)},
    "start": {"post": (LOGIN, 404, 302, LOGIN, 404)},
    "setup": {"get": (404, 404, 404, 404, 404), "post": (404, 404, 404, 404, 404)},
    "setup_link": {"get": (404, 404, 404, 404, 404)},
    "healthz": {"get": (200, 200, 200, 200, 200)},
    "readyz": {"get": (200, 200, 200, 200, 200)},
    "account_login": {
        "get": (200, 302, 302, 200, 302),
        "post": (200, 302, 302, 200, 302),
    },
    "account_logout": {
        "get": (LOGIN, 200, 200, LOGIN, 200),
        "post": (LOGIN, 302, 302, LOGIN, 302),
    },
    "account_change_password": {
        "get": (LOGIN, 200, 200, LOGIN, 200),
        "post": (LOGIN, 200, 200, LOGIN, 200),
    },
}
# What a socket command needs: the conversation must be visible to the person.
SOCKET_COMMANDS = {"sub", "k"}
SOCKET_ROUTES = {"socket", "nowhere"}


OF_A_CONVERSATION = ("conversation", "older", "send", "rename", "delete")
OF_A_MESSAGE = ("stop", "retry", "continue", "start")


def walk(patterns: Sequence[object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (namespace:name, route) of every URL pattern."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from walk(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", str(pattern.pattern)


def test_every_route_has_a_row_in_the_role_matrix() -> None:
    names = {name for name, _ in walk(get_resolver().url_patterns)}
    ours = {name for name in names if not name.startswith("admin:")}

    assert ours == set(MATRIX)


def test_every_socket_command_and_route_is_listed() -> None:
    assert set(COMMANDS) == SOCKET_COMMANDS
    assert {
        getattr(one, "name", None) for one in websocket_urlpatterns
    } == SOCKET_ROUTES


@pytest.fixture
def people(
    alice: User, charlie: User, staff: User, bob: User
) -> dict[str, User | None]:
    bob.is_active = False
    bob.save()
    return {
        "anonymous": None,
        "outsider": charlie,
        "owner": alice,
        "deactivated": bob,
        "staff": staff,
    }


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice)
    make_answered_turn(conversation, "Hello", "Hello, Alice.")
    return conversation


def url_of(name: str, conversation: Conversation) -> str:
    reply = conversation.messages.get(role=Message.Role.ASSISTANT)
    arguments: dict[str, list[object]] = {
        "setup_link": ["no-such-token"],
        **{name: [conversation.pk] for name in OF_A_CONVERSATION},
        **{name: [conversation.pk, reply.pk] for name in OF_A_MESSAGE},
    }
    return reverse(name, args=arguments.get(name, []))


CASES = [
    (name, method, role, expected)
    for name, methods in MATRIX.items()
    for method, row in methods.items()
    for role, expected in zip(ROLES, row, strict=True)
]


@pytest.mark.parametrize(("name", "method", "role", "expected"), CASES)
def test_a_role_gets_what_the_matrix_says(
    client: Client,
    people: dict[str, User | None],
    conversation: Conversation,
    name: str,
    method: str,
    role: str,
    expected: object,
) -> None:
    if user := people[role]:
        client.force_login(user)

    response = getattr(client, method)(url_of(name, conversation))

    if expected == LOGIN:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
    else:
        assert response.status_code == expected


@pytest.mark.parametrize("role", ["anonymous", "outsider", "owner", "deactivated"])
def test_no_admin_page_is_served_to_anyone_but_staff(
    client: Client, people: dict[str, User | None], role: str
) -> None:
    if user := people[role]:
        client.force_login(user)
    for name, route in walk(get_resolver().url_patterns):
        if not name.startswith("admin:") or "<" in route or "(" in route:
            continue

        response = client.get(reverse(name))

        assert response.status_code in (302, 403, 404), name


def without_tokens(page: bytes) -> str:
    """The page without its CSRF token, which is masked anew each time."""
    return re.sub(r"[A-Za-z0-9]{64}", "", page.decode())


ID_ROUTES = ["conversation", "older"]


@pytest.mark.parametrize("name", ID_ROUTES)
def test_a_foreign_and_a_missing_conversation_look_the_same(
    client: Client, charlie: User, conversation: Conversation, name: str
) -> None:
    client.force_login(charlie)

    foreign = client.get(reverse(name, args=[conversation.pk]))
    missing = client.get(reverse(name, args=[uuid.uuid4()]))

    assert foreign.status_code == missing.status_code == 404
    assert without_tokens(foreign.content) == without_tokens(missing.content)


def test_a_message_of_another_conversation_is_not_found(
    client: Client, alice: User, conversation: Conversation
) -> None:
    client.force_login(alice)
    other = make_conversation(owner=alice)
    reply = conversation.messages.get(role=Message.Role.ASSISTANT)

    response = client.post(reverse("retry", args=[other.pk, reply.pk]))

    assert response.status_code == 404
