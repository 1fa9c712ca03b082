"""What an article shows: reasoning, figures, sources, and what is being waited for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conversations.models import (
    Conversation,
    Delta,
    Generation,
    Message,
    UsageRecord,
    User,
)
from conversations.rendering.articles import Article, render_article
from conversations.services.articles import read_articles
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_model,
)

NOW = timezone.now()
CITED = [
    {"url": "https://one.example/", "title": "One <b>&amp;</b> only"},
    {"url": "javascript:alert(1)", "title": "Two"},
]


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(owner=alice, model=make_model("deep-thought"))


def make_reply(
    conversation: Conversation, content: str = "", state: State = State.COMPLETE
) -> Generation:
    """A question and its reply in this state."""
    reply = make_answered_turn(conversation, answer=content, state=state)
    generation = reply.generations.get()
    generation.started_at = NOW - timedelta(seconds=30)
    generation.save()
    return generation


def change(generation: Generation, **columns: object) -> None:
    Generation.objects.filter(pk=generation.pk).update(**columns)


def put_deltas(generation: Generation, *pieces: str, is_reasoning: bool) -> None:
    offset = generation.start
    for piece in pieces:
        Delta.objects.create(
            generation=generation, is_reasoning=is_reasoning, offset=offset, text=piece
        )
        offset += len(piece)


def article_of(generation: Generation) -> Article:
    conversation = generation.conversation
    (article,) = read_articles(conversation=conversation, path=[generation.message_id])
    return article


def page_of(generation: Generation) -> str:
    """The article's HTML, with any white space as one space."""
    return re.sub(r"\s+", " ", render_article(article_of(generation)))


def put_usage(generation: Generation, **columns: object) -> None:
    UsageRecord.objects.create(generation=generation, **columns)


# Reasoning


def test_a_running_answer_shows_the_reasoning_so_far_and_where_it_ends(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, state=State.RUNNING)
    put_deltas(generation, "Let me ", "<think> 😀", is_reasoning=True)

    article, page = article_of(generation), page_of(generation)

    assert article.reasoning_offset == len("Let me <think> 😀")
    assert f'data-reasoning="{article.reasoning_offset}"' in page
    assert '<details class="thought" data-live="" open>' in page
    assert "Let me &lt;think&gt; 😀</div>" in page
    assert "Thinking…" in page


def test_reasoning_folds_away_once_the_answer_has_begun(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, state=State.RUNNING)
    put_deltas(generation, "Hm.", is_reasoning=True)
    put_deltas(generation, "Yes", " indeed", is_reasoning=False)

    article, page = article_of(generation), page_of(generation)

    assert (article.offset, article.reasoning_offset) == (10, 3)
    assert article.tail == "Yes indeed"
    assert '<details class="thought" data-live="done">' in page
    assert "Thought about it" in page


def test_an_answer_that_has_not_thought_yet_has_a_hidden_place_for_it(
    conversation: Conversation,
) -> None:
    page = page_of(make_reply(conversation, state=State.RUNNING))

    assert '<details class="thought" data-live="" hidden>' in page


def test_an_ended_answer_shows_its_reasoning_as_markdown_and_how_long_it_took(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, "Yes.")
    change(
        generation,
        reasoning="**Hm.** <script>x</script>",
        first_delta_at=NOW,
        first_text_at=NOW + timedelta(seconds=12.2),
        ended_at=NOW + timedelta(seconds=20),
    )

    page = page_of(generation)

    assert "Thought for 12 s" in page
    assert "<strong>Hm.</strong> &lt;script&gt;" in page
    assert '<details class="thought">' in page


def test_reasoning_without_an_answer_took_until_the_end(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, "", State.STOPPED)
    change(
        generation,
        reasoning="Hm.",
        first_delta_at=NOW,
        ended_at=NOW + timedelta(seconds=7),
    )

    assert "Thought for 7 s" in page_of(generation)


def test_an_answer_without_reasoning_has_no_place_for_any(
    conversation: Conversation,
) -> None:
    assert 'class="thought"' not in page_of(make_reply(conversation, "Yes."))


