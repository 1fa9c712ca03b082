"""Folders: conversations that one person keeps together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import limits
from conversations.models import Folder
from conversations.services.changes import tell_people_after_commit
from conversations.services.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from conversations.models import User

KNOWN = "You have a folder of this name already."


def list_folders(*, user: User) -> QuerySet[Folder]:
    """Return the folders of a person, by name."""
    return Folder.objects.filter(user=user, deleted_at=None)


def list_deleted_folders(*, user: User) -> QuerySet[Folder]:
    """Return the folders that a person deleted a short while ago."""
    return Folder.objects.filter(user=user).exclude(deleted_at=None)


def create_folder(*, user: User, name: str) -> Folder:
    """Make a folder, or return the one of this name.

    Raises `RefusedError` where there are too many.
    """
    known = list_folders(user=user).filter(name=name).first()
    if known is not None:
        return known
    if list_folders(user=user).count() >= limits.FOLDERS_PER_USER:
        raise RefusedError(
            f"You have {limits.FOLDERS_PER_USER} folders, which is as many as fit. "
            "Please delete one first."
        )
    with _told(user):
        return Folder.objects.create(user=user, name=name)


def rename_folder(*, folder: Folder, name: str) -> None:
    """Give a folder another name; raises `RefusedError` where one has it already."""
    with _told(folder.user):
        Folder.objects.filter(pk=folder.pk).update(name=name)
    folder.name = name


def delete_folder(*, folder: Folder) -> None:
    """Delete a folder; what was in it is in the lists again."""
    with _told(folder.user):
        Folder.objects.filter(pk=folder.pk).update(deleted_at=timezone.now())


def restore_folder(*, folder: Folder) -> None:
    """Bring a deleted folder back with what was in it.

    Raises `RefusedError` where another one has its name by now.
    """
    with _told(folder.user):
        Folder.objects.filter(pk=folder.pk).update(deleted_at=None)


@contextmanager
def _told(user: User) -> Iterator[None]:
    """Show the lists on this person's other pages anew; no name may be there twice."""
    try:
        with transaction.atomic():
            yield
            tell_people_after_commit([user.pk])
    except IntegrityError:
        raise RefusedError(KNOWN) from None
