"""The transcript: messages of the newest branch as articles and as frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.live.room import Changes, Cursor
from conversations.models import Conversation
from conversations.rendering.articles import render_article
from conversations.services.articles import read_articles
from conversations.services.branches import find_leaf, list_path
from conversations.wire import ACTIVE

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.rendering.articles import Article

# How far back a change is looked for; a page further up shows it after a reload.
REACH_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the newest branch, oldest first; `older` if there is more."""

    articles: list[Article]
    older: bool

    @property
    def oldest_id(self) -> UUID | None:
        return self.articles[0].id if self.articles else None

    @property
    def busy(self) -> bool:
        return any(article.state in ACTIVE for article in self.articles)


def read_window(
    *, conversation: Conversation, limit: int, before: UUID | None = None
) -> Window:
    """Read the newest `limit` messages, or those before a message of the branch.

    An unknown `before` gives an empty window.
    """
    leaf = find_leaf(conversation=conversation)
    if before is not None:
        rows = conversation.messages.filter(pk=before)
        leaf = rows.values_list("parent", flat=True).first()
    if leaf is None:
        return Window([], older=False)
    path = list_path(leaf=leaf, limit=limit + 1)
    articles = read_articles(conversation=conversation, path=path[:limit])
    return Window(articles, older=len(path) > limit)


def read_changes(conversation_id: UUID, seen: int) -> Changes:
    """Read what changed on the newest branch after version `seen`, as frames.

    The version is read first: whatever commits meanwhile is then read again.
    """
    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if conversation is None:
        return Changes((), seen)
    rows = conversation.messages.filter(changed__gt=seen)
    changed = set(rows.values_list("pk", flat=True))
    leaf = find_leaf(conversation=conversation) if changed else None
    path = list_path(leaf=leaf, limit=REACH_MESSAGES) if leaf else []
    articles = read_articles(conversation=conversation, path=path, only=changed)
    running = [_cursor(article) for article in articles if article.state in ACTIVE]
    return Changes(
        (*map(_article_frame, articles), _version_frame(conversation)),
        conversation.version,
        running[0] if running else None,
    )


def _article_frame(article: Article) -> str:
    parent = str(article.parent_id or "")
    html = render_article(article)
    return _frame({"t": "a", "m": str(article.id), "p": parent, "h": html})


def _version_frame(conversation: Conversation) -> str:
    title = conversation.title
    return _frame({"t": "v", "v": conversation.version, "title": title})


def _frame(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cursor(article: Article) -> Cursor:
    return Cursor(str(article.id), article.attempt, article.offset, article.closed)
