"""A small OpenID provider over real HTTP. Whoever comes is signed in as `person`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.oidc.tokens import claims_for, key_set, sign

CLIENT_ID = "roundtable"
CLIENT_SECRET = "secret-canary-9c3e71"
ADDRESS = "alice@company.example"
ALICE = {
    "sub": "248289761001",
    "preferred_username": "alice.anders@company.example",
    "name": "Alice Anders",
    "email": ADDRESS,
    "email_verified": True,
}
PATIENCE_SECONDS = 30
Answer = tuple[int, dict[str, str], bytes]


class OpenIDProvider:
    """Runs within `with`; `fault` names what goes wrong, `person` who signs in."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.provider = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02])
        self._codes: dict[str, dict[str, str]] = {}
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/realm"
        self.person: dict[str, Any] = dict(ALICE)
        self.profile: dict[str, Any] = {}
        self.fault = ""
        self.asked: list[str] = []
        self._ended = threading.Event()

    def __enter__(self) -> OpenIDProvider:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()

    def die(self) -> None:
        """Be reached no more."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, fields: dict[str, str], token: str) -> Answer:
        name = path.removeprefix("/realm").strip("/")
        self.asked.append(name)
        match name:
            case ".well-known/openid-configuration":
                return _json(self._configuration())
            case "authorize":
                return self._authorize(fields)
            case "token":
                return self._token(fields)
            case "keys":
                return _json(key_set())
            case "profile" if token == "Bearer access-canary":
                return _json({**self.person, **self.profile})
        return 404, {}, b""

    def _configuration(self) -> dict[str, object]:
        found: dict[str, object] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/profile",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        match self.fault:
            case "another issuer":
                found["issuer"] = "https://evil.example"
            case "an unsafe address":
                found["token_endpoint"] = "http://evil.example/token"
            case "a query":
                found["authorization_endpoint"] = f"{self.issuer}/authorize?tenant=1"
            case "no addresses":
                del found["jwks_uri"]
        return found

    def _authorize(self, fields: dict[str, str]) -> Answer:
        assert fields["client_id"] == CLIENT_ID
        assert fields["response_type"] == "code"
        assert "openid" in fields["scope"].split()
        assert fields["code_challenge_method"] == "S256"
        back = {"state": fields["state"]}
        if self.fault in ("access_denied", "server_error"):
            back["error"] = self.fault
        else:
            back["code"] = secrets.token_urlsafe()
            self._codes[back["code"]] = fields
        location = f"{fields['redirect_uri']}?{urlencode(back)}"
        return 302, {"Location": location}, b""

    def _token(self, fields: dict[str, str]) -> Answer:
        asked = self._codes.pop(fields["code"], None)
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or fields["client_secret"] != CLIENT_SECRET
            or fields["redirect_uri"] != asked["redirect_uri"]
            or challenge != asked["code_challenge"]
        ):
            return _json({"error": "invalid_grant"}, 400)
        if self.fault == "silence":
            self._ended.wait(PATIENCE_SECONDS)
        if self.fault == "no token":
            return _json({"error": CLIENT_SECRET})
        if self.fault == "nonsense":
            return 200, {"Content-Type": "application/json"}, b"<html>"
        granted = {"access_token": "access-canary", "token_type": "Bearer"}
        return _json({**granted, "id_token": self._id_token(asked["nonce"])})

    def _id_token(self, nonce: str) -> str:
        claims = claims_for(
            self.person, issuer=self.issuer, audience=CLIENT_ID, nonce=nonce
        )
        match self.fault:
            case "wrong nonce":
                claims["nonce"] = "another"
            case "expired":
                claims["exp"] = int(time.time()) - 3600
            case "another audience":
                claims["aud"] = "another"
            case "another token's issuer":
                claims["iss"] = "https://evil.example"
        return sign(claims, "another" if self.fault == "wrong signature" else "ours")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

    def _answer(self, fields: dict[str, str]) -> None:
        provider: OpenIDProvider = self.server.provider  # type: ignore[attr-defined]
        token = self.headers.get("Authorization", "")
        status, headers, body = provider.answer(urlsplit(self.path).path, fields, token)
        self.send_response(status)
        sent = {**headers, "Content-Length": str(len(body)), "Connection": "close"}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: tests read what was asked."""


def _json(value: object, status: int = 200) -> Answer:
    headers = {"Content-Type": "application/json"}
    return status, headers, json.dumps(value).encode()
