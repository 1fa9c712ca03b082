"""Adding files, looking at them, and sending them, over HTTP."""

from __future__ import annotations

from html import unescape
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from conversations.models import Attachment, Conversation, Message, User
from conversations.services.attachments.adding import add_file
from tests import making_files
from tests.factories import (
    make_answered_turn,
    make_attachment,
    make_conversation,
    make_message,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
SENTENCE = (
    "“a.exe” is a program. Images (PNG, JPEG, WebP, GIF), PDF and text can be added."
)


def upload(name: str = "a.txt", data: bytes = b"words", kind: str = "text/plain"):
    return SimpleUploadedFile(name, data, kind)


def files_url(conversation: Conversation) -> str:
    return reverse("add_files", args=[conversation.pk])


def url_of(file: Attachment) -> str:
    return reverse("file", args=[file.pk])


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice)


@pytest.fixture
def page(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_of_several_files_each_is_looked_at_by_itself(
    page: Client, conversation: Conversation
) -> None:
    sent = [upload(), upload("a.exe", b"MZ\x00"), upload("b.txt")]
    response = page.post(files_url(conversation), {"file": sent}, headers=HTMX)

    assert response.status_code == 422
    said = response.content.decode()
    assert SENTENCE in said
    for row in Attachment.objects.all():
        assert f'name="attachments" value="{row.pk}"' in said
    names = set(Attachment.objects.values_list("name", flat=True))
    assert names == {"a.txt", "b.txt"}


def test_thirty_files_at_once_are_refused_in_one_sentence(
    page: Client, conversation: Conversation
) -> None:
    sent = [upload() for _ in range(30)]
    response = page.post(files_url(conversation), {"file": sent}, headers=HTMX)

    assert response.status_code == 422
    sentence = "These are 30 files, and a message takes 10. Choose fewer of them."
    assert sentence in response.content.decode()
    assert not Attachment.objects.exists()


def test_whose_files_cannot_be_read_again_and_again_waits_an_hour(
    page: Client, conversation: Conversation, bob: User, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"unreadable_file": "2/h/user"}
    torn = making_files.picture("PNG")[:60]
    sent = [upload(f"{name}.png", torn, "image/png") for name in "abcd"]
    response = page.post(files_url(conversation), {"file": sent}, headers=HTMX)

    said = unescape(response.content.decode())
    assert "“a.png”" in said
    assert "“b.png”" in said
    assert said.count("“") == 2
    assert "Many of your files could not be read." in said
    # Nobody else has to wait.
    other = Client()
    other.force_login(bob)
    assert (
        other.post(
            reverse("add_first_files"), {"file": upload()}, headers=HTMX
        ).status_code
        == 200
    )


def test_without_scripts_files_and_words_wait_in_the_draft(
    page: Client, conversation: Conversation
) -> None:
    given = {"file": upload(), "content": "Half a sentence"}
    response = page.post(files_url(conversation), given, follow=True)

    said = response.content.decode()
    row = Attachment.objects.get()
    assert f'name="attachments" value="{row.pk}"' in said
    assert "Half a sentence</textarea>" in said


def test_without_scripts_a_refusal_is_a_page_that_leads_back(
    page: Client, conversation: Conversation
) -> None:
    given = {"file": upload("a.exe", b"MZ\x00"), "content": "Half a sentence"}
    response = page.post(files_url(conversation), given)

    assert response.status_code == 422
    assert SENTENCE in response.content.decode()
    assert conversation.get_absolute_url() in response.content.decode()
    back = page.get(conversation.get_absolute_url())
    assert "Half a sentence</textarea>" in back.content.decode()


def test_a_first_message_of_files_alone_begins_a_conversation_named_after_one(
    page: Client,
) -> None:
    page.post(reverse("add_first_files"), {"file": upload("Plan.txt")})
    file = Attachment.objects.get()
    sent = {"content": "", "client_id": uuid4(), "attachments": [str(file.pk)]}
    response = page.post("/", sent)

    assert response.status_code == 302
    conversation = Conversation.objects.get()
    assert conversation.title == "Plan.txt"
    file.refresh_from_db()
    assert file.message == conversation.messages.get(role="user")


def test_a_sent_file_is_in_the_article_and_no_more_in_the_composer(
    page: Client, alice: User, conversation: Conversation
) -> None:
    file = make_attachment(alice, conversation)
    sent = {"content": "", "client_id": uuid4(), "attachments": [str(file.pk)]}
    url = reverse("send", args=[conversation.pk])
    response = page.post(url, sent, follow=True)

    said = response.content.decode()
    assert f'href="{url_of(file)}?download"' in said
    assert 'name="attachments"' not in said


def test_a_message_of_nothing_is_refused_and_one_with_a_lost_file_too(
    page: Client, conversation: Conversation
) -> None:
    url = reverse("send", args=[conversation.pk])
    empty = page.post(url, {"content": " ", "client_id": uuid4()})
    lost = {"content": "Look.", "client_id": uuid4(), "attachments": [str(uuid4())]}
    gone = page.post(url, lost)
    odd = page.post(url, {**lost, "attachments": ["x"]})

    assert (empty.status_code, gone.status_code, odd.status_code) == (422, 409, 422)
    assert "Write something first." in empty.content.decode()
    assert "is not there any more" in gone.content.decode()
    assert "Look.</textarea>" in gone.content.decode()
    assert not Message.objects.exists()


def test_an_edit_without_words_is_refused_whatever_file_it_names(
    page: Client, alice: User, conversation: Conversation
) -> None:
    question = make_message(conversation, "Look.", author=alice)
    file = make_attachment(alice, conversation)
    sent = {"content": "", "client_id": uuid4(), "attachments": [str(file.pk)]}
    response = page.post(reverse("edit", args=[conversation.pk, question.pk]), sent)

    assert response.status_code == 422
    assert "Write something first." in response.content.decode()
    assert Message.objects.get() == question


def picture_of(user: User, conversation: Conversation) -> Attachment:
    return add_file(
        user=user,
        conversation=conversation,
        file=BytesIO(making_files.picture()),
        name="Grüße “1”.png",
        claimed="image/png",
    )


def test_a_picture_is_shown_in_place_and_asked_for_each_time(
    page: Client, alice: User, conversation: Conversation
) -> None:
    response = page.get(url_of(picture_of(alice, conversation)))

    assert response.content.startswith(b"\x89PNG")
    assert (
        response.headers.items()
        >= {
            "Content-Type": "image/png",
            "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",
            "Content-Disposition": (
                "inline; filename*=utf-8''Gr%C3%BC%C3%9Fe%20%E2%80%9C1%E2%80%9D.png"
            ),
        }.items()
    )


def test_a_file_that_a_browser_has_is_not_sent_again(
    page: Client, alice: User, conversation: Conversation
) -> None:
    url = url_of(make_attachment(alice, conversation))
    etag = page.get(url)["ETag"]
    again = page.get(url, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["page.html", "a.svg", "run.js", "a.pdf"])
def test_all_else_is_downloaded_as_what_it_cannot_run_as(
    page: Client, alice: User, conversation: Conversation, name: str
) -> None:
    file = make_attachment(alice, conversation, data=b"<script>", name=name)
    response = page.get(url_of(file))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_draft_s_file_is_its_owner_s_alone_and_a_removed_one_nobody_s(
    page: Client, alice: User, bob: User, conversation: Conversation
) -> None:
    conversation.shares.create(user=bob, access="write")
    reply = make_answered_turn(conversation, "A question", "An answer")
    draft = make_attachment(alice, conversation)
    sent = make_attachment(alice, conversation, message=reply.parent)
    guest = Client()
    guest.force_login(bob)

    def seen(client: Client) -> list[int]:
        return [client.get(url_of(file)).status_code for file in (draft, sent)]

    assert (seen(page), seen(guest)) == ([200, 200], [404, 200])
    Message.everything.update(removed_at=conversation.created_at)
    assert (seen(page), seen(guest)) == ([200, 404], [404, 404])


def test_only_who_added_a_file_takes_it_out_again(
    page: Client, alice: User, bob: User, conversation: Conversation
) -> None:
    conversation.shares.create(user=bob, access="write")
    draft = make_attachment(alice, conversation)
    url = reverse("remove_file", args=[draft.pk])
    guest = Client()
    guest.force_login(bob)

    assert guest.post(url).status_code == 404
    assert page.post(url, headers=HTMX).status_code == 200
    assert not Attachment.objects.exists()
