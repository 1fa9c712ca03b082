"""Posting to the test gateway as bytes, and reading what comes as plain JSON."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from conversations.wire import Protocol

if TYPE_CHECKING:
    from tests.gateway import TestGateway

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)
ENDS = {CHAT: "/chat/completions", RESPONSES: "/responses", MESSAGES: "/messages"}
# Whom to trust takes long to read, and nobody is spoken to over TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HEADERS = {"anthropic-version": "2023-06-01"}


@dataclass
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The JSON of each event of a stream."""
        lines = self.body.decode().splitlines()
        data = [line[6:] for line in lines if line.startswith("data: ")]
        return [json.loads(each) for each in data if each != "[DONE]"]

    @property
    def error(self) -> str:
        """An error's words, however they are wrapped."""
        error = self.json["error"]
        return str(error["message"])


def chat_body(model: str, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    rows = list(messages) or [{"role": "user", "content": "Hello"}]
    return {"model": model, "stream": True, "messages": rows, **more}


def responses_body(model: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    rows = list(items) or [asked("Hello")]
    return {"model": model, "stream": True, "store": False, "input": rows, **more}


def messages_body(model: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = list(rows) or [{"role": "user", "content": "Hello"}]
    body = {"model": model, "stream": True, "max_tokens": 4_000, "messages": found}
    return body | more


def asked(text: str) -> dict[str, Any]:
    """Return a question as the responses protocol has it."""
    part = {"type": "input_text", "text": text}
    return {"type": "message", "role": "user", "content": [part]}


BODIES = {CHAT: chat_body, RESPONSES: responses_body, MESSAGES: messages_body}


def post(
    gateway: TestGateway,
    protocol: Protocol,
    body: dict[str, Any] | str,
    headers: dict[str, str] | None = None,
    flavour: str = "",
) -> Reply:
    """Post a body, or ask a model by its name, and return the whole answer."""
    base = gateway.url_for(flavour, protocol) if flavour else gateway.base_url
    payload = BODIES[protocol](body) if isinstance(body, str) else body
    sent = HEADERS if headers is None else headers
    response = httpx2.post(
        base + ENDS[protocol], json=payload, headers=sent, timeout=10, verify=NO_TLS
    )
    return Reply(response.status_code, dict(response.headers), response.content)


def get(gateway: TestGateway, path: str) -> Reply:
    response = httpx2.get(gateway.root_url + path, timeout=10, verify=NO_TLS)
    return Reply(response.status_code, dict(response.headers), response.content)
