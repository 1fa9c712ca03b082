"""What somebody is writing is kept for every page of theirs, and no newer text is lost."""

from __future__ import annotations

from uuid import uuid4

import pytest

from conversations.models import Conversation, Message, User, View
from conversations.services.beginning import Beginning
from conversations.services.branching.editing import edit_message
from conversations.services.drafts import (
    Draft,
    NewerDraftError,
    read_draft,
    save_draft,
)
from tests.factories import make_answered_turn, make_conversation, make_model
from tests.sending import send_message, start_conversation

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice, model=make_model())


@pytest.fixture(params=["conversation", "first"])
def here(request: pytest.FixtureRequest, conversation: Conversation) -> object:
    return conversation if request.param == "conversation" else None


def test_a_draft_is_read_where_it_was_kept(
    alice: User, bob: User, here: Conversation | None
) -> None:
    version = save_draft(user=alice, conversation=here, text="Well", version=0)
    save_draft(user=alice, conversation=here, text="Well then", version=version)

    assert read_draft(user=alice, conversation=here) == Draft("Well then", 2)
    assert read_draft(user=bob, conversation=here) == Draft()


def test_an_older_page_does_not_overwrite_a_newer_text(
    alice: User, here: Conversation | None
) -> None:
    save_draft(user=alice, conversation=here, text="newer", version=0)

    with pytest.raises(NewerDraftError) as refused:
        save_draft(user=alice, conversation=here, text="older", version=0)
    assert refused.value.draft == Draft("newer", 1)
    with pytest.raises(NewerDraftError):
        save_draft(user=alice, conversation=here, text="older", version=None)
    assert read_draft(user=alice, conversation=here).text == "newer"


def test_the_same_text_again_changes_nothing(
    alice: User, here: Conversation | None
) -> None:
    save_draft(user=alice, conversation=here, text="same", version=0)

    assert save_draft(user=alice, conversation=here, text="same", version=0) == 1


def test_sending_empties_it_and_what_was_on_its_way_comes_too_late(
    alice: User, conversation: Conversation
) -> None:
    save_draft(user=alice, conversation=conversation, text="Hel", version=0)

    send_message(
        conversation=conversation, author=alice, content="Hello", client_id=uuid4()
    )

    with pytest.raises(NewerDraftError):
        save_draft(user=alice, conversation=conversation, text="Hello", version=1)
    assert read_draft(user=alice, conversation=conversation).text == ""
    save_draft(user=alice, conversation=conversation, text="And", version=None)
    assert read_draft(user=alice, conversation=conversation).text == "And"


def test_what_is_on_its_way_before_anything_was_kept_comes_too_late_as_well(
    alice: User, conversation: Conversation
) -> None:
    send_message(
        conversation=conversation, author=alice, content="Hello", client_id=uuid4()
    )

    with pytest.raises(NewerDraftError):
        save_draft(user=alice, conversation=conversation, text="Hello", version=0)


def test_an_edit_of_a_message_leaves_the_draft(
    alice: User, conversation: Conversation
) -> None:
    question = make_answered_turn(conversation).parent
    assert isinstance(question, Message)
    Message.objects.filter(pk=question.pk).update(author=alice)
    save_draft(user=alice, conversation=conversation, text="Later", version=0)

    edit_message(message=question, author=alice, content="Anew", client_id=uuid4())

    # With its version: another page may be changing it just now.
    assert read_draft(user=alice, conversation=conversation) == Draft("Later", 1)


def test_a_conversation_that_begins_empties_the_draft_of_the_first_page(
    alice: User,
) -> None:
    save_draft(user=alice, conversation=None, text="Hel", version=0)

    start_conversation(
        owner=alice, content="Hello", client_id=uuid4(), beginning=Beginning()
    )

    assert read_draft(user=alice, conversation=None) == Draft("", 2)


def test_a_draft_of_ones_own_makes_nothing_unread(
    alice: User, conversation: Conversation
) -> None:
    reply = make_answered_turn(conversation)

    save_draft(user=alice, conversation=conversation, text="Well", version=0)

    assert View.objects.get(user=alice).read_seq == reply.seq
