from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.gateways.base import request_parameters
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.mapping import map_payload, map_status
from conversations.gateways.failures.particulars import PARAMETERS
from conversations.gateways.presets import PRESETS
from conversations.gateways.retry import (
    MOST_ADAPTED,
    Adapt,
    Asked,
    GiveUp,
    Step,
    Trim,
    Wait,
    next_step,
)
from conversations.wire import Dialect, Protocol, Request, RequestMessage

BODY = frozenset({"model", "messages", "stream"})
EVERY_OTHER = sorted(set(PRESETS) - {"ezrouter"})


def asked(
    preset: str = "openai",
    *sent: str,
    protocol: str = "chat_completions",
    share: float = 0.3,
    tries: int = 1,
    adapted: int = 0,
    trimmed: bool = False,
) -> Asked:
    return Asked(preset, protocol, BODY | {*sent}, share, tries, adapted, trimmed)


def refused(status: int, **error: object) -> GatewayError:
    return map_status(status, json.dumps({"error": error}).encode())


def step_after(error: GatewayError, so_far: Asked | None = None) -> Step:
    return next_step(error, so_far or asked(), lambda: 1.0)


def is_retried(error: GatewayError, preset: str = "openai") -> bool:
    step = step_after(error, asked(preset))
    assert isinstance(step, Wait | GiveUp)
    return isinstance(step, Wait)


@pytest.mark.parametrize("preset", EVERY_OTHER)
@pytest.mark.parametrize(
    "status", [408, 409, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]
)
def test_what_may_pass_is_asked_again(preset: str, status: int):
    assert is_retried(refused(status, message="No"), preset)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 418, 422, 501])
def test_what_will_be_refused_again_is_not_asked_again(preset: str, status: int):
    assert not is_retried(refused(status, message="No"), preset)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524, 529, 599])
def test_ezrouter_is_asked_again_after_any_failure_of_its_own(status: int):
    assert is_retried(refused(status, message="出错"), "ezrouter")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 451])
def test_codes_that_ezrouter_does_not_have_end_it(status: int):
    assert not is_retried(refused(status, message="No"), "ezrouter")


def test_a_rate_limit_in_a_stream_of_ezrouter_ends_it():
    error = map_payload({"error": {"type": "rate_limit_error", "message": "No"}})

    assert not is_retried(error, "ezrouter")
    assert is_retried(error, "openrouter")


@pytest.mark.parametrize(
    "error",
    [
        refused(429, code="insufficient_quota", message="Quota exceeded"),
        refused(403, code="insufficient_user_quota"),
        refused(503, code="model_not_found"),
        refused(500, message="insufficient credits"),
    ],
)
def test_what_only_people_can_mend_is_not_asked_again(error: GatewayError):
    assert not is_retried(error)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_connection_that_fails_is_made_again(preset: str):
    assert is_retried(GatewayError(ErrorKind.UNREACHABLE), preset)


@pytest.mark.parametrize(
    "kind",
    [
        ErrorKind.TIMEOUT,
        ErrorKind.STALLED,
        ErrorKind.NOT_A_STREAM,
        ErrorKind.REDIRECT,
        ErrorKind.GARBLED,
        ErrorKind.TOO_LONG,
        ErrorKind.BAD_REQUEST,
    ],
)
def test_what_may_be_billed_or_never_ends_is_not_asked_again(kind: ErrorKind):
    assert not is_retried(GatewayError(kind))


@pytest.mark.parametrize(
    ("payload", "again"),
    [
        ({"error": {"code": 502, "message": "Provider disconnected"}}, True),
        ({"error": {"code": "429", "message": "Too busy"}}, True),
        ({"type": "error", "error": {"type": "overloaded_error"}}, True),
        ({"type": "error", "error": {"type": "api_error"}}, True),
        ({"type": "error", "error": {"type": "timeout_error"}}, True),
        ({"error": "The model crashed"}, True),
        ({"error": {"code": 400, "message": "No"}}, False),
        ({"error": {"code": 402, "message": "No"}}, False),
        ({"type": "error", "error": {"type": "invalid_request_error"}}, False),
        ({"type": "error", "error": {"type": "authentication_error"}}, False),
    ],
)
def test_an_error_as_the_first_event_counts_like_a_status(
    payload: dict[str, object], again: bool
):
    assert is_retried(map_payload(payload)) is again


