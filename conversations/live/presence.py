"""Who has a conversation's page open, and who is typing. Nothing of it is stored."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from conversations import limits

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Face:
    """A person as others see them; `face` is the colour that stands for them."""

    id: int
    name: str
    initials: str
    face: int


class Presence:
    """The people of one room, each once, however many pages they have open.

    `frame` says who is here, `version` how often that has changed: it is encoded once
    for all viewers, and no more often than every `PRESENCE_SECONDS`.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.frame = ""
        self.version = 0
        self._wake = wake
        # By person: their open pages; how they are shown, in the order they came.
        self._pages: dict[int, int] = {}
        self._faces: dict[int, Face] = {}
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._typing: dict[int, asyncio.TimerHandle] = {}
        self._due: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")

    def join(self, face: Face) -> None:
        """Note that somebody has opened the page."""
        self._pages[face.id] = self._pages.get(face.id, 0) + 1
        if leaving := self._leaving.pop(face.id, None):
            leaving.cancel()
        if self._faces.get(face.id) != face:
            self._faces[face.id] = face
            self._change()

    def leave(self, user_id: int, *, at_once: bool = False) -> None:
        """Note that somebody has closed a page.

        With their last one they go, after a moment in which they may come back, or
        `at_once`.
        """
        if user_id not in self._pages:
            return
        self._pages[user_id] -= 1
        if self._pages[user_id]:
            return
        del self._pages[user_id]
        self.stop_typing(user_id)
        wait = 0.0 if at_once else limits.PRESENCE_GRACE_SECONDS
        loop = asyncio.get_running_loop()
        self._leaving[user_id] = loop.call_later(wait, self._forget, user_id)

    def start_typing(self, user_id: int) -> None:
        """Note that somebody types; it is forgotten unless it is said again."""
        if user_id not in self._pages:
            return
        loop, known = asyncio.get_running_loop(), self._typing.get(user_id)
        self._typing[user_id] = loop.call_later(
            limits.TYPING_SECONDS, self.stop_typing, user_id
        )
        if known:
            known.cancel()
        else:
            self._change()

    def stop_typing(self, user_id: int) -> None:
        """Note that somebody no longer types, or that their message has come."""
        if timer := self._typing.pop(user_id, None):
            timer.cancel()
            self._change()

    def _forget(self, user_id: int) -> None:
        del self._leaving[user_id]
        del self._faces[user_id]
        self._change()

    def _change(self) -> None:
        if self._due is None:
            loop = asyncio.get_running_loop()
            wait = self._told_at + limits.PRESENCE_SECONDS - loop.time()
            self._due = loop.call_later(
                max(wait, limits.ANNOUNCE_SECONDS), self._publish
            )

    def _publish(self) -> None:
        self._due = None
        self._told_at = asyncio.get_running_loop().time()
        frame = self._encode()
        if frame != self.frame:
            self.frame = frame
            self.version += 1
            self._wake()

    def _encode(self) -> str:
        here = [
            {**asdict(face), "typing": face.id in self._typing}
            for face in self._faces.values()
        ]
        body = {"t": "p", "here": here}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
