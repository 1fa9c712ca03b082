"""The bare relay: the least a Daphne server can do to pass tokens on.

A WebSocket asks the gateway as soon as it is open and gets one frame a token. No
accounts, no database, no page: the measure everything else is compared with.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import httpx2
import jiter
from daphne.server import Server

if TYPE_CHECKING:
    from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

PREFIX = b"data: "
DONE = b"data: [DONE]"


class Relay:
    """The ASGI application."""

    def __init__(self, base_url: str, model: str) -> None:
        self._url = f"{base_url}/chat/completions"
        self._body = {
            "model": model,
            "stream": True,
            "messages": [{"role": "user", "content": "Go."}],
        }
        self._client: httpx2.AsyncClient | None = None

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        client = self._open_client()
        async with client.stream("POST", self._url, json=self._body) as response:
            rest = b""
            async for data in response.aiter_raw():
                *lines, rest = (rest + data).split(b"\n")
                for text in map(_text, lines):
                    if text:
                        await send(
                            {"type": "websocket.send", "text": text, "bytes": None}
                        )
        await send({"type": "websocket.close", "code": 1000, "reason": None})

    def _open_client(self) -> httpx2.AsyncClient:
        if self._client is None:
            self._client = httpx2.AsyncClient(
                timeout=None,
                limits=httpx2.Limits(max_connections=None),
            )
        return self._client


def _text(line: bytes) -> str:
    if not line.startswith(PREFIX) or line == DONE:
        return ""
    choices = jiter.from_json(line[len(PREFIX) :])["choices"]
    return choices[0]["delta"].get("content") or "" if choices else ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.relay", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="base URL of the gateway")
    parser.add_argument("--model", required=True)
    chosen = parser.parse_args()
    Server(
        application=Relay(chosen.upstream, chosen.model),
        endpoints=[f"tcp:port={chosen.port}:interface=127.0.0.1"],
        server_name="",
        verbosity=0,
    ).run()


if __name__ == "__main__":
    main()
