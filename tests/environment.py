"""What surrounds the tests: configuration and programs of the machine."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from collections.abc import Iterator, MutableMapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READERS = ("chatsite/settings.py", "chatsite/env.py", "conversations/limits.py")
# Read where they are used, not in the settings.
KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "EZROUTER_API_KEY",
    "OPENROUTER_API_KEY",
    "OPPER_API_KEY",
    "ANTHROPIC_API_KEY",
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class MissingProgramError(Exception):
    """A program the tests need is not here; the message says what to install."""


def configuration_names() -> frozenset[str]:
    """Return every environment variable the project reads."""
    found = {name for path in READERS for name in _names_read(ROOT / path)}
    return frozenset(found.union(KEYS))


def clear_configuration(environ: MutableMapping[str, str]) -> None:
    """Remove a developer's own configuration: tests must not depend on it."""
    for name in configuration_names():
        environ.pop(name, None)


def find_chromium() -> Path:
    """Return Chromium's path: `CHROMIUM`, else the first one on the PATH."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM):
        if name and (path := shutil.which(name)):
            return Path(path)
    raise MissingProgramError(
        "The browser tests need Chromium: install it (on Debian: apt install chromium) "
        "or set CHROMIUM to the path of a Chromium or Chrome."
    )


def find_postgresql() -> Path:
    """Return the directory of PostgreSQL's server programs, the newest first."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
    on_path = shutil.which("initdb")
    for place in [*([Path(on_path).parent] if on_path else []), *reversed(places)]:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    raise MissingProgramError(
        "The database tests need PostgreSQL's server: install it (on Debian: "
        "apt install postgresql) or set TEST_DATABASE_URL to a server of yours."
    )


def install(package: str) -> None:
    """Install a Debian package where that is allowed; otherwise do nothing."""
    prefix = _apt_prefix()
    if prefix is None:
        return
    print(f"Installing {package} …", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", package],
    ):
        subprocess.run(
            [*prefix, "apt-get", *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )


def _apt_prefix() -> list[str] | None:
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    # On a person's own machine nothing is installed behind their back.
    if os.environ.get("CI") and shutil.which("sudo"):
        return ["sudo", "-n"]
    return None


def _version(place: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in place.parent.name.split(".") if part.isdigit())


def _names_read(path: Path) -> Iterator[str]:
    """Yield the constant names in capitals that calls are given as first argument."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        match node.args[0]:
            case ast.Constant(value=str(name)) if _is_reader(node.func):
                yield name


def _is_reader(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name.startswith(("read_", "_number", "_integer"))
        case ast.Attribute(attr=name, value=source):
            return name in ("get", "db", "list", "str") and "env" in ast.unparse(source)
    return False
