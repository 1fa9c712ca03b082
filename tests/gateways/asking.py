"""Asking a gateway and keeping all that came of it."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conversations.gateways.base import GatewayError, Gateways, Route
from conversations.wire import (
    Finished,
    ReasoningDelta,
    Request,
    RequestMessage,
    TextDelta,
    ToolCallDelta,
)

if TYPE_CHECKING:
    from conversations.wire import Delta
    from tests.gateway import TestGateway

KEY = "sk-canary-0123456789abcdefCANARY"


@dataclass
class Heard:
    """The deltas of one stream, and the error if it ended in one."""

    deltas: list[Delta] = field(default_factory=list)
    error: GatewayError | None = None

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.deltas if isinstance(each, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(
            each.text for each in self.deltas if isinstance(each, ReasoningDelta)
        )

    @property
    def calls(self) -> list[ToolCallDelta]:
        return [each for each in self.deltas if isinstance(each, ToolCallDelta)]

    @property
    def finished(self) -> Finished:
        last = self.deltas[-1]
        assert isinstance(last, Finished), self
        assert sum(isinstance(each, Finished) for each in self.deltas) == 1
        return last


def count_words(text: str) -> int:
    return len(text.split())


def request_for(model: str, *contents: str, system: str = "") -> Request:
    """Make a request whose contents are the user's and the assistant's in turn."""
    messages = [RequestMessage("system", system)] if system else []
    for number, content in enumerate(contents or ("Hello",)):
        messages.append(RequestMessage("assistant" if number % 2 else "user", content))
    return Request(model, tuple(messages))


async def ask(gateways: Gateways, route: Route, request: Request) -> Heard:
    heard = Heard()
    try:
        async with aclosing(gateways.stream(route, request)) as stream:
            async for delta in stream:
                heard.deltas.append(delta)
    except GatewayError as error:
        heard.error = error
    return heard


async def ask_model(gateway: TestGateway, model: str, key: str = KEY) -> Heard:
    """Ask the test gateway through connections of our own."""
    gateways = Gateways(count_words)
    try:
        return await ask(gateways, Route(gateway.base_url, key), request_for(model))
    finally:
        await gateways.aclose()
