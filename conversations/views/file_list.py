"""What a composer needs to know of files: those it has, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from conversations import limits
from conversations.services.attachments.showing import show_drafted

if TYPE_CHECKING:
    from conversations.models import Conversation, User

# For the dialogue to choose in; phones make a JPEG of their photographs for it.
ACCEPTED = (
    "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/*,application/json,"
    ".md,.csv,.tsv,.log,.json,.yaml,.yml,.toml,.ini,.xml,.html,.css,.js,.ts,.tsx,.py,"
    ".rb,.go,.rs,.java,.kt,.swift,.c,.h,.cpp,.cs,.php,.sh,.sql,.r,.tex"
)


def read_files(
    user: User, conversation: Conversation | None, *, is_sent: bool = False
) -> dict[str, object]:
    """Return the files of a draft for its composer; where it was just sent it has none."""
    url = (
        reverse("add_files", args=[conversation.pk])
        if conversation
        else reverse("add_first_files")
    )
    drafted = [] if is_sent else show_drafted(user=user, conversation=conversation)
    return {
        "files": drafted,
        "files_url": url,
        "most_files": limits.FILES_PER_MESSAGE,
        "most_file_bytes": limits.FILE_BYTES,
        "accepted_files": ACCEPTED,
    }
