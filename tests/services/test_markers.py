"""Where the transcript says that the context begins, and that it rolled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.context.manifest import to_json
from conversations.models import (
    Conversation,
    Epoch,
    Generation,
    Message,
    PromptRevision,
    Summary,
    UsageRecord,
    User,
)
from conversations.rendering.articles import Article, render_article
from conversations.rendering.markers import Beginning, Roll, SummaryCard
from conversations.services.articles import read_articles
from conversations.services.epochs import ask_roll
from conversations.services.gateways import reach
from conversations.services.memory.recollection import price_roll, read_recollection
from conversations.services.prices import set_listed_prices
from conversations.services.transcript import Spot, read_changes, read_window
from conversations.wire import Item, Outcome, Prices, Rates, RollReason
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
    make_model,
    make_prompt,
)

SUMMARY = "They plan the autumn meeting."


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Four turns; the newest two are what the model sees."""
    conversation = make_conversation(owner=alice, model=make_model("deep-thought"))
    for number in range(4):
        make_answered_turn(conversation, f"Question {number}", f"Answer {number}")
    return conversation


def replies(conversation: Conversation) -> list[Message]:
    rows = conversation.messages.filter(role=Message.Role.ASSISTANT)
    return list(rows.order_by("seq"))


def put_epoch(
    conversation: Conversation,
    reason: RollReason = RollReason.FULL,
    *,
    turn: int = 3,
    turns_before: int = 2,
    **columns: object,
) -> Epoch:
    """Let an epoch begin with the reply of a turn; the newest turns belong to it."""
    rows = replies(conversation)
    if columns.get("summary"):
        columns.setdefault("turns_summarised", turns_before)
    epoch = Epoch.objects.create(
        conversation=conversation,
        message=rows[turn],
        reason=reason,
        model_name="deep-thought",
        endpoint="here",
        first_message=rows[turns_before].parent_id,
        turns_before=turns_before,
        **columns,
    )
    manifest = {"budget": 32_000, "items": []}
    Generation.objects.filter(message__in=rows[turn:]).update(
        epoch=epoch, manifest=manifest
    )
    return epoch


def put_summary(
    conversation: Conversation, text: str = SUMMARY, **columns: object
) -> Summary:
    """A summary of the first two turns."""
    until = replies(conversation)[1]
    return conversation.summaries.create(until=until, text=text, tokens=6, **columns)


def articles_of(conversation: Conversation) -> list[Article]:
    path = list(conversation.messages.order_by("-seq").values_list("pk", flat=True))
    return read_articles(conversation=conversation, path=path)


def card_of(conversation: Conversation) -> SummaryCard | None:
    conversation.refresh_from_db()
    (found,) = [one.begins for one in articles_of(conversation) if one.begins]
    return found.card


# Where the context begins


def test_nothing_is_marked_while_the_model_sees_everything(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, RollReason.START, turn=0, turns_before=0)

    found = articles_of(conversation)

    assert [one.begins or one.roll for one in found] == [None] * len(found)


def test_the_first_message_that_the_model_sees_is_marked(
    conversation: Conversation,
) -> None:
    put_epoch(conversation)

    marked = [one for one in articles_of(conversation) if one.begins]

    assert [one.tail for one in marked] == ["Question 2"]
    assert "2 earlier turns are not sent" in render_article(marked[0])


def test_the_newest_request_of_the_branch_says_where(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, turn=2, turns_before=1)
    put_epoch(conversation, RollReason.HAND, turn=3, turns_before=3)

    (begins,) = [one.tail for one in articles_of(conversation) if one.begins]

    assert begins == "Question 3"


def test_on_another_branch_the_context_begins_elsewhere(
    conversation: Conversation,
) -> None:
    put_epoch(conversation)
    path = list(conversation.messages.order_by("-seq").values_list("pk", flat=True))

    found = read_articles(conversation=conversation, path=path[2:])

    assert [one for one in found if one.begins] == []


def test_the_mark_is_found_when_its_message_is_loaded_later(
    conversation: Conversation, alice: User
) -> None:
    put_epoch(conversation)
    newer = read_window(conversation=conversation, limit=2, user=alice)

    spot = Spot(before=newer.oldest_id)
    older = read_window(conversation=conversation, limit=4, spot=spot, user=alice)

    assert [one.tail for one in older.articles if one.begins] == ["Question 2"]


@pytest.mark.parametrize(
    ("turns", "summarised", "words"),
    [
        (1, 0, "1 earlier turn is not sent"),
        (42, 42, "42 earlier turns are summarised"),
        (1_042, 1_000, "1,000 earlier turns are summarised, 42 not sent"),
    ],
)
def test_the_mark_says_what_became_of_the_turns_before(
    turns: int, summarised: int, words: str
) -> None:
    assert Beginning(turns, summarised).words == words


