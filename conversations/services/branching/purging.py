"""What else goes when a message of a deleted branch goes for good, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import Conversation, Epoch, Fact, Generation, Message

if TYPE_CHECKING:
    from uuid import UUID


def detach_message(*, message: Message) -> None:
    """Part a removed message, below which is nothing more, from what stays.

    Within the transaction that deletes it. What was remembered from it goes too. An
    epoch that began with it, and that another try of the answer went on with, is then
    said to have begun there: what was sent in it can still be made again.
    """
    Fact.everything.filter(source=message.pk).delete()
    Conversation.objects.filter(forked_from=message.pk).update(forked_from=None)
    for epoch in Epoch.objects.filter(message=message.pk).only("pk"):
        heir = _find_heir(epoch, message.pk)
        if heir is not None:
            Epoch.objects.filter(pk=epoch.pk).update(message=heir)


def _find_heir(epoch: Epoch, gone: UUID) -> UUID | None:
    users = Generation.objects.filter(epoch=epoch.pk).exclude(message=gone)
    oldest = users.order_by("message__seq").values_list("message", flat=True)
    return oldest.first()
