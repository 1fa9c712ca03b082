"""A conversation that is told turn by turn, with what should be sent beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.context.assembly import CONTINUE_LINE
from conversations.services.turns import continue_reply
from conversations.wire import State
from tests.contract.bodies import Said, expected_body
from tests.contract.surfaces import CHAT, MESSAGES, MODEL, RESPONSES

if TYPE_CHECKING:
    from conversations.models import Generation, Message
    from conversations.wire import Json
    from tests.contract.surfaces import Surface
    from tests.gateway import TestGateway
    from tests.gateway.exchange import Recorded
    from tests.services.conftest import Talk

PROMPT = 'You are kind. “Ünïcode” 日本 😀 \\ " / <b>&amp;'
QUESTION = "Question {number}: é😀 " + "word " * 90


@dataclass(frozen=True)
class Told:
    """One attempt at an answer, the requests for it, and what these should have been."""

    reply: Message
    generation: Generation
    requests: list[Recorded]
    expected: bytes

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for request in self.requests]


class Story:
    """`said` is all that a request should hold, oldest first."""

    def __init__(
        self, talk: Talk, gateway: TestGateway, surface: Surface, name: str = MODEL
    ) -> None:
        self.talk = talk
        self.gateway = gateway
        self.surface = surface
        # The model's.
        self.name = name
        self.said = [Said("system", PROMPT)]
        self.told: list[Told] = []
        self.question = QUESTION

    async def ask(self, *scenarios: str) -> Told:
        """Ask the next question, which is answered by these, one request each."""
        question = self.question.format(number=len(self.told) + 1)
        self.said.append(Said("user", question))
        self.gateway.script(self.name, *scenarios)
        began = len(self.gateway.requests)
        reply = await self.talk.ask(question)
        told = await self._listen(reply, began, self.said)
        if reply.content:
            native = self._native(told)
            self.said.append(Said("assistant", reply.content, str(reply.pk), native))
        return told

    async def go_on(self, scenario: str) -> Told:
        """Let the last answer be continued."""
        partial = self.said.pop().plain
        self.gateway.script(self.name, scenario)
        began = len(self.gateway.requests)
        reply, author = self.told[-1].reply, self.talk.author
        await self.talk.run(continue_reply, reply=reply, user=author)
        await self.talk.idle()
        reply = await self.talk.fresh(reply)
        said = [*self.said, partial, Said("user", CONTINUE_LINE)]
        told = await self._listen(reply, began, said)
        self.said.append(Said("assistant", reply.content, str(reply.pk)))
        return told

    def body(self, said: list[Said]) -> bytes:
        return expected_body(self.surface, said, str(self.talk.conversation.pk))

    async def _listen(self, reply: Message, began: int, said: list[Said]) -> Told:
        generation = await self.talk.generation(reply)
        requests = self.gateway.requests[began:]
        told = Told(reply, generation, requests, self.body(said))
        self.told.append(told)
        return told

    def _native(self, told: Told) -> tuple[Json, ...]:
        """Return the items of a complete reply as they should be sent back.

        They are read at the gateway that made them: no stream and no decoder stands
        between.
        """
        writer = told.requests[-1].writer
        complete = told.generation.state == State.COMPLETE
        if writer is None or not complete or not self.surface.takes_thoughts_back:
            return ()
        answer: Json = json.loads(writer.whole())
        items = _ITEMS[self.surface.protocol](answer)
        signed = any(_is_signed(item) for item in items)
        return tuple(items) if signed or self.surface.protocol == RESPONSES else ()


def _of_chat(answer: Json) -> list[Json]:
    choices = answer["choices"]
    assert isinstance(choices, list)
    details: list[Json] = choices[0]["message"].get("reasoning_details", [])
    return details


def _of_responses(answer: Json) -> list[Json]:
    items = answer["output"]
    assert isinstance(items, list)
    return items


def _of_messages(answer: Json) -> list[Json]:
    blocks = answer["content"]
    assert isinstance(blocks, list)
    return blocks


_ITEMS = {CHAT: _of_chat, RESPONSES: _of_responses, MESSAGES: _of_messages}


def _is_signed(item: Json) -> bool:
    return any(item.get(name) for name in ("signature", "data", "encrypted_content"))
