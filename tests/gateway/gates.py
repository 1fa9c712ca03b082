"""Parts of a model's name at which a request may be stopped before its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway import windows
from tests.gateway.checks.parameters import unsupported
from tests.gateway.pieces import IMAGES, PDFS
from tests.gateway.problems import Problem, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.answer import Answer
    from tests.gateway.naming import Part
    from tests.gateway.state import State

    Gate = Callable[[Answer, Part, State], Awaitable[None]]

FLAKY_STATUS = 503
# What the names of gates without an argument refuse.
REFUSED = {
    "no-stream-options": ("stream_options",),
    "no-max-tokens": ("max_tokens",),
    "only-max-tokens": ("max_completion_tokens",),
    "no-effort": ("reasoning_effort", "reasoning", "output_config"),
    "no-thinking": ("thinking",),
    "no-include": ("include",),
    "no-cache-key": ("prompt_cache_key", "session_id"),
    "no-plugins": ("plugins",),
}


async def rejects(answer: Answer, part: Part, _: State) -> None:
    """`rejects:NAME` does not take a parameter, and says so."""
    for name in REFUSED.get(part.name, (part.argument,)):
        if name in answer.asked.body:
            raise unsupported(answer.asked.protocol, name)


async def takes_no(answer: Answer, part: Part, _: State) -> None:
    """`no-images` and `no-files` refuse such parts in the words of their protocol.

    `no-images:ollama` does so in the words of another server.
    """
    kinds = IMAGES if part.name == "no-images" else PDFS
    what = "image" if part.name == "no-images" else "PDF"
    asked = answer.asked
    if not any((one.pages > 0) == (kinds is PDFS) for one in asked.pieces):
        return
    named = BLIND_WORDS.get(part.argument) or BLIND_WORDS[asked.protocol]
    raise RefusedError(Problem(named[0], named[1].format(what=what)))


async def most_bytes(answer: Answer, part: Part, _: State) -> None:
    """`most-bytes:30000` takes no longer body, whatever is in it."""
    if len(answer.exchange.request.body) > part.count_or(30_000):
        raise RefusedError(Problem(413, "Request exceeds the maximum size"))


# How servers say that a model takes no such parts: status, and words.
BLIND_WORDS = {
    Protocol.CHAT_COMPLETIONS: (
        400,
        "Invalid content type. {what} parts are only supported by certain models.",
    ),
    Protocol.RESPONSES: (400, "This model does not support {what} inputs."),
    Protocol.MESSAGES: (400, "messages.0.content.0: {what} input is not supported."),
    "ollama": (500, "this model does not support {what}s"),
    "llamacpp": (500, "{what} input is not supported - hint: provide the mmproj"),
    "openrouter": (404, "No endpoints found that support {what} input"),
    "deepseek": (422, "messages[0]: unknown variant `{what}_url`, expected `text`"),
    "vllm": (400, "At most 0 {what}(s) may be provided in one request."),
}


async def flaky(answer: Answer, part: Part, state: State) -> None:
    """`flaky:2` fails twice with 503 in each conversation, `flaky:2@529` with 529."""
    if not _fails(answer, part, state):
        return
    status = int(part.rate) or FLAKY_STATUS
    raise RefusedError(Problem(status, f"Busy. The test gateway says {status}."))


async def flaky_stream(answer: Answer, part: Part, state: State) -> None:
    """The same, but with an error as the first frame of a stream."""
    if _fails(answer, part, state):
        answer.exchange.start()
        problem = Problem(200, "Overloaded", "overloaded_error", FLAKY_STATUS)
        answer.fail(problem)


async def flaky_reset(answer: Answer, part: Part, state: State) -> None:
    """The same, but the connection breaks before a byte has come."""
    if _fails(answer, part, state):
        answer.exchange.reset()


async def delay(answer: Answer, part: Part, _: State) -> None:
    """`delay:1.5` waits so many seconds before the headers."""
    await answer.exchange.rest(float(part.argument or 1))


def _fails(answer: Answer, part: Part, state: State) -> bool:
    """Whether this request is among the first K of its conversation and key."""
    headers = answer.exchange.request.headers
    key = headers.get("authorization") or headers.get("x-api-key", "")
    place = "\0".join((answer.asked.model, key, answer.asked.first))
    state.failures[place] += 1
    return state.failures[place] <= part.count_or(1)


GATES: dict[str, Gate] = {
    "rejects": rejects,
    **dict.fromkeys(REFUSED, rejects),
    "no-images": takes_no,
    "no-files": takes_no,
    "most-bytes": most_bytes,
    "flaky": flaky,
    "flaky-stream": flaky_stream,
    "flaky-reset": flaky_reset,
    "delay": delay,
    "counts": windows.counts,
    "window": windows.window,
    "truncates": windows.window,
    "middle-out": windows.window,
    "full-is-length": windows.window,
}
