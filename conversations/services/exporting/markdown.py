"""Messages as Markdown: one to paste, or a conversation as a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations.services.exporting.reading import read_branch, read_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from conversations.models import Attachment, Conversation, Message
    from conversations.rendering.citations import Source
    from conversations.services.exporting.reading import Exported

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<rest>[^\n]*)")


def write_message(*, message: Message) -> str:
    """Return a message as it was written; `[1]` in it leads to its sources."""
    said = read_one(message=message)
    lines = [
        f"[{number}]: <{target}>"
        for number, target in enumerate(said.targets, 1)
        if target
    ]
    return (
        "\n".join([_closed(said.text), *([""] if lines else []), *lines]).rstrip()
        + "\n"
    )


def write_markdown(*, conversation: Conversation, leaf: UUID | None) -> Iterator[str]:
    """Yield a branch of a conversation as Markdown, piece by piece."""
    yield f"# {_escape(conversation.title)}\n\n"
    owner = _escape(conversation.owner.name)
    yield f"A conversation of {owner} in Roundtable, begun {_time(conversation.created_at)}.\n"
    for said in read_branch(leaf=leaf):
        yield _message(said)


def _message(said: Exported) -> str:
    facts = (said.model, _time(said.at), said.meant_for)
    about = " · ".join(_escape(fact) for fact in facts if fact)
    parts = [
        f"\n---\n\n**{_escape(said.author)}** · {about}\n\n",
        f"{_closed(said.text)}\n" if said.text.strip() else "",
        *(f"\n📎 {_file(file)}\n" for file in said.files),
        f"\n*{_escape(said.end)}*\n" if said.end else "",
        "\nSources:\n\n" if said.sources else "",
        *(f"{source.number}. {_source(source)}\n" for source in said.sources),
    ]
    return "".join(parts)


def _source(source: Source) -> str:
    title = _escape(source.title)
    return f"[{title}](<{source.url}>)" if source.url else title


def _file(file: Attachment) -> str:
    return f"{_escape(file.name)} ({file.get_kind_display()}, {file.size:,} bytes)"


def _closed(text: str) -> str:
    """Return Markdown with its last fence closed: what follows is not code."""
    marks = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        if not marks:
            marks = found["marks"]
        elif found["marks"].startswith(marks) and not found["rest"].strip():
            marks = ""
    return f"{text.rstrip()}\n{marks}" if marks else text.rstrip()


def _time(when: datetime) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M %Z}"


def _escape(words: str) -> str:
    return _SPECIAL.sub(r"\\\1", words)
