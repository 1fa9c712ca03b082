"""Ask gateways for their models and prices; to be run daily."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from conversations.gateways.base import GatewayError
from conversations.live.hub import get_hub, renew_hub
from conversations.models import Gateway
from conversations.services.errors import RefusedError
from conversations.services.findings import describe_problem, describe_synced
from conversations.services.syncing import sync_models

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Ask every enabled gateway for its models. Works beside a running server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--gateway", metavar="NAME", help="ask this one only")

    def handle(self, *args: Any, **options: Any) -> None:
        gateways = _find(options["gateway"])
        if not gateways:
            self.stdout.write("There is no gateway to ask. Add one in the admin.")
        if not asyncio.run(self._sync_all(gateways)):
            sys.exit(1)

    async def _sync_all(self, gateways: list[Gateway]) -> bool:
        """Ask one after the other; return whether all gave their lists."""
        try:
            return all([await self._sync(gateway) for gateway in gateways])
        finally:
            await get_hub().close()
            renew_hub()

    async def _sync(self, gateway: Gateway) -> bool:
        try:
            synced = await sync_models(gateway)
        except (GatewayError, RefusedError) as error:
            self.stderr.write(f"{gateway}: {describe_problem(error)}")
            return False
        self.stdout.write(f"{gateway}: {describe_synced(synced)}")
        return True


def _find(name: str | None) -> list[Gateway]:
    gateways = Gateway.objects.exclude(preset=Gateway.Preset.DEMO)
    if name is None:
        return list(gateways.filter(enabled=True))
    found = list(gateways.filter(name=name))
    if not found:
        names = ", ".join(gateways.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no gateway “{name}”. There are: {names}.")
    return found
