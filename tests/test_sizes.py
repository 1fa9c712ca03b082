"""How big things may get, and which names and words they may not have."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median, quantiles

from tests.environment import ROOT

PACKAGES = ("chatsite", "conversations")
FORBIDDEN_MODULES = {"utils", "helpers", "common", "misc"}


def modules(*places: str) -> list[Path]:
    found = (path for place in places for path in (ROOT / place).rglob("*.py"))
    return [path for path in found if "migrations" not in path.parts]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def function_lengths(*places: str) -> dict[str, int]:
    """Lines of each function, its decorators and docstring left out."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": _body_lines(node)
        for path in modules(*places)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = len((ast.get_docstring(node, clean=False) or "").splitlines())
    return (node.end_lineno or node.lineno) - node.lineno + 1 - documented


def test_no_function_has_more_than_50_lines() -> None:
    lengths = function_lengths(*PACKAGES, "tests", "bench")

    assert {name: length for name, length in lengths.items() if length > 50} == {}


def test_most_functions_are_small() -> None:
    lengths = list(function_lengths(*PACKAGES).values())

    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 25


def test_most_files_are_small() -> None:
    lengths = [lines(path) for path in modules(*PACKAGES)]

    assert quantiles(lengths, n=10)[-1] <= 200
    assert max(lengths) <= 300


def test_views_have_at_most_20_lines() -> None:
    lengths = function_lengths("conversations/views")

    assert {name: length for name, length in lengths.items() if length > 20} == {}


def test_partial_templates_have_at_most_60_lines() -> None:
    partials = (ROOT / "templates").rglob("_*.html")

    assert [str(path) for path in partials if lines(path) > 60] == []


def test_scripts_have_at_most_100_lines() -> None:
    scripts = (ROOT / "static/js").rglob("*.js")

    assert [str(path) for path in scripts if lines(path) > 100] == []


def test_modules_are_named_for_their_subject() -> None:
    names = {path.stem for path in modules(*PACKAGES, "tests", "bench")}

    assert names.isdisjoint(FORBIDDEN_MODULES)


def test_templates_hold_no_script_style_or_handler() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son\w+=|hx-on"
        r"|hx-vars|javascript:|\|\s*safe\b|autoescape off"
    )
    for path in (ROOT / "templates").rglob("*.html"):
        assert not (found := inline.search(path.read_text())), f"{path}: {found}"


def test_nothing_is_left_to_do_in_the_code() -> None:
    marks = re.compile("TO" + "DO|FIX" + "ME|X" + "XX")
    for path in modules(*PACKAGES, "tests", "bench"):
        assert not marks.search(path.read_text()), path
