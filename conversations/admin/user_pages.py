"""What the people's pages can do beside their forms: one-time links, shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path

from conversations import limits
from conversations.admin.bases import StaffRequest, UserAdmin
from conversations.forms import AddressForm
from conversations.models import Membership, User
from conversations.services.errors import RefusedError
from conversations.services.invitations import invite
from conversations.services.links import may_invite
from conversations.services.mail import mail_invitation, mail_password_link
from conversations.services.password_rights import may_make_password_link
from conversations.services.passwords import make_password_link
from conversations.views.links import absolute_url

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    Pages = UserAdmin[User]
else:
    Pages = object

LINK = "admin/conversations/user/one_time_link.html"
MEMBER = Membership.Role.MEMBER


class PersonPages(Pages):
    """The pages that people have beside their forms."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path("invite/", wrap(self.invite_view), name="conversations_user_invite"),
            path(
                "<int:pk>/password-link/",
                wrap(self.password_link_view),
                name="conversations_user_password_link",
            ),
        ]
        return [*ours, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        by = cast("StaffRequest", request).user
        allowed = may_invite(team=None, role=MEMBER, by=by)
        context = {**(extra_context or {}), "may_invite": allowed}
        return super().changelist_view(request, context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: User | None = None,
    ) -> HttpResponse:
        by = cast("StaffRequest", request).user
        if obj is not None and may_make_password_link(user=obj, by=by):
            context["person"] = obj
        return super().render_change_form(request, context, add, change, form_url, obj)

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """Make an invitation to this server alone."""
        by = cast("StaffRequest", request).user
        if not may_invite(team=None, role=MEMBER, by=by):
            raise PermissionDenied
        form = AddressForm(request.POST if request.method == "POST" else None)
        made = _invite(request, by, form) if form.is_valid() else {}
        context = {"title": "Invite somebody", "form": form, **made}
        status = 422 if form.errors else 200
        return self._page(request, context, status)

    def password_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a link by which a person sets a new password."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        person = self.get_object(request, str(pk))
        if person is None:
            raise Http404
        by = cast("StaffRequest", request).user
        if not may_make_password_link(user=person, by=by):
            raise PermissionDenied
        context = {"title": f"A new password for {person.name}", "person": person}
        try:
            made = _help(request, by, person)
        except RefusedError as error:
            return self._page(request, {**context, "problem": str(error)}, 409)
        self.log_change(request, person, "Made a link for a new password.")
        return self._page(request, {**context, **made}, 200)

    def _page(
        self, request: HttpRequest, context: dict[str, Any], status: int
    ) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, LINK, {**shared, **context}, status=status)


def _invite(request: HttpRequest, by: User, form: AddressForm) -> dict[str, object]:
    address = form.cleaned_data["address"]
    try:
        made = invite(team=None, role=MEMBER, address=address, made_by=by)
    except RefusedError as error:
        form.add_error(None, str(error))
        return {}
    url = absolute_url(request, made)
    sent = mail_invitation(address=address, url=url, team=None, by=by)
    days = limits.INVITATION_DAYS
    return {"url": url, "sent": sent, "address": address, "days": days}


def _help(request: HttpRequest, by: User, person: User) -> dict[str, object]:
    url = absolute_url(request, make_password_link(user=person, made_by=by))
    sent = mail_password_link(user=person, url=url, by=by)
    hours = limits.PASSWORD_LINK_HOURS
    return {"url": url, "sent": sent, "hours": hours}