def test_the_gateways_own_word_counts_more_than_its_status():
    again = refused(400, message="No", availability={"retryable": True})
    never = refused(503, message="No", availability={"retryable": False})

    assert is_retried(again, "openrouter")
    assert not is_retried(never, "openrouter")


@pytest.mark.parametrize(
    ("tries", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0)]
)
def test_waits_double_up_to_a_most(
    monkeypatch: pytest.MonkeyPatch, tries: int, most: float
):
    monkeypatch.setattr(limits, "RETRY_TRIES", 9)
    error, so_far = refused(503), asked(tries=tries)

    assert next_step(error, so_far, lambda: 1.0) == Wait(most)
    assert next_step(error, so_far, lambda: 0.5) == Wait(most / 2)
    assert next_step(error, so_far, lambda: 0.0) == Wait(0.0)


def test_it_is_asked_four_times_in_all():
    steps = [step_after(refused(503), asked(tries=tries)) for tries in (1, 2, 3, 4)]

    assert [isinstance(step, Wait) for step in steps] == [True, True, True, False]


@pytest.mark.parametrize("tries", [1, 3])
@pytest.mark.parametrize("seconds", [0.25, 7.0, 60.0])
def test_a_gateway_that_says_when_is_asked_then(tries: int, seconds: float):
    error = refused(429, retry_after=seconds)

    assert next_step(error, asked(tries=tries), lambda: 0.0) == Wait(seconds)


def test_a_gateway_that_says_much_later_is_not_asked_again():
    assert step_after(refused(429, retry_after=60.5)) == GiveUp()


def test_a_gateway_that_says_now_is_asked_after_a_moment():
    assert step_after(refused(503, retry_after=0)) == Wait(limits.RETRY_FIRST_SECONDS)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("status", [400, 413, 500])
def test_an_overflow_is_trimmed_once_and_never_waited_for(preset: str, status: int):
    error = refused(status, type="upstream_error", message="prompt is too long")

    assert step_after(error, asked(preset)) == Trim()
    assert step_after(error, asked(preset, tries=4)) == Trim()
    assert step_after(error, asked(preset, trimmed=True)) == GiveUp()


def test_an_overflow_that_is_said_to_pass_is_trimmed_all_the_same():
    error = refused(503, message="context length", availability={"retryable": True})

    assert step_after(error, asked(trimmed=True)) == GiveUp()


