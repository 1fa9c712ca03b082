"""Serve with Daphne, and end without cutting anybody off."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING, Any

from channels.routing import get_default_application
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.migrations.executor import MigrationExecutor
from twisted.internet import reactor

from chatsite.bounded import bound_requests
from conversations import limits
from conversations.live.tasks import create_task
from conversations.services.accounts import renew_setup_link
from conversations.services.lifecycle import SecondProcessError, lifecycle

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

WEBSOCKET_CONNECT_SECONDS = 20
KEEP_ALIVE_SECONDS = 20
# A frame a little too long is read, to be answered with a sentence; a longer one ends
# the socket before it is in memory.
MOST_FRAME_BYTES = 4 * limits.FRAME_BYTES
YOUNG_OBJECTS = 20_000


class FrankProtocol(WebSocketProtocol):  # type: ignore[misc]  # ships no types
    """Closes with the code it is told; Autobahn would raise on 1012."""

    maxMessagePayloadSize: int  # noqa: N815 - Autobahn's

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - Daphne's
        self.sendCloseFrame(code=1000 if code is None else code)

    def sendMessage(self, *args: Any, **options: Any) -> None:  # noqa: N802 - Autobahn's
        """Send whatever it takes: Autobahn's bound on what comes in holds for both."""
        bound, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **options)
        finally:
            self.maxMessagePayloadSize = bound


class Command(BaseCommand):
    help = "Serve Roundtable on HOST and PORT until SIGTERM, then drain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--migrate", action="store_true", help="bring the database up to date first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._prepare_database(migrate=options["migrate"])
        # The loop Daphne will run: what starts before it must start there.
        self._loop = twisted_loop
        asyncio.set_event_loop(twisted_loop)
        setup_link = self._start()
        server: Server = Server(
            application=get_default_application(),
            endpoints=build_endpoint_description_strings(
                host=settings.HOST, port=settings.PORT
            ),
            signal_handlers=False,
            ready_callable=lambda: self._on_ready(server, setup_link),
            websocket_connect_timeout=WEBSOCKET_CONNECT_SECONDS,
            websocket_handshake_timeout=WEBSOCKET_CONNECT_SECONDS,
            websocket_max_message_size=MOST_FRAME_BYTES,
            websocket_max_frame_size=MOST_FRAME_BYTES,
            ping_interval=KEEP_ALIVE_SECONDS,
            server_name="",
            verbosity=0,
        )
        server.run()
        if server.abort_start:
            # Answers that waited have begun.
            self._loop.run_until_complete(lifecycle.stop(drain_seconds=0))
            raise CommandError(
                f"Port {settings.PORT} on {settings.HOST} is taken. "
                "Choose another: make run PORT=8001"
            )

    def _prepare_database(self, *, migrate: bool) -> None:
        try:
            if migrate:
                call_command("migrate", verbosity=0)
            self._refuse_old_database()
        except OperationalError as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(f"The database cannot be used: {reason}") from None

    def _refuse_old_database(self) -> None:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "The database is not up to date. Run: python manage.py migrate"
            )

    def _start(self) -> str | None:
        try:
            self._loop.run_until_complete(lifecycle.ensure_started())
        except (SecondProcessError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        return renew_setup_link()

    def _on_ready(self, server: Server, setup_link: str | None) -> None:
        server.ws_factory.protocol = FrankProtocol
        bound_requests(server)
        self._announce(setup_link)

    def _announce(self, setup_link: str | None) -> None:
        # What is loaded stays: a full collection over it would stop every stream.
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, 20, 50)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._on_signal)
        self.stdout.write(f"Roundtable is at {settings.SITE_URL}")
        if setup_link:
            self.stdout.write(f"Set it up here, once: {settings.SITE_URL}{setup_link}")
        else:
            self.stdout.write("Sign in and start to type. Ctrl+C stops the server.")
        self.stdout.flush()

    _drain: asyncio.Task[None] | None = None

    def _on_signal(self) -> None:
        if self._drain is not None:
            # Asked twice: at once.
            reactor.stop()
            return
        self.stdout.write(
            "Finishing what is being written, for at most "
            f"{limits.DRAIN_SECONDS:g} seconds. Ctrl+C again stops at once."
        )
        self.stdout.flush()
        self._drain = create_task(self._end())

    async def _end(self) -> None:
        try:
            await lifecycle.stop()
        finally:
            reactor.stop()
