"""Which turns leave the context, or have left it, and are not yet remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.digest import Piece, cut_pieces
from conversations.context.turns import messages_of, size
from conversations.models import Epoch, Message
from conversations.services.branching.branches import find_on_branch
from conversations.services.history import Stretch, read_answered, read_path
from conversations.services.memory.facts import find_facts
from conversations.services.memory.remembered import find_summary
from conversations.services.previews import next_roll
from conversations.wire import RollReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations import wire
    from conversations.models import Generation
    from conversations.wire import Turn

# While no more than this part of what would leave is missing in the summary, it will
# do: so much can be sent a little longer.
MISSING_SHARE = 1 / 3
# So many pieces are read one after the other; of more the newest.
MOST_PIECES = 8
# Of what is known only the newest is named, so that the question stays short.
KNOWN_FACTS = 50
# In the simple mode a turn leaves with each new one: they are gathered.
GATHERED_TURNS = 8


def find_unsummarised(
    *, generation: Generation, room: int
) -> tuple[wire.Summary | None, list[Piece]]:
    """Return the summary of a branch and what should be added to it, oldest first.

    Near a roll that is what it would leave out, else what has left. Pieces have at most
    `room` tokens, less those of the summary.
    """
    if not generation.conversation.summarises:
        return None, []
    base = find_summary(
        conversation_id=generation.conversation_id, leaf=generation.message_id
    )
    room -= base.tokens if base else 0
    turns = _read_unsummarised(generation, base, room * MOST_PIECES)
    return base, _newest_pieces(turns, room, MOST_PIECES)


def find_unread(*, epoch: Epoch, room: int) -> tuple[Piece | None, list[str]]:
    """Return what has left and was not searched for facts, and the facts that are known.

    Together they have at most `room` tokens; of too much the newest is returned.
    """
    facts = find_facts(conversation_id=epoch.conversation_id)
    known = facts.order_by("-pk").values_list("text", "tokens")[:KNOWN_FACTS]
    room -= sum(tokens for _, tokens in known)
    pieces = _newest_pieces(_read_unread(epoch, room), room, 1)
    return (pieces[0] if pieces else None), [text for text, _ in known]


def _newest_pieces(turns: Sequence[Turn], room: int, most: int) -> list[Piece]:
    return cut_pieces(turns, room)[-most:] if room > 0 else []


def _read_unsummarised(
    generation: Generation, base: wire.Summary | None, most: int
) -> Sequence[Turn]:
    """Where nothing was summarised before, as far back as `most` tokens hold."""
    target = _find_target(generation, base)
    if target is None:
        return ()
    since = _find_after(base, target) if base else None
    if base is not None and since is None:
        # It reaches as far, or farther.
        return ()
    return _gather(generation.epoch, _read_up_to(target, since, most))


def _read_unread(epoch: Epoch, most: int) -> Sequence[Turn]:
    """Where nothing was searched before, as far back as `most` tokens hold."""
    target = _find_last_left(epoch)
    if target is None or epoch.facts_read_at is not None:
        return ()
    assert epoch.first_message is not None
    read = Epoch.objects.filter(
        conversation=epoch.conversation_id, facts_read_at__isnull=False
    )
    firsts = {pk for pk in read.values_list("first_message", flat=True) if pk}
    # Whatever is before any of these was searched, on whichever branch that was.
    known = find_on_branch(leaf=epoch.first_message, wanted=firsts)
    since = known[0] if known else None
    if since == epoch.first_message:
        return ()
    return _gather(epoch, _read_up_to(target, since, most))


def _find_target(generation: Generation, base: wire.Summary | None) -> UUID | None:
    """Return the reply to which a summary should reach, None where none is needed."""
    leaving = next_roll(generation.pk)
    if not leaving:
        return _find_last_left(generation.epoch)
    last = leaving[-1].reply
    return UUID(last.id) if last and _is_missing(leaving, base) else None


def _is_missing(leaving: Sequence[Turn], base: wire.Summary | None) -> bool:
    ids = [turn.reply.id for turn in leaving if turn.reply]
    start = ids.index(base.until) + 1 if base and base.until in ids else 0
    return _tokens(leaving[start:]) > MISSING_SHARE * _tokens(leaving)


def _tokens(turns: Sequence[Turn]) -> int:
    return sum(size(messages_of(turn)) for turn in turns)


def _find_last_left(epoch: Epoch | None) -> UUID | None:
    """Return the newest reply that an epoch leaves out."""
    if epoch is None or not epoch.turns_before or epoch.first_message is None:
        return None
    rows = Message.objects.filter(pk=epoch.first_message)
    return rows.values_list("previous_reply", flat=True).first()


def _find_after(base: wire.Summary, target: UUID) -> UUID | None:
    """Return the message after a summary on the way to `target`, None beyond it."""
    rows = Message.objects.filter(parent=UUID(base.until)).values_list("pk", flat=True)
    children = set(rows)
    found = find_on_branch(leaf=target, wanted=children) if children else []
    return found[0] if found else None


def _read_up_to(target: UUID, since: UUID | None, most: int) -> Sequence[Turn]:
    stretch = Stretch(window=most, since=since)
    return read_answered(path=read_path(target), stretch=stretch).turns


def _gather(epoch: Epoch | None, turns: Sequence[Turn]) -> Sequence[Turn]:
    simple = epoch is not None and epoch.reason == RollReason.LAST_TURNS
    return () if simple and len(turns) < GATHERED_TURNS else turns