@pytest.mark.parametrize(
    ("share", "trimmed", "step"),
    [
        (0.89, False, Wait(0.5)),
        (0.9, False, Trim()),
        (1.2, False, Trim()),
        (0.5, True, Wait(0.5)),
        (0.95, True, GiveUp()),
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_an_upstream_error_without_words_is_an_overflow_where_it_was_nearly_full(
    status: int, share: float, trimmed: bool, step: Step
):
    error = refused(status, type="upstream_error", message="出错")

    so_far = asked("ezrouter", share=share, trimmed=trimmed)

    assert step_after(error, so_far) == step


def test_another_error_is_no_overflow_however_full_it_was():
    assert step_after(refused(500), asked("ezrouter", share=1.0)) == Wait(0.5)


@pytest.mark.parametrize(
    ("named", "sent", "left_out"),
    [
        ("stream_options", "stream_options", "stream_options"),
        ("max_completion_tokens", "max_completion_tokens", "max_completion_tokens"),
        ("reasoning_effort", "reasoning_effort", "reasoning_effort"),
        ("reasoning_effort", "reasoning", "reasoning"),
        ("effort", "output_config", "output_config"),
        ("effort", "reasoning", "reasoning"),
        ("reasoning.effort", "reasoning_effort", "reasoning_effort"),
        ("reasoning.effort", "reasoning", "reasoning"),
        ("budget_tokens", "thinking", "thinking"),
    ],
)
def test_a_parameter_that_is_refused_is_left_out_at_once(
    named: str, sent: str, left_out: str
):
    error = refused(400, message=f"Unsupported parameter: '{named}'")

    assert step_after(error, asked("openai", sent, tries=4)) == Adapt(left_out)


@pytest.mark.parametrize(
    "so_far",
    [
        asked("openai"),
        asked("openai", "store", adapted=MOST_ADAPTED),
    ],
)
def test_it_is_not_adapted_in_vain_or_for_ever(so_far: Asked):
    assert step_after(refused(400, message="No.", param="store"), so_far) == GiveUp()


@pytest.mark.parametrize("inner", ["summary", "effort"])
def test_of_a_parameter_only_what_was_refused_is_left_out(inner: str):
    dialect = Dialect(asks_reasoning=True, effort_field="reasoning")
    messages = (RequestMessage("user", "Hello"),)
    request = Request("m", messages, effort="low", dialect=dialect)
    # In the words of OpenAI to an organisation that it has not verified.
    error = refused(400, message="No.", param=f"reasoning.{inner}")
    sent = sorted(request_parameters("responses", request))

    step = step_after(error, asked("openai", *sent, protocol="responses"))

    assert step == Adapt(f"reasoning.{inner}")


@pytest.mark.parametrize("protocol", ["chat_completions", "responses"])
def test_a_refused_effort_is_sent_no_more(protocol: str):
    dialect = Dialect(effort_field="reasoning", without=frozenset({"reasoning.effort"}))
    messages = (RequestMessage("user", "Hello"),)
    request = Request("m", messages, effort="low", dialect=dialect)

    assert "reasoning" not in request_parameters(protocol, request)


def test_what_a_protocol_needs_is_never_left_out():
    error = refused(400, message="max_tokens: 100000 > 64000, which is too much")
    messages = asked("anthropic", "max_tokens", protocol="messages")

    assert error.parameter == "max_tokens"
    assert step_after(error, messages) == GiveUp()
    assert step_after(error, asked("openai", "max_tokens")) == Adapt("max_tokens")


@st.composite
def errors(draw: st.DrawFn) -> GatewayError:
    """Any error at all, likely or not."""
    status = draw(st.none() | st.sampled_from([400, 408, 413, 429, 500, 501, 503]))
    error = GatewayError(draw(st.sampled_from(ErrorKind)), "", status)
    error.retry_after = draw(st.none() | st.floats(0, 1_000))
    error.retryable = draw(st.none() | st.booleans())
    error.parameter = draw(st.sampled_from(["", *PARAMETERS]))
    error.from_upstream = draw(st.booleans())
    return error


@given(
    st.lists(errors(), min_size=20, max_size=20),
    st.sampled_from(sorted(PRESETS)),
    st.sampled_from(Protocol),
    st.floats(0, 2),
    st.floats(0, 1),
)
def test_whoever_follows_it_comes_to_an_end(
    met: list[GatewayError], preset: str, protocol: str, share: float, jitter: float
):
    tries, trims = 1, 0
    left_out: list[str] = []
    longest = max(limits.RETRY_MOST_SECONDS, limits.RETRY_AFTER_MOST_SECONDS)
    for error in met:
        so_far = Asked(
            preset,
            protocol,
            BODY | {*PARAMETERS} - {*left_out},
            share,
            tries,
            len(left_out),
            trims > 0,
        )
        match next_step(error, so_far, lambda: jitter):
            case Wait(seconds):
                assert error.kind is not ErrorKind.CONTEXT_FULL
                assert 0 <= seconds <= longest
                assert seconds >= (error.retry_after or 0)
                tries += 1
            case Adapt(parameter):
                left_out.append(parameter)
            case Trim():
                trims += 1
            case GiveUp():
                break
    else:
        pytest.fail("It goes on for ever.")
    assert tries <= limits.RETRY_TRIES
    assert trims <= 1
    assert len(left_out) == len({*left_out}) <= MOST_ADAPTED
