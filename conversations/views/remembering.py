"""What is remembered of a conversation: read, written, pinned and forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.forms import (
    FactChangeForm,
    FactForm,
    PinForm,
    SummaryForm,
    SwitchForm,
)
from conversations.models import Summary
from conversations.services.epochs import ask_roll
from conversations.services.memory import facts, pins, summaries
from conversations.services.memory.recollection import refuse_outdated
from conversations.views.memory_panel import (
    Place,
    do_in_panel,
    last_message,
    show_panel,
)
from conversations.views.requests import get_visible, get_writable

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from conversations.models import Fact
    from conversations.views.requests import MemberRequest


@require_safe
def memory(request: MemberRequest, pk: UUID) -> HttpResponse:
    """All that is remembered; `?edit=summary` opens that for writing."""
    conversation = get_visible(request, pk)
    place = Place("summary") if request.GET.get("edit") == "summary" else Place()
    return show_panel(request, conversation, place)


@require_POST
def summary(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Put one's own words in the place of the summary."""
    conversation = get_writable(request, pk)
    form = SummaryForm(request.POST, conversation=conversation)
    place = Place("summary", text=request.POST.get("text", ""))
    return do_in_panel(request, conversation, place, lambda: _edit(request, form), form)


@require_POST
def use_summary(request: MemberRequest, pk: UUID, summary_pk: int) -> HttpResponse:
    """Let an earlier version of the summary hold again."""
    conversation = get_writable(request, pk)
    earlier = get_object_or_404(conversation.summaries, pk=summary_pk)

    def revert() -> None:
        summaries.revert_summary(conversation=conversation, summary=earlier)

    return do_in_panel(request, conversation, Place("versions"), revert)


@require_POST
def switch(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say whether summaries are written and sent here."""
    conversation = get_writable(request, pk)
    form = SwitchForm(request.POST)

    def set_on() -> None:
        summaries.switch_summaries(conversation=conversation, **form.cleaned_data)

    return do_in_panel(request, conversation, Place("versions"), set_on, form)


@require_POST
def add_fact(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Remember something."""
    conversation = get_writable(request, pk)
    form = FactForm(request.POST)
    place = Place("new", text=request.POST.get("text", ""))

    def add() -> None:
        facts.add_fact(
            conversation=conversation, author=request.user, **form.cleaned_data
        )

    return do_in_panel(request, conversation, place, add, form)


@require_POST
def change_fact(request: MemberRequest, pk: UUID, fact_pk: int) -> HttpResponse:
    """Say a fact otherwise, pin it, let it go, forget it: as the button says."""
    conversation = get_writable(request, pk)
    fact = get_object_or_404(conversation.facts, pk=fact_pk)
    form = FactChangeForm(request.POST)
    place = Place("fact", fact.pk, request.POST.get("text"))
    if form.is_valid() and form.cleaned_data["do"] == "delete":
        url = reverse("restore_fact", args=[pk, fact_pk])
        place = replace(place, undo=("The fact is deleted.", url))
    change = _changes(request, fact, form)
    return do_in_panel(request, conversation, place, change, form)


@require_POST
def restore_fact(request: MemberRequest, pk: UUID, fact_pk: int) -> HttpResponse:
    """Remember again what was deleted a short while ago."""
    conversation = get_writable(request, pk)
    rows = facts.list_deleted_facts(conversation=conversation)
    fact = get_object_or_404(rows, pk=fact_pk)

    def restore() -> None:
        facts.restore_fact(fact=fact)

    return do_in_panel(request, conversation, Place("fact", fact.pk), restore)


@require_POST
def roll(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Let the next message go with all that is remembered now."""
    conversation = get_writable(request, pk)

    def ask() -> None:
        ask_roll(conversation=conversation)

    return do_in_panel(request, conversation, Place("now"), ask)


@require_POST
def pin(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Keep a message in the context when its turn leaves, or let it go."""
    conversation = get_writable(request, pk)
    message = get_object_or_404(conversation.messages, pk=message_pk)
    form = PinForm(request.POST)

    def set_pinned() -> None:
        pinned = form.cleaned_data["pinned"]
        pins.pin_message(message=message, user=request.user, pinned=pinned)

    place = Place("pins", text=f"m-{message.pk}")
    return do_in_panel(request, conversation, place, set_pinned, form)


def _edit(request: MemberRequest, form: SummaryForm) -> None:
    conversation = form.conversation
    until, text = form.cleaned_data["until"], form.cleaned_data["text"]
    refuse_outdated(
        conversation=conversation,
        user=request.user,
        until=until.pk,
        after=last_message(request),
    )
    summaries.edit_summary(
        conversation=conversation,
        summary=Summary(until=until),
        text=text,
        author=request.user,
    )


def _changes(
    request: MemberRequest, fact: Fact, form: FactChangeForm
) -> Callable[[], None]:
    def change() -> None:
        text, do = form.cleaned_data["text"], form.cleaned_data["do"]
        if do == "edit":
            facts.edit_fact(fact=fact, text=text, author=request.user)
        elif do == "delete":
            facts.delete_fact(fact=fact)
        else:
            facts.pin_fact(fact=fact, pinned=do == "pin")

    return change
