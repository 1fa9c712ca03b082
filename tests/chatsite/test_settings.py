"""The settings as a process of their own reads them, and so as any server does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.environment import ROOT
from tests.servers import child_environ

if TYPE_CHECKING:
    from pathlib import Path

PRINT = (
    "import json; from chatsite import settings as s; "
    "print(json.dumps({name: getattr(s, name) for name in %r}))"
)


def read(place: Path, *names: str, **environ: str) -> dict[str, object]:
    ended = subprocess.run(
        [sys.executable, "-c", PRINT % (names,)],
        cwd=ROOT,
        env=child_environ(place, environ),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_hsts_does_not_ask_for_the_browsers_lists(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "SECURE_HSTS_PRELOAD",
        "SECURE_HSTS_SECONDS",
        SITE_URL="https://chat.example",
    )

    assert found == {"SECURE_HSTS_PRELOAD": False, "SECURE_HSTS_SECONDS": 31_536_000}


def test_the_sites_host_stays_allowed_beside_others(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        SITE_URL="https://Chat.Example:443",
        ALLOWED_HOSTS="health.internal",
    )

    assert found == {
        "ALLOWED_HOSTS": ["chat.example", "health.internal"],
        "CSRF_TRUSTED_ORIGINS": ["https://chat.example"],
    }


def test_any_server_refuses_every_host_not_only_ours(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import chatsite.asgi"],
        cwd=ROOT,
        env=child_environ(tmp_path, {"ALLOWED_HOSTS": "*"}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode != 0
    assert "ALLOWED_HOSTS is *" in ended.stderr


def test_the_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    environ = {"SITE_URL": "https://chat.example", "TRUSTED_PROXY_COUNT": "1"}
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=child_environ(tmp_path, environ),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def test_a_titles_length_is_not_the_environments(tmp_path: Path) -> None:
    script = "from conversations import limits; print(limits.TITLE_CHARACTERS)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=child_environ(tmp_path, {"TITLE_CHARACTERS": "500"}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout == "200\n"


def test_what_the_databases_address_asks_for_joins_what_we_ask_for(
    tmp_path: Path,
) -> None:
    asked = "options=-c%20work_mem%3D16MB&sslmode=require"
    url = f"postgres://user:password@127.0.0.1/name?{asked}"
    found = read(tmp_path, "DATABASES", DATABASE_URL=url)["DATABASES"]

    assert isinstance(found, dict)
    assert found["default"]["OPTIONS"] == {
        "connect_timeout": 5,
        "options": "-c statement_timeout=15000 -c jit=off -c work_mem=16MB",
        "sslmode": "require",
    }
