"""Whether the thoughts in a prompt are what this gateway made, where it made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway import seals
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from tests.gateway.asked import Asked, Block

_REASONS = {
    "unknown": "it was not made by this gateway or has been changed",
    "model": "it was made by another model",
    "prefix": "what comes before it has changed since it was made",
}


def check_thoughts(asked: Asked) -> None:
    """Refuse a signed thought that is not the one this gateway signed there."""
    if all(block.seal is None for block in asked.blocks):
        return
    for block, prefix in zip(asked.blocks, asked.prefixes, strict=False):
        if block.seal is not None:
            _check(asked, block, prefix)


def _check(asked: Asked, block: Block, prefix: str) -> None:
    fault = seals.fault(block.seal or "", asked.model, prefix)
    if not fault:
        return
    reason = _REASONS[fault]
    place = f"messages.{block.message}.content"
    if asked.protocol is Protocol.MESSAGES:
        raise invalid(f"{place}: Invalid `signature` in `thinking` block: {reason}")
    if asked.protocol is Protocol.RESPONSES:
        message = f"The encrypted content of item {block.message} could not be verified"
        raise invalid(f"{message}: {reason}.", "input", "invalid_encrypted_content")
    raise invalid(f"messages[{block.message}].reasoning_details: {reason}", "messages")
