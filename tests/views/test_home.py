from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, User
from tests.factories import make_conversation, make_model, make_prompt

pytestmark = pytest.mark.django_db

MODEL = re.compile(
    r'name="model" value="(\d+)">\s*<button [^>]*aria-label="Model: ([^"]*)"'
)
PROMPT = re.compile(r'<option value="(\d*)" selected>([^<]*)</option>')


def chosen(page: str) -> list[tuple[str, str]]:
    """The model and the system prompt that a new conversation would have."""
    return [*MODEL.findall(page), *PROMPT.findall(page)]


@pytest.fixture
def alice_client(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def test_a_new_conversation_offers_the_defaults(alice_client: Client) -> None:
    make_model("other")
    model = make_model("chosen", is_default=True)
    prompt = make_prompt(name="House", is_default=True)

    page = alice_client.get("/").content.decode()

    assert chosen(page) == [
        (str(model.pk), str(model)),
        (str(prompt.pk), "House v1"),
    ]


def test_what_was_chosen_stays_chosen_after_a_mistake(alice_client: Client) -> None:
    make_model("first", is_default=True)
    make_prompt("The default says this.", is_default=True)
    model, prompt = make_model("other"), make_prompt("Be a pirate.", name="Pirate")
    form = {"content": " ", "client_id": uuid4(), "model": model.pk}

    response = alice_client.post("/", {**form, "prompt": prompt.pk})

    page = response.content.decode()
    assert response.status_code == 422
    assert chosen(page) == [
        (str(model.pk), str(model)),
        (str(prompt.pk), "Pirate v1"),
    ]
    assert "Be a pirate." in page


def test_no_system_prompt_stays_none_after_a_mistake(alice_client: Client) -> None:
    model = make_model("first", is_default=True)
    make_prompt("The default says this.", is_default=True)
    form = {"content": " ", "client_id": uuid4(), "model": model.pk, "prompt": ""}

    page = alice_client.post("/", form).content.decode()

    assert chosen(page)[1] == ("", "No system prompt")
    assert "The default says this." not in page


def test_a_choice_that_is_gone_gives_way_to_the_default(alice_client: Client) -> None:
    model = make_model("first", is_default=True)
    prompt = make_prompt(name="House", is_default=True)
    form = {"content": "Kept.", "client_id": uuid4(), "model": 0, "prompt": 0}

    response = alice_client.post("/", form)

    page = response.content.decode()
    assert response.status_code == 422
    assert [pk for pk, _ in chosen(page)] == [str(model.pk), str(prompt.pk)]
    assert "cannot be used any more" in page
    assert "Kept." in page


def test_what_is_refused_is_a_conflict_and_keeps_everything(
    alice_client: Client, bob: User
) -> None:
    make_model("first", is_default=True)
    model = make_model("other")
    taken = make_conversation(bob)
    form = {"content": "Kept.", "client_id": taken.pk, "model": model.pk, "prompt": ""}

    response = alice_client.post("/", form)

    page = response.content.decode()
    assert response.status_code == 409
    assert "Please send your message once more." in page
    assert "Kept." in page
    assert chosen(page)[0][0] == str(model.pk)


def make_conversations(owner: User, number: int) -> None:
    """Conversations of today, the newest first by its number."""
    now = timezone.now()
    for index in range(number):
        talk = make_conversation(owner, title=f"talk {index}")
        talk.active_at = now - timedelta(microseconds=index)
        talk.save(update_fields=["active_at"])


def earlier(client: Client) -> str:
    page = client.get("/").content.decode()
    found = re.search(r'href="(/sidebar/\?before=[^"]+)"', page)
    assert found
    return found[1]


def test_earlier_conversations_are_a_part_for_htmx(
    alice_client: Client, alice: User
) -> None:
    make_conversations(alice, limits.PAGE_CONVERSATIONS + 1)

    part = alice_client.get(earlier(alice_client), headers={"HX-Request": "true"})

    page = part.content.decode()
    assert f"talk {limits.PAGE_CONVERSATIONS}" in page
    assert "<html" not in page
    assert "<h2>" not in page


def test_earlier_conversations_are_a_whole_page_without_htmx(
    alice_client: Client, alice: User
) -> None:
    make_conversations(alice, limits.PAGE_CONVERSATIONS + 1)

    page = alice_client.get(earlier(alice_client)).content.decode()

    last = Conversation.objects.get(title=f"talk {limits.PAGE_CONVERSATIONS}")
    assert "<html" in page
    assert last.get_absolute_url() in page
    assert re.search(r"<h2>\w+", page)
    assert 'href="/"' in page


def test_an_end_of_the_list_says_so(alice_client: Client) -> None:
    assert (
        "There are no earlier ones." in alice_client.get("/sidebar/").content.decode()
    )