# The summary at the cut


def test_the_summary_that_is_sent_is_shown_with_its_writer_and_its_cost(
    conversation: Conversation,
) -> None:
    usage = UsageRecord.objects.create(
        purpose=UsageRecord.Purpose.SUMMARY, cost=Decimal("0.0004")
    )
    summary = put_summary(conversation, model_title="Small model", usage=usage)
    put_epoch(conversation, summary=summary)

    (marked,) = [one for one in articles_of(conversation) if one.begins]
    page = render_article(marked)

    assert marked.begins
    assert marked.begins.words == "2 earlier turns are summarised"
    assert "Earlier in this conversation …" in page
    assert SUMMARY in page
    assert "Written by Small model" in page
    assert "Cost of this summary: $0.0004" in page
    assert "Use now" not in page


def test_an_edited_summary_is_shown_with_what_the_model_still_sees(
    conversation: Conversation, alice: User
) -> None:
    put_epoch(conversation, summary=put_summary(conversation))
    put_summary(conversation, "It is in May.", author=alice, is_written=True)

    card = card_of(conversation)

    assert card
    assert (card.text, card.by, card.cost) == ("It is in May.", "alice", "")
    assert card.has_versions
    assert card.standing.endswith("until then the one before.")


def test_a_summary_written_after_the_roll_is_shown_as_not_seen_yet(
    conversation: Conversation,
) -> None:
    put_epoch(conversation)
    put_summary(conversation)

    card = card_of(conversation)

    assert card
    assert card.standing.startswith("The model does not see it yet")


def test_a_summary_that_goes_further_takes_the_place_of_the_one_before(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, summary=put_summary(conversation))
    further = replies(conversation)[2]
    conversation.summaries.create(until=further, text="All of it.", tokens=4)

    card = card_of(conversation)

    assert card
    assert card.text == "All of it."
    assert card.is_newer
    assert not card.has_versions


def test_a_summary_of_another_branch_is_not_shown(conversation: Conversation) -> None:
    put_epoch(conversation)
    put_summary(conversation)
    first = conversation.messages.get(content="Question 1")
    other = make_message(conversation, "Elsewhere", parent=first.parent)
    elsewhere = make_message(
        conversation, "There.", role=Message.Role.ASSISTANT, parent=other
    )
    conversation.summaries.create(until=elsewhere, text="Of elsewhere.", tokens=4)
    path = [message.pk for message in branch_of(replies(conversation)[3])]

    found = read_articles(conversation=conversation, path=path)

    (card,) = [one.begins.card for one in found if one.begins]
    assert card
    assert card.text == SUMMARY


def branch_of(message: Message) -> list[Message]:
    above = branch_of(message.parent) if message.parent else []
    return [message, *above]


def test_once_a_roll_is_asked_for_it_is_offered_no_more(
    conversation: Conversation,
) -> None:
    put_epoch(conversation)
    put_summary(conversation)
    Conversation.objects.update(roll_asked_at=timezone.now())

    card = card_of(conversation)

    assert card
    assert card.standing == "The next message goes with it."
    (marked,) = [one for one in articles_of(conversation) if one.begins]
    assert "Use now" not in render_article(marked)


def test_switched_off_a_summary_stays_while_it_is_sent(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, summary=put_summary(conversation))
    Conversation.objects.update(summarises=False)

    card = card_of(conversation)

    assert card
    assert card.standing.startswith("Switched off")


def test_switched_off_a_summary_that_is_not_sent_is_not_shown(
    conversation: Conversation,
) -> None:
    put_epoch(conversation)
    put_summary(conversation)
    Conversation.objects.update(summarises=False)

    assert card_of(conversation) is None


@pytest.mark.parametrize(
    ("columns", "by"),
    [({}, "a model"), ({"is_written": True}, "somebody who left")],
)
def test_a_writer_without_a_name_is_named_by_what_they_are(
    conversation: Conversation, columns: dict[str, object], by: str
) -> None:
    put_epoch(conversation, summary=put_summary(conversation, SUMMARY, **columns))

    card = card_of(conversation)

    assert card
    assert card.by == by


def test_a_summary_is_no_html(conversation: Conversation) -> None:
    put_epoch(conversation, summary=put_summary(conversation, "<b>They</b> plan"))

    (marked,) = [one for one in articles_of(conversation) if one.begins]

    assert "&lt;b&gt;They&lt;/b&gt; plan" in render_article(marked)


# Rolls


