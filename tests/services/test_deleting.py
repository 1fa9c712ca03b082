"""A conversation that is deleted while it is answered was paid for too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from conversations.models import (
    Attachment,
    Conversation,
    Delta,
    Epoch,
    Fact,
    File,
    Generation,
    Mention,
    Message,
    Opening,
    Price,
    SearchEntry,
    Share,
    Spending,
    Summary,
    UsageRecord,
    User,
    View,
)
from conversations.services import purging
from conversations.services.branching.branches import store_tokens
from conversations.services.deleting import (
    delete_conversation,
    delete_for_good,
    list_deleted,
    restore_conversation,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import with_usage
from conversations.services.generation import claim
from conversations.services.purging import purge_some, sweep_files
from conversations.services.spending import reserve
from conversations.services.transcript import read_changes
from conversations.services.turns import stop_reply
from conversations.wire import ACTIVE, State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_mention,
    make_model,
)
from tests.sending import send_message

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 21, tzinfo=UTC)
HELD = Decimal("0.5")
INNER = (
    Attachment,
    SearchEntry,
    Conversation,
    Message,
    Mention,
    Generation,
    Delta,
    Epoch,
    Summary,
    Fact,
    View,
    Share,
    Opening,
)


@pytest.fixture
def running(alice: User) -> Generation:
    """An answer that is being written; a million tokens cost a dollar."""
    model = make_model("gpt-x")
    Price.objects.create(model=model, effective_from=AT, input=1, output=1)
    conversation = make_conversation(alice, model=model)
    reply = make_answered_turn(conversation, answer="", state=State.RUNNING)
    generation = reply.generations.get()
    generation.predicted = 1_000
    generation.started_at = AT
    generation.reserved = reserve(user=alice, amount=HELD, at=AT)
    generation.save()
    Delta.objects.create(generation=generation, offset=0, text="one two three four")
    return generation


def test_what_was_reserved_for_it_is_settled(running: Generation, alice: User) -> None:
    delete_conversation(conversation=running.conversation)

    row = Spending.objects.get(user=alice)
    assert row.reserved == 0
    assert row.spent == Decimal("0.001004")


def test_its_usage_is_kept_as_an_estimate(running: Generation, alice: User) -> None:
    delete_conversation(conversation=running.conversation)

    record = UsageRecord.objects.get()
    assert (record.user, record.generation) == (alice, running)
    assert (record.input_tokens, record.output_tokens) == (1_000, 4)
    assert record.estimated


@pytest.mark.parametrize("state", [State.FAILED, State.FILTERED, State.CONTEXT_FULL])
def test_what_a_gateway_refused_to_read_is_not_counted(
    running: Generation, state: State
) -> None:
    running.deltas.all().delete()

    refused = with_usage(running.pk, Ending(state, kind="moderated"))

    assert refused.usage is None


def test_an_answer_nobody_writes_any_more_is_counted_when_it_is_stopped(
    running: Generation, alice: User
) -> None:
    stop_reply(reply=running.message, user=alice)

    assert UsageRecord.objects.get().output_tokens == 4


def test_an_answer_that_has_ended_is_not_paid_twice(running: Generation) -> None:
    Generation.objects.update(state=State.STOPPED)

    delete_conversation(conversation=running.conversation)

    assert not UsageRecord.objects.exists()
    assert not Conversation.objects.visible_to(running.conversation.owner).exists()


def test_all_that_is_kept_of_it_goes_and_what_was_paid_stays(
    alice: User, bob: User
) -> None:
    conversation = make_conversation(alice)
    make_answered_turn(conversation)
    reply = make_answered_turn(conversation)
    fill(conversation, reply, bob)
    fork = make_conversation(alice)
    Conversation.objects.filter(pk=fork.pk).update(forked_from=reply)
    spent = set(UsageRecord.objects.values_list("pk", flat=True))

    delete_and_forget(conversation)

    assert fork.pk == Conversation.objects.get().pk
    fork.delete()
    assert not File.objects.exists()
    assert not any(model._default_manager.exists() for model in INNER)
    assert not UsageRecord.objects.exclude(generation=None).exists()
    assert len(spent) == 2
    assert set(UsageRecord.objects.values_list("pk", flat=True)) == spent


def fill(conversation: Conversation, reply: Message, guest: User) -> None:
    """Leave a row of a conversation in every table that has any."""
    owner = conversation.owner
    paid = UsageRecord.objects.create(user=owner, input_tokens=5)
    here = {"conversation": conversation, "tokens": 1}
    summary = Summary.objects.create(until=reply, text="Short.", usage=paid, **here)
    Fact.objects.create(text="Green.", source=reply, **here)
    View.objects.create(conversation=conversation, user=owner, leaf=reply)
    Share.objects.create(conversation=conversation, user=guest, access="read")
    Opening.objects.create(conversation=conversation, name="staff", last_at=AT)
    make_mention(reply, guest)
    epoch = Epoch.objects.create(
        conversation=conversation, message=reply, summary=summary
    )
    generation = reply.generations.get()
    Generation.objects.filter(pk=generation.pk).update(epoch=epoch)
    UsageRecord.objects.create(user=owner, generation=generation)
    Delta.objects.create(generation=generation, offset=0, text="Hello")
    attach(conversation, message=reply)
    SearchEntry.objects.create(conversation=conversation, created_at=AT)


def test_another_conversation_stays_as_it_is(alice: User) -> None:
    other = make_answered_turn(make_conversation(alice))
    gone = make_conversation(alice)
    make_answered_turn(gone)

    delete_and_forget(gone)

    assert set(Message.objects.values_list("conversation")) == {
        (other.conversation_id,)
    }
    assert other.generations.exists()


def test_nothing_else_points_into_a_conversation() -> None:
    """What is deleted is named table by table: a new one has to be named too."""
    pointing = {
        relation.related_model
        for model in INNER
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete
    }

    assert pointing == {*INNER, UsageRecord}


def attach(conversation: Conversation, **of: Any) -> Attachment:
    # What no attachment names is swept away, by a server that runs beside the test.
    with transaction.atomic():
        file = of.pop("file", None) or File.objects.create(data=b"bytes")
        return Attachment.objects.create(
            conversation=conversation,
            file=file,
            kind="text",
            name="a.txt",
            size=5,
            **of,
        )


def forget(conversation: Conversation) -> None:
    """Let it be so long ago that nobody can have it back."""
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(deleted_at=timezone.now() - timedelta(hours=25))


def purge() -> None:
    while purge_some():
        pass


def delete_and_forget(conversation: Conversation) -> None:
    delete_conversation(conversation=conversation)
    forget(conversation)
    purge()


def make_long(alice: User, turns: int = 4) -> Conversation:
    """A conversation with a turn that waits at its end."""
    conversation = make_conversation(alice, model=make_model())
    for _ in range(turns):
        make_answered_turn(conversation)
    make_answered_turn(conversation, answer="", state=State.QUEUED)
    return conversation


def test_it_is_gone_for_people_at_once(alice: User) -> None:
    conversation = make_long(alice)

    delete_conversation(conversation=conversation)

    assert Message.objects.exists()
    assert not Conversation.objects.visible_to(alice).exists()
    assert not Conversation.objects.writable_by(alice).exists()
    assert not Conversation.objects.list_visible_pairs([alice.pk])
    assert read_changes(conversation.pk, 0).frames == ()


def test_nothing_begins_in_one_whose_rows_are_still_there(alice: User) -> None:
    conversation = make_long(alice)

    delete_conversation(conversation=conversation)

    assert not Generation.objects.filter(state=State.QUEUED).exists()
    with pytest.raises(RefusedError, match="has been deleted"):
        send_message(
            conversation=conversation, author=alice, content="Hi", client_id=uuid4()
        )


def test_what_was_deleted_comes_back_as_it_was_and_what_waited_is_withdrawn(
    alice: User, bob: User
) -> None:
    conversation = make_long(alice)
    Share.objects.create(conversation=conversation, user=bob, access="read")
    said = list(Message.objects.values_list("content", flat=True))

    delete_conversation(conversation=conversation)
    restore_conversation(conversation=conversation, user=alice)

    assert Conversation.objects.visible_to(bob).exists()
    assert list(Message.objects.values_list("content", flat=True)) == said
    assert Generation.objects.get(state=State.STOPPED).stopped_by == alice
    assert not Generation.objects.filter(state__in=ACTIVE).exists()


def test_only_its_owner_brings_it_back_and_only_for_a_day(
    alice: User, bob: User
) -> None:
    conversation = make_conversation(alice)
    Share.objects.create(conversation=conversation, user=bob, access="write")
    delete_conversation(conversation=conversation)

    with pytest.raises(RefusedError):
        restore_conversation(conversation=conversation, user=bob)
    assert not list_deleted(user=bob).exists()
    assert list_deleted(user=alice).get() == conversation
    forget(conversation)
    with pytest.raises(RefusedError):
        restore_conversation(conversation=conversation, user=alice)
    assert not list_deleted(user=alice).exists()


def test_what_can_come_back_is_not_purged(alice: User) -> None:
    conversation = make_long(alice)

    delete_conversation(conversation=conversation)
    purge()

    assert Conversation.objects.get() == conversation


def test_what_is_deleted_for_good_is_gone_at_once(alice: User, bob: User) -> None:
    conversation = make_long(alice)
    delete_conversation(conversation=conversation)

    with pytest.raises(RefusedError):
        delete_for_good(conversation=conversation, user=bob)
    delete_for_good(conversation=conversation, user=alice)

    assert not any(model._default_manager.exists() for model in INNER)


def test_wherever_purging_is_cut_short_it_goes_on_from_there(alice: User) -> None:
    conversation, other = make_long(alice), make_long(alice)
    attach(conversation)
    delete_conversation(conversation=conversation)
    forget(conversation)

    steps = 0
    while purge_some():
        steps += 1

    assert steps == 4  # its generations, a file, its messages, itself
    assert Conversation.objects.get() == other
    assert set(Message.objects.values_list("conversation", flat=True)) == {other.pk}
    assert set(Generation.objects.values_list("conversation", flat=True)) == {other.pk}


@contextmanager
def interrupted_at(table: str) -> Iterator[None]:
    """Let the database fail when rows of `table` are deleted."""

    def fail(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith(f'DELETE FROM "{table}"'):
            raise OperationalError("The disk is gone.")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize("model", [*INNER, File])
def test_wherever_the_database_fails_the_next_round_deletes_the_rest(
    alice: User, bob: User, model: type[Model], caplog: pytest.LogCaptureFixture
) -> None:
    conversation, other = make_filled(alice, bob), make_filled(alice, bob)
    delete_conversation(conversation=conversation)
    forget(conversation)
    kept = model._base_manager.count()

    with interrupted_at(model._meta.db_table):
        purge()
    assert "it will be tried again" in caplog.text
    assert model._base_manager.count() == kept
    assert Conversation.objects.filter(pk=conversation.pk).exists()
    purge()

    of_it = {"Conversation": "pk", "Delta": "generation__conversation"}
    for each in INNER:
        owner = of_it.get(each.__name__, "conversation")
        rows = each._base_manager.values_list(owner, flat=True)
        assert set(rows) == {other.pk}, each
    assert File.objects.get().attachments.get().conversation == other


def test_what_cannot_be_deleted_keeps_nothing_else(alice: User) -> None:
    conversation = make_long(alice)
    delete_conversation(conversation=conversation)
    forget(conversation)
    attach(make_conversation(alice))
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=8))

    with interrupted_at("conversations_generation"):
        purge()

    assert Conversation.objects.filter(pk=conversation.pk).exists()
    assert not Attachment.objects.exists()


def test_a_conversation_that_cannot_be_deleted_keeps_no_later_one(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    stuck, later = (
        make_answered_turn(make_conversation(alice)),
        make_conversation(alice),
    )
    for conversation in (stuck.conversation, later):
        delete_conversation(conversation=conversation)
        forget(conversation)

    with interrupted_at("conversations_generation"):
        purge()

    assert Conversation.objects.get() == stuck.conversation
    assert "it will be tried again" in caplog.text
    purge()
    assert not Conversation.objects.exists()


def make_filled(alice: User, bob: User) -> Conversation:
    conversation = make_long(alice)
    fill(conversation, make_answered_turn(conversation), bob)
    return conversation


def test_what_is_deleted_for_good_never_comes_back_though_the_database_fails(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = make_long(alice)
    delete_conversation(conversation=conversation)

    with interrupted_at("conversations_message"):
        delete_for_good(conversation=conversation, user=alice)

    assert "goes a little later" in caplog.text
    assert Message.objects.exists()
    assert not list_deleted(user=alice).exists()
    with pytest.raises(RefusedError):
        restore_conversation(conversation=conversation, user=alice)
    purge()
    assert not any(model._base_manager.exists() for model in INNER)


def test_no_statement_changes_more_than_a_slice(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "SLICE_ROWS", 3)
    conversation = make_long(alice, turns=10)
    changed: list[int] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith(("DELETE", "UPDATE")):
            changed.append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(note):
        delete_and_forget(conversation)

    assert max(changed) == 3
    assert not Message.objects.exists()


def test_files_go_with_the_last_of_what_they_were_attached_to(alice: User) -> None:
    gone, fork = make_conversation(alice), make_conversation(alice)
    shared = attach(gone, owner=alice).file
    attach(gone)
    attach(fork, file=shared)

    delete_and_forget(gone)

    assert File.objects.get() == shared


def test_files_of_a_draft_that_nobody_sent_go_after_a_week(alice: User) -> None:
    conversation = make_conversation(alice)
    question = make_answered_turn(conversation).parent
    old, sent, new = attach(conversation), attach(conversation), attach(conversation)
    Attachment.objects.filter(pk=sent.pk).update(message=question)
    ago = timezone.now() - timedelta(days=8)
    Attachment.objects.exclude(pk=new.pk).update(created_at=ago)

    purge()

    assert set(Attachment.objects.all()) == {sent, new}
    assert not File.objects.filter(pk=old.file_id).exists()


def test_files_that_an_account_left_behind_are_swept_up(alice: User) -> None:
    kept = attach(make_conversation(alice)).file
    File.objects.bulk_create(File(data=b"left") for _ in range(25))

    after: int | None = 0
    while after is not None:
        after = sweep_files(after=after)

    assert File.objects.get() == kept


def test_a_removed_branch_is_purged_after_a_day_and_what_stays_does_not_change(
    alice: User, bob: User
) -> None:
    conversation = make_conversation(alice)
    kept = make_answered_turn(conversation)
    gone = make_answered_turn(conversation)
    attach(conversation, message=gone.parent)
    View.objects.create(conversation=conversation, user=bob, read_seq=gone.seq)
    branch = Message.everything.filter(pk__in=[gone.pk, gone.parent_id])
    branch.update(removed_at=timezone.now())

    purge()
    assert branch.count() == 2
    branch.update(removed_at=timezone.now() - timedelta(hours=25))
    purge()

    assert set(Message.everything.all()) == {kept, kept.parent}
    assert not File.objects.exists()
    # What is written next is new to him.
    assert View.objects.get().read_seq == kept.seq


def test_what_was_sent_while_its_conversation_went_is_not_begun(alice: User) -> None:
    conversation = make_conversation(alice, model=make_model())
    reply = make_answered_turn(conversation, answer="", state=State.QUEUED)
    Conversation.objects.filter(pk=conversation.pk).update(deleted_at=AT)

    assert claim(reply.generations.get().pk) is None
    assert reply.generations.get().state == State.QUEUED


def test_a_count_of_a_text_that_has_grown_meanwhile_is_not_stored(alice: User) -> None:
    reply = make_answered_turn(make_conversation(alice))
    Message.objects.filter(pk=reply.pk).update(tokens=70)

    store_tokens({reply.pk: 7})

    reply.refresh_from_db()
    assert reply.tokens == 70
