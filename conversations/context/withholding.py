"""Which files are sent as they are, where all are more than one request takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.context.files import withhold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire import (
        ContextSettings,
        ContextState,
        History,
        HistoryMessage,
        ModelFacts,
        Turn,
    )

# What stays of the room once it is full: so it is full again only after a while, and
# until then requests begin alike.
KEEP_SHARE = 0.5


def withhold_files(
    history: History,
    settings: ContextSettings,
    model: ModelFacts,
    state: ContextState,
) -> tuple[History, str]:
    """Return a history without the files for which there is no room, and where they begin.

    That is the first message whose files go as they are; "" where those of all do. It
    stays where it is for as long as the files from there on have room. Then those of the
    newest messages stay, of each all or none; those of the question always do.
    """
    messages = _messages(history)
    place = _place(messages, settings, model, state)
    early = {one.id for one in messages[:place] if _bytes(one)}
    if not early:
        return history, _kept(model, state)
    turns = tuple(_turn(turn, early) for turn in history.turns)
    asking = _each(history.asking, early)
    return replace(history, turns=turns, asking=asking), messages[place].id


def _place(
    messages: list[HistoryMessage],
    settings: ContextSettings,
    model: ModelFacts,
    state: ContextState,
) -> int:
    """Return the index of the first message whose files are sent as they are."""
    if state.spares_files:
        return max(0, len(messages) - 1)
    since = _kept(model, state)
    place = next((n for n, one in enumerate(messages) if one.id == since), 0)
    most = settings.file_bytes
    if most is None or sum(map(_bytes, messages[place:])) <= most:
        return place
    return _newest_within(messages, int(KEEP_SHARE * most))


def _newest_within(messages: list[HistoryMessage], most: int) -> int:
    """Return from where on the files fit; the last message is sent whatever it has."""
    place = max(0, len(messages) - 1)
    total = _bytes(messages[place]) if messages else 0
    while place and total + _bytes(messages[place - 1]) <= most:
        place -= 1
        total += _bytes(messages[place])
    return place


def _kept(model: ModelFacts, state: ContextState) -> str:
    """Return where they begin in an epoch that may go on."""
    epoch = state.epoch
    if epoch is None or state.must_roll:
        return ""
    is_same = (epoch.model, epoch.endpoint) == (model.name, model.endpoint)
    return epoch.files_since if is_same else ""


def _messages(history: History) -> list[HistoryMessage]:
    turns = [one for turn in history.turns for one in turn.messages]
    return [*turns, *history.asking]


def _bytes(message: HistoryMessage) -> int:
    return sum(file.body_bytes for file in message.files)


def _turn(turn: Turn, early: set[str]) -> Turn:
    return replace(turn, messages=_each(turn.messages, early))


def _each(
    messages: Iterable[HistoryMessage], early: set[str]
) -> tuple[HistoryMessage, ...]:
    return tuple(_without(one) if one.id in early else one for one in messages)


def _without(message: HistoryMessage) -> HistoryMessage:
    files = tuple(map(withhold, message.files))
    less = sum(one.tokens for one in message.files) - sum(one.tokens for one in files)
    return replace(message, files=files, tokens=max(0, message.tokens - less))
