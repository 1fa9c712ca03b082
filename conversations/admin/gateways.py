"""Gateways, their keys (which go in and never come out) and their models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from conversations.admin.bases import ModelAdmin, TabularInline
from conversations.admin.gateway_forms import GatewayForm, ModelForm, ModelFormSet
from conversations.models import Gateway, LanguageModel
from conversations.services import gateways
from conversations.services.keys import clear_key, describe_key, set_key

if TYPE_CHECKING:
    from django.forms import BaseModelFormSet
    from django.forms import ModelForm as AnyForm
    from django.http import HttpRequest, HttpResponse


class LanguageModelInline(TabularInline[LanguageModel, Gateway]):
    model = LanguageModel
    form = ModelForm
    formset = ModelFormSet
    fields = ["name", "label", "window", "enabled", "make_default"]
    extra = 1
    verbose_name = "model"

    def get_max_num(
        self, request: HttpRequest, obj: Gateway | None = None, **kwargs: Any
    ) -> int | None:
        return 1 if _is_demo(obj) else super().get_max_num(request, obj, **kwargs)

    def has_delete_permission(
        self, request: HttpRequest, obj: Gateway | None = None
    ) -> bool:
        return not _is_demo(obj) and super().has_delete_permission(request, obj)


@admin.register(Gateway)
class GatewayAdmin(ModelAdmin[Gateway]):
    form = GatewayForm
    inlines = [LanguageModelInline]
    list_display = ["name", "preset", "address", "enabled", "key_now", "model_count"]
    readonly_fields = ["key_now"]
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

    def get_fields(
        self, request: HttpRequest, obj: Gateway | None = None
    ) -> tuple[str, ...]:
        fields = ("name", "preset", "enabled", "base_url")
        if _is_demo(obj):
            return fields
        return (*fields, "key_now", "key", "forget_key") if obj else (*fields, "key")

    @admin.display(description="address")
    def address(self, gateway: Gateway) -> str:
        endpoint = gateway.endpoints.first()
        return endpoint.base_url if endpoint else ""

    @admin.display(description="key now")
    def key_now(self, gateway: Gateway) -> str:
        return "Not needed" if gateway.is_demo else describe_key(gateway)

    @admin.display(description="models")
    def model_count(self, gateway: Gateway) -> int:
        return gateway.models.count()

    def has_delete_permission(
        self, request: HttpRequest, obj: Gateway | None = None
    ) -> bool:
        return not _is_demo(obj) and super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Gateway, form: GatewayForm, change: bool
    ) -> None:
        # A person has decided; the key's coming back no longer does.
        obj.waits_for_key = obj.waits_for_key and not obj.enabled
        super().save_model(request, obj, form, change)
        cleaned = form.cleaned_data
        forgotten = gateways.change_base_url(gateway=obj, base_url=cleaned["base_url"])
        if key := cleaned.get("key"):
            set_key(gateway=obj, key=key)
        elif forgotten:
            messages.warning(
                request,
                "The address has changed, so the key was forgotten: it was meant for "
                "the old one. Please enter the key for the new address.",
            )
        elif cleaned.get("forget_key"):
            clear_key(gateway=obj)

    def save_formset(
        self,
        request: HttpRequest,
        form: AnyForm[Gateway],
        formset: BaseModelFormSet[LanguageModel, AnyForm[LanguageModel]],
        change: bool,
    ) -> None:
        super().save_formset(request, form, formset, change)
        assert isinstance(formset, ModelFormSet)
        if formset.chosen is not None:
            gateways.choose_default_model(model=formset.chosen)
        elif formset.unchosen:
            gateways.clear_default_model()


def _is_demo(gateway: Gateway | None) -> bool:
    return gateway is not None and gateway.is_demo
