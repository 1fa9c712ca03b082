"""The history of a system prompt: its revisions, the diff of any two, restoring."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path

from conversations.admin.bases import ModelAdmin, StaffRequest
from conversations.models import PromptRevision, SystemPrompt
from conversations.services.prompts import restore_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    Pages = ModelAdmin[SystemPrompt]
else:
    Pages = object

REVISIONS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff: `kind` is same, removed or added."""

    kind: str
    sign: str
    text: str


def compare(old: str, new: str) -> Iterator[Line]:
    """Yield the lines of two texts, as one text with what was removed and added."""
    before, after = old.split("\n"), new.split("\n")
    matcher = SequenceMatcher(None, before, after)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line("same", "", text) for text in before[i1:i2])
            continue
        yield from (Line("removed", "−", text) for text in before[i1:i2])
        yield from (Line("added", "+", text) for text in after[j1:j2])


class RevisionPages(Pages):
    """The pages that a system prompt has beside its form."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path(
                "<int:pk>/diff/",
                wrap(self.diff_view),
                name="conversations_systemprompt_diff",
            ),
            path(
                "<int:pk>/restore/<int:number>/",
                wrap(self.restore_view),
                name="conversations_systemprompt_restore",
            ),
        ]
        return [*ours, *super().get_urls()]

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        prompt = self._get(request, object_id)
        revisions = list(prompt.revisions.select_related("author")[:REVISIONS_SHOWN])
        return self._page(
            request,
            "prompt_history",
            prompt,
            revisions=revisions,
            newest=revisions[0] if revisions else None,
            before=revisions[1] if len(revisions) > 1 else None,
            may_change=self.has_change_permission(request, prompt),
        )

    def diff_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        prompt = self._get(request, str(pk))
        old = _revision(prompt, request.GET.get("from", ""))
        new = _revision(prompt, request.GET.get("to", ""))
        return self._page(
            request,
            "prompt_diff",
            prompt,
            old=old,
            new=new,
            lines=list(compare(old.text, new.text)),
            newest=prompt.newest,
            may_change=self.has_change_permission(request, prompt),
        )

    def restore_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        prompt = self._get(request, str(pk))
        if not self.has_change_permission(request, prompt):
            raise PermissionDenied
        revision = _revision(prompt, str(number))
        restored = restore_revision(
            revision=revision, author=cast("StaffRequest", request).user
        )
        if restored is None:
            messages.info(request, f"The prompt says what v{number} says already.")
        else:
            self.log_change(request, prompt, f"Restored v{number}.")
            messages.success(
                request, f"The text of v{number} is back, as v{restored.number}."
            )
        return redirect("admin:conversations_systemprompt_history", pk)

    def _get(self, request: HttpRequest, object_id: str) -> SystemPrompt:
        prompt = self.get_object(request, object_id)
        if prompt is None:
            raise Http404
        if not self.has_view_or_change_permission(request, prompt):
            raise PermissionDenied
        return prompt

    def _page(
        self, request: HttpRequest, name: str, prompt: SystemPrompt, **context: object
    ) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "title": f"History of {prompt}",
            "opts": self.opts,
            "prompt": prompt,
        }
        template = f"admin/conversations/systemprompt/{name}.html"
        return TemplateResponse(request, template, {**shared, **context})


def _revision(prompt: SystemPrompt, number: str) -> PromptRevision:
    # SQLite and PostgreSQL refuse larger numbers.
    if not number.isdecimal() or len(number) > 9:
        raise Http404
    revision = prompt.revisions.filter(number=int(number)).first()
    if revision is None:
        raise Http404
    return revision
