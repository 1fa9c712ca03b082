"""Wherever people post, edit, delete and try again: what is sent is whole and in order."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.models import Delta, Generation, Message
from conversations.services.branching.branches import list_path
from conversations.services.branching.editing import edit_message
from conversations.services.branching.removing import remove_branch, restore_branch
from conversations.services.branching.retrying import retry_reply
from conversations.services.branching.withdrawn import find_never_asked
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish, with_usage
from conversations.services.generation import claim
from conversations.services.queue import _first_in_line, _unheld
from conversations.services.rebuilding import rebuild_request
from conversations.services.turns import stop_reply
from conversations.wire import State
from tests.factories import make_conversation, make_model, make_prompt, make_user
from tests.sending import send_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations.models import Conversation

# Each has its own walk through many rows.
EXAMPLES = settings().max_examples // 3
CANARY = "canary"
SAYS = {
    "ask": Message.MeantFor.MODEL,
    "post": Message.MeantFor.EVERYONE,
    "people": Message.MeantFor.PEOPLE,
}
CHANGES = ("edit", "retry", "stop", "remove", "restore")
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*SAYS, "answer", "answer", "fail", *CHANGES]),
        st.integers(0, 9),
    ),
    min_size=4,
    max_size=20,
)


class Walk:
    """A conversation whose context is soon full, and what was sent in it."""

    def __init__(self) -> None:
        model = make_model(window=4_000)
        model.context_cap = 400
        model.save()
        self.author = make_user("alice")
        self.conversation: Conversation = make_conversation(
            self.author, model=model, prompt=make_prompt()
        )
        self.conversation.names_authors = True
        self.conversation.save()
        self.sent: dict[int | None, list[list[str]]] = {}

    def take(self, number: int, step: str, pick: int) -> None:
        with suppress(RefusedError):
            if step in SAYS:
                self.say(f"{number} {step}", SAYS[step])
            elif step in {"answer", "fail"}:
                self.answer(State.COMPLETE if step == "answer" else State.FAILED)
            elif message := self.pick(step, pick):
                self.change(message, step, f"{number} edited")

    def say(self, words: str, meant_for: Message.MeantFor) -> None:
        content = CANARY if meant_for == Message.MeantFor.PEOPLE else f"{words} " * 20
        send_message(
            conversation=self.conversation,
            author=self.author,
            content=content.strip(),
            client_id=uuid4(),
            meant_for=meant_for,
        )

    def pick(self, step: str, pick: int) -> Message | None:
        rows = self.conversation.messages.order_by("-seq")
        if step == "restore":
            rows = Message.everything.exclude(removed_at=None).order_by("-removed_at")
        elif step != "remove":
            is_edit = step == "edit"
            role = Message.Role.USER if is_edit else Message.Role.ASSISTANT
            rows = rows.filter(role=role)
        found = list(rows)
        return found[pick % len(found)] if found else None

    def change(self, message: Message, step: str, content: str) -> None:
        if step == "retry":
            retry_reply(reply=message, user=self.author, siblings=99)
        elif step == "stop":
            stop_reply(reply=message, user=self.author)
        elif step == "remove":
            remove_branch(message=message, user=self.author)
        elif step == "restore":
            restore_branch(message=message, user=self.author)
        else:
            is_canary = message.is_for_people
            edit_message(
                message=message,
                author=self.author,
                content=CANARY if is_canary else content,
                client_id=uuid4(),
            )

    def answer(self, state: State) -> None:
        """Let the turn that is next be asked, and look at what is sent."""
        for row in _unheld(_first_in_line())[:1]:
            plan = claim(row.pk)
            assert plan is not None
            if plan.job is None or plan.context is None:
                finish(row.pk, plan.refusal or Ending(State.FAILED))
                continue
            said = [(one.id, one.content) for one in plan.context.messages if one.id]
            assert CANARY.encode() not in plan.job.body
            generation = Generation.objects.get(pk=row.pk)
            self.expect_whole(generation, [pk for pk, _ in said])
            self.expect_growth(generation, [text for _, text in said])
            Delta.objects.create(generation=generation, offset=0, text=f"Is {row.pk}.")
            finish(row.pk, with_usage(row.pk, Ending(state)))

    def expect_whole(self, generation: Generation, ids: list[str]) -> None:
        """From the first on nothing is left out, and nothing is in another place."""
        path = list_path(leaf=generation.message_id, limit=1_000)[:0:-1]
        rows = Message.objects.in_bulk(path)
        known = [str(one.pk) for one in sendable([rows[pk] for pk in path])]
        assert ids
        assert ids == known[known.index(ids[0]) :]

    def expect_growth(self, generation: Generation, texts: list[str]) -> None:
        """What goes on in an epoch begins with what one before it on the branch was."""
        earlier = self.sent.setdefault(generation.epoch_id, [])
        assert not earlier or any(texts[: len(one)] == one for one in earlier)
        assert all(text.startswith(("[alice] ", "Is ")) for text in texts)
        earlier.append(texts)


def sendable(path: list[Message]) -> Iterator[Message]:
    """Return what a model may see of a branch: what it never was asked is not of it."""
    empty = {one.pk for one in path if not one.content}
    never = find_never_asked(empty=empty)
    gone: set[UUID | None] = {one.parent_id for one in path if one.pk in never}
    return (
        one
        for one in path
        if one.content and not one.is_for_people and one.pk not in gone
    )


class TestAnyWalk(TestCase):
    """A step says something, answers what waits, or changes what is there."""

    @settings(max_examples=EXAMPLES)
    @given(STEPS)
    def test_what_is_sent_is_whole_and_can_be_made_again(
        self, steps: list[tuple[str, int]]
    ) -> None:
        walk = Walk()
        for number, (step, pick) in enumerate(steps):
            walk.take(number, step, pick)
            # Purging goes by it, and so does where a branch ends.
            early = Message.everything.filter(seq__lte=F("parent__seq"))
            assert not early.exists()
        for _ in steps:
            walk.answer(State.COMPLETE)

        for generation in Generation.objects.exclude(request_sha256=""):
            rebuilt = rebuild_request(generation=generation)
            assert rebuilt.matches, rebuilt.problem
