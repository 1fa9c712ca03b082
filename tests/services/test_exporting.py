from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Attachment, Conversation, File, Message, User
from conversations.services.branching.removing import remove_branch
from conversations.services.exporting.reading import BATCH_MESSAGES
from conversations.services.memory.pins import pin_message
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_attachment,
    make_conversation,
    make_generation,
    make_message,
    make_model,
)
from tests.services.test_branches import Tree

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
pytestmark = pytest.mark.django_db


def taken(user: User, conversation: Conversation, form: str, query: str = "") -> str:
    client = Client()
    client.force_login(user)
    response = client.get(f"{conversation.get_absolute_url()}export/{form}/{query}")
    assert response.status_code == 200
    return response.getvalue().decode()


def as_json(user: User, conversation: Conversation, query: str = "") -> dict[str, Any]:
    record: dict[str, Any] = json.loads(taken(user, conversation, "json", query))
    return record


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(alice, title="Plans / *2027*", model=make_model("ok"))


def add_post(conversation: Conversation, content: str) -> Message:
    newest = conversation.messages.order_by("-seq").first()
    post = make_message(conversation, content, parent=newest)
    Message.objects.filter(pk=post.pk).update(meant_for=Message.MeantFor.PEOPLE)
    return post


def add_image(message: Message | None, name: str = "map.png") -> Attachment:
    assert message is not None
    with transaction.atomic():
        return Attachment.objects.create(
            owner=message.author,
            conversation=message.conversation,
            message=message,
            file=File.objects.create(data=PIXEL),
            kind=Attachment.Kind.IMAGE,
            name=name,
            media_type="image/png",
            size=len(PIXEL),
            width=1,
            height=1,
        )


def test_markdown_says_who_said_what_and_how_it_ended(
    alice: User, talk: Conversation
) -> None:
    reply = make_answered_turn(talk, "Where to?", "```python\nto", state=State.STOPPED)
    reply.generations.update(stopped_by=alice, model_title="Model 1")
    add_post(talk, "Not a word to the model.")

    text = taken(alice, talk, "markdown")

    assert text.startswith(
        "# Plans / \\*2027\\*\n\nA conversation of alice in Roundtable"
    )
    assert "**alice** · " in text
    assert "\n\nWhere to?\n" in text
    # The fence is closed: what follows is not code.
    assert "\n```python\nto\n```\n\n*Withdrawn by alice before" in text
    assert "**Roundtable** · Model 1 · " in text
    assert " · people only\n\nNot a word to the model.\n" in text


def test_json_of_all_branches_has_every_message_once(
    alice: User, talk: Conversation
) -> None:
    for number in range(BATCH_MESSAGES):
        make_answered_turn(talk, f"Question {number}", f"Answer {number}")
    first = talk.messages.order_by("seq")[0]
    other = make_message(talk, "Another try", role=Message.Role.ASSISTANT, parent=first)
    make_generation(other, State.FAILED, error_kind="auth")

    whole = as_json(alice, talk, "?all=1")
    branch = as_json(alice, talk)

    ids = [message["id"] for message in whole["messages"]]
    assert sorted(ids) == sorted(
        str(pk) for pk in talk.messages.values_list("pk", flat=True)
    )
    assert len(set(ids)) == len(ids) == 2 * BATCH_MESSAGES + 1
    assert {one["parent"] for one in whole["messages"]} <= {None, *ids}
    assert [one["content"] for one in branch["messages"]] == [
        "Question 0",
        "Another try",
    ]
    assert branch["messages"][1]["state"] == "failed"
    assert whole["format"] == "roundtable-conversation"
    assert whole["version"] == 1


def test_the_same_conversation_is_the_same_bytes(
    alice: User, talk: Conversation
) -> None:
    make_answered_turn(talk)
    before = taken(alice, talk, "json", "?all=1")

    assert taken(alice, talk, "json", "?all=1") == before
    assert "@" not in before


def test_unknown_is_not_zero_and_people_have_names(
    alice: User, talk: Conversation
) -> None:
    reply = make_answered_turn(talk)
    add_image(reply.parent)

    said = as_json(alice, talk)

    assert said["people"] == [{"id": "person-1", "name": "alice"}]
    assert said["messages"][0]["author"] == "person-1"
    assert said["messages"][0]["attachments"][0]["name"] == "map.png"
    assert said["messages"][1]["attempts"][0]["usage"] is None


def test_json_has_the_text_of_files(alice: User, talk: Conversation) -> None:
    reply = make_answered_turn(talk)
    add_image(reply.parent)
    make_attachment(alice, talk, message=reply.parent, data=b"Mind the gap.")

    picture, text = as_json(alice, talk)["messages"][0]["attachments"]

    assert picture["text"] is None
    assert text["text"] == "Mind the gap."


