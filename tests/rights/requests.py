"""A valid request for each route that takes one, as the page would send it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from uuid import UUID

from tests.rights.world import Things, World

CLIENT_ID = UUID("0000c1d0-0000-4000-8000-00000000c1d0")
Data = Mapping[str, object]

# Of a conversation that was deleted.
OF_DELETED = {"restore", "purge"}
MESSAGE = {"content": "Said anew.", "client_id": CLIENT_ID}


class Note(BytesIO):
    """A file that can be sent as often as one likes."""

    name = "note.txt"

    def read(self, size: int | None = -1) -> bytes:
        return b"Noted."


PASSWORD = "battery staple correct"
ACCOUNT = {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD}

POSTED: dict[str, Callable[[World], Data]] = {
    "home": lambda world: (
        MESSAGE | {"model": world.model.pk, "prompt": world.prompt.pk}
    ),
    "first_meter": lambda _: {"content": "A draft."},
    "send": lambda _: MESSAGE,
    "model": lambda world: {"model": world.model.pk},
    "meter": lambda _: {"content": "A draft."},
    "first_draft": lambda _: {"content": "A draft.", "version": 0},
    "draft": lambda _: {"content": "A draft.", "version": 0},
    "place": lambda _: {"do": "move"},
    "folders": lambda _: {"name": "Work"},
    "rename_folder": lambda _: {"name": "Work"},
    "theme": lambda _: {"theme": "dark"},
    "rename": lambda _: {"title": "Another title"},
    "edit": lambda _: MESSAGE,
    "add_files": lambda _: {"file": Note()},
    "add_first_files": lambda _: {"file": Note()},
    "edit_meter": lambda _: {"content": "A draft."},
    "share": lambda world: {"team": world.own.team.pk, "access": "read"},
    "share_person": lambda _: {"access": "read"},
    "talk_settings": lambda _: {"names_authors": "on"},
    "teams": lambda _: {"name": "Another team"},
    "change_member": lambda _: {"do": "role", "role": "guest"},
    "team_settings": lambda _: {"name": "Another name"},
    "invite": lambda _: {"role": "member"},
    "invitation": lambda _: ACCOUNT,
    "new_password": lambda _: {"new_password1": PASSWORD, "new_password2": PASSWORD},
    "pin": lambda _: {"pinned": "1"},
    "summary": lambda world: {
        "text": "Otherwise.",
        "until": world.own.reply.pk,
        "after": world.own.reply.pk,
    },
    "summaries": lambda _: {"on": "0"},
    "add_fact": lambda _: {"text": "Worth it."},
    "change_fact": lambda _: {"text": "Worth it.", "do": "edit"},
}

# What a route is of, where that is not what the others are of.
INSTEAD: dict[str, Callable[[Things], dict[str, object]]] = {
    # What a person asked, and not its answer.
    "edit": lambda of: {"message_pk": of.question.pk},
    "edit_meter": lambda of: {"message_pk": of.question.pk},
    "remove_file": lambda of: {"file_pk": of.draft_file.pk},
    # What was deleted, and who was taken out.
    "restore": lambda of: {"pk": of.deleted.pk},
    "purge": lambda of: {"pk": of.deleted.pk},
    "restore_branch": lambda of: {"message_pk": of.removed.pk},
    "restore_folder": lambda of: {"folder_pk": of.deleted_folder.pk},
    "restore_fact": lambda of: {"fact_pk": of.deleted_fact.pk},
    "restore_member": lambda of: {"user_pk": of.departed.pk},
    "restore_invitation": lambda of: {"link_pk": of.withdrawn.pk},
    "new_password": lambda of: {"token": of.tokens["password"]},
}


def ids_for(name: str, things: Things) -> dict[str, object]:
    """What the address of a route names of these things."""
    instead = INSTEAD.get(name)
    return things.ids | (instead(things) if instead else {})


def posted(name: str, world: World) -> Data:
    """What is posted to a route; nothing where a button alone does it."""
    make = POSTED.get(name)
    return make(world) if make else {}
