"""Why a file could not be read, as a word between two processes."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    PIXELS = "pixels"
    DAMAGED = "damaged"
    LOCKED = "locked"
    MEMORY = "memory"
    TIME = "time"


class UnreadableError(Exception):
    """The file is not read any further; `figure` is what there was too much of."""

    def __init__(self, refusal: Refusal, figure: int = 0) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.figure = figure
