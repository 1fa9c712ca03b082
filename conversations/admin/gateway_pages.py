"""What a gateway's page can do beside its form: test the connection, list models."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path

from conversations.admin.bases import ModelAdmin, StaffRequest
from conversations.gateways.base import GatewayError
from conversations.models import Gateway
from conversations.services.connections import (
    TEST_SECONDS,
    find_test_model,
    try_connection,
)
from conversations.services.errors import RefusedError
from conversations.services.findings import describe_problem, describe_synced
from conversations.services.gateways import find_default_model
from conversations.services.syncing import sync_models
from conversations.services.waiting import wait_for

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

    from conversations.models import LanguageModel

    Pages = ModelAdmin[Gateway]
else:
    Pages = object

CHANGE = "admin:conversations_gateway_change"
SYNC_SECONDS = 20.0
PROBLEMS = (GatewayError, RefusedError, TimeoutError)


class GatewayPages(Pages):
    """The pages that a gateway has beside its form."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path(
                "<int:pk>/test/",
                wrap(self.test_view),
                name="conversations_gateway_test",
            ),
            path(
                "<int:pk>/sync/",
                wrap(self.sync_view),
                name="conversations_gateway_sync",
            ),
        ]
        return [*ours, *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Gateway | None = None,
    ) -> HttpResponse:
        if obj is not None and self.has_change_permission(request, obj):
            context |= {"gateway": obj, "counts": _count_models(obj), **_choices(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the gateway on every protocol, and show what came of it."""
        gateway = self._get(request, pk)
        chosen = _choose(gateway, request.POST.get("model", ""))
        context: dict[str, Any] = _choices(gateway)
        if request.method == "POST":
            context["chosen"] = chosen
            context |= _test(gateway, chosen, cast("StaffRequest", request))
        shared = {
            **self.admin_site.each_context(request),
            "title": f"Connection test: {gateway}",
            "opts": self.opts,
            "gateway": gateway,
        }
        template = "admin/conversations/gateway/connection_test.html"
        return TemplateResponse(request, template, {**shared, **context})

    def sync_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the gateway for its models."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        gateway = self._get(request, pk)
        self.sync(request, gateway)
        return redirect(CHANGE, pk)

    def sync(self, request: HttpRequest, gateway: Gateway) -> None:
        """Keep the models a gateway lists now, and say what came of it."""
        try:
            # As it is now: what a form began with may have another address.
            work = partial(sync_models, Gateway.objects.get(pk=gateway.pk))
            synced = wait_for(work, seconds=SYNC_SECONDS)
        except PROBLEMS as error:
            messages.warning(request, f"No list of models: {describe_problem(error)}")
        else:
            messages.success(request, describe_synced(synced))
            self._tell_default(request, gateway)

    def _tell_default(self, request: HttpRequest, gateway: Gateway) -> None:
        model = find_default_model()
        if model is not None and model.gateway_id == gateway.pk:
            messages.info(
                request,
                f"New conversations use “{model}” unless somebody chooses another. "
                "You can choose the default on a model's page.",
            )

    def _get(self, request: HttpRequest, pk: int) -> Gateway:
        gateway = self.get_object(request, str(pk))
        if gateway is None:
            raise Http404
        if not self.has_change_permission(request, gateway):
            raise PermissionDenied
        return gateway


def _test(
    gateway: Gateway, model: LanguageModel | None, request: StaffRequest
) -> dict[str, Any]:
    work = partial(try_connection, gateway=gateway, model=model, user=request.user)
    try:
        return {"findings": wait_for(work, seconds=TEST_SECONDS)}
    except RefusedError as error:
        return {"problem": str(error)}
    except TimeoutError:
        return {"problem": f"The test was ended after {TEST_SECONDS:g} s."}


def _choices(gateway: Gateway) -> dict[str, Any]:
    """Return the models that can be asked in a test, and the one to begin with."""
    models = gateway.models.filter(enabled=True).select_related("gateway")
    return {"models": models.order_by("name"), "chosen": find_test_model(gateway)}


def _choose(gateway: Gateway, pk: str) -> LanguageModel | None:
    # SQLite and PostgreSQL refuse larger numbers.
    if pk.isdecimal() and len(pk) <= 9:
        models = gateway.models.select_related("gateway")
        if found := models.filter(pk=int(pk)).first():
            return found
    return find_test_model(gateway)


def _count_models(gateway: Gateway) -> dict[str, int]:
    models = gateway.models
    return {"all": models.count(), "enabled": models.filter(enabled=True).count()}
