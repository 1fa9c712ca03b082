"""Files for tests, as they are kept, and messages that are sent with them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction
from PIL import Image
from pypdf import PdfWriter

from conversations.models import Attachment, File
from conversations.services.attachments.writing import Written
from conversations.services.turns import send_written

if TYPE_CHECKING:
    from typing import Any

    from conversations.models import Conversation, Message, User
    from tests.services.conftest import Talk

Kind = Attachment.Kind


def make_png(width: int = 20, height: int = 10) -> bytes:
    data = BytesIO()
    Image.new("RGB", (width, height), "teal").save(data, "PNG")
    return data.getvalue()


def make_pdf(pages: int = 2) -> bytes:
    writer, data = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    writer.write(data)
    return data.getvalue()


def keep(
    user: User, kind: str, name: str, media_type: str, data: bytes, **more: Any
) -> Attachment:
    """A file in the draft of a conversation that may not yet exist."""
    text = more.pop("text", "")
    # What no attachment names is swept away, by a server that runs beside the test.
    with transaction.atomic():
        return Attachment.objects.create(
            owner=user,
            file=File.objects.create(data=data, text=text),
            kind=kind,
            name=name,
            media_type=media_type,
            size=len(data),
            text_size=len(text.encode()),
            **more,
        )


def keep_image(user: User, name: str = "plan.png", *, width: int = 20) -> Attachment:
    data = make_png(width)
    return keep(user, Kind.IMAGE, name, "image/png", data, width=width, height=10)


def keep_pdf(user: User, name: str = "report.pdf", *, text: str = "") -> Attachment:
    media_type = "application/pdf"
    return keep(user, Kind.PDF, name, media_type, make_pdf(), pages=2, text=text)


def keep_text(user: User, text: str, name: str = "notes.md") -> Attachment:
    return keep(user, Kind.TEXT, name, "text/markdown", text.encode(), text=text)


def send_with(
    conversation: Conversation,
    author: User,
    *attachments: Attachment,
    content: str = "What is it?",
) -> Message:
    """Send a message with files, and return the reply that waits."""
    ids = tuple(one.pk for one in attachments)
    written = Written(content, uuid4(), ids)
    asked = send_written(conversation=conversation, author=author, written=written)
    return asked.children.get()


async def ask_with(
    talk: Talk, *attachments: Attachment, content: str = "What is it?"
) -> Message:
    """Send a message with files, and return its reply when it has ended."""
    reply = await talk.run(
        send_with, talk.conversation, talk.author, *attachments, content=content
    )
    await talk.idle()
    return await talk.fresh(reply)
