"""What happens where a prompt is longer than the model's window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway.economy import Economy
from tests.gateway.envelopes import overflow
from tests.gateway.problems import RefusedError

if TYPE_CHECKING:
    from tests.gateway.answer import Answer
    from tests.gateway.naming import Part
    from tests.gateway.state import State

WINDOW = 8_000
# OpenRouter compresses prompts by itself for windows up to this.
SMALL = 8_192
_WORDINGS = {
    Protocol.CHAT_COMPLETIONS: "openai",
    Protocol.RESPONSES: "responses",
    Protocol.MESSAGES: "anthropic",
}


async def counts(answer: Answer, _: Part, state: State) -> None:
    """Tell tokens truthfully although the gateway has no economy."""
    answer.economy = state.economy or Economy(cache="none")


async def window(answer: Answer, part: Part, state: State) -> None:
    """`window:8000` reads so many tokens and no more, as its kind of gateway does.

    It refuses more (`says-llamacpp` in those words), unless it is named otherwise.
    """
    await counts(answer, part, state)
    assert answer.economy is not None
    most = part.count_or(WINDOW)
    tokens = answer.economy.count(answer.asked)
    if tokens <= most:
        return
    manner = _MANNERS.get(part.name) or _manner(answer, most)
    if manner == "refuses":
        wording = answer.style.wording or _WORDINGS[answer.asked.protocol]
        raise RefusedError(*overflow(wording, tokens, most))
    answer.exchange.request.shortened = True
    answer.usage = replace(answer.usage, input_tokens=most)
    answer.charged = True
    answer.writer.read(answer.usage)
    if manner == "length":
        answer.start(role=True)
        answer.finish("length")
        await answer.end()


_MANNERS = {
    "truncates": "shortens",
    "middle-out": "shortens",
    "full-is-length": "length",
}


def _manner(answer: Answer, most: int) -> str:
    """Return what this flavour does: `refuses`, `shortens` in silence or `length`."""
    manner = answer.style.overflows
    if manner != "openrouter":
        return manner
    if answer.asked.protocol is Protocol.RESPONSES:
        return "length"
    return "shortens" if most <= SMALL and not _declines(answer) else "refuses"


def _declines(answer: Answer) -> bool:
    """Whether a request says that it wants no compression."""
    plugins = answer.asked.body.get("plugins")
    rows = plugins if isinstance(plugins, list) else []
    wanted = {"id": "context-compression", "enabled": False}
    return wanted in rows
