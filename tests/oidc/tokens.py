"""Tokens as a provider signs them, good ones and others."""

from __future__ import annotations

import functools
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_ID = "key-1"
LIFE_SECONDS = 300


@functools.cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """A key for each name, made once: making one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set() -> dict[str, Any]:
    """What the provider publishes."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(
        private_key("ours").public_key(), as_dict=True
    )
    return {"keys": [{**key, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}


def sign(claims: dict[str, Any], key: str = "ours", **header: Any) -> str:
    return jwt.encode(
        claims, private_key(key), algorithm="RS256", headers={"kid": KEY_ID, **header}
    )


def claims_for(
    person: dict[str, Any], *, issuer: str, audience: str, nonce: str
) -> dict[str, Any]:
    now = int(time.time())
    return {
        **person,
        "iss": issuer,
        "aud": audience,
        "nonce": nonce,
        "iat": now,
        "exp": now + LIFE_SECONDS,
    }
