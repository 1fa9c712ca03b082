"""Files that are more than one request takes, and what people are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import limits
from conversations.services.attachments.sentences import describe_weight
from conversations.services.attachments.unseen import name_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.wire import AttachedFile, RequestMessage


def find_heavy(
    *, messages: Iterable[RequestMessage], question: str
) -> list[AttachedFile]:
    """Return the files of the message `question` that go as they are, each whole."""
    asked = [one for one in messages if one.id == question]
    return [file for one in asked for file in one.files if file.size]


def say_too_heavy(*, files: Iterable[AttachedFile]) -> str:
    """Return the refusal of a message whose files no request takes; "" where it does.

    They are as they would be sent. Only their sizes are looked at.
    """
    whole = [file for file in files if file.size]
    most = limits.REQUEST_FILE_BYTES
    if sum(file.body_bytes for file in whole) <= most:
        return ""
    return describe_weight(
        name_files(whole),
        size=sum(file.size for file in whole),
        most=most * 3 // 4,
        is_one=len(whole) == 1,
    )


def say_refused_size(*, model: str, files: Sequence[AttachedFile]) -> str:
    """Return why a message failed whose `files` its gateway found too large."""
    them = "them" if len(files) > 1 else "it"
    return (
        f"The gateway of {model} takes no request as large as this one. "
        f"Take {name_files(files)} out, or make {them} smaller."
    )
