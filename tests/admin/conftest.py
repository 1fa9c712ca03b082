"""Staff who are signed in to the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from conversations.models import User


@pytest.fixture
def admin(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client
