"""Gateways and their models: which there are, which is used, how it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Case, Value, When

from conversations.gateways.base import Route
from conversations.gateways.presets import PRESETS, choose_protocol, dialect_for
from conversations.models import Gateway, LanguageModel
from conversations.services.errors import RefusedError
from conversations.services.keys import VISIBLE_ASCII, read_key
from conversations.services.learning import read_rejected, read_window
from conversations.services.prices import abilities_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from conversations.models import Conversation, Endpoint, User
    from conversations.wire import Dialect

DEMO_LAST = Case(
    When(gateway__preset=Gateway.Preset.DEMO, then=Value(1)), default=Value(0)
)


@dataclass(frozen=True, slots=True)
class Reach:
    """How a model is reached: the endpoint, its dialect, and what it has taught us."""

    endpoint_id: int
    route: Route
    dialect: Dialect
    learned_window: int | None


def list_models() -> QuerySet[LanguageModel]:
    """Return every model that can be asked, with its gateway."""
    return LanguageModel.objects.usable().select_related("gateway")


def list_models_for(user: User | AnonymousUser) -> QuerySet[LanguageModel]:
    """Return the models a person can choose, with their gateways."""
    return LanguageModel.objects.visible_to(user).select_related("gateway")


def find_default_model(
    user: User | AnonymousUser | None = None,
) -> LanguageModel | None:
    """Return the model of new conversations: the chosen one while it can be used.

    Otherwise the oldest usable one, a demo last; None where there is none. With
    `user`, of those that person can choose.
    """
    models = list_models() if user is None else list_models_for(user)
    return models.order_by("-is_default", DEMO_LAST, "pk").first()


def model_for(
    conversation: Conversation,
    user: User | AnonymousUser | None = None,
    wanted: LanguageModel | None = None,
) -> LanguageModel | None:
    """Return the model that answers next: the conversation's while it can be used.

    With `user`, while that person may choose it. Before it `wanted`, for one answer.
    """
    for model in (wanted, conversation.model):
        usable = model is not None and is_usable(model)
        if model is not None and usable and (user is None or _may_choose(model, user)):
            return model
    return find_default_model(user)


def is_usable(model: LanguageModel) -> bool:
    """Tell whether a model can be asked at all."""
    return model.enabled and model.gateway.enabled


def _may_choose(model: LanguageModel, user: User | AnonymousUser) -> bool:
    # Most models are everyone's, which is the shorter question.
    if not model.teams.exists():
        return True
    return list_models_for(user).filter(pk=model.pk).exists()


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


def reach(model: LanguageModel, protocol: str | None = None) -> Reach:
    """Return how to reach a model, with the key as it is now.

    `protocol` asks for that one, otherwise the model's own or the gateway's favourite
    is taken. Raises `RefusedError` where there is no address, or no key though one is
    needed.
    """
    gateway = model.gateway
    endpoints = {each.protocol: each for each in gateway.endpoints.all()}
    chosen = protocol or _protocol(model, endpoints)
    if chosen not in endpoints:
        raise RefusedError(
            f"The gateway “{gateway}” has no address. An admin can set it."
        )
    endpoint = endpoints[chosen]
    facts = list(endpoint.facts.filter(model_name=model.name))
    return Reach(
        endpoint.pk,
        Route(
            base_url=endpoint.base_url,
            key=_key(gateway),
            protocol=chosen,
            preset=gateway.preset,
            auth=endpoint.auth,
        ),
        dialect_for(
            gateway.preset,
            chosen,
            model.name,
            abilities_of(model),
            read_rejected(facts),
        ),
        read_window(facts),
    )


def _protocol(model: LanguageModel, endpoints: dict[str, Endpoint]) -> str:
    if model.protocol in endpoints:
        return model.protocol
    listed = model.listed_protocols
    chosen = choose_protocol(model.gateway.preset, model.name, listed, endpoints)
    return chosen or ""


def _key(gateway: Gateway) -> str:
    key = None if gateway.is_demo else read_key(gateway)
    if key is None and needs_key(gateway):
        raise RefusedError(f"The gateway “{gateway}” has no key. An admin can set it.")
    return key or ""


def needs_key(gateway: Gateway) -> bool:
    """Tell whether a gateway refuses everyone without a key; local ones do not."""
    return PRESETS[gateway.preset].needs_key or bool(gateway.key_variable)


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
