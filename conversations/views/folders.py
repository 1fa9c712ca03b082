"""Folders of one's own: made, renamed, deleted, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from conversations.forms import FolderForm
from conversations.services import folders as services
from conversations.services.errors import RefusedError
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import first_error
from conversations.views.undoing import keep_undo

if TYPE_CHECKING:
    from conversations.views.requests import MemberRequest


@require_POST
def folders(request: MemberRequest) -> HttpResponse:
    """Make a folder."""
    form = FolderForm(request.POST)
    if not form.is_valid():
        return _refuse(request, first_error(form), status=422)
    try:
        services.create_folder(user=request.user, name=form.cleaned_data["name"])
    except RefusedError as error:
        return _refuse(request, str(error))
    return _answer(request)


@require_POST
def rename(request: MemberRequest, folder_pk: int) -> HttpResponse:
    """Give a folder another name."""
    rows = services.list_folders(user=request.user)
    folder = get_object_or_404(rows, pk=folder_pk)
    form = FolderForm(request.POST)
    if not form.is_valid():
        return _refuse(request, first_error(form), status=422)
    try:
        services.rename_folder(folder=folder, name=form.cleaned_data["name"])
    except RefusedError as error:
        return _refuse(request, str(error))
    return _answer(request)


@require_POST
def delete(request: MemberRequest, folder_pk: int) -> HttpResponse:
    """Delete a folder; its conversations stay."""
    rows = services.list_folders(user=request.user)
    folder = get_object_or_404(rows, pk=folder_pk)
    services.delete_folder(folder=folder)
    said = f"The folder “{folder.name}” is deleted; its conversations are not."
    url = reverse("restore_folder", args=[folder.pk])
    if not request.htmx:
        keep_undo(request, said, url)
    return _answer(request, undo_said=said, undo_url=url)


@require_POST
def restore(request: MemberRequest, folder_pk: int) -> HttpResponse:
    """Bring a folder back with what was in it."""
    rows = services.list_deleted_folders(user=request.user)
    folder = get_object_or_404(rows, pk=folder_pk)
    try:
        services.restore_folder(folder=folder)
    except RefusedError as error:
        return _refuse(request, str(error))
    return _answer(request)


def _answer(request: MemberRequest, **also: str) -> HttpResponse:
    if not request.htmx:
        return redirect("home")
    rail = read_rail(request.user, closed=find_closed(request))
    return render(request, "conversations/_placed.html", {"rail": rail, **also})


def _refuse(
    request: MemberRequest, sentence: str, *, status: int = 409
) -> HttpResponse:
    context = {"title": "Not done", "sentence": sentence}
    response = render(request, "conversations/error.html", context, status=status)
    response["HX-Reswap"] = "none"
    return response
