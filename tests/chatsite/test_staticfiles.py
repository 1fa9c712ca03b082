from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.templatetags.static import static

from tests.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings


@pytest.fixture
def collected(tmp_path: Path, settings: Settings) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "chatsite.staticfiles.JoinedStorage"},
    }
    # Twice: a second start finds the joined file and must not join it again.
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def served(root: Path, name: str) -> str:
    return (root / static(name).removeprefix("/static/")).read_text()


def test_a_page_loads_one_stylesheet_with_every_layer(collected: Path) -> None:
    css = served(collected, "css/roundtable.css")

    assert "@import" not in css
    assert css.count("@layer reset {") == 1
    assert ".composer" in css


def test_modules_import_each_other_by_their_hashed_names(collected: Path) -> None:
    script = served(collected, "js/live.js")

    assert 'from "./transcript.js"' not in script
    assert f'from "./{static("js/transcript.js").rpartition("/")[2]}"' in script


def test_what_is_explained_in_the_sources_is_not_loaded(collected: Path) -> None:
    source = (ROOT / "static/js/live.js").read_text()
    script = served(collected, "js/live.js")

    assert source.startswith("// ")
    assert len(script.splitlines()) == sum(
        not line.lstrip().startswith("//") for line in source.splitlines()
    )
    assert "/*" not in served(collected, "css/roundtable.css")
