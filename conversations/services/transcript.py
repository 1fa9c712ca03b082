"""The transcript: messages of a branch as articles and as frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from conversations.live.room import Branch, Changes, Cursor
from conversations.models import Conversation
from conversations.rendering.articles import render_article
from conversations.services.articles import read_articles
from conversations.services.branching.branches import (
    find_end,
    find_leaf,
    follow_branch,
    list_path,
)
from conversations.services.branching.stretches import list_following
from conversations.services.branching.viewing import find_branch_in_view
from conversations.services.elsewhere import find_elsewhere
from conversations.services.reading import find_first_unread
from conversations.wire import ACTIVE, State

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.models import User
    from conversations.rendering.articles import Article

# How far back a change is looked for; a page further up shows it after a reload.
REACH_MESSAGES = 500
# The newest of a branch, among which are its last request and all that waits.
LINE_MESSAGES = 100
NEWEST = Branch()


@dataclass(frozen=True, slots=True)
class Spot:
    """Which stretch of a branch: its newest, or that before, after or around a message.

    `end` is where a page knows its branch to end.
    """

    before: UUID | None = None
    after: UUID | None = None
    around: UUID | None = None
    end: UUID | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a branch, oldest first; `older` and `newer` if there is more.

    `busy` if an answer of the conversation is being written, on whichever branch.
    """

    articles: list[Article]
    older: bool
    newer: bool = False
    busy: bool = False
    # Whether its last answer was chosen among several tries.
    stays: bool = False
    # Where its branch ends.
    end: UUID | None = None

    @property
    def oldest_id(self) -> UUID | None:
        return self.articles[0].id if self.articles else None

    @property
    def newest_id(self) -> UUID | None:
        return self.articles[-1].id if self.articles else None

    @property
    def last_answers(self) -> list[UUID]:
        """Return the answers to its last question, where its branch ends in it."""
        rows = [] if self.newer else reversed(self.articles)
        since = takewhile(lambda article: not article.has_been_asked, rows)
        return [article.id for article in since if article.role == "assistant"]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Ids, newest first, and whether there are more above and below them."""

    ids: list[UUID]
    older: bool = False
    newer: bool = False


THE_NEWEST = Spot()


def read_window(
    *,
    conversation: Conversation,
    limit: int,
    user: User | None = None,
    spot: Spot = THE_NEWEST,
) -> Window:
    """Read at most `limit` messages of the branch that `user` looks at.

    They are the newest, or as `spot` says; around a message that is about half before
    and half after it, near the end more before it. Where such a message is unknown, there are none. It takes as long
    at the beginning of a conversation as at its end.
    """
    branch = _find_branch(conversation, user, spot)
    if branch.at is None:
        return Window([], older=False)
    stretch = _find_stretch(conversation, spot, branch.at, limit)
    line = list_path(leaf=branch.at, limit=LINE_MESSAGES)
    articles = read_articles(conversation=conversation, path=stretch.ids, newest=line)
    return Window(
        articles,
        older=stretch.older,
        newer=stretch.newer,
        busy=_find_running(conversation) is not None,
        stays=branch.stays,
        end=branch.at,
    )


def read_opening(
    *, conversation: Conversation, limits: tuple[int, int], user: User
) -> Window:
    """Read the newest messages, as many as it takes to have what is new to `user`.

    They are the first of `limits` at least, and the second at most.
    """
    fewest, most = limits
    branch = find_branch_in_view(conversation=conversation, user=user)
    path = list_path(leaf=branch.at, limit=most) if branch.at else []
    unread = find_first_unread(conversation=conversation, user=user, message_ids=path)
    # With what it came after.
    wanted = path.index(unread) + 2 if unread else 0
    limit = min(max(fewest, wanted), most)
    return read_window(conversation=conversation, limit=limit, user=user)


def _find_branch(conversation: Conversation, user: User | None, spot: Spot) -> Branch:
    if spot.end is not None:
        end = find_end(conversation=conversation, message=spot.end)
        if end is not None:
            return Branch(end)
    if user is None:
        return Branch(find_leaf(conversation=conversation))
    return find_branch_in_view(conversation=conversation, user=user)


def _find_stretch(
    conversation: Conversation, spot: Spot, end: UUID, limit: int
) -> _Stretch:
    given = spot.before or spot.after or spot.around
    if given is None:
        path = list_path(leaf=end, limit=limit + 1)
        return _Stretch(path[:limit], older=len(path) > limit)
    row = conversation.messages.filter(pk=given).values_list("parent").first()
    if row is None:
        return _Stretch([])
    if spot.before is not None:
        path = list_path(leaf=row[0], limit=limit + 1) if row[0] else []
        return _Stretch(path[:limit], older=len(path) > limit, newer=True)
    below = limit if spot.after is not None else limit // 2
    following = list_following(message=given, end=end, limit=below + 1)
    # Near the end there is room for more that came before.
    above = 0 if spot.after is not None else limit - min(below, len(following))
    path = list_path(leaf=given, limit=above + 1)
    return _Stretch(
        [*reversed(following[:below]), *path[:above]],
        older=len(path) > above,
        newer=len(following) > below,
    )


def read_changes(conversation_id: UUID, seen: int, branch: Branch = NEWEST) -> Changes:
    """Read what changed on a branch after version `seen`, as frames.

    Where a page at `branch` now belongs elsewhere, all that it does not have yet is
    among them. The version is read first: whatever commits meanwhile is then read
    again. The end is read before what changed, so that it is among that.
    """
    here = Conversation.objects.filter(pk=conversation_id, deleted_at=None)
    conversation = here.first()
    if conversation is None:
        return Changes((), seen)
    writing = _find_running(conversation)
    leaf = follow_branch(conversation=conversation, branch=branch)
    rows = conversation.messages.filter(changed__gt=seen)
    changed = set(rows.values_list("pk", flat=True))
    path = _read_path(leaf) if changed or writing else []
    articles = read_articles(
        conversation=conversation, path=path, only=changed | _unknown(path, branch)
    )
    running = [_cursor(article) for article in articles if article.state in ACTIVE]
    return Changes(
        (*map(_article_frame, articles), _version_frame(conversation, writing, leaf)),
        conversation.version,
        running[0] if running else None,
        None if writing in path else writing,
        _moved(branch, path),
    )


def _find_running(conversation: Conversation) -> UUID | None:
    running = conversation.generations.filter(state=State.RUNNING)
    return running.values_list("message", flat=True).first()


def _read_path(leaf: UUID | None) -> list[UUID]:
    return list_path(leaf=leaf, limit=REACH_MESSAGES) if leaf else []


def _unknown(path: list[UUID], branch: Branch) -> set[UUID]:
    """What a page at another branch does not have of this one."""
    if branch.at is None or branch.at in path:
        return set()
    return set(path) - set(list_path(leaf=branch.at, limit=REACH_MESSAGES))


def _moved(branch: Branch, path: list[UUID]) -> Branch:
    """Return where a page is once it has the end of `path`."""
    if branch.at is None or not path:
        return branch
    return Branch(path[0], stays=branch.stays and path[0] == branch.at)


def _article_frame(article: Article) -> str:
    parent = str(article.parent_id or "")
    html = render_article(article)
    return _frame({"t": "a", "m": str(article.id), "p": parent, "h": html})


def _version_frame(
    conversation: Conversation, writing: UUID | None, leaf: UUID | None
) -> str:
    return _frame(
        {
            "t": "v",
            "v": conversation.version,
            "title": conversation.title,
            "choice": conversation.choice,
            "sharing": conversation.sharing_version,
            "busy": writing is not None,
            "end": str(leaf or ""),
            "elsewhere": _say_elsewhere(conversation, leaf),
        }
    )


def _say_elsewhere(conversation: Conversation, leaf: UUID | None) -> str:
    """What was written on another branch, by whom: two ids and a name, or nothing."""
    said = find_elsewhere(conversation=conversation, leaf=leaf)
    if said is None or said.author is None:
        return ""
    return f"{said.pk} {said.author.pk} {said.author.name}"


def _frame(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cursor(article: Article) -> Cursor:
    return Cursor(
        str(article.id),
        article.attempt,
        article.offset,
        article.closed,
        article.reasoning_offset,
    )
