"""What is there at the start: the demo, and the gateways the environment has keys for."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from conversations.gateways.base import GatewayError
from conversations.gateways.demo import transport as demo
from conversations.gateways.presets import PRESETS, Surface
from conversations.live.hub import get_hub
from conversations.models import Gateway
from conversations.services.errors import RefusedError
from conversations.services.gateways import clean_base_url
from conversations.services.keys import clear_key, read_environment
from conversations.services.syncing import (
    choose_if_usable,
    has_only_demo,
    sync_models,
)
from conversations.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.gateways.presets import Preset

logger = logging.getLogger(__name__)

OPENAI, COMPATIBLE, DEMO = "openai", "compatible", "demo"
OPENAI_BASE_URL = PRESETS[OPENAI].surfaces[Protocol.RESPONSES].base_url
OPENAI_MODEL = "gpt-5-mini"
# Those that a key in the environment adds.
BY_KEY = {name: preset for name, preset in PRESETS.items() if preset.key_variable}


def ensure_gateways() -> None:
    """Make the demo gateway and those of the environment what they should be.

    May be repeated. Raises `ImproperlyConfigured` on a base URL that is none.
    """
    base_url = _base_url()
    with transaction.atomic():
        _ensure_demo()
    for name, preset in BY_KEY.items():
        # One at a time: on SQLite a long transaction stops everyone.
        with transaction.atomic():
            is_elsewhere = name == OPENAI and base_url != OPENAI_BASE_URL
            surfaces = {Protocol.CHAT_COMPLETIONS: Surface(base_url)}
            gateway = _ensure_gateway(
                preset,
                COMPATIBLE if is_elsewhere else name,
                surfaces if is_elsewhere else preset.surfaces,
            )
            if name == OPENAI and gateway is not None and (model := _model_name()):
                _ensure_model(gateway, model)


def set_endpoints(*, gateway: Gateway, surfaces: Mapping[Protocol, Surface]) -> bool:
    """Give a gateway these addresses and no others; tell whether its key was forgotten.

    A stored key is never sent to another address than the one it was entered for.
    """
    had = dict(gateway.endpoints.values_list("protocol", "base_url"))
    gateway.endpoints.exclude(protocol__in=surfaces).delete()
    for protocol, surface in surfaces.items():
        gateway.endpoints.update_or_create(
            protocol=protocol,
            defaults={"base_url": surface.base_url, "auth": surface.auth},
        )
    if gateway.key_encrypted is None or not _is_moved(had, surfaces):
        return False
    clear_key(gateway=gateway)
    return True


def _is_moved(had: Mapping[str, str], surfaces: Mapping[Protocol, Surface]) -> bool:
    """Tell whether an address has changed, or one was added at another server."""
    servers = {urlsplit(url)[:2] for url in had.values()}
    return bool(had) and any(
        had.get(protocol, surface.base_url) != surface.base_url
        or urlsplit(surface.base_url)[:2] not in servers
        for protocol, surface in surfaces.items()
    )


async def sync_new_models() -> None:
    """Ask the environment's new gateways for their lists; never fails.

    Where OPENAI_MODEL names a model, that one is enough.
    """
    try:
        gateways = await get_hub().readers.run(_find_unlisted)
        await asyncio.gather(*(_sync_quietly(gateway) for gateway in gateways))
    except Exception:
        logger.exception("The gateway's list of models could not be kept.")


async def _sync_quietly(gateway: Gateway) -> None:
    try:
        await sync_models(gateway)
    except (GatewayError, RefusedError) as error:
        logger.warning("%s did not list its models: %s", gateway.name, error)
    except Exception:
        logger.exception("The models of %s could not be kept.", gateway.name)


def _find_unlisted() -> list[Gateway]:
    gateways = Gateway.objects.filter(enabled=True, synced_at=None)
    if read_environment("OPENAI_MODEL"):
        gateways = gateways.exclude(key_variable=PRESETS[OPENAI].key_variable)
    return list(gateways.exclude(key_variable=""))


def _ensure_demo() -> None:
    gateway = Gateway.objects.filter(preset=DEMO).first()
    if gateway is None:
        gateway = Gateway.objects.create(name=_free_name("Demo"), preset=DEMO)
    set_endpoints(gateway=gateway, surfaces=PRESETS[DEMO].surfaces)
    gateway.models.get_or_create(
        name=demo.MODEL, defaults={"label": "Demo", "window": demo.WINDOW_TOKENS}
    )


def _ensure_gateway(
    preset: Preset, kind: str, surfaces: Mapping[Protocol, Surface]
) -> Gateway | None:
    """Return the gateway of a key in the environment, None while that is missing."""
    variable = preset.key_variable
    gateway = Gateway.objects.filter(key_variable=variable).first()
    if not read_environment(variable):
        if gateway is not None:
            _suspend(gateway)
        return None
    if gateway is None:
        name = _free_name(preset.label)
        gateway = Gateway.objects.create(name=name, key_variable=variable)
    gateway.preset = kind
    gateway.enabled = gateway.enabled or gateway.waits_for_key
    gateway.waits_for_key = False
    gateway.save(update_fields=["preset", "enabled", "waits_for_key"])
    set_endpoints(gateway=gateway, surfaces=surfaces)
    return gateway


def _suspend(gateway: Gateway) -> None:
    """Disable a gateway until its key is back, unless it has one of its own."""
    if gateway.enabled and gateway.key_encrypted is None:
        gateway.enabled, gateway.waits_for_key = False, True
        gateway.save(update_fields=["enabled", "waits_for_key"])


def _ensure_model(gateway: Gateway, name: str) -> None:
    model, is_new = gateway.models.get_or_create(name=name)
    if is_new or has_only_demo():
        choose_if_usable(model)


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
