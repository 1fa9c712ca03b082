"""An answer on its way: a script's words, at a script's pace, in any protocol."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Usage
from tests.gateway import envelopes
from tests.gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.gateway.asked import Asked
    from tests.gateway.economy import Economy
    from tests.gateway.exchange import Exchange
    from tests.gateway.style import Style
    from tests.gateway.surfaces.writer import Writer

INPUT_TOKENS = 100
REASONED = Usage(
    input_tokens=INPUT_TOKENS,
    cached_input_tokens=64,
    cache_write_tokens=32,
    reasoning_tokens=7,
)


class Answer:
    """What a scenario has in its hands. `fixed` is the usage where none is counted.

    A whole answer (JSON) is said like a streamed one, and sent when it is finished.
    """

    def __init__(
        self,
        exchange: Exchange,
        writer: Writer,
        asked: Asked,
        style: Style,
        sealed: Sequence[str] = (),
    ) -> None:
        self.exchange = exchange
        self.writer = writer
        self.asked = asked
        self.style = style
        self.usage = Usage(input_tokens=INPUT_TOKENS)
        # Counts and charges truthfully; None where nobody does.
        self.economy: Economy | None = None
        self.charged = False
        self._said: list[str] = []
        self._thought: list[str] = []
        # The seals of its thoughts.
        self._sealed = sealed
        self.whole = style.form == "json"
        self.left = asked.most_tokens
        self.cut_short = False
        self._held: list[bytes] = []

    def charge(self, caches: str) -> None:
        """Take what reading the prompt costs, `caches` being how it is kept."""
        if self.economy is not None and not self.charged:
            self.usage = self.economy.charge(self.asked, caches)
            self.charged = True
        self.writer.read(self.usage)

    def start(self, *, role: bool = False) -> None:
        """Begin to stream; `role` also says whose words will come, as OpenAI does."""
        if self.whole:
            return
        self.exchange.start()
        self.write(self.writer.opening())
        if role:
            self.write(self.writer.role())

    def write(self, frames: bytes) -> None:
        """Write what the writer has made, however this answer's lines end."""
        if not frames or self.whole:
            return
        if self.style.line_end != b"\n":
            frames = frames.replace(b"\n", self.style.line_end)
        if self.style.byte_by_byte:
            self._held.append(frames)
        else:
            self.exchange.write(frames)

    def token(self, text: str) -> None:
        """Say one token; `text` must need no escaping in JSON."""
        self.exchange.request.tokens_sent += 1
        if self.economy is not None:
            self._said.append(text)
        self.write(self.writer.token(text))

    async def tokens(self, count: int, rate: float = 0.0, start: int = 0) -> None:
        """Say `t0 t1 …`, `rate` a second or as fast as the client reads.

        No more of them than the request allows.
        """
        if self.left is not None and count > self.left:
            count, self.cut_short = self.left, True
        began = time.monotonic()
        for number in range(start, start + count):
            self.token(f"t{number} ")
            await self.exchange.pace(began, number - start + 1, rate)
        if self.left is not None:
            self.left -= count

    def say(self, text: str) -> None:
        """Say any text, as one delta."""
        self.exchange.request.tokens_sent += 1
        self._said.append(text)
        self.write(self.writer.say(text))

    async def say_all(self, text: str, rate: float = 0.0) -> None:
        """Say `text` in pieces of about a token each."""
        began = time.monotonic()
        for number, piece in enumerate(demo_wire.split_pieces(text)):
            self.say(piece)
            await self.exchange.pace(began, number + 1, rate)

    async def think(
        self, pieces: Iterable[str], kind: str = "plain", rate: float = 0.0
    ) -> None:
        self.write(self.writer.begin_thought(kind))
        began = time.monotonic()
        for number, piece in enumerate(pieces):
            self._thought.append(piece)
            self.write(self.writer.think(piece))
            await self.exchange.pace(began, number + 1, rate)
        self.write(self.writer.end_thought())

    def finish(self, reason: str = "stop", detail: str = "") -> None:
        """Write the end: the finish reason, the usage, what comes last."""
        if self.cut_short and reason == "stop":
            reason = "length"
        told = self.count()
        if not self.style.tells_cost:
            told = replace(told, cost=None)
        elif self.style.cost is not None:
            told = replace(told, cost=self.style.cost)
        self.write(self.writer.closing(reason, told, detail))

    def count(self) -> Usage:
        """Return what the answer has truly taken so far."""
        sent = self.exchange.request.tokens_sent
        if self.economy is None:
            known = REASONED if self._thought else self.usage
            return replace(known, output_tokens=sent)
        thought = self.economy.think("".join(self._thought), self._sealed)
        said = self.economy.count_text("".join(self._said))
        usage = replace(self.usage, output_tokens=said + thought)
        if thought:
            usage = replace(usage, reasoning_tokens=thought)
        return self.economy.price(usage, self.asked.model)

    def fail(self, problem: Problem) -> None:
        """End with an error in the middle of the stream."""
        self.exchange.request.refusal = problem.message
        if self.whole:
            self.refuse(problem)
            return
        self.write(self.writer.failing(problem))

    async def end(self) -> None:
        """End the body, unless the answer has ended in some other way."""
        for byte in b"".join(self._held):
            await self.exchange.write_all(bytes([byte]))
        if self.exchange.over:
            return
        if self.whole and not self.exchange.started:
            self.exchange.answer(200, self.writer.whole())
        else:
            self.exchange.end()
        if self.style.closes:
            self.exchange.close()

    def refuse(self, problem: Problem, envelope: str = "") -> None:
        """Answer with an error in place of an answer."""
        self.exchange.request.refusal = problem.message
        self.exchange.headers |= self.style.refusal_headers
        if self.style.availability:
            more = problem.extra | {"availability": self.style.availability}
            problem = replace(problem, extra=more)
        envelope = self.style.envelope or envelope
        protocol = self.writer.protocol
        body, content_type = envelopes.wrap(problem, envelope, protocol)
        self.exchange.answer(problem.status, body, content_type)
