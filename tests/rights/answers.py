"""Answers as they would be each time: without what is made by chance, or of the hour."""

from __future__ import annotations

import re
from typing import Any

# A CSRF token, which is masked anew for each page; the id of the next message.
BY_CHANCE = re.compile(r'[A-Za-z0-9]{64}|name="client_id" value="[^"]*"')
OF_THE_HOUR = {"Expires"}


def page_of(response: Any) -> str:
    """What the page says."""
    return BY_CHANCE.sub("", response.getvalue().decode())


def text_of(response: Any) -> str:
    """All that is answered."""
    headers = {
        name: value
        for name, value in response.headers.items()
        if name not in OF_THE_HOUR
    }
    return f"{response.status_code} {headers} {page_of(response)}"
