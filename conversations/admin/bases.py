"""Django's admin classes, generic for the type checker as they are in its stubs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth import forms as auth_forms
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import redirect

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import User

    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    ModelForm = forms.ModelForm
    UserAdmin = auth.UserAdmin
    UserCreationForm = auth_forms.UserCreationForm
else:

    class Generic:
        def __class_getitem__(cls, _: object) -> type:
            return cls

    class ModelAdmin(Generic, admin.ModelAdmin):
        pass

    class TabularInline(Generic, admin.TabularInline):
        pass

    class ModelForm(Generic, forms.ModelForm):
        pass

    class UserAdmin(Generic, auth.UserAdmin):
        pass

    class UserCreationForm(Generic, auth_forms.UserCreationForm):
        pass


Row = TypeVar("Row", bound=Model)


class OneRowAdmin(ModelAdmin[Row]):
    """Of one row, made when it is first looked at: its list is its form."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect(f"admin:conversations_{self.opts.model_name}_change", 1)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Row | None:
        self.model._default_manager.get_or_create(pk=1)  # noqa: SLF001 - Django's own
        return super().get_object(request, object_id, from_field)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Row | None = None
    ) -> bool:
        return False


class StaffRequest(HttpRequest):
    """A request that the admin site has let in."""

    user: User