@pytest.mark.parametrize("form", ["markdown", "json", "html"])
def test_what_was_deleted_is_in_no_export(
    alice: User, talk: Conversation, form: str
) -> None:
    make_answered_turn(talk, "Kept", "Kept too")
    gone = make_answered_turn(talk, "Gone", "Gone too")
    rows = talk.messages.filter(content__startswith="Gone")
    assert gone in rows
    rows.update(removed_at=timezone.now())

    for query in ("", "?all=1"):
        text = taken(alice, talk, form, query)
        assert "Kept too" in text
        assert "Gone" not in text


def test_a_page_needs_nothing_else_and_runs_nothing(
    alice: User, talk: Conversation
) -> None:
    hostile = "<script>alert(1)</script> ![a](https://evil.example/b.png)"
    reply = make_answered_turn(talk, hostile, f"{hostile} $x^2$ a[^1]\n\n[^1]: b")
    add_image(reply.parent, '"><script>alert(2)</script>.png')
    talk.title = "</title><script>alert(3)</script>"
    talk.save()

    html = taken(alice, talk, "html")

    assert "<script" not in html
    assert "@import" not in html
    assert "url(" not in html
    assert "default-src &#x27;none&#x27;" not in html
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in html
    assert 'src="data:image/png;base64,iVBOR' in html
    assert html.count("src=") == 1
    assert "<math" in html
    assert f'href="#fn-{reply.pk.hex}-1"' in html


def test_json_has_what_is_remembered_of_its_branch_and_of_no_deleted_one(
    alice: User, bob: User
) -> None:
    tree = Tree(alice)
    summaries, facts = tree.conversation.summaries, tree.conversation.facts
    for until, text in ((tree.reply, "So far."), (tree.new_end, "Edited so far.")):
        summaries.create(until=until, text=text, tokens=1, model_title="ok")
    summaries.create(until=tree.reply, text="In short.", tokens=1, author=bob)
    facts.create(text="She likes tea.", tokens=1, source=tree.more, author=bob)
    facts.create(text="Of no message.", tokens=1, pinned=True)
    facts.create(text="Forgotten.", tokens=1, deleted_at=timezone.now())
    pin_message(message=tree.first, user=bob, pinned=True)
    tree.choose(alice, tree.end)

    branch = as_json(alice, tree.conversation)
    remove_branch(message=tree.more, user=alice)
    whole = as_json(alice, tree.conversation, "?all=1")

    assert branch["people"][1] == {"id": "person-2", "name": "bob"}
    said = [(one["text"], one["author"]) for one in branch["summaries"]]
    assert said == [("So far.", None), ("In short.", "person-2")]
    assert branch["summaries"][0]["until"] == str(tree.reply.pk)
    known = [(one["text"], one["source"], one["pinned"]) for one in branch["facts"]]
    assert known == [
        ("She likes tea.", str(tree.more.pk), False),
        ("Of no message.", None, True),
    ]
    assert branch["messages"][0]["pinned_by"] == "person-2"
    assert [one["text"] for one in whole["facts"]] == ["Of no message."]
    assert [one["text"] for one in whole["summaries"]] == [
        "So far.",
        "Edited so far.",
        "In short.",
    ]


def test_times_are_those_of_who_takes_it(alice: User, talk: Conversation) -> None:
    began = datetime(2027, 1, 1, 20, tzinfo=UTC)
    Conversation.objects.filter(pk=talk.pk).update(created_at=began)
    client = Client()
    client.force_login(alice)
    client.cookies["timezone"] = "Asia/Tokyo"

    response = client.get(f"{talk.get_absolute_url()}export/markdown/")

    assert "begun 2027-01-02 05:00 JST." in response.getvalue().decode()


def test_a_file_is_named_after_the_conversation(
    alice: User, talk: Conversation
) -> None:
    talk.title = 'Größe / "A" \u202etxt..'
    talk.save()
    client = Client()
    client.force_login(alice)

    response = client.get(f"{talk.get_absolute_url()}export/json/")

    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20A%20txt.json"
    )
    assert response["Content-Type"] == "application/json"


def test_an_export_is_read_in_parts(alice: User, talk: Conversation) -> None:
    asked = []
    for _ in range(2):
        for _ in range(BATCH_MESSAGES // 2):
            make_answered_turn(talk)
        with CaptureQueriesContext(connection) as queries:
            taken(alice, talk, "markdown")
        asked.append(len(queries))

    # Of each part the messages, their attempts and their files.
    assert asked[1] - asked[0] == 3


def test_who_takes_one_is_in_the_log(
    alice: User, talk: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="conversations.security"):
        taken(alice, talk, "html")

    assert f"User {alice.pk} exports {talk.pk} as html." in caplog.messages


def test_a_message_is_copied_as_it_was_written_with_its_sources(
    alice: User, talk: Conversation
) -> None:
    reply = make_answered_turn(talk, "Who?", "**He** did [1].")
    reply.generations.update(citations=[{"url": "https://a.example/b", "title": "A"}])
    client = Client()
    client.force_login(alice)

    response = client.get(f"{talk.get_absolute_url()}m/{reply.pk}/source/")

    assert (
        response.content.decode() == "**He** did [1].\n\n[1]: <https://a.example/b>\n"
    )
    assert response["Content-Type"] == "text/plain; charset=utf-8"
