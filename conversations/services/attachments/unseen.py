"""Files that a model cannot be shown, and what people are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Form
from conversations.wire.files import form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.wire import AttachedFile, Dialect, RequestMessage

# The kind of what is never sent, and of what a gateway refused for the same reason.
UNREADABLE = "unreadable"
MOST_NAMES = 3


def find_unseen(
    *, messages: Iterable[RequestMessage], question: str, dialect: Dialect
) -> list[AttachedFile]:
    """Return the files of the message `question` that would only be named."""
    asked = [message for message in messages if message.id == question]
    return [file for one in asked for file in unseen(one.files, dialect)]


def unseen(files: Iterable[AttachedFile], dialect: Dialect) -> list[AttachedFile]:
    """Return those of `files` that an endpoint can be shown in no form."""
    return [file for file in files if form_of(file, dialect) is Form.NOTE]


def say_unseen(*, model: str, files: Sequence[AttachedFile]) -> str:
    """Return the refusal of a message whose `files` its model cannot read."""
    images = [file for file in files if file.kind == "image"]
    if images:
        return (
            f"{model} cannot read images. Choose a model that can, "
            f"or take {name_files(images)} out."
        )
    holds = "hold" if len(files) > 1 else "holds"
    return (
        f"{name_files(files)} {holds} no text, only pages, and {model} cannot read those. "
        f"Choose a model that reads PDFs, or take {name_files(files)} out."
    )


def name_files(files: Sequence[AttachedFile]) -> str:
    """Return the names of files as a sentence has them, of many the first ones."""
    names = [file.name for file in files[:MOST_NAMES]]
    more = len(files) - len(names)
    if more:
        names.append(f"{more} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def name_largest(*, files: Sequence[AttachedFile]) -> str:
    """Return a sentence on the largest of `files`, with its tokens; "" of none."""
    if not files:
        return ""
    largest = max(files, key=lambda file: file.tokens)
    return f" {largest.name} alone takes about {largest.tokens:,}."
