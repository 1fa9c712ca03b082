from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.gateways.base import ModelListing
from conversations.gateways.catalog.rows import read_listings
from conversations.gateways.errors import ErrorKind, GatewayError, explain, scrub
from conversations.gateways.failures.mapping import map_payload, map_status
from conversations.gateways.failures.particulars import PARAMETERS

KEY = "sk-proj-aB3dE5fG7hJ9kL1mN"


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_is_explained_in_a_sentence(kind: ErrorKind):
    sentence = explain(kind)

    assert sentence[0].isupper()
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        "Incorrect API key provided: sk-proj-********************L1mN.",
        f"Bad header 'Authorization: Bearer {KEY}'",
        "Authorization: Bearer aVerySecretTokenOfSomebodyElse42",
        "The key starts with sk-proj-aB3dE5f",
        f"https://gateway.example/?key={KEY}&x=1",
    ],
)
def test_no_key_survives_scrubbing(text: str):
    scrubbed = scrub(text, [KEY])

    assert "[key removed]" in scrubbed
    for part in (KEY, KEY[:14], "L1mN", "SecretToken"):
        assert part not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-4o-mini-2024-07-18` does not exist.",
        "Please wait for a moment; the well-known-provider is busy.",
        "Rate limit reached for organization in tokens per min.",
    ],
)
def test_ordinary_words_survive_scrubbing(text: str):
    assert scrub(text, [KEY, "", "x"]) == text


def test_a_detail_is_clean_and_capped():
    scrubbed = scrub("a\0b\r\n" + "c" * 10_000, [])

    assert scrubbed.startswith("a\ufffdb\ncc")
    assert len(scrubbed) == limits.ERROR_CHARACTERS


def told(**error: object) -> bytes:
    """Return the body of a refused request in the commonest envelope."""
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    "words",
    ["reasoning.", "sk-", "*", "<title>", "extra a ", '{"detail":', "context length "],
)
def test_a_hostile_error_takes_no_time_to_read(words: str):
    body = (words * limits.GATEWAY_ERROR_BYTES)[: limits.GATEWAY_ERROR_BYTES].encode()
    began = time.process_time()

    error = map_status(400, body)
    scrub(error.detail, [KEY])

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("words", ["\n", "\n ", "; ", "…a", "上下文"])
def test_a_hostile_error_in_a_stream_takes_no_time_to_read(words: str):
    message = f"a{words * (limits.GATEWAY_EVENT_BYTES // 8)}a"
    began = time.process_time()

    error = map_payload({"error": {"code": message, "message": message}})
    scrub(error.detail, [KEY])

    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("status", "body", "kind", "detail"),
    [
        (500, b"plain words", ErrorKind.SERVER, "plain words"),
        (502, b"<html><title>Bad\n gateway</title>", ErrorKind.SERVER, "Bad gateway"),
        (502, b"<html>no title", ErrorKind.SERVER, ""),
        (503, b"", ErrorKind.SERVER, ""),
        (400, b'{"detail":"No such field"}', ErrorKind.BAD_REQUEST, "No such field"),
        (400, b'{"message":"No"}', ErrorKind.BAD_REQUEST, "No"),
        (400, b'{"error":true,"message":"No"}', ErrorKind.BAD_REQUEST, "No"),
        (400, b'{"odd":1}', ErrorKind.BAD_REQUEST, '{"odd": 1}'),
        (400, b'["odd"]', ErrorKind.BAD_REQUEST, '["odd"]'),
        (400, b'"odd"', ErrorKind.BAD_REQUEST, "odd"),
        (404, b'{"error":"no model"}', ErrorKind.NOT_FOUND, "no model"),
        (418, b"\xff", ErrorKind.BAD_REQUEST, "\ufffd"),
        (500, b"[" * 100_000, ErrorKind.SERVER, "[" * 8_000),
        # A gateway that wraps another's answer, as an object and as text.
        (
            502,
            b'{"detail":{"error":{"message":"Behind it","code":"x"}}}',
            ErrorKind.SERVER,
            "Behind it",
        ),
        (
            502,
            b'{"detail":"{\\"error\\":{\\"message\\":\\"Behind it\\"}}"}',
            ErrorKind.SERVER,
            "Behind it",
        ),
        (
            429,
            b'[{"error":{"code":429,"message":"Slowly","status":"RESOURCE_EXHAUSTED"}}]',
            ErrorKind.RATE_LIMITED,
            "Slowly",
        ),
        (
            400,
            told(
                message="Provider returned error",
                code=400,
                metadata={"raw": "bad image", "provider_name": "Somebody"},
            ),
            ErrorKind.BAD_REQUEST,
            "Provider returned error\nbad image",
        ),
        (
            422,
            b'{"detail":[{"loc":["body","store"],"msg":"Not permitted","type":"x"},'
            b'{"loc":["body","n"],"msg":"Too small","type":"y"}]}',
            ErrorKind.BAD_REQUEST,
            "store: Not permitted; n: Too small",
        ),
    ],
)
def test_the_gateways_words_are_found_in_any_envelope(
    status: int, body: bytes, kind: ErrorKind, detail: str
):
    error = map_status(status, body)

    assert (error.kind, error.detail, error.status) == (kind, detail, status)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        # OpenAI and what is compatible with it.
        (
            401,
            told(type="invalid_request_error", code="invalid_api_key"),
            "UNAUTHORISED",
        ),
        (403, told(message="Country not supported"), "FORBIDDEN"),
        (404, told(code="model_not_found"), "NOT_FOUND"),
        (405, b"", "NOT_FOUND"),
        (408, b"", "TIMEOUT"),
        (409, told(message="Locked"), "BAD_REQUEST"),
        (429, told(type="requests", code="rate_limit_exceeded"), "RATE_LIMITED"),
        (429, told(type="insufficient_quota", code="insufficient_quota"), "NO_CREDIT"),
        (400, told(message="Incorrect API key provided: x."), "UNAUTHORISED"),
        (400, told(message="Filtered.", code="content_filter"), "MODERATED"),
        (400, told(message="No such model.", code="model_not_found"), "NOT_FOUND"),
        (501, b"", "SERVER"),
        # EZRouter.
        (401, told(type="authentication_error", message="无效的令牌"), "UNAUTHORISED"),
        (403, told(code="access_denied", type="new_api_error"), "FORBIDDEN"),
        (
            403,
            told(code="insufficient_user_quota", message="用户额度不足"),
            "NO_CREDIT",
        ),
        (403, told(type="new_api_error", message="余额不足，请充值"), "NO_CREDIT"),
        (400, told(code="sensitive_words_detected"), "MODERATED"),
        (500, told(type="upstream_error", message="上游服务出错"), "SERVER"),
        (503, told(code="model_not_found", message="无可用渠道"), "NOT_FOUND"),
        # OpenRouter.
        (402, told(code=402, message="Insufficient credits"), "NO_CREDIT"),
        (
            403,
            told(code=403, message="Your input was flagged", metadata={"reasons": []}),
            "MODERATED",
        ),
        (
            403,
            told(code=403, message="Blocked", metadata={"error_type": "guardrail"}),
            "MODERATED",
        ),
        (404, told(code=404, message="No endpoints found"), "NOT_FOUND"),
        (502, told(code=502, metadata={"error_type": "provider_error"}), "SERVER"),
        (
            503,
            told(code=503, metadata={"error_type": "provider_overloaded"}),
            "OVERLOADED",
        ),
        (524, told(code=524, message="Provider timed out"), "TIMEOUT"),
        (529, told(code=529, message="Provider returned error"), "OVERLOADED"),
        # Anthropic.
        (400, told(message="Your credit balance is too low to go on."), "NO_CREDIT"),
        (402, told(type="billing_error"), "NO_CREDIT"),
        (429, told(type="rate_limit_error"), "RATE_LIMITED"),
        (500, told(type="api_error", message="Internal server error"), "SERVER"),
        (504, told(type="timeout_error"), "TIMEOUT"),
        (529, told(type="overloaded_error", message="Overloaded"), "OVERLOADED"),
        (
            400,
            told(details={"error_code": "enforced_spend_limit_reached"}),
            "NO_CREDIT",
        ),
        # LiteLLM.
        (429, told(type="throttling_error", code="429"), "RATE_LIMITED"),
    ],
)
def test_a_status_and_its_codes_name_a_kind(status: int, body: bytes, kind: str):
    assert map_status(status, body).kind is ErrorKind[kind]


OVERFLOWS: list[tuple[int, bytes, int | None]] = [
    # OpenAI, vLLM, OpenRouter.
    (
        400,
        told(
            message="This model's maximum context length is 128000 tokens. However, "
            "your messages resulted in 130512 tokens.",
            code="context_length_exceeded",
            param="messages",
        ),
        128_000,
    ),
    (
        400,
        told(
            message="Your input exceeds the context window of this model.",
            code="context_length_exceeded",
        ),
        None,
    ),
    (
        400,
        b'{"object":"error","message":"This model\'s maximum context length is 8,192 '
        b'tokens. However, you requested 9,000 tokens.","code":400}',
        8_192,
    ),
    (
        422,
        told(code=422, metadata={"error_type": "context_length_exceeded"}),
        None,
    ),
    (
        400,
        told(
            message="Provider returned error",
            code=400,
            metadata={"raw": "prompt is too long: 210000 tokens > 200000 maximum"},
        ),
        200_000,
    ),
    # Anthropic.
    (
        400,
        told(
            type="invalid_request_error",
            message="prompt is too long: 215436 tokens > 200000 maximum",
        ),
        200_000,
    ),
    (
        400,
        told(
            message="input length and `max_tokens` exceed context limit: "
            "190000 + 20000 > 200000, decrease input length or `max_tokens`"
        ),
        200_000,
    ),
    (413, told(type="request_too_large", message="Request exceeds 32 MB"), None),
    # EZRouter: any status, any language.
    (500, told(type="upstream_error", message="超过模型最大上下文长度 65536"), 65_536),
    (503, told(type="upstream_error", message="prompt is too long"), None),
    (400, told(type="new_api_error", message="输入内容过长"), None),
    # llama.cpp, LM Studio, LiteLLM.
    (
        400,
        told(
            code=400,
            type="exceed_context_size_error",
            message="the request exceeds the available context size",
            n_prompt_tokens=5_000,
            n_ctx=4_096,
        ),
        4_096,
    ),
    (
        400,
        b'{"error":"Trying to keep the first 5000 tokens when context the overflows. '
        b'However, the model is loaded with context length of only 4096 tokens"}',
        4_096,
    ),
    (
        400,
        told(
            message="litellm.ContextWindowExceededError: the request (5000 tokens) "
            "exceeds the available context size (4096 tokens), try increasing it",
            type=None,
            code="400",
        ),
        4_096,
    ),
    # Others behind gateways.
    (
        400,
        told(message="This model's maximum prompt length is 131072 but it has 537812."),
        131_072,
    ),
    (
        400,
        told(
            message="The input token count (1200000) exceeds the maximum number of "
            "tokens allowed (1048576)."
        ),
        1_048_576,
    ),
    (
        400,
        told(message="too large for model with 32768 maximum context length"),
        32_768,
    ),
    (400, told(message="Range of input length should be [1, 30720]"), 30_720),
    # A proxy before the gateway.
    (413, b"", None),
    (413, b"<html><title>413 Request Entity Too Large</title></html>", None),
]


@pytest.mark.parametrize(("status", "body", "window"), OVERFLOWS)
def test_an_overflow_is_known_in_every_wording(
    status: int, body: bytes, window: int | None
):
    error = map_status(status, body)

    assert (error.kind, error.window) == (ErrorKind.CONTEXT_FULL, window)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            400,
            told(code="string_above_max_length", message="Exceeds the context limit"),
        ),
        (401, told(message="No key for this context window.")),
        (413, told(message="The picture is too big.")),
        (429, told(message="Too many tokens a minute: limit 30000.")),
        (400, told(message="max_tokens: 100000 > 64000, which is the maximum")),
    ],
)
def test_what_is_too_much_of_something_else_is_no_overflow(status: int, body: bytes):
    error = map_status(status, body)

    assert error.kind is not ErrorKind.CONTEXT_FULL
    assert error.window is None


@pytest.mark.parametrize(
    "message",
    [
        "maximum context length is 10 tokens",
        "maximum context length is 999999999 tokens",
        "maximum context length is 99999999999999999999 tokens",
    ],
)
def test_a_window_that_cannot_be_is_not_believed(message: str):
    assert map_status(400, told(message=message)).window is None


DATE = "Sat, 21 Nov 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7.0),
        ({"retry-after": " 1.5 "}, {}, 1.5),
        ({"retry-after": "0"}, {}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, {}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 07:28:30 GMT", "date": DATE}, {}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 07:27:30 GMT", "date": DATE}, {}, 0.0),
        ({"retry-after": "Sat, 21 Nov 1998 07:28:30 GMT"}, {}, 0.0),
        ({}, {"retry_after": 12}, 12.0),
        ({}, {"availability": {"retry_after": 3.5}}, 3.5),
        ({}, {"metadata": {"retry_after": "4"}}, 4.0),
        ({"retry-after": "2"}, {"retry_after": 12}, 2.0),
        ({"retry-after": "soon"}, {"retry_after": 12}, 12.0),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "-3"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({"retry-after": "inf"}, {"retry_after": True}, None),
        ({"retry-after": "9" * 400}, {}, None),
        ({"retry-after": "Mon, 99 Foo 2026 99:99:99 GMT"}, {}, None),
        ({}, {}, None),
    ],
)
def test_when_to_come_back_is_read_in_every_form(
    headers: dict[str, str], error: dict[str, object], seconds: float | None
):
    assert map_status(429, told(**error), headers).retry_after == seconds


@pytest.mark.parametrize(
    ("headers", "error", "word"),
    [
        ({"x-should-retry": "true"}, {}, True),
        ({"x-should-retry": "False"}, {}, False),
        ({"x-should-retry": "perhaps"}, {}, None),
        ({}, {"availability": {"code": "busy", "retryable": True}}, True),
        ({}, {"availability": {"retryable": False}}, False),
        ({"x-should-retry": "true"}, {"availability": {"retryable": False}}, False),
        ({}, {"availability": {"retryable": "yes"}}, None),
        ({}, {}, None),
    ],
)
def test_the_gateways_own_word_on_asking_again_is_kept(
    headers: dict[str, str], error: dict[str, object], word: bool | None
):
    assert map_status(503, told(**error), headers).retryable is word


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (
            told(
                message="Unsupported parameter: 'max_tokens' is not supported with this "
                "model. Use 'max_completion_tokens' instead.",
                param="max_tokens",
                code="unsupported_parameter",
            ),
            "max_tokens",
        ),
        (
            told(message="Unsupported parameter: 'max_tokens'. Use another."),
            "max_tokens",
        ),
        (told(message="Unknown parameter: 'prompt_cache_key'."), "prompt_cache_key"),
        (told(message="No.", param="reasoning.effort"), "reasoning.effort"),
        (told(message="No.", param="reasoning.summary"), "reasoning.summary"),
        (told(message="No.", param="reasoning.other"), "reasoning"),
        (told(message="'reasoning.effort' is not supported."), "reasoning.effort"),
        (told(message="No.", param="stream_options.include_usage"), "stream_options"),
        (
            told(message="Unrecognized request argument supplied: stream_options"),
            "stream_options",
        ),
        (told(message="`thinking` is deprecated for this model."), "thinking"),
        (told(message="Thinking is not supported here."), "thinking"),
        (told(message="thinking.type: Input tag 'x' found using 'type'"), "thinking"),
        (told(message="adaptive thinking is not supported on this model"), "thinking"),
        (
            told(message="output_config: Extra inputs are not permitted"),
            "output_config",
        ),
        (
            told(
                message="messages.0.content.0.cache_control.ttl: Extra inputs are not"
            ),
            "cache_control",
        ),
        (told(message="This model does not support the effort parameter."), "effort"),
        (told(message="property 'stream_options' is unsupported"), "stream_options"),
        (
            told(message="Argument not supported on this model: reasoning_effort"),
            "reasoning_effort",
        ),
        (told(message='json: unknown field "store"'), "store"),
        (told(message='Unknown name "include": Cannot find field.'), "include"),
        (
            told(
                message="litellm.UnsupportedParamsError: x does not support parameters: "
                "['reasoning_effort'], for model=y",
                code="400",
            ),
            "reasoning_effort",
        ),
        (
            b'{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],'
            b'"msg":"Extra inputs are not permitted","input":{}}]}',
            "stream_options",
        ),
        (
            b'{"object":"error","message":{"detail":[{"loc":["body",'
            b'"max_completion_tokens"],"msg":"extra fields not permitted"}]}}',
            "max_completion_tokens",
        ),
        (
            told(
                message="[{'type': 'extra_forbidden', 'loc': ('body', 'session_id'), "
                "'msg': 'Extra inputs are not permitted', 'input': 'x'}]"
            ),
            "session_id",
        ),
        (
            told(
                message="Provider returned error",
                metadata={
                    "raw": '{"type":"error","error":{"type":"invalid_request_error",'
                    '"message":"thinking.budget_tokens: Too small"}}'
                },
            ),
            "thinking",
        ),
    ],
)
def test_a_parameter_that_is_not_taken_is_known_by_name(body: bytes, parameter: str):
    assert map_status(400, body).parameter == parameter


@pytest.mark.parametrize(
    "body",
    [
        told(message="Invalid value.", param="messages[1].content"),
        told(message="Unsupported parameter: 'sk-proj-aB3dE5fG7hJ9kL1mN'"),
        told(message="messages.1.content.0.thinking.signature: Field required"),
        told(message="messages.1.content.0: Invalid `signature` in `thinking` block"),
        told(message="max_tokens or the model's output limit was reached. Try again."),
        told(message="Please include a message and store it elsewhere."),
        told(message="No.", param=None),
        told(message="No.", param=["store"]),
    ],
)
def test_nothing_else_is_taken_for_a_parameter(body: bytes):
    assert map_status(400, body).parameter == ""


@pytest.mark.parametrize("status", [400, 500])
def test_an_upstream_error_is_marked_as_one(status: int):
    assert map_status(status, told(type="upstream_error", message="出错")).from_upstream
    assert not map_status(status, told(type="new_api_error")).from_upstream


def test_an_upstream_error_that_says_what_it_is_is_no_riddle():
    body = told(type="invalid_request_error", error_type="upstream_error")

    assert not map_status(400, body).from_upstream


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", ErrorKind.NO_CREDIT),
        ("rate_limit_exceeded", ErrorKind.RATE_LIMITED),
        ("invalid_api_key", ErrorKind.UNAUTHORISED),
        ("access_denied", ErrorKind.FORBIDDEN),
        ("content_policy_violation", ErrorKind.MODERATED),
        ("model_not_found", ErrorKind.NOT_FOUND),
        ("timeout_error", ErrorKind.TIMEOUT),
        ("invalid_request_error", ErrorKind.BAD_REQUEST),
        ("context_length_exceeded", ErrorKind.CONTEXT_FULL),
        ("overloaded_error", ErrorKind.OVERLOADED),
        ("429", ErrorKind.RATE_LIMITED),
        (503, ErrorKind.SERVER),
        ("5" * 5_000, ErrorKind.SERVER),
        (None, ErrorKind.SERVER),
    ],
)
def test_a_code_in_a_stream_becomes_a_kind(code: object, kind: ErrorKind):
    assert map_payload({"error": {"message": "No", "code": code}}).kind is kind


@pytest.mark.parametrize(
    ("payload", "kind", "status"),
    [
        ({"type": "error", "error": {"type": "timeout_error"}}, "TIMEOUT", 504),
        ({"error": {"code": 502, "message": "Gone"}}, "SERVER", 502),
        ({"object": "error", "message": "No", "code": 400}, "BAD_REQUEST", 400),
        ({"type": "error", "code": "server_error", "message": "No"}, "SERVER", None),
        ({"error": "The model crashed"}, "SERVER", None),
        ({"message": "Overloaded"}, "OVERLOADED", None),
        (None, "SERVER", None),
        (7, "SERVER", None),
    ],
)
def test_an_error_in_a_stream_has_a_status_where_it_stands_for_one(
    payload: object, kind: str, status: int | None
):
    error = map_payload(payload)

    assert (error.kind, error.status) == (ErrorKind[kind], status)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "error",
                        "message",
                        "detail",
                        "code",
                        "type",
                        "metadata",
                        "loc",
                        "msg",
                        "availability",
                        "retry_after",
                        "retryable",
                        "param",
                        "n_ctx",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
    ),
    st.integers(300, 599),
)
def test_any_json_at_all_is_some_error(payload: object, status: int):
    in_stream = map_payload(payload)
    refused = map_status(status, json.dumps(payload).encode())

    for error in (in_stream, refused):
        assert explain(error.kind)
        assert error.parameter in ("", *PARAMETERS)
        assert error.retry_after is None or error.retry_after >= 0
        assert error.window is None or error.window > 0


def test_an_error_says_its_kind_and_its_detail():
    assert str(GatewayError(ErrorKind.SERVER, "Oh no")) == "server: Oh no"
    assert str(GatewayError(ErrorKind.SERVER)) == "server"


@pytest.mark.parametrize(
    ("body", "listings"),
    [
        (b'{"object":"list","data":[{"id":"a"}]}', [ModelListing("a")]),
        (b'[{"id":"a"},{"id":"a"},{"id":""},7]', [ModelListing("a")]),
        (
            b'{"data":[{"id":"a","context_length":200000,"top_provider":'
            b'{"context_length":128000,"max_completion_tokens":4096}}]}',
            [ModelListing("a", 128_000, 4_096)],
        ),
        (b'{"data":[{"id":"a","max_model_len":8192}]}', [ModelListing("a", 8_192)]),
        (b'{"data":[{"id":"a","context_length":null}]}', [ModelListing("a")]),
        (b'{"data":[{"id":"a","context_length":true}]}', [ModelListing("a")]),
        (b'{"data":[]}', []),
    ],
)
def test_lists_of_models_come_in_many_shapes(body: bytes, listings: list[ModelListing]):
    assert read_listings(body) == listings


@pytest.mark.parametrize("body", [b"<html><title>Hi</title>", b"{}", b"7", b""])
def test_what_is_no_list_of_models_is_an_error(body: bytes):
    with pytest.raises(GatewayError) as raised:
        read_listings(body)

    assert raised.value.kind is ErrorKind.NOT_A_STREAM


def test_an_error_instead_of_a_list_of_models_is_said():
    with pytest.raises(GatewayError, match="No"):
        read_listings(b'{"error":{"message":"No"}}')


@pytest.mark.parametrize(
    ("detail", "is_value"),
    [
        ("Unsupported value: 'minimal' is not supported with this model.", True),
        ("Unsupported parameter: 'reasoning_effort' is not supported.", False),
    ],
)
def test_a_refused_value_is_told_from_a_refused_parameter(
    detail: str, is_value: bool
) -> None:
    body = {"error": {"message": detail, "param": "reasoning_effort"}}

    error = map_status(400, json.dumps(body).encode())

    assert error.parameter == "reasoning_effort"
    assert error.refuses_value is is_value
