"""A conversation with two branches, and what is remembered of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.models import Epoch, Fact, Message, Summary
from conversations.services.memory.remembered import read_memory
from tests.factories import make_conversation, make_generation, make_message

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.wire import Memory


class Tree:
    """A trunk of one turn; then branches `left` and `right` of two turns each."""

    def __init__(self, owner: User) -> None:
        self.conversation = make_conversation(owner)
        self.trunk = self.turn(None, "Trunk")
        self.left = self.turn(self.trunk, "Left")
        self.left_leaf = self.turn(self.left, "Left again")
        self.right = self.turn(self.trunk, "Right")
        self.right_leaf = self.turn(self.right, "Right again")

    def turn(self, parent: Message | None, text: str) -> Message:
        """A question after `parent`, and its reply, which is returned."""
        asked = make_message(self.conversation, f"{text}?", parent=parent)
        reply = make_message(
            self.conversation, f"{text}.", role=Message.Role.ASSISTANT, parent=asked
        )
        make_generation(reply)
        return reply

    def summarise(self, until: Message, text: str) -> Summary:
        return Summary.objects.create(
            conversation=self.conversation, until=until, text=text, tokens=5
        )

    def remember(self, text: str, source: Message | None = None) -> Fact:
        return Fact.objects.create(
            conversation=self.conversation, text=text, tokens=3, source=source
        )

    def begin(self, first: Message, reply: Message) -> Epoch:
        """An epoch that began with `reply` and shows the branch from `first` on."""
        return Epoch.objects.create(
            conversation=self.conversation,
            message=reply,
            reason="full",
            model_name="ok",
            first_message=first.pk,
            turns_before=1,
        )

    def read(self, leaf: Message, *, summarises: bool = True) -> Memory:
        return read_memory(
            conversation_id=self.conversation.pk, leaf=leaf.pk, summarises=summarises
        )


def pin(message: Message) -> None:
    """Pin a message, whatever it is."""
    Message.objects.filter(pk=message.pk).update(pinned_at=timezone.now())
