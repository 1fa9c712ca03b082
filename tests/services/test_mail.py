from __future__ import annotations

import time
from collections.abc import Iterator
from email import message_from_string, policy
from threading import BoundedSemaphore

import pytest
from pytest_django import Settings

from conversations.models import Team, User
from conversations.services import mail
from conversations.services.mail import mail_invitation, mail_password_link
from tests.smtp import MailServer, running_mail_server

URL = "https://chat.example/invitations/token/"
ADDRESS = "dora@example.org"


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.SENDS_MAIL = True
    with running_mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def send(address: str = ADDRESS) -> bool | None:
    team, alice = Team(name="Support"), User(username="alice")
    return mail_invitation(address=address, url=URL, team=team, by=alice)


def test_an_invitation_reaches_the_mail_server(server: MailServer) -> None:
    assert send() is True

    sent = message_from_string(server.taken[0], policy=policy.default)
    assert sent["To"] == ADDRESS
    assert sent["Subject"] == "Invitation to Support on Roundtable"
    assert "alice invites you to Support" in sent.get_content()
    assert URL in sent.get_content()


def test_a_password_link_is_mailed_to_its_person(server: MailServer) -> None:
    dora = User(username="dora", email=ADDRESS)

    assert mail_password_link(user=dora, url=URL, by=User(username="alice")) is True

    sent = message_from_string(server.taken[0], policy=policy.default)
    assert sent["To"] == ADDRESS
    assert URL in sent.get_content()


def test_a_refusal_is_told_and_no_address_is_logged(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.refused = "550 nobody of that name"

    assert send() is False

    assert "could not be sent" in caplog.text
    assert ADDRESS not in caplog.text


def test_a_silent_server_is_given_up_in_time(
    server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    server.may_speak.clear()
    began = time.monotonic()

    assert send() is False

    assert time.monotonic() - began < 2


def test_a_server_that_dawdles_at_each_line_is_given_up_too(
    server: MailServer, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    server.late_by = 0.2

    assert send() is False


def test_only_a_few_wait_for_a_mail_server(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(mail, "_places", full)

    assert send() is False

    full.release()
    assert send() is True


def test_no_server_at_all_is_told(server: MailServer, settings: Settings) -> None:
    with running_mail_server() as gone:
        settings.EMAIL_PORT = gone.port

    assert send() is False


def test_without_a_server_or_an_address_nothing_is_sent(
    server: MailServer, settings: Settings
) -> None:
    assert send(address="") is None
    settings.SENDS_MAIL = False
    assert send() is None

    assert server.taken == []
