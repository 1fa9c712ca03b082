"""How a model's name says what to do: `part+part`, where a part is `name:K@R`.

K is a number (of tokens mostly, a status, or a word), R a rate in tokens a second.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a name. `argument` is what follows the colon."""

    name: str
    argument: str = ""
    rate: float = 0.0

    @property
    def count(self) -> int | None:
        return int(self.argument) if self.argument.isdecimal() else None

    def count_or(self, default: int) -> int:
        return default if self.count is None else self.count


def read_name(name: str) -> list[Part]:
    """Return the parts of a model's name; a provider before it is overlooked."""
    return [_read_part(part) for part in name.rpartition("/")[2].split("+")]


def _read_part(text: str) -> Part:
    name, _, rest = text.partition(":")
    argument, _, rate = rest.partition("@")
    try:
        return Part(name, argument, float(rate or 0))
    except ValueError:
        return Part(name, rest)
