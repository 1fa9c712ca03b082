"""What a provider says of somebody: verified, cleaned, bounded."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from conversations.models import User
from conversations.services.identities import (
    IdentityError,
    merge_claims,
    read_identity,
    verify_claims,
)
from conversations.services.newcomers import make_newcomer
from tests.oidc.tokens import KEY_ID, claims_for, key_set, private_key, sign

ISSUER = "https://login.example"
PERSON = {"sub": "7"}


def claims(**changed: Any) -> dict[str, Any]:
    made = claims_for(PERSON, issuer=ISSUER, audience="roundtable", nonce="n-1")
    return {**made, **changed}


def verify(token: object, keys: object = None, nonce: str = "n-1") -> dict[str, Any]:
    return verify_claims(
        id_token=token,
        keys=key_set() if keys is None else keys,
        issuer=ISSUER,
        client_id="roundtable",
        nonce=nonce,
    )


def with_our_public_key() -> str:
    """A token whose signature anybody can make who knows the published key."""
    public = private_key("ours").public_key()
    secret = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [{"alg": "HS256", "kid": KEY_ID}, claims()]
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_good_token_gives_its_claims() -> None:
    assert verify(sign(claims()))["sub"] == "7"
    assert verify(sign(claims(aud=["roundtable"], azp="roundtable")))["sub"] == "7"
    assert verify(sign(claims(exp=int(time.time()) - 30)))["sub"] == "7"


def is_believed(token: object) -> bool:
    try:
        verify(token)
    except IdentityError:
        return False
    return True


def bad_tokens() -> dict[str, object]:
    now = int(time.time())
    return {
        "none at all": None,
        "no text": 7,
        "empty": "",
        "no token": "a.b.c",
        "of another key": sign(claims(), "another"),
        "of a key nobody published": sign(claims(), kid="unknown"),
        "unsigned": jwt.encode(claims(), "", algorithm="none", headers={"kid": KEY_ID}),
        "signed with what is public": with_our_public_key(),
        "too old": sign(claims(exp=now - 3600)),
        "of the future": sign(claims(iat=now + 3600)),
        "of another issuer": sign(claims(iss="https://evil.example")),
        "for another": sign(claims(aud="another")),
        "for another, and us": sign(
            claims(aud=["roundtable", "another"], azp="another")
        ),
        "of another sign-in": sign(claims(nonce="n-2")),
        "of no sign-in": sign(claims(nonce=None)),
        "of a list of them": sign(claims(nonce=["n-1"])),
        "about nobody": sign(without("sub")),
        "for ever": sign(without("exp")),
    }


def without(left_out: str) -> dict[str, Any]:
    return {name: value for name, value in claims().items() if name != left_out}


def test_no_other_token_is_believed() -> None:
    believed = {name for name, token in bad_tokens().items() if is_believed(token)}

    assert believed == set()


@pytest.mark.parametrize(
    "keys", [{}, [], {"keys": None}, {"keys": []}, {"keys": ["x"]}, {"keys": [{}]}]
)
def test_keys_of_another_form_verify_nothing(keys: object) -> None:
    with pytest.raises(IdentityError):
        verify(sign(claims()), keys)


def test_no_sign_in_is_without_a_nonce() -> None:
    with pytest.raises(IdentityError):
        verify(sign(claims(nonce="")), nonce="")


@pytest.mark.parametrize("profile", [None, [], {}, {"sub": "8"}, {"sub": ["7"]}])
def test_a_profile_must_be_of_the_same_person(profile: object) -> None:
    with pytest.raises(IdentityError):
        merge_claims(claims=PERSON, profile=profile)


@pytest.mark.parametrize("subject", [None, "", 7, ["7"]])
def test_nobody_is_no_identity(subject: object) -> None:
    with pytest.raises(IdentityError):
        read_identity(claims={"sub": subject})


def test_odd_subjects_stay_apart() -> None:
    odd = ["a b", "a  b", " a b", "a\x00b", "a\ud800b", "x" * 192, "x" * 193]
    found = {read_identity(claims={"sub": subject}).uid for subject in odd}

    assert len(found) == len(odd)
    assert all(len(uid) <= 191 and uid.isprintable() for uid in found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "username", "name"),
    [
        ({}, "person", "person"),
        ({"preferred_username": "bob@company.example"}, "bob", "bob"),
        ({"preferred_username": "Ada Ångström", "name": 7}, "Ada-Ångström", None),
        ({"preferred_username": "<b>\n\x00"}, "b", "b"),
        ({"preferred_username": "@@", "name": "Bo"}, "person", "Bo"),
        ({"preferred_username": "ﬁn", "given_name": "F"}, "fin", "F"),
        ({"given_name": "Ada", "family_name": "L."}, "person", "Ada L."),
        ({"name": "Ada \n King L."}, "person", "Ada King L."),
        ({"preferred_username": "x" * 900, "name": "y" * 900}, "x" * 100, "y" * 150),
    ],
)
def test_whatever_they_are_called_there_is_a_name_for_them(
    told: dict[str, object], username: str, name: str | None
) -> None:
    identity = read_identity(claims={"sub": "7", **told})

    user = make_newcomer(provider=ISSUER, identity=identity).user

    assert user.username == username
    assert user.name == (name or username)
    user.full_clean(exclude=["password"])


@pytest.mark.django_db
def test_who_comes_twice_at_once_has_one_account() -> None:
    identity = read_identity(claims={"sub": "7", "preferred_username": "bob"})

    first = make_newcomer(provider=ISSUER, identity=identity)
    second = make_newcomer(provider=ISSUER, identity=identity)

    assert first == second
    assert User.objects.get() == first.user
