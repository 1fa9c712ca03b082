"""Gateways and their models: which there are, which is used, how it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Case, Q, Value, When

from conversations.gateways.base import Route
from conversations.models import Gateway, LanguageModel
from conversations.services.errors import RefusedError
from conversations.services.keys import VISIBLE_ASCII, clear_key, read_key

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import Conversation

USABLE = Q(enabled=True, gateway__enabled=True)
DEMO_LAST = Case(
    When(gateway__preset=Gateway.Preset.DEMO, then=Value(1)), default=Value(0)
)


def list_models() -> QuerySet[LanguageModel]:
    """Return the models people can choose, with their gateways."""
    return LanguageModel.objects.select_related("gateway").filter(USABLE)


def find_default_model() -> LanguageModel | None:
    """Return the model of new conversations: the chosen one while it can be used.

    Otherwise the oldest usable one, a demo last; None where there is none.
    """
    return list_models().order_by("-is_default", DEMO_LAST, "pk").first()


def model_for(conversation: Conversation) -> LanguageModel | None:
    """Return the model that answers next: the conversation's while it can be used."""
    model = conversation.model
    usable = model is not None and model.enabled and model.gateway.enabled
    return model if usable else find_default_model()


def choose_default_model(*, model: LanguageModel) -> None:
    """Make `model` the one of new conversations; raises `RefusedError` if disabled."""
    with transaction.atomic():
        _lock_models()
        if not list_models().filter(pk=model.pk).exists():
            raise RefusedError("A model that is disabled cannot be the default.")
        clear_default_model()
        LanguageModel.objects.filter(pk=model.pk).update(is_default=True)
    model.is_default = True


def clear_default_model() -> None:
    """Leave the choice to `find_default_model`."""
    LanguageModel.objects.filter(is_default=True).update(is_default=False)


def route_for(model: LanguageModel) -> Route:
    """Return how to reach a model, with the key as it is now.

    Raises `RefusedError` where its gateway has no address, or no key it needs.
    """
    gateway = model.gateway
    endpoint = gateway.endpoints.first()
    if endpoint is None:
        raise RefusedError(
            f"The gateway “{gateway}” has no address. An admin can set it."
        )
    if gateway.is_demo:
        return Route(endpoint.base_url, "", demo=True, protocol=endpoint.protocol)
    key = read_key(gateway)
    if key is None and needs_key(gateway):
        raise RefusedError(f"The gateway “{gateway}” has no key. An admin can set it.")
    return Route(endpoint.base_url, key or "", protocol=endpoint.protocol)


def needs_key(gateway: Gateway) -> bool:
    """Tell whether a gateway refuses everyone without a key; local ones do not."""
    return gateway.preset == Gateway.Preset.OPENAI or bool(gateway.key_variable)


def change_base_url(*, gateway: Gateway, base_url: str) -> bool:
    """Set a gateway's address; tell whether its stored key was forgotten for that.

    A key is never sent to another address than the one it was entered for.
    """
    endpoint = gateway.endpoints.first()
    if endpoint is None:
        gateway.endpoints.create(base_url=base_url)
        return False
    if endpoint.base_url == base_url:
        return False
    endpoint.base_url = base_url
    endpoint.save(update_fields=["base_url"])
    if gateway.key_encrypted is None:
        return False
    clear_key(gateway=gateway)
    return True


def clean_base_url(url: str) -> str:
    """Return `url` without a slash at its end; raises ValueError where it is none."""
    url = url.strip()
    parts = urlsplit(url)
    extras = parts.username or parts.password or parts.query or parts.fragment
    # Reading the port raises ValueError where it is none.
    good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if extras or not good or not set(url) <= VISIBLE_ASCII:
        raise ValueError(f"Not an address: {url!r}")
    return url.rstrip("/")


def _lock_models() -> None:
    """Let one person at a time choose; two chosen at once would break the rule."""
    rows = LanguageModel.objects.select_for_update(of=("self",)).order_by("pk")
    list(rows.values_list("pk", flat=True))
