"""Files of what was sent: kept or left out of an edit, and back after a withdrawal."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from conversations import limits
from conversations.models import Attachment, Conversation, Message, Share, User
from tests.factories import make_attachment, make_conversation, make_message
from tests.services.attaching import send_with

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice)


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def with_files(conversation: Conversation, *names: str) -> Message:
    """A message with files, which has been answered."""
    message = make_message(conversation, "Look.")
    for name in names:
        owner = conversation.owner
        make_attachment(owner, conversation, message=message, name=name)
    return message


def edit(page: Client, message: Message, words: str, *kept: str, **more: object):
    files = message.attachments.filter(name__in=kept)
    sent = {
        "content": words,
        "client_id": uuid4(),
        "shows_files": "1",
        "keep": [str(file.pk) for file in files],
        **more,
    }
    return page.post(url_of("edit", message), sent)


def url_of(name: str, message: Message) -> str:
    return reverse(name, args=[message.conversation_id, message.pk])


def stop(page: Client, reply: Message, **given: object) -> HttpResponse:
    headers = HTMX if given else {}
    return page.post(url_of("stop", reply), given, headers=headers)  # type: ignore[return-value]


def names(message: Message) -> list[str]:
    return list(message.attachments.values_list("name", flat=True))


def drafted(user: User) -> list[Attachment]:
    return list(Attachment.objects.filter(owner=user, message=None))


def test_an_edit_shares_the_files_that_it_keeps(
    page: Client, conversation: Conversation
) -> None:
    message = with_files(conversation, "a.txt", "b.txt")
    shown = page.get(url_of("edit", message)).content.decode()
    assert shown.count(" checked>") == 2

    assert edit(page, message, "Look again.", "b.txt").status_code == 302

    edited = Message.objects.get(content="Look again.")
    assert names(edited) == ["b.txt"]
    assert names(message) == ["a.txt", "b.txt"]
    kept = message.attachments.get(name="b.txt")
    assert edited.attachments.get().file == kept.file
    assert edited.attachments.get() != kept


def test_an_edit_needs_words_or_a_file_and_keeps_what_was_chosen(
    page: Client, conversation: Conversation
) -> None:
    message = with_files(conversation, "a.txt", "b.txt")

    refused = edit(page, message, "")
    assert refused.status_code == 422
    assert "Write something first." in refused.content.decode()
    assert " checked>" not in refused.content.decode()

    assert edit(page, message, "", "a.txt").status_code == 302
    assert names(Message.objects.get(content="", role="user")) == ["a.txt"]


def test_the_same_edit_with_other_files_is_another_one(
    page: Client, conversation: Conversation
) -> None:
    message, same = with_files(conversation, "a.txt", "b.txt"), uuid4()

    for kept in ("a.txt", "a.txt", "b.txt"):
        edit(page, message, "Again.", kept, client_id=same)

    edits = Message.objects.filter(content="Again.").order_by("seq")
    assert [names(each) for each in edits] == [["a.txt"], ["b.txt"]]


def test_a_message_that_waits_leaves_files_out_in_its_place(
    page: Client, alice: User, conversation: Conversation
) -> None:
    files = [make_attachment(alice, conversation, name=name) for name in ("a", "b")]
    asked = send_with(conversation, alice, *files).parent
    assert asked is not None

    edit(page, asked, "Other words.", "b", waits="1")

    asked.refresh_from_db()
    assert (asked.content, names(asked)) == ("Other words.", ["b"])
    assert not drafted(alice)


def test_the_files_of_a_withdrawn_message_are_added_to_the_next_one(
    page: Client, alice: User, conversation: Conversation
) -> None:
    file = make_attachment(alice, conversation)
    reply = send_with(conversation, alice, file)

    said = stop(page, reply, back="1").content.decode()

    (back,) = drafted(alice)
    assert f'name="attachments" value="{back.pk}"' in said
    assert 'id="files" hx-swap-oob="beforeend"' in said
    file.refresh_from_db()
    assert (back.file, back.conversation) == (file.file, conversation)
    assert file.message == reply.parent
    assert stop(page, reply, back="1").status_code == 204
    assert drafted(alice) == [back]


def test_no_more_files_come_back_than_a_message_takes(
    page: Client,
    alice: User,
    conversation: Conversation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = [make_attachment(alice, conversation, name=name) for name in ("a", "b")]
    reply = send_with(conversation, alice, *files)
    make_attachment(alice, conversation, name="new")
    monkeypatch.setattr(limits, "FILES_PER_MESSAGE", 2)

    stop(page, reply, back="1")

    assert [file.name for file in drafted(alice)] == ["new", "a"]


def test_without_scripts_a_withdrawn_message_is_the_draft_again(
    page: Client, alice: User, conversation: Conversation
) -> None:
    reply = send_with(conversation, alice, make_attachment(alice, conversation))

    stop(page, reply)

    said = page.get(conversation.get_absolute_url()).content.decode()
    assert "What is it?</textarea>" in said
    assert f'name="attachments" value="{drafted(alice)[0].pk}"' in said


def test_what_somebody_else_withdraws_comes_back_to_nobody(
    client: Client, alice: User, bob: User, conversation: Conversation
) -> None:
    Share.objects.create(conversation=conversation, user=bob, access="write")
    reply = send_with(conversation, alice, make_attachment(alice, conversation))
    client.force_login(bob)

    assert stop(client, reply, back="1").status_code == 204

    assert not drafted(bob)
    assert not drafted(alice)
