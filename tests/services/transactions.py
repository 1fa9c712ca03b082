"""What a transaction does while every other writer waits for it.

Work is counted, not time: where a machine is shared, a thread is charged for moments in
which another machine ran (59 ms for a loop of 0.5 ms was measured).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

import pytest
from django.db.transaction import Atomic

# Of about 0.6 µs each, the lines between them included: well below 50 ms.
MOST_CALLS = 30_000
# Rendering, hashing, counting tokens, encrypting, and whatever connects. To a profiler
# most of it is one call, however long the text.
NEVER_CALLED = (
    "_hashlib",
    "_sha",
    "_md5",
    "_blake2",
    "builtins.CoreBPE",
    "conversations.rendering.markdown",
    "cryptography",
    "_ssl",
    "_socket.socket.connect",
)


class Work:
    """The calls of one transaction, and which of them had no business there."""

    def __init__(self) -> None:
        self.calls = 0
        self.misplaced: set[str] = set()

    def __call__(self, frame: FrameType, event: str, called: object) -> None:
        if event not in {"call", "c_call"}:
            return
        self.calls += 1
        name = _name_of(frame) if event == "call" else _name_of_c(called)
        if name.startswith(NEVER_CALLED):
            self.misplaced.add(name)


def count_calls(act: Callable[[], object]) -> int:
    """Return how many functions are called to do something, on this thread."""
    work = Work()
    sys.setprofile(work)
    try:
        act()
    finally:
        sys.setprofile(None)
    return work.calls


def _name_of(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}"


def _name_of_c(called: object) -> str:
    owner = getattr(called, "__self__", None)
    name = getattr(called, "__qualname__", "")
    module = getattr(called, "__module__", None) or type(owner).__module__
    return f"{module}.{name}"


@contextmanager
def watched_transactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Work]]:
    """Yield what each outermost transaction of any thread does, as they end."""
    begun: dict[Atomic, Work] = {}
    done: list[Work] = []
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def enter_watched(self: Atomic) -> None:
        enter(self)
        if sys.getprofile() is None:
            begun[self] = Work()
            sys.setprofile(begun[self])

    def leave_watched(
        self: Atomic,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        work = begun.pop(self, None)
        if work is not None:
            sys.setprofile(None)
            done.append(work)
        leave(self, kind, error, trace)

    monkeypatch.setattr(Atomic, "__enter__", enter_watched)
    monkeypatch.setattr(Atomic, "__exit__", leave_watched)
    yield done
