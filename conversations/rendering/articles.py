"""A message as HTML: the same bytes for everyone who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.loader import render_to_string

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.utils.safestring import SafeString

    from conversations.rendering.attachments import ShownFile
    from conversations.rendering.citations import Source
    from conversations.rendering.figures import Figures
    from conversations.rendering.markers import Beginning, Roll


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought in one attempt: as HTML, or as text while it thinks.

    `is_open` where nobody has chosen otherwise: until the answer begins.
    """

    html: SafeString | None = None
    text: str = ""
    seconds: float | None = None
    is_live: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Why and until when the gateway is not asked again, and which try comes then."""

    reason: str
    until: datetime
    seconds: int
    next_try: int
    most_tries: int

    @property
    def which_try(self) -> str:
        return {2: "2nd", 3: "3rd"}.get(self.next_try, f"{self.next_try}th")


@dataclass(frozen=True, slots=True)
class Siblings:
    """Which of its siblings a message is, of how many, and those beside it."""

    number: int
    count: int
    before: UUID | None
    after: UUID | None


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
    attachments: tuple[ShownFile, ...] = ()
    # Who wrote it, where a person did who is still here.
    author_id: int | None = None
    # The user name, where others see another name: two people may have one.
    handle: str = ""
    # Another model that answered in place of the one that was asked.
    answered_by: str = ""
    prompt: str = ""
    # One for each attempt that thought, and one for the running attempt.
    reasoning: tuple[Reasoning, ...] = ()
    # How much of the running attempt's reasoning is in the article.
    reasoning_offset: int = 0
    # Of what a person wrote without asking: whom it is for.
    meant_for: str = ""
    # One plain sentence for every end that is not simply complete.
    note: str = ""
    # The gateway's own words, scrubbed, behind a disclosure.
    detail: str = ""
    detail_title: str = ""
    wait: Wait | None = None
    # Whether it was asked again with fewer turns.
    trimmed: bool = False
    sources: tuple[Source, ...] = ()
    figures: Figures | None = None
    started_at: datetime | None = None
    # The first message that the model sees now; a reply before which the context rolled.
    begins: Beginning | None = None
    roll: Roll | None = None
    # Whether it stays in the context when its turn leaves; or could.
    is_pinned: bool = False
    can_pin: bool = False
    # Where it was asked or tried in several ways: which of them this is.
    siblings: Siblings | None = None
    # Who may delete it beside the owner of the conversation: who wrote it, or asked it.
    belongs_to: int | None = None
    # What may be done with it now.
    can_edit: bool = False
    can_fork: bool = False
    can_stop: bool = False
    can_retry: bool = False
    can_continue: bool = False
    can_withdraw: bool = False
    can_start: bool = False

    @property
    def has_been_asked(self) -> bool:
        """Tell whether it is a question that waits no more."""
        is_asked = self.role == "user" and not self.meant_for
        return is_asked and self.state != "queued"


def render_article(article: Article) -> SafeString:
    """Return the message's `<article>`, viewer-neutral."""
    return render_to_string("conversations/_article.html", {"article": article})
