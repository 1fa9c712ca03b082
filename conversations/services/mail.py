"""Mail, where the operator has named a server for it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage

from conversations import limits

if TYPE_CHECKING:
    from concurrent.futures import Future

    from conversations.models import Team, User

logger = logging.getLogger(__name__)

# Whoever waits for a mail to be taken holds one of the few threads for requests, and a
# server that answers drop by drop holds these for longer.
MOST_AT_ONCE = 2
_places = BoundedSemaphore(MOST_AT_ONCE)
_threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="mail")


def send_mail(*, address: str, subject: str, text: str) -> bool | None:
    """Send one mail, outside a transaction; None where there is nobody to send it to.

    True once the mail server has taken it, False where that has not come about within
    EMAIL_TIMEOUT seconds, and at once where others wait for it already.
    """
    if not (settings.SENDS_MAIL and address):
        return None
    if not _places.acquire(blocking=False):
        return False
    message = EmailMessage(subject=subject, body=text, to=[address])
    future: Future[int] = _threads.submit(message.send)
    future.add_done_callback(lambda _: _places.release())
    try:
        return bool(future.result(settings.EMAIL_TIMEOUT))
    except (OSError, ValueError) as error:
        # What it says may hold addresses.
        logger.warning("A mail could not be sent: %s.", type(error).__name__)
        return False


def mail_invitation(
    *, address: str, url: str, team: Team | None, by: User
) -> bool | None:
    """Mail an invitation, as `send_mail` does."""
    place = f"{team} on Roundtable" if team else "Roundtable"
    text = (
        f"{by.name} invites you to {place}.\n\n{url}\n\n"
        f"This link works once, within {limits.INVITATION_DAYS} days. "
        "If you did not expect it, there is nothing to do.\n"
    )
    return send_mail(address=address, subject=f"Invitation to {place}", text=text)


def mail_password_link(*, user: User, url: str, by: User) -> bool | None:
    """Mail a link for a new password to its person, as `send_mail` does."""
    text = (
        f"With this link you can set a new password for “{user.username}”. "
        f"{by.name} made it for you.\n\n{url}\n\n"
        f"It works once, within {limits.PASSWORD_LINK_HOURS} hours. "
        "If you did not ask for it, please tell an admin.\n"
    )
    subject = "A new password for Roundtable"
    return send_mail(address=user.email, subject=subject, text=text)