@pytest.mark.parametrize(
    ("roll", "words"),
    [
        (
            Roll(RollReason.FULL, predicted=32_120, budget=32_000, turns=21),
            "it was full (32,120 of 32,000 tokens) · 21 turns in all have left it",
        ),
        (Roll(RollReason.FULL, turns=1), "it was full · 1 turn has left it"),
        (Roll(RollReason.TOO_LONG), "the gateway found it too long"),
        (
            Roll(RollReason.PROMPT, "Helpful v3"),
            "new version of the system prompt (Helpful v3)",
        ),
        (Roll(RollReason.PROMPT), "no system prompt any more"),
        (Roll(RollReason.MODEL, "Other"), "another model (Other)"),
        (Roll(RollReason.HAND), "by hand"),
    ],
)
def test_a_roll_is_given_with_its_reason(roll: Roll, words: str) -> None:
    assert roll.words == words


def test_a_roll_stands_before_the_answer_that_began_it(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, RollReason.START, turn=0, turns_before=0)
    put_epoch(conversation, predicted_before=32_120)

    (rolled,) = [one for one in articles_of(conversation) if one.roll]

    assert rolled.id == replies(conversation)[3].pk
    page = render_article(rolled)
    words = "it was full (32,120 of 32,000 tokens) · 2 turns in all have left it"
    assert f"Context rolled here: {words}" in page
    assert page.index("Context rolled") < page.index("Answer 3")


def test_a_roll_stands_before_another_try_of_the_answer_too(
    conversation: Conversation,
) -> None:
    epoch = put_epoch(conversation, predicted_before=33_000)
    first = replies(conversation)[3]
    again = make_message(
        conversation,
        "Answer 3, again",
        role=Message.Role.ASSISTANT,
        parent=first.parent,
    )
    make_generation(again, epoch=epoch, manifest={"budget": 32_000, "items": []})

    article = read_window(conversation=conversation, limit=50).articles[-1]

    assert article.id == again.pk
    assert article.roll is not None
    assert article.roll.reason is RollReason.FULL


def test_a_new_version_of_the_system_prompt_is_named(
    conversation: Conversation,
) -> None:
    prompt = make_prompt(name="Helpful")
    revision = PromptRevision.objects.create(prompt=prompt, number=2, text="Be brief.")
    put_epoch(conversation, RollReason.PROMPT, turns_before=0, revision=revision)

    (rolled,) = [one.roll for one in articles_of(conversation) if one.roll]

    assert rolled.words == "new version of the system prompt (Helpful v2)"


def test_the_simple_mode_is_marked_only_where_the_context_begins(
    conversation: Conversation,
) -> None:
    put_epoch(conversation, RollReason.LAST_TURNS)

    found = articles_of(conversation)

    assert [one.roll for one in found if one.roll] == []
    assert [one.tail for one in found if one.begins] == ["Question 2"]


# Pins


def test_a_message_is_pinned_or_can_be_once_it_has_ended(
    conversation: Conversation,
) -> None:
    Message.objects.filter(content="Question 1").update(pinned_at=timezone.now())
    Generation.objects.filter(message=replies(conversation)[3]).update(state="running")

    found = articles_of(conversation)

    assert [one.tail for one in found if one.is_pinned] == ["Question 1"]
    assert [one.can_pin for one in found] == [True] * 7 + [False]


# What open pages are sent


def test_pages_hear_of_what_changes_at_the_cut(
    conversation: Conversation, alice: User
) -> None:
    put_epoch(conversation, summary=put_summary(conversation))
    conversation.refresh_from_db()
    seen = conversation.version

    ask_roll(conversation=conversation)

    frames = read_changes(conversation.pk, seen).frames
    assert any("Question 2" in frame for frame in frames)


# What the panel says


def test_the_panel_tells_what_the_model_sees_from_what_it_will(
    conversation: Conversation, alice: User
) -> None:
    summary = put_summary(conversation)
    memory = (
        "[Notes]\nSummary:\n  They plan the autumn meeting.\nFacts:\n  - Mia is here.\n"
        "  - Ben is there.\nPinned message, from the user:\n  Question 0"
    )
    put_epoch(conversation, summary=summary, memory=memory)
    for text in ("Mia is here.", "Zoe is new."):
        conversation.facts.create(text=text, tokens=4)
    for content in ("Question 0", "Answer 0", "Question 3"):
        Message.objects.filter(content=content).update(pinned_at=timezone.now())

    found = read_recollection(conversation=conversation, user=alice)

    assert found.begins
    assert found.begins.words == "Question 2"
    assert found.summary
    assert found.summary.is_seen
    assert [(one.text, one.is_seen) for one in found.facts] == [
        ("Mia is here.", True),
        ("Zoe is new.", False),
    ]
    assert [
        (one.said.words, one.is_noted, one.is_among_turns) for one in found.pins
    ] == [
        ("Question 0", True, False),
        ("Answer 0", False, False),
        ("Question 3", False, True),
    ]
    assert [note.text for note in found.gone] == ["Ben is there."]
    assert found.has_news


