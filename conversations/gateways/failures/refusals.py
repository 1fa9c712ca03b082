"""What goes wrong below the protocol: refused requests and broken connections."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import httpx2
from openai import APIConnectionError, OpenAIError

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.mapping import map_status

# Whatever the SDK and its transport may raise; also a key or an address that cannot
# stand in a request at all (ValueError).
FAILURES = (OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError)

_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"


async def refuse(response: httpx2.Response) -> None:
    """Raise GatewayError for a response that is no success, redirects included.

    A hook of our HTTP client: it comes before the SDK, which would read the body of
    an error however long it is.
    """
    if response.is_success:
        return
    if response.has_redirect_location:
        location = response.headers["location"]
        detail = f"HTTP {response.status_code}, to {location}"
        raise GatewayError(ErrorKind.REDIRECT, detail, response.status_code)
    body = await _read_error(response)
    error = map_status(response.status_code, body, response.headers)
    error.detail = error.detail or f"HTTP {response.status_code}"
    raise error


def map_exception(error: Exception) -> GatewayError:
    """Return the GatewayError for a failure of the SDK or its transport."""
    if isinstance(error, APIConnectionError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    detail = str(error) or type(error).__name__
    if isinstance(error, httpx2.DecodingError):
        return GatewayError(ErrorKind.GARBLED, detail)
    if isinstance(error, httpx2.HTTPError | APIConnectionError | OSError):
        mapped = GatewayError(ErrorKind.UNREACHABLE, detail)
        if isinstance(error, httpx2.UnsupportedProtocol) or _CERTIFICATE in detail:
            # It will be the same the next time.
            mapped.retryable = False
        return mapped
    return GatewayError(ErrorKind.BAD_REQUEST, detail)


async def _read_error(response: httpx2.Response) -> bytes:
    """Return as much of an error's body as comes soon and is worth reading."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.GATEWAY_CONNECT_SECONDS):
            async with aclosing(response.aiter_bytes()) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= limits.GATEWAY_ERROR_BYTES:
                        break
    except (TimeoutError, httpx2.HTTPError):
        pass
    return bytes(body[: limits.GATEWAY_ERROR_BYTES])
