"""Real servers, a real gateway, and people who use them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.faults.filled import fill
from tests.faults.people import Person
from tests.gateway.server import TestGateway
from tests.servers import Server, child_environ

# So that the tests meet the limits they are about, and no others.
ROOMY = {
    "RUNNING_PER_USER": "60",
    "SOCKETS_PER_USER": "200",
    "FRAMES_PER_SECOND": "10000",
    "DRAIN_SECONDS": "0.2",
}


MAKE_OTHERS = """
import json
from django.db import transaction
from tests.faults.rows import make_others
with transaction.atomic():
    print(json.dumps(make_others({names!r}, {count})))
"""
AT_ONCE = 50
RUN_SECONDS = 150
LEAVE = """UPDATE conversations_user
SET username = 'former-' || id, is_active = 0 WHERE username = ?"""
COME = "UPDATE conversations_user SET username = ?, is_active = 1 WHERE id = ?"


class Place:
    """A server with its directory and database, and the gateway it asks."""

    def __init__(
        self, directory: Path, gateway: TestGateway, environ: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.gateway = gateway
        self.server = Server(directory, {**ROOMY, **environ})
        self.models: dict[str, int] = {}
        self.sessions: dict[str, str] = {}
        self.users: dict[str, int] = {}
        self._waiting: list[dict[str, tuple[int, str]]] = []

    @property
    def database(self) -> Path:
        return self.directory / "db.sqlite3"

    def fill(self, *models: str) -> None:
        """Make people, and a model for each scenario, before the server starts."""
        made = fill(self.directory, self.gateway.base_url, models)
        self.models = made["models"]
        self.users = {name: row[0] for name, row in made["people"].items()}
        self.sessions = {name: row[1] for name, row in made["people"].items()}

    def renew_people(self) -> None:
        """Give the names to others, who find nothing of what was done before."""
        if not self._waiting:
            script = MAKE_OTHERS.format(names=list(self.users), count=AT_ONCE)
            made = self.run(
                "manage.py", "shell", "--no-imports", "-c", script, check=True
            )
            self._waiting = json.loads(made.stdout)
        for name, (pk, session) in self._waiting.pop().items():
            self.write(LEAVE, name)
            self.write(COME, name, pk)
            self.users[name], self.sessions[name] = pk, session

    def run(
        self, *arguments: str, check: bool = False, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in the project with this server's directory."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=child_environ(self.directory, environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=check,
        )

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Read what is committed, beside the running server."""
        address = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
            return database.execute(sql, parameters).fetchall()

    def write(self, sql: str, *parameters: object) -> None:
        """Change a row behind the server's back."""
        with closing(sqlite3.connect(self.database, timeout=20)) as database:
            database.execute(sql, parameters)
            database.commit()

    def make_team(self, name: str, *people: str) -> None:
        """Put people into a team that the first of them owns."""
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        self.write(
            f"INSERT INTO conversations_team (name, created_at) VALUES (?, {now})", name
        )
        for person in people:
            role = "owner" if person == people[0] else "member"
            self.write(
                "INSERT INTO conversations_membership (team_id, user_id, role, "
                f"joined_at) SELECT max(id), ?, ?, {now} FROM conversations_team",
                self.users[person],
                role,
            )

    def replies(self, conversation: str) -> list[tuple[str, str]]:
        """The state and stored text of every answer, oldest first."""
        return [
            (str(state), str(text))
            for state, text in self.rows(
                """
                SELECT g.state, m.content || coalesce(
                    (SELECT group_concat(text, '') FROM
                        (SELECT text FROM conversations_delta
                        WHERE generation_id = g.id AND NOT is_reasoning
                        ORDER BY "offset")), '')
                FROM conversations_message m JOIN conversations_generation g
                ON g.message_id = m.id AND g.attempt = m.attempt
                WHERE m.conversation_id = ? ORDER BY m.seq
                """,
                conversation.replace("-", ""),
            )
        ]

    def reasonings(self, conversation: str) -> list[str]:
        """What was thought and is stored, in order."""
        rows = self.rows(
            """
            SELECT g.reasoning || coalesce(
                (SELECT group_concat(text, '') FROM
                    (SELECT text FROM conversations_delta
                    WHERE generation_id = g.id AND is_reasoning
                    ORDER BY "offset")), '')
            FROM conversations_generation g
            WHERE g.conversation_id = ? ORDER BY g.id
            """,
            conversation.replace("-", ""),
        )
        return [str(reasoning) for (reasoning,) in rows]

    def questions(self, conversation: str) -> list[str]:
        """What people wrote, in order."""
        rows = self.rows(
            "SELECT content FROM conversations_message WHERE conversation_id = ? "
            "AND role = 'user' ORDER BY seq",
            conversation.replace("-", ""),
        )
        return [str(content) for (content,) in rows]


@contextmanager
def place_with(
    directory: Path,
    gateway: TestGateway,
    models: tuple[str, ...],
    environ: Mapping[str, str] | None = None,
) -> Iterator[Place]:
    """A server that runs, with people and these models; none is left behind."""
    place = Place(directory, gateway, environ or {})
    place.fill(*models)
    try:
        place.server.start()
        yield place
    finally:
        place.server.close()


@pytest.fixture(scope="package")
def gateway() -> Iterator[TestGateway]:
    with TestGateway() as gateway:
        yield gateway


class People:
    """Whoever a test needs, at the given server."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, place: Place, name: str = "") -> Person:
        person = Person(place.server.url, place.sessions.get(name, ""))
        await self._stack.enter_async_context(person.http)
        return person


@pytest.fixture
async def people() -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(stack)