def test_the_panel_has_no_news_where_the_model_sees_all_of_it(
    conversation: Conversation, alice: User
) -> None:
    summary = put_summary(conversation)
    memory = "[Notes]\nSummary:\n  They plan the autumn meeting."
    put_epoch(conversation, summary=summary, memory=memory)

    found = read_recollection(conversation=conversation, user=alice)

    assert not found.has_news
    assert not found.is_asked


def test_what_had_no_room_is_not_promised_for_the_next_roll(
    conversation: Conversation, alice: User
) -> None:
    facts = [
        conversation.facts.create(text=text, tokens=4)
        for text in ("Mia is here.", "Ben is there.", "Zoe is new.", "Tea is hot.")
    ]
    left, pinned, sent, _ = facts
    pin = Message.objects.get(content="Question 0")
    Message.objects.filter(pk=pin.pk).update(pinned_at=timezone.now())
    conversation.facts.filter(pk=pinned.pk).update(pinned=True)
    lines = [
        Item("facts", Outcome.SENT, 4, "", str(sent.pk), str(sent.pk)),
        Item("facts", Outcome.DROPPED, 4, "", str(left.pk), str(pinned.pk)),
        Item("pin", Outcome.DROPPED, 4, "", str(pin.pk), str(pin.pk)),
    ]
    memory = "[Notes]\nFacts:\n  - Zoe is new."
    put_epoch(conversation, memory=memory, noted=to_json(lines))

    found = read_recollection(conversation=conversation, user=alice)

    assert {one.text: (one.is_new, one.had_no_room) for one in found.facts} == {
        "Mia is here.": (False, True),
        "Ben is there.": (True, False),
        "Zoe is new.": (False, False),
        "Tea is hot.": (True, False),
    }
    assert [(one.is_new, one.had_no_room) for one in found.pins] == [(False, True)]
    conversation.facts.exclude(pk__in=[left.pk, sent.pk]).delete()
    assert not read_recollection(conversation=conversation, user=alice).has_news


def put_request(conversation: Conversation, **usage: object) -> None:
    """Let the newest request have been one that the next goes on from."""
    assert conversation.model
    reached = reach(conversation.model)
    route = reached.route
    endpoint = f"{reached.endpoint_id} {route.protocol} {route.base_url}"
    epoch = put_epoch(conversation)
    Epoch.objects.filter(pk=epoch.pk).update(endpoint=endpoint)
    newest = Generation.objects.filter(message=replies(conversation)[3])
    newest.update(started_at=timezone.now(), estimate=1_000, predicted=1_000)
    UsageRecord.objects.create(generation=newest.get(), **usage)


def put_prices(conversation: Conversation, cached: int) -> None:
    rates = Rates(Decimal(3), Decimal(cached), None, None, Decimal(15))
    assert conversation.model
    set_listed_prices(prices={conversation.model.pk: Prices(rates)})


def test_a_roll_by_hand_costs_what_the_cache_would_have_saved(
    conversation: Conversation, alice: User
) -> None:
    put_prices(conversation, cached=1)
    put_request(conversation, input_tokens=1_000, cached_input_tokens=900)

    price = price_roll(conversation, alice)

    # Two dollars a million less for nine tenths of a little more than a thousand.
    assert price
    assert Decimal("0.0018") <= price < Decimal("0.0019")


@pytest.mark.parametrize("cached", [None, 0])
def test_what_a_roll_costs_is_unknown_where_no_cache_is_known_to_serve(
    conversation: Conversation, alice: User, cached: int | None
) -> None:
    put_prices(conversation, cached=1)
    put_request(conversation, input_tokens=1_000, cached_input_tokens=cached)

    assert price_roll(conversation, alice) is None


def test_what_a_roll_costs_is_unknown_without_prices(
    conversation: Conversation, alice: User
) -> None:
    put_request(conversation, input_tokens=1_000, cached_input_tokens=900)

    assert price_roll(conversation, alice) is None


def test_a_summary_goes_up_to_the_last_reply_that_left(
    conversation: Conversation, alice: User
) -> None:
    put_epoch(conversation)

    found = read_recollection(conversation=conversation, user=alice)

    assert found.summary is None
    assert found.until == replies(conversation)[1].pk
