from __future__ import annotations

import pytest

from conversations import limits
from conversations.gateways.base import ModelListing
from conversations.gateways.catalog import read_listings
from conversations.gateways.errors import ErrorKind, GatewayError, explain, scrub
from conversations.gateways.mapping import map_payload, map_status

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


@pytest.mark.parametrize(
    ("status", "body", "kind", "detail"),
    [
        (500, b"plain words", ErrorKind.SERVER, "plain words"),
        (502, b"<html><title>Bad\n gateway</title>", ErrorKind.SERVER, "Bad gateway"),
        (502, b"<html>no title", ErrorKind.SERVER, ""),
        (400, b'{"detail":"No such field"}', ErrorKind.BAD_REQUEST, "No such field"),
        (400, b'{"message":"No"}', ErrorKind.BAD_REQUEST, "No"),
        (400, b'{"odd":1}', ErrorKind.BAD_REQUEST, '{"odd": 1}'),
        (400, b'["odd"]', ErrorKind.BAD_REQUEST, '["odd"]'),
        (404, b'{"error":"no model"}', ErrorKind.NOT_FOUND, "no model"),
        (418, b"\xff", ErrorKind.BAD_REQUEST, "\ufffd"),
        (
            500,
            '{"error":{"type":"upstream_error","message":"超过上下文"}}'.encode(),
            ErrorKind.CONTEXT_FULL,
            "超过上下文",
        ),
        (
            400,
            b'{"error":{"code":"string_above_max_length",'
            b'"message":"name exceeds the context limit"}}',
            ErrorKind.BAD_REQUEST,
            "name exceeds the context limit",
        ),
        (
            400,
            b'{"error":{"message":"Provider returned error","code":400,'
            b'"metadata":{"raw":"bad image"}}}',
            ErrorKind.BAD_REQUEST,
            "Provider returned error\nbad image",
        ),
    ],
)
def test_a_status_and_its_body_become_an_error(
    status: int, body: bytes, kind: ErrorKind, detail: str
):
    error = map_status(status, body)

    assert (error.kind, error.detail, error.status) == (kind, detail, status)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", ErrorKind.NO_CREDIT),
        ("rate_limit_exceeded", ErrorKind.RATE_LIMITED),
        ("invalid_api_key", ErrorKind.UNAUTHORISED),
        ("access_denied", ErrorKind.FORBIDDEN),
        ("model_not_found", ErrorKind.NOT_FOUND),
        ("timeout_error", ErrorKind.TIMEOUT),
        ("invalid_request_error", ErrorKind.BAD_REQUEST),
        ("context_length_exceeded", ErrorKind.CONTEXT_FULL),
        ("overloaded_error", ErrorKind.SERVER),
        ("429", ErrorKind.RATE_LIMITED),
        (503, ErrorKind.SERVER),
    ],
)
def test_a_code_in_a_stream_becomes_a_kind(code: object, kind: ErrorKind):
    assert map_payload({"error": {"message": "No", "code": code}}).kind is kind


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
