"""What is there at the start: the demo, and the gateway the environment names."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from conversations.context.tokens import count
from conversations.gateways import demo
from conversations.gateways.base import GatewayError, Gateways
from conversations.gateways.sizes import lookup
from conversations.live.hub import get_hub
from conversations.models import Gateway, LanguageModel
from conversations.services.errors import RefusedError
from conversations.services.gateways import (
    change_base_url,
    choose_default_model,
    clean_base_url,
    list_models,
    route_for,
)
from conversations.services.keys import read_environment

if TYPE_CHECKING:
    from conversations.gateways.base import ModelListing

logger = logging.getLogger(__name__)

DEMO_BASE_URL = "http://demo.invalid/v1"
OPENAI_BASE_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"
KEY_VARIABLE = "OPENAI_API_KEY"
LIST_SECONDS = 20.0
MOST_MODELS = 300


def ensure_gateways() -> None:
    """Make the demo gateway and the one of the environment what they should be.

    May be repeated. Raises `ImproperlyConfigured` on a base URL that is none.
    """
    base_url = _base_url()
    with transaction.atomic():
        _ensure_demo()
        gateway = _ensure_openai(base_url)
        if gateway is not None and (name := _model_name()):
            _ensure_model(gateway, name)


async def sync_new_models() -> None:
    """Ask the environment's gateway for its list where no model is named; never fails."""
    if not read_environment(KEY_VARIABLE) or _model_name():
        return
    try:
        async with asyncio.timeout(LIST_SECONDS):
            gateway = await get_hub().readers.run(_find_openai)
            if gateway is not None and gateway.enabled:
                await sync_models(gateway)
    except (GatewayError, RefusedError, TimeoutError) as error:
        logger.warning(
            "The gateway of %s did not list its models: %s", KEY_VARIABLE, error
        )
    except Exception:
        logger.exception("The gateway's list of models could not be kept.")


async def sync_models(gateway: Gateway) -> int:
    """Add what a gateway lists, the first becoming the default where none is real.

    Returns how many were new. Raises `GatewayError` and `RefusedError`.
    """
    run = get_hub().readers.run
    route = await run(lambda: route_for(LanguageModel(gateway=gateway)))
    gateways = Gateways(count)
    try:
        listings = await gateways.list_models(route)
    finally:
        await gateways.aclose()
    return await run(_add_listed, gateway, listings[:MOST_MODELS])


def _ensure_demo() -> None:
    preset = Gateway.Preset.DEMO
    gateway = Gateway.objects.filter(preset=preset).first()
    if gateway is None:
        gateway = Gateway.objects.create(name=_free_name("Demo"), preset=preset)
    change_base_url(gateway=gateway, base_url=DEMO_BASE_URL)
    gateway.models.get_or_create(
        name=demo.MODEL, defaults={"label": "Demo", "window": demo.WINDOW_TOKENS}
    )


def _ensure_openai(base_url: str) -> Gateway | None:
    """Return the environment's gateway, None while its key is missing."""
    gateway = _find_openai()
    if not read_environment(KEY_VARIABLE):
        if gateway is not None:
            _suspend(gateway)
        return None
    if gateway is None:
        name = _free_name("OpenAI")
        gateway = Gateway.objects.create(name=name, key_variable=KEY_VARIABLE)
    official = base_url == OPENAI_BASE_URL
    presets = Gateway.Preset
    gateway.preset = presets.OPENAI if official else presets.COMPATIBLE
    gateway.enabled = gateway.enabled or gateway.waits_for_key
    gateway.waits_for_key = False
    gateway.save(update_fields=["preset", "enabled", "waits_for_key"])
    change_base_url(gateway=gateway, base_url=base_url)
    return gateway


def _suspend(gateway: Gateway) -> None:
    """Disable a gateway until its key is back, unless it has one of its own."""
    if gateway.enabled and gateway.key_encrypted is None:
        gateway.enabled, gateway.waits_for_key = False, True
        gateway.save(update_fields=["enabled", "waits_for_key"])


def _ensure_model(gateway: Gateway, name: str) -> None:
    sizes = lookup(name)
    model, is_new = gateway.models.get_or_create(
        name=name,
        defaults={
            "window": sizes.window if sizes else None,
            "max_output": sizes.max_output if sizes else None,
        },
    )
    if is_new or _only_demo():
        _choose_if_usable(model)


def _add_listed(gateway: Gateway, listings: list[ModelListing]) -> int:
    before = gateway.models.count()
    rows = [_from_listing(gateway, listing) for listing in listings]
    LanguageModel.objects.bulk_create(rows, ignore_conflicts=True)
    if listings and _only_demo():
        _choose_if_usable(gateway.models.get(name=listings[0].name))
    return gateway.models.count() - before


def _from_listing(gateway: Gateway, listing: ModelListing) -> LanguageModel:
    sizes = lookup(listing.name)
    return LanguageModel(
        gateway=gateway,
        name=listing.name,
        window=listing.window or (sizes.window if sizes else None),
        max_output=listing.max_output or (sizes.max_output if sizes else None),
    )


def _only_demo() -> bool:
    """Tell whether nobody has chosen a default other than a demo."""
    chosen = list_models().filter(is_default=True).first()
    return chosen is None or chosen.gateway.is_demo


def _choose_if_usable(model: LanguageModel) -> None:
    if list_models().filter(pk=model.pk).exists():
        choose_default_model(model=model)


def _find_openai() -> Gateway | None:
    return Gateway.objects.filter(key_variable=KEY_VARIABLE).first()


def _model_name() -> str:
    """Return the model the environment names; a base URL alone names none."""
    default = "" if read_environment("OPENAI_BASE_URL") else OPENAI_MODEL
    return read_environment("OPENAI_MODEL") or default


def _base_url() -> str:
    url = read_environment("OPENAI_BASE_URL") or OPENAI_BASE_URL
    try:
        return clean_base_url(url)
    except ValueError:
        raise ImproperlyConfigured(
            f"OPENAI_BASE_URL must look like https://gateway.example/v1, not {url!r}."
        ) from None


def _free_name(name: str) -> str:
    taken = Gateway.objects.filter(name=name).exists()
    return f"{name} (environment)" if taken else name
