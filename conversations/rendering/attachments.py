"""A file of a message or a draft, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

KILO, MEGA = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class ShownFile:
    """Its name and what it is; of a picture, its size in pixels. `size` is in bytes."""

    id: UUID
    kind: str
    name: str
    size: int
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    is_cut: bool = False

    @property
    def is_image(self) -> bool:
        return self.kind == "image"

    @property
    def facts(self) -> str:
        """What there is to know of it, in a few words."""
        parts = [self._pages(), spell_size(self.size)]
        if self.is_cut:
            parts.append("only the beginning is read")
        return " · ".join(part for part in parts if part)

    def _pages(self) -> str:
        if self.kind != "pdf" or self.pages is None:
            return ""
        return f"{self.pages:,} page{'' if self.pages == 1 else 's'}"


def spell_size(size: int) -> str:
    """Return bytes as people read them."""
    if size >= MEGA:
        return f"{size / MEGA:,.1f} MB"
    return f"{round(size / KILO):,} kB" if size >= KILO else f"{size} bytes"
