"""Signatures that bind a thought to the model and to all that came before it."""

from __future__ import annotations

import base64
import hashlib
import hmac

_SECRET = b"of the test gateway, and of nobody else"
MARK = "sig_"


def sign(model: str, prefix: str) -> str:
    """Return a signature for a thought of `model` after the prompt `prefix`."""
    return MARK + f"{_short(model)}.{prefix[:32]}.{_mac(model, prefix)}"


def fault(signature: str, model: str, prefix: str) -> str:
    """Return what is wrong with a signature: `unknown`, `model`, `prefix` or ""."""
    if hmac.compare_digest(signature, sign(model, prefix)):
        return ""
    parts = signature.removeprefix(MARK).split(".")
    if not signature.startswith(MARK) or len(parts) != 3:
        return "unknown"
    if parts[0] != _short(model):
        return "model"
    return "prefix" if parts[1] != prefix[:32] else "unknown"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _mac(model: str, prefix: str) -> str:
    message = f"{model}\0{prefix}".encode()
    digest = hmac.digest(_SECRET, message, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
