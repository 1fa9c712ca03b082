"""The transport of OpenAI's SDK, for the two protocols that are OpenAI's."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from openai import AsyncOpenAI, Omit, omit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADERS = {
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
    "User-Agent": "Roundtable",
}
# Every request has an address and a key of its own.
_NOWHERE = "http://gateway.invalid"


class Sdk(AsyncOpenAI):
    """The SDK without what it takes from the environment for every gateway alike.

    Otherwise OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and OPENAI_PROJECT_ID, meant for
    one gateway, would go to all.
    """

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        return dict(HEADERS)


def make_sdk(http: httpx2.AsyncClient) -> Sdk:
    """Return an SDK that sends by `http` and knows no key."""
    return Sdk(api_key="none", base_url=_NOWHERE, max_retries=0, http_client=http)


@asynccontextmanager
async def post(
    sdk: Sdk, url: str, body: bytes, headers: dict[str, str]
) -> AsyncIterator[httpx2.Response]:
    """Send `body` as it is: what is recorded of a request is what was sent.

    Through a method for the protocol the SDK would walk the whole history, on the
    loop, to find nothing to change.
    """
    response = await sdk.post(
        url,
        cast_to=httpx2.Response,
        content=body,
        options={"headers": {"Authorization": omit, **headers}},
        stream=True,
    )
    try:
        yield response
    finally:
        await response.aclose()
