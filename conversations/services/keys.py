"""The keys of gateways: encrypted at rest, or named and never stored."""

from __future__ import annotations

import os
import string
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from conversations.services.errors import RefusedError

if TYPE_CHECKING:
    from conversations.models import Gateway

KEY_CHARACTERS = 500
# Shorter keys would be told by their last four characters.
SHOWN_FROM_CHARACTERS = 12
VISIBLE_ASCII = frozenset(string.ascii_letters + string.digits + string.punctuation)


class KeyLostError(RefusedError):
    """A stored key that can no longer be decrypted."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(
            f"The key of the gateway “{gateway}” cannot be read any more, because "
            "this server's FIELD_KEY has changed. An admin can enter the key again."
        )


@sensitive_variables("key")
def set_key(*, gateway: Gateway, key: str) -> None:
    """Store a gateway's key, encrypted with the first key of FIELD_KEY."""
    gateway.key_encrypted = _fernet().encrypt(key.encode())
    gateway.key_last_four = key[-4:] if len(key) >= SHOWN_FROM_CHARACTERS else ""
    gateway.save(update_fields=["key_encrypted", "key_last_four"])


def clear_key(*, gateway: Gateway) -> None:
    """Forget a gateway's stored key."""
    gateway.key_encrypted = None
    gateway.key_last_four = ""
    gateway.save(update_fields=["key_encrypted", "key_last_four"])


@sensitive_variables("key")
def read_key(gateway: Gateway) -> str | None:
    """Return a gateway's key, None where it has none. The environment's comes first.

    Raises `KeyLostError` where FIELD_KEY no longer opens the stored one.
    """
    if key := read_environment(gateway.key_variable):
        return key
    if gateway.key_encrypted is None:
        return None
    try:
        return _fernet().decrypt(bytes(gateway.key_encrypted)).decode()
    except InvalidToken:
        raise KeyLostError(gateway) from None


def read_environment(name: str) -> str:
    """Return an environment variable as it is now, "" where it is not set."""
    return os.environ.get(name, "").strip() if name else ""


def describe_key(gateway: Gateway) -> str:
    """Say in a few words which key a gateway has, without giving it away."""
    if read_environment(gateway.key_variable):
        return f"From the environment variable {gateway.key_variable}"
    try:
        stored = read_key(gateway)
    except KeyLostError:
        return "Cannot be read any more: FIELD_KEY has changed. Enter the key again."
    if stored is None:
        return "None"
    ending = gateway.key_last_four
    return f"Key ends in …{ending}" if ending else "Set"


def find_problem(key: str) -> str:
    """Say why `key` cannot be a key, "" where it can."""
    if len(key) > KEY_CHARACTERS:
        return f"A key has at most {KEY_CHARACTERS} characters."
    if not set(key) <= VISIBLE_ASCII:
        return "A key is made of letters, digits and signs, without spaces."
    return ""


def _fernet() -> MultiFernet:
    names = settings.FIELD_KEY.split(",")
    return MultiFernet([Fernet(name.strip()) for name in names if name.strip()])
