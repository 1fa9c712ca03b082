"""Long work in slices, so short that nobody who writes meanwhile waits for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db.models.functions import Length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from django.db.models import QuerySet

    P = ParamSpec("P")
    R = TypeVar("R")
    K = TypeVar("K")

# Of all texts of a slice that has more than one: the index of SQLite takes 60 ms for it.
SLICE_LETTERS = 100_000


def do_slice(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do a slice, and rest for as long as it took.

    Who waits for SQLite's lock looks again now and then: it has to be free by chance.
    """
    began = time.monotonic()
    try:
        return function(*args, **kwargs)
    finally:
        time.sleep(time.monotonic() - began)


def list_slice(rows: QuerySet[Any], *, text: str, most: int) -> list[Any]:
    """Return the keys of the first rows, at most `most`, with `text` not too long."""
    return cut_slice(rows.values_list("pk", Length(text))[:most])


def cut_slice(sized: Iterable[tuple[K, int | None]]) -> list[K]:
    """Return the first keys, at least one, whose letters are not too many together."""
    taken: list[K] = []
    letters = 0
    for key, length in sized:
        letters += length or 0
        if taken and letters > SLICE_LETTERS:
            break
        taken.append(key)
    return taken
