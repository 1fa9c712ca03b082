"""What is remembered, as its page and its panel show and change it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Fact, Message, Summary, User
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_message,
    make_model,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

# As htmx asks from inside the panel, and from elsewhere on the page.
IN_PANEL = {"HX-Request": "true", "HX-Target": "memory"}
ON_THE_PAGE = {"HX-Request": "true"}


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice, model=make_model())
    make_answered_turn(conversation, "Where do we meet?", "In Hamburg.")
    return conversation


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def reply_of(conversation: Conversation) -> Message:
    return conversation.messages.get(role=Message.Role.ASSISTANT)


def put_summary(conversation: Conversation, text: str = "They meet.") -> Summary:
    reply = reply_of(conversation)
    return conversation.summaries.create(until=reply, text=text, tokens=3)


def put_fact(conversation: Conversation, text: str = "Mia is vegetarian.") -> Fact:
    return conversation.facts.create(
        text=text, tokens=5, source=reply_of(conversation), author=None
    )


def post(
    client: Client,
    name: str,
    *arguments: object,
    headers: dict[str, str] | None = None,
    **data: object,
) -> Response:
    return client.post(reverse(name, args=arguments), data, headers=headers or {})


def page_of(client: Client, conversation: Conversation) -> str:
    response = client.get(reverse("memory", args=[conversation.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_where_nothing_is_remembered_the_page_says_what_would_be(
    signed_in: Client, conversation: Conversation
) -> None:
    page = page_of(signed_in, conversation)

    assert "Nothing has been asked yet." in page
    assert "No model has been chosen to write summaries." in page
    assert page.count("None yet.") == 2
    assert "Use now" not in page


def test_by_htmx_only_the_panel_comes(
    signed_in: Client, conversation: Conversation
) -> None:
    url = reverse("memory", args=[conversation.pk])
    panel = signed_in.get(url, headers=ON_THE_PAGE).content.decode()

    assert panel.startswith('<div class="panel memory" id="memory" data-panel')
    assert "<html" not in panel


def test_facts_are_shown_with_the_message_each_came_from(
    signed_in: Client, conversation: Conversation
) -> None:
    put_fact(conversation)

    page = page_of(signed_in, conversation)

    assert "Mia is vegetarian." in page
    assert f"#m-{reply_of(conversation).pk}" in page
    assert "“In Hamburg.”" in page


def test_a_fact_is_added_as_it_was_meant(
    signed_in: Client, conversation: Conversation, alice: User
) -> None:
    response = post(signed_in, "add_fact", conversation.pk, text=" Mia \n is here. ")

    assert response["Location"].endswith("/memory/#new")
    fact = conversation.facts.get()
    assert (fact.text, fact.author) == ("Mia is here.", alice)


def test_a_fact_too_long_stays_in_its_field(
    signed_in: Client, conversation: Conversation
) -> None:
    words = "Mia " * 200
    response = post(
        signed_in, "add_fact", conversation.pk, headers=IN_PANEL, text=words
    )

    assert response.status_code == 422
    assert "A fact has at most 300 characters." in response.content.decode()
    assert words.strip() in response.content.decode()
    assert not conversation.facts.exists()


def test_what_is_known_already_is_refused_beside_its_field(
    signed_in: Client, conversation: Conversation
) -> None:
    put_fact(conversation)
    response = post(
        signed_in,
        "add_fact",
        conversation.pk,
        headers=IN_PANEL,
        text="Mia is vegetarian.",
    )

    assert response.status_code == 409
    assert 'role="alert" id="new-error"' in response.content.decode()
    assert conversation.facts.count() == 1


@pytest.mark.parametrize(("do", "pinned"), [("pin", True), ("unpin", False)])
def test_a_fact_is_pinned_and_let_go(
    signed_in: Client, conversation: Conversation, do: str, pinned: bool
) -> None:
    fact = put_fact(conversation)
    Fact.objects.update(pinned=not pinned)

    response = post(
        signed_in, "change_fact", conversation.pk, fact.pk, headers=IN_PANEL, do=do
    )

    assert response.status_code == 200
    fact.refresh_from_db()
    assert fact.pinned is pinned


def test_a_fact_is_said_otherwise_and_forgotten(
    signed_in: Client, conversation: Conversation
) -> None:
    fact = put_fact(conversation)
    change = ("change_fact", conversation.pk, fact.pk)

    post(signed_in, *change, do="edit", text="Mia eats fish.")
    fact.refresh_from_db()
    assert fact.text == "Mia eats fish."

    post(signed_in, *change, do="delete")
    assert not conversation.facts.exists()


def test_an_edit_without_words_keeps_the_fact(
    signed_in: Client, conversation: Conversation
) -> None:
    fact = put_fact(conversation)
    response = post(
        signed_in,
        "change_fact",
        conversation.pk,
        fact.pk,
        headers=IN_PANEL,
        do="edit",
        text=" ",
    )

    assert response.status_code == 422
    assert "Write something first." in response.content.decode()
    fact.refresh_from_db()
    assert fact.text == "Mia is vegetarian."


def test_the_summary_is_edited_and_an_earlier_version_brought_back(
    signed_in: Client, conversation: Conversation, alice: User
) -> None:
    first = put_summary(conversation)
    until = reply_of(conversation).pk
    assert "They meet.</textarea>" in _editing(signed_in, conversation)

    post(signed_in, "summary", conversation.pk, until=until, text="They meet in May.")
    page = page_of(signed_in, conversation)
    assert page.index("They meet in May.") < page.index("They meet.<")
    assert "Written by alice" in page

    post(signed_in, "use_summary", conversation.pk, first.pk)
    newest = conversation.summaries.order_by("pk").last()
    assert newest is not None
    assert (newest.text, newest.author) == ("They meet.", None)


def test_an_edit_of_a_summary_that_another_has_overtaken_is_kept_for_a_second_look(
    signed_in: Client, conversation: Conversation
) -> None:
    put_summary(conversation)
    until = reply_of(conversation).pk
    further = make_answered_turn(conversation, "And when?", "In May.")
    conversation.summaries.create(until=further, text="They meet in May.", tokens=4)
    edit = ("summary", conversation.pk)

    refused = post(signed_in, *edit, headers=IN_PANEL, until=until, text="In June.")
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "In June.</textarea>" in page
    assert "They meet in May." in page
    assert f'name="until" value="{further.pk}"' in page

    post(signed_in, *edit, until=further.pk, text="In June.")
    assert conversation.summaries.filter(until=further).count() == 2


def test_the_panel_is_of_the_branch_of_the_page_beside_it(
    signed_in: Client, conversation: Conversation
) -> None:
    here = make_answered_turn(conversation, "And when?", "In May.")
    conversation.summaries.create(until=here, text="They meet in May.", tokens=4)
    asked = make_message(
        conversation, "And when, again?", parent=reply_of_first(conversation)
    )
    there = make_message(
        conversation, "In June.", role=Message.Role.ASSISTANT, parent=asked
    )
    conversation.summaries.create(until=there, text="They meet in June.", tokens=4)
    url = reverse("memory", args=[conversation.pk])

    newest, beside = (
        signed_in.get(url, {"after": after}, headers=IN_PANEL).content.decode()
        for after in ("", str(here.pk))
    )
    saved = post(
        signed_in,
        "summary",
        conversation.pk,
        headers=IN_PANEL,
        until=here.pk,
        after=here.pk,
        text="They meet in May, in Kiel.",
    )

    assert "They meet in June." in newest
    assert "They meet in May." in beside
    assert "They meet in June." not in beside
    assert saved.status_code == 200
    assert "in Kiel." in saved.content.decode()


def reply_of_first(conversation: Conversation) -> Message:
    return conversation.messages.get(content="In Hamburg.")


def _editing(client: Client, conversation: Conversation) -> str:
    url = reverse("memory", args=[conversation.pk])
    return client.get(f"{url}?edit=summary").content.decode()


@pytest.mark.parametrize(
    ("text", "says"), [("", "Write something"), ("a" * 8001, "8,000 fit")]
)
def test_a_summary_that_cannot_be_kept_stays_in_its_field(
    signed_in: Client, conversation: Conversation, text: str, says: str
) -> None:
    put_summary(conversation)
    response = post(
        signed_in,
        "summary",
        conversation.pk,
        headers=IN_PANEL,
        until=reply_of(conversation).pk,
        text=text,
    )

    assert response.status_code == 422
    assert says in response.content.decode()
    assert f"\n{text}</textarea>" in response.content.decode()
    assert conversation.summaries.count() == 1


def test_summaries_are_switched_off_and_on(
    signed_in: Client, conversation: Conversation
) -> None:
    put_summary(conversation)

    response = post(
        signed_in, "summaries", conversation.pk, headers=ON_THE_PAGE, on="0"
    )
    assert response.status_code == 204
    assert "switched off" in page_of(signed_in, conversation)

    post(signed_in, "summaries", conversation.pk, on="1")
    assert "switched off" not in page_of(signed_in, conversation)


def test_a_message_is_pinned_and_let_go_again(
    signed_in: Client, conversation: Conversation, alice: User
) -> None:
    reply = reply_of(conversation)

    response = post(signed_in, "pin", conversation.pk, reply.pk, pinned="1")
    assert response["Location"] == f"/c/{conversation.pk}/#m-{reply.pk}"
    reply.refresh_from_db()
    assert reply.pinned_by == alice
    assert "Unpin" in page_of(signed_in, conversation)

    response = post(signed_in, "pin", conversation.pk, reply.pk, pinned="0", panel="1")
    assert response["Location"].endswith("/memory/#pins")
    reply.refresh_from_db()
    assert reply.pinned_at is None


def test_what_cannot_be_pinned_is_said_in_one_sentence(
    signed_in: Client, conversation: Conversation
) -> None:
    empty = make_answered_turn(conversation, "And when?", "")
    response = post(
        signed_in, "pin", conversation.pk, empty.pk, headers=ON_THE_PAGE, pinned="1"
    )

    assert response.status_code == 409
    assert "data-sentence" in response.content.decode()


def test_a_roll_is_asked_for(signed_in: Client, conversation: Conversation) -> None:
    post(signed_in, "roll", conversation.pk)

    conversation.refresh_from_db()
    assert conversation.roll_asked_at is not None


@pytest.mark.parametrize("name", ["use_summary", "change_fact"])
@pytest.mark.parametrize("number", [0, 10**30])
def test_a_number_that_nothing_has_is_not_found(
    signed_in: Client, conversation: Conversation, name: str, number: int
) -> None:
    path = reverse(name, args=[conversation.pk, 1]).replace("/1/", f"/{number}/")

    response = signed_in.post(path, {"do": "delete"})

    assert response.status_code == 404


def test_what_belongs_to_another_conversation_is_not_found(
    signed_in: Client, conversation: Conversation, alice: User
) -> None:
    other = make_conversation(owner=alice)
    fact, summary = put_fact(conversation), put_summary(conversation)
    reply = reply_of(conversation)

    for response in (
        post(signed_in, "change_fact", other.pk, fact.pk, do="delete"),
        post(signed_in, "use_summary", other.pk, summary.pk),
        post(signed_in, "pin", other.pk, reply.pk, pinned="1"),
        post(signed_in, "pin", other.pk, uuid.uuid4(), pinned="1"),
    ):
        assert response.status_code == 404
    text = post(signed_in, "summary", other.pk, until=reply.pk, text="Mine.")
    assert text.status_code == 422
    assert Summary.objects.count() == 1
    assert Fact.objects.exists()


def test_what_people_wrote_is_no_html_in_the_panel(
    signed_in: Client, conversation: Conversation
) -> None:
    put_fact(conversation, "<script>alert(1)</script>")
    put_summary(conversation, "</textarea><script>alert(1)</script>")

    assert "<script>alert" not in page_of(signed_in, conversation)
    assert "<script>alert" not in _editing(signed_in, conversation)
