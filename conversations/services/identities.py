"""Whom an OpenID provider vouches for: nothing it says is taken on trust."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from allauth.socialaccount.providers.base import ProviderException

from conversations.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Mapping

# Signatures that need the provider's private key: never `none`, never our own secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
# By how much clocks may differ.
LEEWAY_SECONDS = 60
# What the columns hold.
UID_CHARACTERS = 191
NAME_CHARACTERS = 150
MAIL_CHARACTERS = 254


class IdentityError(ProviderException):  # type: ignore[misc]  # ships no types
    """The provider's answer cannot be trusted; `str()` says why, for the log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as their provider knows them, cleaned and bounded.

    `uid` is theirs for ever at this provider; everything else may change. `email` is
    empty unless the provider says that it is theirs.
    """

    uid: str
    username: str
    first_name: str
    last_name: str
    email: str


def verify_claims(
    *, id_token: object, keys: object, issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """Return the claims of a token that its provider signed for this sign-in.

    Raises `IdentityError` for any other: signed by another, for another site, out of
    date, or for a sign-in that was not begun here.
    """
    try:
        claims = _decode(id_token, keys, issuer, client_id)
    except (AttributeError, KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
        raise IdentityError(f"The token is no good: {type(error).__name__}.") from None
    if not nonce or not _is_same(claims.get("nonce"), nonce):
        raise IdentityError("The token belongs to another sign-in.")
    if claims.get("azp", client_id) != client_id:
        raise IdentityError("The token was made for another site.")
    return claims


def _decode(
    id_token: object, keys: object, issuer: str, client_id: str
) -> dict[str, Any]:
    if not isinstance(id_token, str) or not isinstance(keys, dict):
        raise TypeError
    wanted = jwt.get_unverified_header(id_token).get("kid")
    known = jwt.PyJWKSet.from_dict(keys).keys
    fitting = [key for key in known if wanted is None or key.key_id == wanted]
    if len(fitting) != 1:
        raise KeyError
    claims: dict[str, Any] = jwt.decode(
        id_token,
        fitting[0],
        algorithms=ALGORITHMS,
        audience=client_id,
        issuer=issuer,
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )
    return claims


def merge_claims(*, claims: Mapping[str, Any], profile: object) -> dict[str, Any]:
    """Return the claims of a token with those of a profile, which may tell more.

    Raises `IdentityError` where the profile is somebody else's.
    """
    if not isinstance(profile, dict) or not _is_same(
        profile.get("sub"), claims.get("sub")
    ):
        raise IdentityError("The profile is not of whom the token is.")
    return {**claims, **profile}


def read_identity(*, claims: Mapping[str, Any]) -> Identity:
    """Return who the claims are about; what is missing is left empty.

    Raises `IdentityError` where they are about nobody.
    """
    first, _, last = _line(claims, "name", 2 * NAME_CHARACTERS).partition(" ")
    given = _line(claims, "given_name", NAME_CHARACTERS)
    verified = claims.get("email_verified") is True
    return Identity(
        uid=_read_uid(claims.get("sub")),
        username=_line(claims, "preferred_username", NAME_CHARACTERS),
        first_name=given or first[:NAME_CHARACTERS],
        last_name=_line(claims, "family_name", NAME_CHARACTERS)
        or ("" if given else last[:NAME_CHARACTERS]),
        email=_line(claims, "email", MAIL_CHARACTERS) if verified else "",
    )


def _read_uid(subject: object) -> str:
    if not isinstance(subject, str) or not subject:
        raise IdentityError("The token names nobody.")
    if len(subject) <= UID_CHARACTERS and clean_line(subject) == subject:
        return subject
    # Cut or cleaned, it might be somebody else's.
    return hashlib.sha256(_bytes(subject)).hexdigest()


def _line(claims: Mapping[str, Any], name: str, limit: int) -> str:
    value = claims.get(name)
    return clean_line(value)[:limit] if isinstance(value, str) else ""


def _is_same(one: object, other: object) -> bool:
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and secrets.compare_digest(_bytes(one), _bytes(other))
    )


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
