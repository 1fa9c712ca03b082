from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.safestring import mark_safe

from conversations import limits
from conversations.models import Conversation, Message, User
from conversations.rendering.articles import Article, render_article
from conversations.wire import State
from tests.factories import make_conversation, make_generation, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowded(client: Client, alice: User) -> Conversation:
    """A conversation in which no more messages may wait."""
    client.force_login(alice)
    conversation = make_conversation(alice)
    parent = None
    for _ in range(limits.QUEUED_PER_CONVERSATION):
        asked = make_message(conversation, parent=parent)
        parent = make_message(
            conversation, "", role=Message.Role.ASSISTANT, parent=asked
        )
        make_generation(parent, State.QUEUED)
    return conversation


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_message_is_a_conflict_and_stays_in_the_composer(
    client: Client, crowded: Conversation, headers: dict[str, str]
) -> None:
    form = {"content": "One more.", "client_id": str(uuid4())}

    response = client.post(
        reverse("send", args=[crowded.pk]), form, headers=headers or None
    )

    page = response.content.decode()
    assert response.status_code == 409
    assert "messages are waiting here already" in page
    assert "One more." in page
    assert form["client_id"] in page
    assert not crowded.messages.filter(content="One more.").exists()


def test_links_of_a_refused_message_lead_to_the_conversation(
    client: Client, crowded: Conversation
) -> None:
    form = {"content": "One more.", "client_id": uuid4()}

    page = client.post(reverse("send", args=[crowded.pk]), form).content.decode()

    assert 'href="?' not in page


def test_earlier_messages_lead_to_the_newest(
    client: Client, crowded: Conversation
) -> None:
    newest = f'href="{crowded.get_absolute_url()}#latest"'
    last = crowded.messages.latest("seq")

    now = client.get(crowded.get_absolute_url()).content.decode()
    before = client.get(crowded.get_absolute_url(), {"before": str(last.pk)})

    assert newest not in now
    assert newest in before.content.decode()


FAILED = Article(
    id=uuid4(),
    conversation_id=uuid4(),
    parent_id=uuid4(),
    role="assistant",
    state="failed",
    attempt=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    author="",
    initials="",
    face=0,
    closed_html=mark_safe("<p>Half an</p>"),
    tail="",
    offset=7,
    closed=7,
    note="The gateway had a problem.",
    can_retry=True,
    can_continue=True,
)


def test_a_failed_answer_offers_to_continue_and_to_retry_once_each() -> None:
    html = render_article(FAILED)

    assert html.count(">Continue</button>") == 1
    assert html.count(">Retry</button>") == 1
    assert html.index(">Continue<") < html.index(">Retry<")


def test_a_failed_answer_without_text_offers_to_retry_only() -> None:
    html = render_article(replace(FAILED, can_continue=False))

    assert "Continue" not in html
    assert html.count(">Retry</button>") == 1
