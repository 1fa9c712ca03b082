"""Files of a draft: what they take, and what a model cannot read, before they are sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations import limits
from conversations.models import Attachment
from tests.factories import make_conversation, make_model
from tests.services.attaching import keep_image, keep_pdf, keep_text, send_with

if TYPE_CHECKING:
    from django.test import Client

    from conversations.models import Conversation, User

pytestmark = pytest.mark.django_db

Keep = Callable[["User"], Attachment]
BLIND = "m cannot read images. Choose a model that can, or take plan.png out."
SCAN = "scan.pdf holds no text, only pages, and m cannot read those."


def talk(alice: User, **abilities: bool) -> Conversation:
    model = make_model("m", window=8_000)
    model.abilities = abilities
    model.save(update_fields=["abilities"])
    return make_conversation(alice, model=model)


def measure(client: Client, conversation: Conversation, *files: Attachment) -> str:
    url = reverse("meter", args=[conversation.pk])
    response = client.post(url, {"content": "", "attachments": [f.pk for f in files]})
    assert response.status_code == 200
    return response.content.decode()


def send(client: Client, conversation: Conversation, *files: Attachment) -> str:
    url = reverse("send", args=[conversation.pk])
    written = {
        "content": "Look",
        "client_id": uuid4(),
        "attachments": [f.pk for f in files],
    }
    response = client.post(url, written, headers={"hx-request": "true"})
    assert response.status_code == 409
    return response.content.decode()


def test_the_meter_counts_the_files_of_a_draft(client: Client, alice: User) -> None:
    client.force_login(alice)
    conversation = talk(alice, vision=True)

    one = count(measure(client, conversation, keep_image(alice)))
    two = count(measure(client, conversation, keep_image(alice), keep_image(alice)))

    # As a tokenizer counts that nobody knows.
    assert 290 < one < 310
    assert 580 < two < 600


def test_the_meter_of_an_edit_counts_the_files_it_keeps(
    client: Client, alice: User
) -> None:
    client.force_login(alice)
    conversation = talk(alice, vision=True)
    asked = send_with(conversation, alice, keep_image(alice), keep_image(alice)).parent
    assert asked is not None
    first, second = (str(file.pk) for file in asked.attachments.all())
    url = reverse("edit_meter", args=[conversation.pk, asked.pk])

    def measured(*kept: str) -> int:
        sent = {"content": "Look.", "shows_files": "1", "keep": kept}
        return count(client.post(url, sent).content.decode())

    both, one, none = measured(first, second), measured(second), measured()
    assert both - one == one - none > 280


def count(html: str) -> int:
    found = re.search(r"about ([0-9,]+) tokens", html)
    assert found is not None, html
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize(
    ("keep", "words"), [(keep_image, BLIND), (lambda u: keep_pdf(u, "scan.pdf"), SCAN)]
)
def test_what_a_model_cannot_read_is_said_and_not_sent(
    client: Client, alice: User, keep: Keep, words: str
) -> None:
    client.force_login(alice)
    conversation = talk(alice, vision=False)
    file = keep(alice)

    assert words in measure(client, conversation, file)
    assert words in send(client, conversation, file)
    file.refresh_from_db()
    assert file.message is None
    assert not conversation.messages.exists()


def test_more_bytes_than_a_request_takes_are_refused_unread(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUEST_FILE_BYTES", 2_000_000)
    client.force_login(alice)
    conversation = talk(alice, vision=True)
    files = [keep_image(alice, "a.png"), keep_image(alice, "b.png")]
    Attachment.objects.update(size=900_000)

    with CaptureQueriesContext(connection) as queries:
        said = send(client, conversation, *files)

    words = "a.png and b.png are 1.8 MB together, and 1.5 MB of images and PDFs fit"
    assert words in said
    assert words in measure(client, conversation, *files)
    assert not [one for one in queries if '"data"' in one["sql"]]
    assert not conversation.messages.exists()
    assert Attachment.objects.filter(message=None).count() == 2


def test_a_file_that_is_too_large_is_named_with_its_size(
    client: Client, alice: User
) -> None:
    client.force_login(alice)
    conversation = talk(alice)
    file = keep_text(alice, "word " * 9_000, "long.txt")

    said = send(client, conversation, file)

    assert "long.txt alone takes about 9,0" in said
    assert "Please take it out, or choose a model with a larger window." in said


def test_a_first_message_is_refused_like_any_other(client: Client, alice: User) -> None:
    client.force_login(alice)
    model = talk(alice, vision=False).model
    assert model is not None
    file = keep_image(alice)
    written = {
        "content": "",
        "client_id": uuid4(),
        "attachments": [file.pk],
        "model": model.pk,
    }

    response = client.post(reverse("home"), written)

    assert response.status_code == 409
    assert BLIND in response.content.decode()
