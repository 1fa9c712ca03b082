"""Django's admin classes, generic for the type checker as they are in its stubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth import forms as auth_forms
from django.http import HttpRequest

if TYPE_CHECKING:
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


class StaffRequest(HttpRequest):
    """A request that the admin site has let in."""

    user: User
