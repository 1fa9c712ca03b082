"""What the messages of a branch take, by our own count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Exists, OuterRef, Sum

from conversations.context.authors import with_author
from conversations.context.tokens import count
from conversations.context.turns import MESSAGE_TOKENS
from conversations.models import Attachment, Generation, Message
from conversations.services.attachments.sending import as_sent, read_files
from conversations.wire import Role, State

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from conversations.services.meter.earlier import Earlier
    from conversations.wire import Dialect


HAS_FILES = Exists(Attachment.objects.filter(message=OuterRef("pk")))


class Weight(NamedTuple):
    """What a message takes in tokens, `more` of it than its own count says."""

    role: str
    tokens: int
    is_post: bool
    more: int = 0


def weigh_since(
    base: Earlier,
    *,
    path: list[UUID],
    earlier: Collection[Earlier],
    answer: int,
    dialect: Dialect,
) -> int:
    """Return what a branch has more text than the request `base` held, in our tokens.

    An answer that is still to come counts as `answer`.
    """
    since = path[: path.index(base.message_id) + 1]
    said = weigh_turns(since, earlier=earlier, answer=answer, dialect=dialect)
    return said - _weigh_partial(base)


def weigh_turns(
    newest: list[UUID],
    *,
    earlier: Collection[Earlier],
    answer: int,
    dialect: Dialect,
) -> int:
    """Return what the newest messages of a branch take as text, in our tokens.

    An answer that is still to come counts as `answer`.
    """
    unread = {one.message_id for one in earlier if one.is_active}
    gone = {one.message_id for one in earlier if one.was_withdrawn}
    weights = weigh_each(newest, earlier, dialect)
    total = asked = posted = 0
    for pk in reversed(newest):
        if pk not in weights:
            continue
        role, tokens, is_post, _ = weights[pk]
        if role == Role.USER:
            asked += tokens + MESSAGE_TOKENS
            posted += tokens + MESSAGE_TOKENS if is_post else 0
            continue
        reply = answer if pk in unread else tokens
        is_gone = pk in gone and not reply
        total += 0 if is_gone else asked + reply + (MESSAGE_TOKENS if reply else 0)
        # What was posted before a turn that is gone is shown with the next one.
        asked = posted = posted if is_gone else 0
    return total + asked


def weigh_each(
    pks: list[UUID], earlier: Collection[Earlier], dialect: Dialect
) -> dict[UUID, Weight]:
    """Return what messages take that a model sees, their files as they are sent.

    What was not counted yet is, and stored. An answer that is still to come has none.
    """
    rows = Message.objects.filter(pk__in=pks).exclude(meant_for=Message.MeantFor.PEOPLE)
    found = list(rows.values_list("pk", "role", "tokens", "meant_for", HAS_FILES))
    unread = {one.message_id for one in earlier if one.is_active}
    fresh = [pk for pk, _, tokens, *_ in found if tokens is None and pk not in unread]
    counted = count_messages(message_ids=fresh)
    more = _weigh_forms([pk for pk, *_, has_any in found if has_any], dialect)
    return {
        pk: Weight(
            role,
            counted.get(pk, tokens or 0) + more.get(pk, 0),
            meant_for == Message.MeantFor.EVERYONE,
            more.get(pk, 0),
        )
        for pk, role, tokens, meant_for, _ in found
    }


def _weigh_forms(pks: list[UUID], dialect: Dialect) -> dict[UUID, int]:
    """Return what files take more than was counted, by message; it may be below 0."""
    found = read_files(message_ids=pks) if pks else {}
    return {
        pk: sum(one.tokens for one in as_sent(files=files, dialect=dialect))
        - sum(one.tokens for one in files)
        for pk, files in found.items()
    }


def count_messages(*, message_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count messages with their files, and store that. May be slow."""
    rows = Message.objects.filter(pk__in=message_ids)
    texts = list(rows.values_list("pk", "content", "sent_as", HAS_FILES))
    with_files = [pk for pk, *_, has_any in texts if has_any]
    files = read_files(message_ids=with_files) if with_files else {}
    counted = {
        pk: count(with_author(text, name)) + sum(f.tokens for f in files.get(pk, ()))
        for pk, text, name, _ in texts
    }
    for pk, tokens in counted.items():
        Message.objects.filter(pk=pk, tokens=None).update(tokens=tokens)
    return counted


def weigh_thoughts(base: Earlier, *, path: list[UUID]) -> int:
    """Return what answers since `base` take beside their text, in their own items."""
    rows = Generation.objects.filter(
        message__in=path[: path.index(base.message_id) + 1],
        epoch=base.epoch_id,
        message__attempt=1,
        attempt=1,
        state=State.COMPLETE,
        items_refused_at=None,
    )
    return rows.aggregate(total=Sum("items_tokens"))["total"] or 0


def _weigh_partial(base: Earlier) -> int:
    """Return what `base` held only because it went on with an answer."""
    if not base.start:
        return 0
    rows = Generation.objects.filter(pk=base.pk).values_list("manifest", flat=True)
    items = (rows.first() or {}).get("items", [])
    return sum(
        item["tokens"] for item in items if item["kind"] in ("partial", "continue")
    )
