"""Files of drafts and messages: sent, copied, counted, and gone with the last of them."""

from __future__ import annotations

from io import BytesIO
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection

from conversations import limits
from conversations.models import Attachment, Conversation, File, Message, User
from conversations.services.attachments.adding import add_file, remove_attachment
from conversations.services.attachments.writing import Written
from conversations.services.beginning import Beginning, start_written
from conversations.services.branching.editing import edit_message
from conversations.services.deleting import delete_conversation, delete_for_good
from conversations.services.drafts import read_draft, save_draft
from conversations.services.errors import RefusedError
from conversations.services.turns import send_written
from tests.factories import make_attachment as make_row
from tests.factories import make_conversation
from tests.sending import send_message


def add(user: User, data: bytes, name: str) -> Attachment:
    return add_file(
        user=user, conversation=None, file=BytesIO(data), name=name, claimed=""
    )


@pytest.mark.django_db
def test_what_was_added_goes_with_the_message_that_names_it(alice: User) -> None:
    conversation = make_conversation(alice)
    first, second = make_row(alice, conversation), make_row(alice, None)
    other = make_row(alice, conversation)

    message = send_written(
        conversation=conversation,
        author=alice,
        written=Written("", uuid4(), (first.pk, second.pk)),
    )

    attached = {row.pk for row in message.attachments.all()}
    assert attached == {first.pk, second.pk}
    assert {row.conversation_id for row in message.attachments.all()} == {
        conversation.pk
    }
    other.refresh_from_db()
    assert other.message is None


@pytest.mark.django_db
def test_nothing_is_sent_with_a_file_of_somebody_else_or_of_another_place(
    alice: User, bob: User
) -> None:
    conversation, elsewhere = make_conversation(alice), make_conversation(alice)
    sent = make_row(alice, conversation)
    said = send_written(
        conversation=conversation,
        author=alice,
        written=Written("Here.", uuid4(), (sent.pk,)),
    )
    for file in (make_row(bob), make_row(alice, elsewhere), sent):
        with pytest.raises(RefusedError, match="is not there any more"):
            send_written(
                conversation=conversation,
                author=alice,
                written=Written("Mine.", uuid4(), (file.pk,)),
            )

    assert not Message.objects.filter(content="Mine.").exists()
    assert said.attachments.get() == sent


@pytest.mark.django_db
def test_a_first_message_that_is_refused_begins_nothing_and_stays_a_draft(
    alice: User,
) -> None:
    save_draft(user=alice, conversation=None, text="See the plan.", version=0)
    written = Written("See the plan.", uuid4(), (uuid4(),))

    with pytest.raises(RefusedError, match="is not there any more"):
        start_written(owner=alice, written=written, beginning=Beginning())

    assert not Conversation.objects.exists()
    assert read_draft(user=alice, conversation=None).text == "See the plan."


@pytest.mark.django_db
def test_the_same_words_with_another_file_are_not_taken_for_sent(alice: User) -> None:
    conversation, client_id = make_conversation(alice), uuid4()
    first, second = make_row(alice, conversation), make_row(alice, conversation)

    def send(*files: Attachment) -> Message:
        written = Written("Look.", client_id, tuple(file.pk for file in files))
        return send_written(conversation=conversation, author=alice, written=written)

    said = send(first)
    assert send(first) == said

    # The answer to it was lost, and another file added since.
    assert send(second).attachments.get() == second
    assert said.attachments.get() == first


@pytest.mark.django_db
def test_an_edit_has_the_files_of_the_message_and_shares_their_bytes(
    alice: User,
) -> None:
    conversation = make_conversation(alice)
    file = make_row(alice, conversation)
    message = send_written(
        conversation=conversation,
        author=alice,
        written=Written("Look.", uuid4(), (file.pk,)),
    )
    message.children.get().generations.update(state="complete")

    edited = edit_message(
        message=message, author=alice, content="Look again.", client_id=uuid4()
    )

    assert edited.attachments.get().file_id == message.attachments.get().file_id
    assert edited.attachments.get().pk != file.pk
    assert File.objects.count() == 1


@pytest.mark.django_db
def test_bytes_go_with_the_last_message_that_has_them(alice: User) -> None:
    conversation = make_conversation(alice)
    kept, gone = make_row(alice, conversation), make_row(alice, conversation)
    send_written(
        conversation=conversation,
        author=alice,
        written=Written("Look.", uuid4(), (kept.pk,)),
    )

    remove_attachment(attachment=gone)
    assert [file.pk for file in File.objects.all()] == [kept.file_id]

    delete_conversation(conversation=conversation)
    conversation.refresh_from_db()
    delete_for_good(conversation=conversation, user=alice)
    assert not File.objects.exists()


@pytest.mark.django_db
def test_what_is_removed_is_never_that_of_a_message(alice: User) -> None:
    conversation = make_conversation(alice)
    said = send_message(
        conversation=conversation, author=alice, content="Hi.", client_id=uuid4()
    )
    sent = make_row(alice, conversation, message=said)

    remove_attachment(attachment=sent)

    assert Attachment.objects.get() == sent


@pytest.mark.django_db
def test_a_draft_takes_as_many_files_as_a_message(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FILES_PER_MESSAGE", 2)
    for name in ("a.txt", "b.txt"):
        add(alice, b"words", name)
    with pytest.raises(RefusedError, match="takes 2 files at most"):
        add(alice, b"words", "c.txt")


@pytest.fixture
def _room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    # A text is kept as bytes and as what was read from them.
    monkeypatch.setattr(limits, "UPLOAD_BYTES_PER_USER", 4_000_000)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_room_for_two")
def test_many_files_at_once_take_no_more_room_than_there_is(alice: User) -> None:
    barrier, refused = Barrier(4), list[str]()

    def bring(name: str) -> None:
        barrier.wait()
        try:
            add(alice, b"x" * 1_000_000, name)
        except RefusedError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=bring, args=(f"{at}.txt",)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Attachment.objects.count() == File.objects.count() == 2
    assert (
        refused
        == [
            "Your files take up all of their 4 MB. "
            "Delete conversations that you need no more, and add it then."
        ]
        * 2
    )


@pytest.mark.django_db
def test_shared_bytes_and_their_text_are_counted_once(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPLOAD_BYTES_PER_USER", 30)
    row = make_row(alice, data=b"0123456789")
    row.pk = uuid4()
    row.save(force_insert=True)

    add(alice, b"01234", "a.txt")

    with pytest.raises(RefusedError, match="take up all"):
        add(alice, b"0", "b.txt")
