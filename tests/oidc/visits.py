"""Somebody's way to the provider and back, with Django's test client."""

from __future__ import annotations

import html
import http.client
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.urls import reverse

from conversations.models import User

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

AWAY = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')


def leave(client: Client, **fields: str) -> str:
    """Set out; return the provider's address that the page leads to."""
    page = client.post(reverse("sign_on"), fields)
    assert page.status_code == 200
    found = AWAY.search(page.content.decode())
    assert found is not None
    return html.unescape(found[1])


def visit(address: str) -> str:
    """Be at the provider; return the path that it leads back to."""
    parts = urlsplit(address)
    there = http.client.HTTPConnection(parts.netloc, timeout=30)
    there.request("GET", f"{parts.path}?{parts.query}")
    back = there.getresponse().headers["Location"]
    there.close()
    assert back.startswith("http://testserver/")
    return back.removeprefix("http://testserver")


def sign_in(client: Client, **fields: str) -> Answer:
    return client.get(visit(leave(client, **fields)))


def sentence(page: Answer) -> str:
    found = re.search(r"data-sentence>(.*?)</p>", page.content.decode())
    return html.unescape(found[1]) if found else ""


def who(client: Client) -> str | None:
    """Who is signed in."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else None
