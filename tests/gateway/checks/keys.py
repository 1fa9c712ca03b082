"""Whether a request shows its key as this gateway wants to see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway.problems import Problem, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.gateway.flavours import Flavour


def check_key(
    headers: Mapping[str, str], accepted: tuple[str, ...], key: str = ""
) -> None:
    """Refuse a request without a key in an accepted header, or with another key."""
    shown = {
        "bearer": headers.get("authorization", "").removeprefix("Bearer "),
        "x-api-key": headers.get("x-api-key", ""),
    }
    found = [shown[way] for way in accepted if shown[way]]
    if not found:
        raise _refused(f"No key was given ({' or '.join(accepted)}).")
    if key and key not in found:
        raise _refused("Incorrect API key provided.")


def accepted_ways(auth: str, flavour: Flavour, protocol: Protocol) -> tuple[str, ...]:
    """Return the headers that may hold the key; `auth` names one, or `flavour`."""
    if auth != "flavour":
        return (auth,)
    messages = protocol is Protocol.MESSAGES
    return flavour.messages_keys if messages else flavour.keys


def _refused(message: str) -> RefusedError:
    return RefusedError(Problem(401, message, "", "invalid_api_key"))
