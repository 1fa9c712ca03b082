"""The house: what is installed, what is written about it, how it is packed."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import Marker

from conversations import limits
from tests.environment import ROOT, configuration_names

RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
PIN = re.compile(
    r"^([a-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; (.+?))? \\$", re.MULTILINE
)
TABLE_ROW = re.compile(r"^\| `(\w+)` \| ([\d,.]+) \|", re.MULTILINE)
# These start processes that people start by hand, not the server.
OF_TOOLS = {"TEST_DATABASE_URL", "CHROMIUM", "HYPOTHESIS_PROFILE", "PYTHON3"}
MEGABYTE = 1_000_000
FOLDERS = ("chatsite", "conversations", "templates", "static", "tests", "bench", "docs")
BY_NAME = {"Makefile", "Dockerfile", "LICENSE", ".gitignore", ".editorconfig"}


def pins(lock: Path) -> dict[str, str]:
    return {name: version for name, version, _ in PIN.findall(lock.read_text())}


def installed_here() -> list[str]:
    """Names in the run lock that this machine needs."""
    found = PIN.findall(RUN_LOCK.read_text())
    return [
        name for name, _, marker in found if not marker or Marker(marker).evaluate()
    ]


def text_files() -> list[Path]:
    """Every text file people write."""
    suffixes = {".py", ".html", ".css", ".js", ".md", ".svg", ".toml", ".yaml", ".txt"}
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return [
        path
        for path in [*found, *ROOT.iterdir()]
        if path.is_file() and (path.suffix in suffixes or path.name in BY_NAME)
    ]


@pytest.mark.parametrize("lock", [RUN_LOCK, DEV_LOCK])
def test_every_locked_package_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()

    assert len(PIN.findall(text)) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
    assert "://" not in text
    assert "file:" not in text
    for entry in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry


def test_both_locks_agree() -> None:
    run, dev = pins(RUN_LOCK), pins(DEV_LOCK)

    assert {name: dev.get(name) for name in run} == run


def test_the_lock_holds_everything_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=]", line)[0] for line in wanted}

    assert names <= set(pins(DEV_LOCK))


def test_at_most_65_packages_are_installed_to_run() -> None:
    assert len(pins(RUN_LOCK)) <= 65


def test_what_is_installed_to_run_takes_at_most_300_megabytes() -> None:
    size = 0
    for name in [*installed_here(), "pip"]:
        for file in distribution(name).files or []:
            path = Path(str(file.locate()))
            size += path.stat().st_size if path.is_file() else 0

    assert size <= 300 * MEGABYTE


def test_known_holes_are_below_the_floors() -> None:
    def numbers(name: str) -> list[int]:
        return [int(part) for part in pins(RUN_LOCK)[name].split(".")]

    assert numbers("django") >= [5, 2, 14]
    assert numbers("daphne") >= [4, 2, 2]


def test_the_readme_is_short_and_shows_the_page() -> None:
    readme = (ROOT / "README.md").read_text()

    assert len(readme.splitlines()) < 100
    assert "make run" in readme
    assert "make test" in readme
    assert "docs/screenshot.png" in readme
    assert (ROOT / "docs/screenshot.png").stat().st_size > 10_000


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", CONFIGURATION))

    assert configuration_names() <= documented


def test_every_documented_setting_exists() -> None:
    in_tables = set(re.findall(r"^\| `(\w+)`", CONFIGURATION, re.MULTILINE))
    further = set(re.findall(r"^\| `\w+`, `(\w+)`", CONFIGURATION, re.MULTILINE))

    assert in_tables | further == configuration_names() | OF_TOOLS


def test_documented_limits_are_the_real_ones() -> None:
    documented = {
        name: float(value.replace(",", ""))
        for name, value in TABLE_ROW.findall(CONFIGURATION)
    }

    names = configuration_names().intersection(dir(limits))
    real = {name: getattr(limits, name) for name in names}

    assert {name: documented.get(name) for name in real} == real


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_decisions_are_numbered_without_gaps_and_brief() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))

    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        assert len(path.read_text().split()) <= 400, path.name


def test_the_image_does_not_run_as_root_and_is_watched() -> None:
    final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert re.search(r"^USER roundtable$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert 'CMD ["python", "manage.py", "serve", "--migrate"]' in final
    assert "SECRET_KEY" not in final


def test_no_package_runs_code_at_every_start_but_known_ones() -> None:
    known = {"distutils-precedence"}
    places = [Path(place) for place in sys.path if place.endswith("site-packages")]
    found = {path.stem for place in places for path in place.glob("*.pth")}

    assert {name for name in found if "coverage" not in name} <= known


def test_text_files_end_with_a_line_and_have_no_trailing_space() -> None:
    for path in text_files():
        text = path.read_text()
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), path
        assert not text or text.endswith("\n"), path


def test_continuous_integration_can_be_started() -> None:
    run = ROOT / ".ci/run"

    assert run.stat().st_mode & 0o111
    assert "make test" in run.read_text()
    assert "make lint" in run.read_text()
