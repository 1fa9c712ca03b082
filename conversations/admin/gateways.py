"""Gateways, and their keys, which go in and never come out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from conversations.admin.bases import ModelAdmin
from conversations.admin.gateway_forms import GatewayForm, NewGatewayForm
from conversations.admin.gateway_pages import CHANGE, GatewayPages
from conversations.models import Gateway, LanguageModel, Price
from conversations.services.catalogs import set_endpoints
from conversations.services.keys import clear_key, describe_key, set_key

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest, HttpResponse

KEYS = {"fields": ["key_now", "key", "forget_key"]}
ADDRESSES = {
    "classes": ["collapse", "addresses"],
    "description": "An empty address means that the gateway does not offer this. A key "
    "never goes to another address than the one it was entered for: if you change "
    "one, enter the key again.",
    "fields": [
        ("chat_completions_url", "chat_completions_auth"),
        ("responses_url", "responses_auth"),
        ("messages_url", "messages_auth"),
    ],
}
FIXED = {
    **ADDRESSES,
    "description": "These are fixed: they come from the environment, or are the "
    "demo's own.",
}


@admin.register(Gateway)
class GatewayAdmin(GatewayPages, ModelAdmin[Gateway]):
    list_display = [
        "name",
        "preset",
        "enabled",
        "protocols",
        "key_now",
        "model_count",
        "synced_at",
    ]
    readonly_fields = ["key_now"]
    change_form_template = "admin/conversations/gateway/gateway_form.html"
    actions = None

    @method_decorator(sensitive_post_parameters("key"))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gateway]:
        rows = super().get_queryset(request)
        return rows.annotate(models_there=Count("models"))

    def get_form(
        self,
        request: HttpRequest,
        obj: Gateway | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        kwargs["form"] = GatewayForm if obj else NewGatewayForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Gateway | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["preset", "name", "base_url", "key"]})]
        fixed = obj.is_demo or bool(obj.key_variable)
        return [
            (None, {"fields": ["name", "preset", "enabled"]}),
            *([] if obj.is_demo else [("Key", KEYS)]),
            ("Addresses", FIXED if fixed else ADDRESSES),
        ]

    @admin.display(description="protocols")
    def protocols(self, gateway: Gateway) -> str:
        names = [each.get_protocol_display() for each in gateway.endpoints.all()]
        return ", ".join(names) or "None"

    @admin.display(description="key now")
    def key_now(self, gateway: Gateway) -> str:
        return "Not needed" if gateway.is_demo else describe_key(gateway)

    @admin.display(description="models", ordering="models_there")
    def model_count(self, gateway: Gateway) -> int:
        count: int = getattr(gateway, "models_there", 0)
        return count

    def has_delete_permission(
        self, request: HttpRequest, obj: Gateway | None = None
    ) -> bool:
        is_demo = obj is not None and obj.is_demo
        return not is_demo and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Say how much goes; hundreds of models and prices need not be named."""
        named = [f"{each}, with its address and key" for each in objs]
        counts = {
            "models": LanguageModel.objects.filter(gateway__in=objs).count(),
            "prices": Price.objects.filter(model__gateway__in=objs).count(),
        }
        return named, counts, set(), []

    def save_model(
        self,
        request: HttpRequest,
        obj: Gateway,
        form: ModelForm[Gateway],
        change: bool,
    ) -> None:
        # A person has decided; the key's coming back no longer does.
        obj.waits_for_key = obj.waits_for_key and not obj.enabled
        super().save_model(request, obj, form, change)
        cleaned = form.cleaned_data
        forgotten = set_endpoints(gateway=obj, surfaces=cleaned["surfaces"])
        key = cleaned.get("key")
        if key:
            set_key(gateway=obj, key=key)
        elif forgotten:
            messages.warning(
                request,
                "An address has changed, so the key was forgotten: it was meant for "
                "the old one. Please enter the key for the new address.",
            )
        elif cleaned.get("forget_key"):
            clear_key(gateway=obj)
        if obj.enabled and (key or not change):
            # No database waits for a gateway: it is asked after the commit.
            transaction.on_commit(partial(self.sync, request, obj))

    def response_add(
        self, request: HttpRequest, obj: Gateway, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the new gateway's page, which says what its list has brought."""
        if "_popup" in request.POST or "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, f"The gateway “{obj}” was added.")
        return redirect(CHANGE, obj.pk)
