"""A message as HTML: the same bytes for everyone who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.loader import render_to_string

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Article:
    """What `_article.html` shows of one message; nothing depends on the reader."""

    id: UUID
    conversation_id: UUID
    parent_id: UUID | None
    role: str
    state: str
    attempt: int
    created_at: datetime
    author: str
    initials: str
    face: int
    closed_html: SafeString
    tail: str
    offset: int
    closed: int
    model: str = ""
    prompt: str = ""
    # One plain sentence for every end that is not simply complete.
    note: str = ""
    # The gateway's own words, scrubbed, behind a disclosure.
    detail: str = ""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    tokens_estimated: bool = False
    seconds: float | None = None
    started_at: datetime | None = None
    # The first message the model was shown, and how many turns came before it.
    context_begins: bool = False
    turns_before: int = 0
    # What may be done with it now.
    can_stop: bool = False
    can_retry: bool = False
    can_continue: bool = False
    can_withdraw: bool = False
    can_start: bool = False


def render_article(article: Article) -> SafeString:
    """Return the message's `<article>`, viewer-neutral."""
    return render_to_string("conversations/_article.html", {"article": article})
