"""OpenRouter's `reasoning_details`: a reply's thoughts, to be replayed as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import limits
from conversations.text import join_halves

if TYPE_CHECKING:
    from conversations.wire import Json

# What comes in pieces; everything else comes whole.
_GROWING = ("text", "summary", "data")
# What makes thoughts worth sending back: without it they are only text.
_PROOFS = ("signature", "data")
MOST_DETAILS = 1_000


class ReasoningDetails:
    """Puts the array together from its pieces, by index and type.

    Beyond `limits.ANSWER_BYTES` letters there is none.
    """

    def __init__(self) -> None:
        self._details: list[_Detail] = []
        self._newest: dict[object, _Detail] = {}
        self._left = limits.ANSWER_BYTES

    def add(self, part: Json, position: int) -> None:
        """Take one piece of one detail; without an index its `position` counts."""
        texts = (value for value in part.values() if isinstance(value, str))
        self._left -= sum(map(len, texts))
        if self._left < 0 or len(self._details) >= MOST_DETAILS:
            # A part of what was signed is not what was signed.
            self._left = -1
            self._details.clear()
            self._newest.clear()
            return
        key = (str(part.get("index", position)), str(part.get("type")))
        detail = self._newest.get(key)
        if detail is None or detail.is_other(part):
            detail = self._newest[key] = _Detail()
            self._details.append(detail)
        detail.add(part)

    def items(self) -> tuple[Json, ...]:
        """Return the array, () where nothing in it is signed or encrypted."""
        items = tuple(detail.whole() for detail in self._details)
        proven = any(item.get(name) for item in items for name in _PROOFS)
        return items if proven and self._left >= 0 else ()


class _Detail:
    def __init__(self) -> None:
        self._fields: Json = {}
        self._pieces: dict[str, list[str]] = {}

    def is_other(self, part: Json) -> bool:
        """Whether `part` has an id and it is not this one's."""
        mine, its = self._fields.get("id"), part.get("id")
        return bool(mine and its and mine != its)

    def add(self, part: Json) -> None:
        for name, value in part.items():
            if name in _GROWING and isinstance(value, str):
                if value:
                    self._pieces.setdefault(name, []).append(value)
                self._fields[name] = value
            elif value is not None or name not in self._fields:
                self._fields[name] = value

    def whole(self) -> Json:
        texts = {
            name: join_halves("".join(pieces)) for name, pieces in self._pieces.items()
        }
        return {**self._fields, **texts}
