"""Files: added to a draft, taken out of it, and given to those who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from allauth.core import ratelimit
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from django.views.decorators.http import require_POST, require_safe

from conversations.forms import DraftForm
from conversations.forms.files import FilesForm
from conversations.models import Attachment
from conversations.services.attachments.adding import add_file, remove_attachment
from conversations.services.attachments.attached import read_bytes
from conversations.services.attachments.showing import show_drafted, show_file
from conversations.services.drafts import read_draft, save_draft
from conversations.services.errors import RefusedError, UnreadableFileError
from conversations.views.requests import first_error, get_visible, get_writable

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from conversations.models import Conversation
    from conversations.rendering.attachments import ShownFile
    from conversations.views.requests import MemberRequest

UNREADABLE = "unreadable_file"
TOO_MANY_UNREADABLE = (
    "Many of your files could not be read. Please wait an hour, then add more."
)
# It cannot load or run anything, nor be shown within another page.
SEALED = "sandbox; default-src 'none'; frame-ancestors 'none'"
# Whether one may still see it is asked each time; its ETag saves the bytes.
KEPT = "private, no-cache"


@require_POST
def add_first_files(request: MemberRequest) -> HttpResponse:
    """Add files to the first message of a conversation that does not exist yet."""
    return _add(request, None)


@require_POST
def add_files(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Add files to the message a person is writing in a conversation."""
    return _add(request, get_writable(request, pk))


def _add(request: MemberRequest, conversation: Conversation | None) -> HttpResponse:
    form = FilesForm(request.POST, request.FILES)
    added: list[ShownFile] = []
    problems = [first_error(form)]
    if form.is_valid():
        problems, added = _take(request, conversation, form.cleaned_data["file"])
    if request.htmx:
        context = {"added": added, "problems": problems}
        page = "conversations/_files_added.html"
        return render(request, page, context, status=422 if problems else 200)
    return _go_back(request, conversation, problems)


def _go_back(
    request: MemberRequest, conversation: Conversation | None, problems: list[str]
) -> HttpResponse:
    """Without scripts what was typed came along; it waits in the draft."""
    user, back = request.user, conversation or "home"
    text = DraftForm(request.POST)
    if text.is_valid() and (typed := text.cleaned_data["content"]):
        version = read_draft(user=user, conversation=conversation).version
        save_draft(user=user, conversation=conversation, text=typed, version=version)
    if not problems:
        return redirect(back)
    context = {
        "problems": problems,
        "files": show_drafted(user=user, conversation=conversation),
        "back_url": resolve_url(back),
    }
    return render(request, "conversations/files_added.html", context, status=422)


def _take(
    request: MemberRequest,
    conversation: Conversation | None,
    files: list[UploadedFile[Any]],
) -> tuple[list[str], list[ShownFile]]:
    """Take each file by itself: what is wrong with one keeps none of the others out."""
    problems: list[str] = []
    added: list[ShownFile] = []
    for file in files:
        try:
            added.append(_take_one(request, conversation, file))
        except RefusedError as error:
            problems.append(str(error))
    return problems, added


def _take_one(
    request: MemberRequest, conversation: Conversation | None, file: UploadedFile[Any]
) -> ShownFile:
    if not ratelimit.consume(request, action=UNREADABLE, dry_run=True):
        raise RefusedError(TOO_MANY_UNREADABLE)
    try:
        row = add_file(
            user=request.user,
            conversation=conversation,
            file=file,
            name=file.name or "",
            claimed=file.content_type or "",
        )
    except UnreadableFileError:
        ratelimit.consume(request, action=UNREADABLE)
        raise
    return show_file(row)


@require_POST
def remove_file(request: MemberRequest, file_pk: UUID) -> HttpResponse:
    """Take a file out of the message a person is writing."""
    rows = Attachment.objects.filter(owner=request.user, message=None)
    row = get_object_or_404(rows.select_related("conversation"), pk=file_pk)
    remove_attachment(attachment=row)
    if request.htmx:
        return HttpResponse(status=200)
    return redirect(row.conversation or "home")


@require_safe
def show(request: MemberRequest, file_pk: UUID) -> HttpResponse:
    """A file's bytes, for who may see its message; a picture in place."""
    row = _get_visible_file(request, file_pk)
    etag = quote_etag(f"{row.file_id}")
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = HttpResponse(read_bytes(row), content_type=_type_of(row))
        is_picture = row.kind == Attachment.Kind.IMAGE
        is_inline = is_picture and "download" not in request.GET
        answer["Content-Disposition"] = (
            content_disposition_header(not is_inline, row.name) or "attachment"
        )
        answer["ETag"] = etag
    answer["Content-Security-Policy"] = SEALED
    answer["Cache-Control"] = KEPT
    return answer


def _type_of(row: Attachment) -> str:
    # Never as HTML or as a script, whatever its name says.
    is_text = row.kind == Attachment.Kind.TEXT
    return "text/plain; charset=utf-8" if is_text else row.media_type


def _get_visible_file(request: MemberRequest, file_pk: UUID) -> Attachment:
    """Return a file of one's own draft, or of a message one may see, else 404."""
    row = get_object_or_404(Attachment, pk=file_pk)
    if row.message_id is None:
        if row.owner_id != request.user.pk:
            raise Http404
        return row
    assert row.conversation_id is not None
    conversation = get_visible(request, row.conversation_id)
    get_object_or_404(conversation.messages, pk=row.message_id)
    return row
