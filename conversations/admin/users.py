from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.utils import timezone

from conversations.admin.bases import UserAdmin, UserCreationForm
from conversations.admin.memberships import MembershipInline, log_changes
from conversations.admin.user_pages import PersonPages
from conversations.models import User
from conversations.services.accounts import set_password
from conversations.services.changes import tell_people_after_commit
from conversations.services.departures import end_stray_shares
from conversations.services.spending import format_dollars, month_of

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.admin.options import InlineModelAdmin
    from django.forms import ModelForm
    from django.http import HttpRequest

    Inlines = list[type[InlineModelAdmin[Any, Any]]]

# Rights are given to people, one by one.
admin.site.unregister(Group)

RIGHTS = ("is_staff", "is_superuser", "user_permissions")


class NewUserForm(UserCreationForm[User]):
    class Meta(UserCreationForm.Meta):
        model = User

    def set_password_and_save(
        self, user: User, *args: object, **kwargs: object
    ) -> User:
        # Admin saves inside a transaction, and a hash takes half a second: it would
        # hold up every stream. The password follows the commit.
        user.set_unusable_password()
        password = self.cleaned_data["password1"]
        transaction.on_commit(partial(set_password, user=user, password=password))
        return user


class TeamInline(MembershipInline):
    extra = 0
    autocomplete_fields = ["team"]


@admin.register(User)
class PersonAdmin(PersonPages, UserAdmin[User]):
    add_form = NewUserForm
    add_form_template = None
    change_form_template = "admin/conversations/user/person_form.html"
    change_list_template = "admin/conversations/user/people.html"
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Name", {"fields": ["first_name", "last_name", "email"]}),
        ("Account", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Spending", {"fields": ["monthly_limit", "spent_this_month"]}),
        (
            "Single rights of staff who are not superusers",
            {"fields": ["user_permissions"], "classes": ["collapse"]},
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined", "spent_this_month"]
    formfield_overrides = {models.DecimalField: {"min_value": 0}}
    list_display = ["username", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "teams"]
    filter_horizontal = ["user_permissions"]
    # Deleting a person deletes what they said; one at a time, after a look.
    actions = None

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Inlines:
        return [TeamInline] if obj else []

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str]:
        """Nobody locks themselves out; only superusers give and take rights."""
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None and obj.pk == request.user.pk:
            fixed += ["is_active", *RIGHTS]
        elif not request.user.is_superuser:
            fixed += RIGHTS
        return fixed

    def save_related(
        self, request: HttpRequest, form: ModelForm[User], formsets: Any, change: bool
    ) -> None:
        """Who is taken out of a team here loses what they would by leaving it."""
        super().save_related(request, form, formsets, change)
        log_changes(request, formsets)
        end_stray_shares(user_ids=[form.instance.pk])
        tell_people_after_commit([form.instance.pk])

    @admin.display(description="spent this month")
    def spent_this_month(self, user: User) -> str:
        return format_dollars(month_of(user=user, at=timezone.now()).spent)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """What a person has spent goes with them, although nobody deletes it alone."""
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(missing) - {"spending"}, protected

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        if obj is not None and not _may_go(request, obj):
            return False
        return super().has_delete_permission(request, obj)


def _may_go(request: HttpRequest, user: User) -> bool:
    """Who has conversations is deactivated instead: what was said stays."""
    if user.pk == request.user.pk or user.is_superuser:
        return False
    return not user.conversations.exists()
