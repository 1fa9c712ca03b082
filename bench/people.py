"""A person with a browser: cookies, requests as a page sends them."""

from __future__ import annotations

import http.client
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

# Django takes a cookie's secret itself as the token.
CSRF = "benchbenchbenchbenchbenchbenchbe"


@dataclass(frozen=True, slots=True)
class Person:
    """Signed in at the server on `port`, with a conversation that is empty yet."""

    port: int
    session: str
    conversation: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookies(self) -> dict[str, str]:
        return {"roundtable_session": self.session, "roundtable_csrf": CSRF}

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a form that htmx sends."""
        return {
            "Cookie": self.cookie,
            "Origin": self.origin,
            "X-CSRFToken": CSRF,
            "HX-Request": "true",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    @property
    def path(self) -> str:
        return f"/c/{self.conversation}/"

    @property
    def send_path(self) -> str:
        return f"{self.path}messages/"

    @property
    def socket_path(self) -> str:
        return f"/ws{self.path}"

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that is kept, as a browser keeps it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.connect()
        return connection

    def post(
        self, connection: http.client.HTTPConnection, path: str, body: bytes
    ) -> None:
        """Post a form; raises RuntimeError where it is refused."""
        connection.request("POST", path, body, self.headers)
        read_ok(connection)

    def get(self, path: str) -> str:
        """Return a page; raises RuntimeError where it is refused."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers={"Cookie": self.cookie})
            return read_ok(connection).decode()
        finally:
            connection.close()


def message_form(content: str = "Go.", client_id: str = "") -> bytes:
    """Return the body of a form that sends a message."""
    fields = {"content": content, "client_id": client_id or str(uuid.uuid4())}
    return urlencode(fields).encode()


def read_ok(connection: http.client.HTTPConnection) -> bytes:
    """Read an answer to its end; raises RuntimeError where it is a refusal."""
    response = connection.getresponse()
    body = response.read()
    if response.status >= 400:
        raise RuntimeError(f"{response.status}: {body[:300]!r}")
    return body
