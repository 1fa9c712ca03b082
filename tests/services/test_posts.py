"""What people write to each other beside what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from conversations.models import Generation, Message, User
from conversations.services.articles import read_articles
from conversations.services.branching.branches import list_path
from conversations.services.branching.editing import edit_message
from conversations.services.branching.retrying import retry_reply
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish
from conversations.services.memory.pins import pin_message
from conversations.services.meter.metering import meter_message
from conversations.services.posts import names_model
from conversations.services.rebuilding import rebuild_request
from conversations.services.turns import continue_reply, release_queue, stop_reply
from conversations.wire import State
from tests.sending import send_message
from tests.services.inspecting import inspect
from tests.services.test_generation import has_text

if TYPE_CHECKING:
    from conversations.rendering.articles import Article
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

EVERYONE, PEOPLE = Message.MeantFor.EVERYONE, Message.MeantFor.PEOPLE


async def post(
    talk: Talk,
    content: str,
    meant_for: Message.MeantFor = EVERYONE,
    client_id: UUID | None = None,
) -> Message:
    return await talk.run(
        send_message,
        conversation=talk.conversation,
        author=talk.author,
        content=content,
        client_id=client_id or uuid4(),
        meant_for=meant_for,
    )


def sent(gateway: TestGateway) -> list[str]:
    """What the newest request says, but for the system prompt.

    What one side said in a row is one message to gateways of this kind.
    """
    rows = gateway.requests[-1].messages[1:]
    return [text for row in rows for text in row["content"].split("\n\n")]


async def states(talk: Talk) -> list[str]:
    rows = Generation.objects.filter(conversation=talk.conversation).order_by("pk")
    return await talk.run(list, rows.values_list("state", flat=True))


async def said(talk: Talk) -> list[str]:
    """What one reads on the newest branch, oldest first."""

    def read() -> list[str]:
        leaf = talk.conversation.messages.latest("seq").pk
        path = list_path(leaf=leaf, limit=100)
        found = Message.objects.in_bulk(path)
        return [found[pk].content for pk in reversed(path)]

    return await talk.run(read)


async def article(talk: Talk, message: Message) -> Article:
    articles = await talk.run(
        read_articles, conversation=talk.conversation, path=[message.pk]
    )
    return articles[0]


async def test_a_post_asks_nothing_and_goes_with_the_next_question(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("echo")
    await talk.ask("First")
    await post(talk, "By the way")
    assert await states(talk) == [State.COMPLETE]

    await talk.ask("Second")

    assert sent(gateway) == ["First", "First", "By the way", "Second"]


async def test_what_is_for_people_is_never_sent_and_the_inspector_says_so(
    talk: Talk, gateway: TestGateway
) -> None:
    await post(talk, "The canary is ours", PEOPLE)
    await talk.use("echo")
    await talk.ask("First")
    await post(talk, "A canary again", PEOPLE)
    await post(talk, "For all")

    reply = await talk.ask("Second")

    assert sent(gateway) == ["First", "First", "For all", "Second"]
    assert not any(b"canary" in request.body for request in gateway.requests)
    shown = await inspect(talk, reply)
    asking = [one for row in shown.rows if row.kind == "asking" for one in row.said]
    assert [(one.words, one.note) for one in asking] == [
        ("A canary again", "People only: never sent"),
        ("For all", ""),
        ("Second", ""),
    ]
    assert "2 new messages" in shown.what


async def test_the_meter_counts_what_was_posted_and_will_be_sent(talk: Talk) -> None:
    talk.conversation.names_authors = True
    await talk.run(talk.conversation.save)
    await talk.ask("First")
    await post(talk, "A word to all of you, and to the model")
    await post(talk, "Many words to people only. " * 40, PEOPLE)

    meter = await talk.run(
        meter_message,
        conversation=talk.conversation,
        user=talk.author,
        content="Second",
    )
    reply = await talk.ask("Second")

    assert meter is not None
    assert meter.tokens == (await talk.generation(reply)).predicted


async def test_a_post_is_there_at_once_while_an_answer_runs(talk: Talk) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)

    posted = await post(talk, "I think so too")

    shown = await article(talk, posted)
    assert (shown.state, shown.note, shown.meant_for) == (
        State.COMPLETE,
        "",
        "posted",
    )
    assert await states(talk) == [State.RUNNING]


async def test_a_post_that_is_sent_twice_is_there_once(talk: Talk) -> None:
    client_id = uuid4()
    first = await post(talk, "Once", client_id=client_id)
    again = await post(talk, "Once", client_id=client_id)
    other = await post(talk, "Once more", client_id=client_id)

    assert first.pk == again.pk != other.pk
    assert await said(talk) == ["Once", "Once more"]


async def test_a_question_behind_a_post_waits_for_the_answer_above_both(
    talk: Talk,
) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    await post(talk, "Wait for it")
    second = await talk.send("Second")
    await talk.has_looked(second)
    assert second.previous_reply_id == first.pk
    await talk.use("ok")
    failing = await talk.generation(first)
    await talk.run(finish, failing.pk, Ending(State.FAILED))
    talk.hub.tasks.cancel(failing.pk)
    await talk.idle()
    waiting = await states(talk)

    await talk.run(release_queue, reply=second)
    await talk.idle()

    assert waiting == [State.FAILED, State.QUEUED]
    assert await states(talk) == [State.FAILED, State.COMPLETE]


async def test_an_answer_is_tried_again_before_what_was_posted_after_it(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("echo")
    first = await talk.ask("First")
    await post(talk, "Hm")
    await post(talk, "Not so good", PEOPLE)

    again = await talk.run(retry_reply, reply=first, user=talk.author)
    await talk.idle()
    assert sent(gateway) == ["First"]
    second = await talk.ask("Second")

    read = await said(talk)
    assert read[:-1] == ["First", "First", "Hm", "Not so good", "Second"]
    assert second.previous_reply_id == again.pk
    assert sent(gateway) == ["First", "First", "Hm", "Second"]
    with pytest.raises(RefusedError):
        await talk.run(retry_reply, reply=again, user=talk.author)


async def test_an_answer_goes_on_although_something_was_posted_since(
    talk: Talk,
) -> None:
    await talk.use("length:3")
    first = await talk.ask("First")
    await post(talk, "Please go on")

    await talk.run(continue_reply, reply=first, user=talk.author)
    await talk.idle()

    assert (await talk.fresh(first)).attempt == 2


async def test_an_edited_post_is_a_post_for_the_same_people(talk: Talk) -> None:
    await talk.ask("First")
    posted = await post(talk, "Betwen us", PEOPLE)

    edited = await talk.run(
        edit_message,
        message=posted,
        author=talk.author,
        content="Between us",
        client_id=uuid4(),
    )

    assert edited.meant_for == PEOPLE
    assert edited.parent_id == posted.parent_id
    shown = await article(talk, edited)
    assert (shown.meant_for, shown.can_pin, shown.can_edit) == (
        "people only",
        False,
        True,
    )
    assert shown.siblings is not None
    assert await states(talk) == [State.COMPLETE]


async def test_what_was_posted_before_a_withdrawn_question_is_sent_with_the_next(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    await post(talk, "Worth knowing")
    second = await talk.send("Take this back")
    await talk.run(stop_reply, reply=second, user=talk.author)
    await talk.run(stop_reply, reply=first, user=talk.author)
    await talk.idle()
    await talk.use("echo")

    reply = await talk.ask("Third")

    assert sent(gateway)[-2:] == ["Worth knowing", "Third"]
    shown = await inspect(talk, reply)
    asking = [one for row in shown.rows if row.kind == "asking" for one in row.said]
    assert [one.words for one in asking] == ["Worth knowing", "Third"]
    rebuilt = await talk.run(rebuild_request, generation=await talk.generation(reply))
    assert rebuilt.matches, rebuilt.problem


async def test_posts_that_do_not_fit_leave_before_the_question(
    talk: Talk, gateway: TestGateway
) -> None:
    def shrink() -> None:
        model = talk.conversation.model
        assert model is not None
        model.window, model.context_cap = 4_000, 1_000
        model.save()

    await talk.run(shrink)
    await talk.ask("First")
    long = "We have talked of tea for so long. " * 40
    for number in range(6):
        await post(talk, f"{number}: {long}".strip())

    second = await talk.ask("So what of it?")
    came = sent(gateway)
    third = await talk.ask("And now?")

    assert second.content
    assert came[-1] == "So what of it?"
    assert came[-2].startswith("5: ")
    assert not any(text.startswith("0: ") for text in came)
    assert sent(gateway)[: len(came)] == came
    for reply in (second, third):
        generation = await talk.generation(reply)
        rebuilt = await talk.run(rebuild_request, generation=generation)
        assert rebuilt.matches, rebuilt.problem


@pytest.mark.parametrize(
    ("content", "is_named"),
    [
        ("What does @roundtable say?", True),
        ("@Roundtable, please", True),
        ("(@ROUNDTABLE)", True),
        ("@roundtables", False),
        ("mail@roundtable.example", False),
        ("roundtable", False),
    ],
)
def test_the_model_is_named_by_its_whole_name(content: str, is_named: bool) -> None:
    assert names_model(content) is is_named


def share_and_ask_when_named(talk: Talk, bob: User) -> None:
    talk.conversation.asks_when_named = True
    talk.conversation.save()
    talk.conversation.shares.create(user=bob, access="read")


async def test_where_it_is_asked_by_name_all_else_is_posted(
    talk: Talk, gateway: TestGateway, bob: User
) -> None:
    await talk.run(share_and_ask_when_named, talk, bob)
    await talk.use("echo")

    plain = await post(talk, "What do you think?", Message.MeantFor.MODEL)
    await talk.ask("And you, @roundtable?")

    assert plain.meant_for == EVERYONE
    assert await states(talk) == [State.COMPLETE]
    assert sent(gateway) == ["What do you think?", "And you, @roundtable?"]


async def test_whoever_is_alone_again_need_not_name_the_model(
    talk: Talk, bob: User
) -> None:
    await talk.run(share_and_ask_when_named, talk, bob)
    await talk.run(talk.conversation.shares.all().delete)
    await talk.use("ok")

    await talk.ask("What do you think?")

    assert await states(talk) == [State.COMPLETE]


async def test_an_authors_name_is_fixed_when_it_is_written(
    talk: Talk, gateway: TestGateway
) -> None:
    def rename(name: str, *, shown: bool) -> None:
        talk.author.first_name = name
        talk.author.save()
        talk.conversation.names_authors = shown
        talk.conversation.save()

    await talk.use("ok")
    await talk.run(rename, "Alice [x]\nof Wonderland", shown=True)
    await post(talk, "Good morning")
    await talk.ask("First")
    await talk.run(rename, "Somebody else", shown=False)
    reply = await talk.ask("Second")

    assert sent(gateway)[:2] == [
        "[Alice x of Wonderland] Good morning",
        "[Alice x of Wonderland] First",
    ]
    assert sent(gateway)[-1] == "Second"
    generation = await talk.generation(reply)
    rebuilt = await talk.run(rebuild_request, generation=generation)
    assert rebuilt.matches, rebuilt.problem
    shown = await inspect(talk, reply)
    earlier = next(row for row in shown.rows if row.kind == "turns")
    notes = [one.note for one in earlier.said]
    assert notes == ["as Alice x of Wonderland", "as Alice x of Wonderland", ""]
    assert sum(one.tokens or 0 for one in earlier.said) == earlier.tokens


async def test_what_the_model_never_sees_is_not_pinned(talk: Talk) -> None:
    posted = await post(talk, "Between us", PEOPLE)

    with pytest.raises(RefusedError, match="people only"):
        await talk.run(pin_message, message=posted, user=talk.author, pinned=True)
