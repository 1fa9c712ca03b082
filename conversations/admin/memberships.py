"""Who is in a team, as the people who run a server may change it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet

from conversations.admin.bases import TabularInline
from conversations.models import Membership, Team, User
from conversations.services.teams import NO_OWNER_LEFT

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.db.models import Model
    from django.forms import ModelForm
    from django.http import HttpRequest

    Parent = Team | User
    FormSetBase = BaseInlineFormSet[Membership, Parent, ModelForm[Membership]]
    InlineBase = TabularInline[Membership, Parent]
else:
    FormSetBase = BaseInlineFormSet
    InlineBase = TabularInline

logger = logging.getLogger("conversations.security")

NOT_YOURSELF = (
    "You cannot let yourself into a team that others are in: "
    "what they share is theirs. Somebody of the team can invite you."
)
NOT_MOVED = (
    "A membership cannot be moved to another person or team. "
    "Remove it here, and add another."
)


class MembershipFormSet(FormSetBase):
    """Nobody lets themselves in, and a team that had an owner keeps one."""

    editor: ClassVar[AbstractBaseUser | AnonymousUser]

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            if form.has_changed() and form.is_valid():
                self._check(form)
        for team in {form.instance.team_id for form in self.initial_forms}:
            self._check_owner(team)

    def _check(self, form: ModelForm[Membership]) -> None:
        if form in self.initial_forms and {"user", "team"} & set(form.changed_data):
            raise ValidationError(NOT_MOVED)
        mine = form.instance.user_id == self.editor.pk
        if not mine or form in self.deleted_forms:
            return
        others = Membership.objects.filter(team=form.instance.team_id)
        if others.exclude(user=form.instance.user_id).exists():
            raise ValidationError(NOT_YOURSELF)

    def _check_owner(self, team: int) -> None:
        owners = Membership.objects.filter(team=team, role=Membership.Role.OWNER)
        before = set(owners.values_list("user", flat=True))
        left = set(before)
        for form in self.forms:
            if form.is_valid() and form.instance.team_id == team:
                stays = form not in self.deleted_forms
                is_owner = stays and form.instance.role == Membership.Role.OWNER
                person = {form.instance.user_id}
                left = left | person if is_owner else left - person
        if before and not left:
            raise ValidationError(NO_OWNER_LEFT)


class MembershipInline(InlineBase):
    """The memberships of a team, or of a person."""

    model = Membership
    formset = MembershipFormSet

    def get_formset(
        self, request: HttpRequest, obj: Model | None = None, **kwargs: Any
    ) -> Any:
        made: Any = super().get_formset(request, obj, **kwargs)  # type: ignore[arg-type]
        made.editor = request.user
        return made


def log_changes(request: HttpRequest, formsets: Any) -> None:
    """Write down who let whom in or out."""
    for formset in formsets:
        if isinstance(formset, MembershipFormSet):
            changed = [
                *formset.new_objects,
                *(row for row, _ in formset.changed_objects),
            ]
            for row in changed:
                _log("put", request, row, f" as {row.role}")
            for row in formset.deleted_objects:
                _log("took", request, row, "")


def _log(did: str, request: HttpRequest, row: Membership, role: str) -> None:
    where = "into" if did == "put" else "out of"
    logger.info(
        "User %s %s user %s %s team %s in the admin%s.",
        request.user.pk,
        did,
        row.user_id,
        where,
        row.team_id,
        role,
    )
