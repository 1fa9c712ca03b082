"""The scenarios in which the test gateway fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.demo import wire as demo_wire
from tests.gateway import envelopes
from tests.gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.answer import Answer
    from tests.gateway.naming import Part

    Scenario = Callable[[Answer, Part], Awaitable[None]]

WINDOW = 10
# Errors inside a stream, in the shapes seen in the wild; `error:STATUS` is the rest.
ERRORS_IN_STREAM: dict[str, bytes] = {
    "error-openrouter": demo_wire.event(
        {
            "error": {
                "code": 502,
                "message": "Provider disconnected",
                "metadata": {"error_type": "provider_unavailable"},
            },
            "choices": [{"delta": {"content": ""}, "finish_reason": "error"}],
        }
    ),
    "error-litellm": demo_wire.event(demo_wire.error("Too busy", "", "429")),
    "error-string": demo_wire.event({"error": "The model crashed"}),
    "error-vllm": demo_wire.event(
        {"object": "error", "message": "This model's maximum context length is 10"}
    ),
    "error-event": b'event: error\ndata: {"message": "Overloaded"}\n\n',
    "error-nested": demo_wire.event(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}}
    ),
    "error-overloaded": b'event: error\ndata: {"type": "error", "error": '
    b'{"type": "overloaded_error", "message": "Overloaded"}}\n\n',
    "error-flat": demo_wire.event(
        {
            "type": "error",
            "code": "server_error",
            "message": "It broke.",
            "param": None,
            "sequence_number": 9,
        }
    ),
}


async def error(answer: Answer, part: Part) -> None:
    """`error:429` is a status; `error` fails after two tokens, `error@30` slowly."""
    if part.count is not None:
        answer.refuse(Problem(part.count, f"The test gateway says {part.count}."))
        return
    answer.start()
    await answer.tokens(2, part.rate)
    answer.fail(Problem(200, "The test gateway fails in the middle."))


async def error_first(answer: Answer, _: Part) -> None:
    """The stream begins, and its very first frame is an error."""
    answer.exchange.start()
    answer.fail(Problem(200, "The test gateway fails at once.", "overloaded_error"))


async def error_in_stream(answer: Answer, part: Part) -> None:
    """K tokens, one by default, and then the error that the name says.

    With :0 the error is the very first frame.
    """
    count = part.count_or(1)
    if count:
        answer.start()
        await answer.tokens(count, part.rate)
    else:
        answer.exchange.start()
    answer.exchange.write(ERRORS_IN_STREAM[part.name])


async def overflow(answer: Answer, part: Part) -> None:
    message = f"This model's maximum context length is {WINDOW} tokens."
    code = "context_length_exceeded"
    answer.refuse(Problem(part.count or 400, message, "", code))


async def overflow_worded(answer: Answer, part: Part) -> None:
    """`overflow-llamacpp:8000` overflows a window of 8,000 in those words."""
    window = part.count_or(200_000)
    tokens = window + 13_462
    wording = part.name.removeprefix("overflow-")
    problem, envelope = envelopes.overflow(wording, tokens, window)
    answer.refuse(problem, envelope)


async def quota(answer: Answer, _: Part) -> None:
    message = "You exceeded your quota."
    answer.refuse(Problem(429, message, "insufficient_quota", "insufficient_quota"))


async def echo_key(answer: Answer, _: Part) -> None:
    """401, with the key in the message, and masked, and half."""
    key = _key_of(answer).removeprefix("Bearer ")
    masked = f"{key[:8]}******{key[-4:]}"
    message = f"Incorrect API key: {key} ({masked}, {key[:12]}), Bearer {key}"
    answer.refuse(Problem(401, message, "", "invalid_api_key"))


async def echo_key_late(answer: Answer, _: Part) -> None:
    """The key in an error in the middle of a stream."""
    answer.start()
    await answer.tokens(1)
    answer.fail(Problem(200, f"Bad header: {_key_of(answer)}"))


async def redirect(answer: Answer, part: Part) -> None:
    answer.exchange.start(part.count or 307, "", location="/v1/elsewhere")


async def html(answer: Answer, part: Part) -> None:
    """A page, with status 200 where none is named."""
    status = part.count or 200
    answer.exchange.answer(status, envelopes.HTML, envelopes.HTML_TYPE)


async def empty(answer: Answer, part: Part) -> None:
    """No body at all."""
    answer.exchange.answer(part.count or 200, b"", demo_wire.STREAM_TYPE)


async def json_error(answer: Answer, _: Part) -> None:
    """An error that says 200."""
    kind = "invalid_request_error"
    body = demo_wire.error("Something went wrong.", kind, "502")
    answer.exchange.answer(200, demo_wire.to_bytes(body))


async def json_other(answer: Answer, _: Part) -> None:
    answer.exchange.answer(200, b'{"status":"ok"}')


async def garbage(answer: Answer, _: Part) -> None:
    """A token, then a line that is no JSON."""
    answer.start()
    await answer.tokens(1)
    answer.exchange.write(b"data: {oops\n\n")


async def endless_line(answer: Answer, _: Part) -> None:
    answer.exchange.start()
    while True:
        await answer.exchange.write_all(b"x" * 65_536)


async def endless_error(answer: Answer, _: Part) -> None:
    answer.exchange.start(500, "text/plain")
    while True:
        await answer.exchange.write_all(b"failure " * 1_024)


async def stall(answer: Answer, part: Part) -> None:
    """Silence before the first byte, or after K tokens."""
    if part.count is not None:
        answer.start()
        await answer.tokens(part.count, part.rate)
    await answer.exchange.hang()


async def stall_headers(answer: Answer, _: Part) -> None:
    """Silence after the headers."""
    answer.exchange.start()
    await answer.exchange.hang()


async def stall_pinging(answer: Answer, part: Part) -> None:
    """Nothing but signs of life, for ever, after K tokens."""
    answer.start()
    await answer.tokens(part.count_or(0))
    while True:
        answer.write(answer.writer.ping())
        await answer.exchange.pace(0, 0, 0)
        await answer.exchange.rest(1 / (part.rate or 20))


async def cut(answer: Answer, part: Part) -> None:
    """A stream that ends well, but for a finish reason."""
    answer.start()
    await answer.tokens(part.count_or(3), part.rate)


async def drop(answer: Answer, part: Part) -> None:
    """The connection ends before the body does."""
    answer.start()
    await answer.tokens(part.count_or(3), part.rate)
    answer.exchange.close()


async def reset(answer: Answer, part: Part) -> None:
    if part.count is None or part.count:
        answer.start()
        await answer.tokens(part.count_or(3), part.rate)
        # What is in flight when a reset comes is lost; let the client read it.
        await answer.exchange.pace(0, 0, 0)
    answer.exchange.reset()


async def drop_after_finish(answer: Answer, _: Part) -> None:
    answer.style.done = False
    answer.style.usage = "never"
    answer.start()
    await answer.tokens(2)
    answer.finish()
    answer.exchange.close()


def _key_of(answer: Answer) -> str:
    headers = answer.exchange.request.headers
    return headers.get("authorization") or headers.get("x-api-key", "")


SCENARIOS: dict[str, Scenario] = {
    "error": error,
    "error-first": error_first,
    **dict.fromkeys(ERRORS_IN_STREAM, error_in_stream),
    "overflow": overflow,
    **{f"overflow-{name}": overflow_worded for name in envelopes.WORDINGS},
    "quota": quota,
    "echo-key": echo_key,
    "echo-key-late": echo_key_late,
    "redirect": redirect,
    "html": html,
    "empty": empty,
    "json-error": json_error,
    "json-other": json_other,
    "garbage": garbage,
    "endless-line": endless_line,
    "endless-error": endless_error,
    "stall": stall,
    "stall-headers": stall_headers,
    "stall-pinging": stall_pinging,
    "cut": cut,
    "drop": drop,
    "reset": reset,
    "drop-after-finish": drop_after_finish,
}