def make_continued(conversation: Conversation) -> Generation:
    """A reply that was cut, and goes on: it thinks again, and has not said more."""
    first = make_reply(conversation, "First half", State.CUT)
    change(first, reasoning="I wonder.", citations=CITED)
    put_usage(first, input_tokens=10, output_tokens=4, cost="0.0040")
    Message.objects.filter(pk=first.message_id).update(attempt=2)
    reply = Message.objects.get(pk=first.message_id)
    second = make_generation(reply, State.RUNNING, start=10)
    Delta.objects.create(
        generation=second, is_reasoning=True, offset=0, text="Where was I?"
    )
    return second


def test_the_reasoning_of_every_attempt_is_shown_in_order(
    conversation: Conversation,
) -> None:
    generation = make_continued(conversation)

    article, page = article_of(generation), page_of(generation)

    assert page.index("I wonder.") < page.index("Where was I?")
    assert article.reasoning_offset == len("Where was I?")
    assert '<details class="thought" data-live="" open>' in page


def test_reading_a_page_takes_as_many_queries_with_ten_answers_as_with_one(
    conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        change(make_reply(conversation, "Yes."), reasoning="Hm.", citations=CITED)
    path = list(conversation.messages.order_by("-seq").values_list("pk", flat=True))

    with django_assert_num_queries(6):
        read_articles(conversation=conversation, path=path)


def test_text_and_reasoning_of_a_running_answer_are_read_at_one_moment(
    conversation: Conversation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    generation = make_reply(conversation, state=State.RUNNING)
    put_deltas(generation, "Hm.", is_reasoning=True)
    put_deltas(generation, "Yes", is_reasoning=False)

    with django_assert_num_queries(7):
        read_articles(conversation=conversation, path=[generation.message_id])


# Figures


def test_the_foot_says_what_the_answer_took(conversation: Conversation) -> None:
    generation = make_reply(conversation, "Yes.")
    change(
        generation,
        effort="high",
        echoed_model="deep-thought-42",
        started_at=NOW,
        first_delta_at=NOW + timedelta(seconds=0.8),
        ended_at=NOW + timedelta(seconds=2.3),
    )
    put_usage(
        generation,
        input_tokens=1234,
        cached_input_tokens=617,
        output_tokens=560,
        reasoning_tokens=400,
        cost="0.00423",
        cost_source="reported",
    )

    page = page_of(generation)

    assert "<span>1,234 in, 50 % cached</span> <span>560 out<" in page
    assert '<span class="hide-s">, 400 reasoning</span>' in page
    assert '<span title="As the gateway reported it">$0.0042</span>' in page
    assert '<span class="hide-s">0.8 s to first word, </span>2.3 s</span>' in page
    assert "1,234 tokens, 617 of them cached" in page
    assert "560 tokens, 400 of them reasoning" in page
    assert "0.8 s to first word, 2.3 s in all" in page
    assert "<dt>Answered by</dt><dd>deep-thought-42</dd>" in page
    assert "<dt>Effort</dt><dd>high</dd>" in page


def test_unknown_tokens_and_costs_are_unknown_and_never_zero(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, "Yes.")
    put_usage(generation)

    page = page_of(generation)

    assert "<span>cost unknown</span>" in page
    assert "<dt>Read</dt><dd>unknown</dd>" in page
    assert "<dt>Written</dt><dd>unknown</dd>" in page
    assert "0 tokens" not in page


def test_what_costs_nothing_is_free(conversation: Conversation) -> None:
    generation = make_reply(conversation, "Yes.")
    put_usage(generation, input_tokens=5, output_tokens=2, cost_source="free")

    assert "<span>free</span>" in page_of(generation)


def test_what_we_counted_ourselves_is_marked(conversation: Conversation) -> None:
    generation = make_reply(conversation, "Yes.")
    put_usage(
        generation,
        input_tokens=5,
        output_tokens=2,
        estimated=True,
        cost="0.01",
        cost_source="computed",
    )

    page = page_of(generation)

    assert "<span>≈ 5 in</span> <span>≈ 2 out</span>" in page
    assert ">≈ $0.01</span>" in page
    assert "here, since the gateway did not say" in page


def test_a_refused_request_has_no_figures(conversation: Conversation) -> None:
    assert 'class="cost"' not in page_of(make_reply(conversation, "", State.FAILED))


def end_continued(conversation: Conversation, cost: str | None) -> Generation:
    generation = make_continued(conversation)
    change(generation, state=State.COMPLETE)
    put_usage(generation, input_tokens=14, output_tokens=4, cost=cost)
    return generation


def test_a_continued_answer_says_what_all_attempts_cost(
    conversation: Conversation,
) -> None:
    page = page_of(end_continued(conversation, "0.0060"))

    assert "<span>14 in</span>" in page
    assert "<span>$0.006</span>" in page
    assert "<dt>All attempts</dt><dd>$0.01</dd>" in page


def test_a_total_with_an_unknown_part_is_a_least(conversation: Conversation) -> None:
    page = page_of(end_continued(conversation, None))

    assert "<dt>All attempts</dt><dd>at least $0.004</dd>" in page


@pytest.mark.parametrize(
    ("echoed", "shown"),
    [
        ("", ""),
        ("Deep-Thought", ""),
        ("maker/deep-thought-2026-01-01", ""),
        ("shallow-thought", "shallow-thought"),
    ],
)
def test_another_model_that_answered_is_named_at_the_top(
    conversation: Conversation, echoed: str, shown: str
) -> None:
    generation = make_reply(conversation, "Yes.")
    change(generation, echoed_model=echoed)

    assert article_of(generation).answered_by == shown


def test_an_answer_says_when_it_was_begun(conversation: Conversation) -> None:
    generation = make_reply(conversation, "Yes.")
    began = timezone.localtime(generation.started_at)
    waiting = make_reply(conversation, state=State.QUEUED)
    change(waiting, started_at=None)

    said = f'<time class="faint small num" datetime="{began:%Y-%m-%dT%H:%M}'
    assert said in page_of(generation)
    assert "<time" not in page_of(waiting)


# Sources


def test_sources_are_listed_and_their_markers_lead_there(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, "Water boils [1], they say [2].")
    change(generation, citations=CITED)

    page = page_of(generation)

    assert page.count('href="https://one.example/"') == 2
    assert "One &lt;b&gt;&amp;amp;&lt;/b&gt; only</a>" in page
    assert '<span class="host">(one.example)</span>' in page
    assert '<li value="2"> Two </li>' in page
    assert "javascript:" not in page


def test_sources_of_several_attempts_are_listed_without_links_from_the_text(
    conversation: Conversation,
) -> None:
    generation = end_continued(conversation, None)
    change(generation, citations=[{"url": "https://two.example/", "title": "2"}])
    Message.objects.filter(pk=generation.message_id).update(content="See [1].")

    page = page_of(generation)

    assert "See [1]." in page
    assert '<li value="3"> <a href="https://two.example/"' in page


# Waiting


def test_a_wait_is_said_with_its_reason_and_its_try(
    conversation: Conversation,
) -> None:
    generation = make_reply(conversation, state=State.RUNNING)
    change(
        generation,
        retry_at=timezone.now() + timedelta(seconds=4),
        error_kind="rate_limited",
        tries=2,
    )

    page = page_of(generation)

    assert "The gateway is busy. Asking again in <span data-left=" in page
    assert ">4 s</span> (2nd try of 4)." in page
    assert ">Stop</button>" in page


def test_a_wait_that_is_over_is_not_mentioned(conversation: Conversation) -> None:
    generation = make_reply(conversation, state=State.RUNNING)
    change(generation, retry_at=NOW - timedelta(seconds=1), error_kind="server")

    assert "Asking again" not in page_of(generation)


def test_an_answer_to_a_shortened_request_says_so(conversation: Conversation) -> None:
    generation = make_reply(conversation, "Yes.")
    change(generation, trimmed=True)

    assert "earlier turns were left out and it was asked again." in page_of(generation)
