"""The transport of Anthropic's SDK, for the messages protocol.

It takes 40 MB: import this module where the protocol is spoken, and not before.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import httpx2
from anthropic import APIConnectionError, AsyncAnthropic, AsyncStream, Omit

from conversations.gateways.transport.headers import auth_headers, extra_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conversations.gateways.base import Route


class Sdk(AsyncAnthropic):
    """The SDK with a route's headers, and nothing of the environment's.

    Otherwise ANTHROPIC_CUSTOM_HEADERS, ANTHROPIC_AUTH_TOKEN and a profile on disk,
    meant for one gateway, would go to all; and its newest version, which refuses
    what gateways add by themselves.
    """

    def __init__(self, http: httpx2.AsyncClient, route: Route) -> None:
        super().__init__(
            # With none at all it would look for one.
            api_key="none",
            base_url=route.base_url,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
            open_telemetry=False,
        )
        self._route = route
        self._custom_headers = {}

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        return {
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "User-Agent": "Roundtable",
            **auth_headers(self._route),
            **extra_headers(self._route),
        }

    def _validate_headers(
        self, headers: httpx2.Headers, omitted: frozenset[str]
    ) -> None:
        """Let a request without a key pass: some gateways want none."""


@asynccontextmanager
async def open_messages(
    http: httpx2.AsyncClient, route: Route, body: bytes
) -> AsyncIterator[httpx2.Response]:
    """Send `body` to `route` when entered; the response is closed at exit.

    Raises what the transport and its hooks raise, and ValueError for a key that
    cannot stand in a header.
    """
    try:
        # As content the SDK takes it as it is: it would walk the whole history, on
        # the loop, to find nothing to change.
        sent = await Sdk(http, route).post(
            "/messages",
            content=body,
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=AsyncStream[object],
        )
    except APIConnectionError as error:
        raise error.__cause__ or error from None
    # It is what it was cast to, whatever the type of a stream promises.
    response = cast("httpx2.Response", sent)
    try:
        yield response
    finally:
        await response.aclose()
