"""axe-core over a page, with every rule it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import axe_playwright_python  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page, ViewportSize

SIZES = (ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844))
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
_SCRIPT = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
# What fades in has its own colour only when that is over.
_SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter((one) => one instanceof CSSTransition)
        .map((one) => one.finished))"""
_RUN = """async (within) => {
    const { violations } = await axe.run(within, { resultTypes: ["violations"] })
    return violations.flatMap(({ id, nodes }) => nodes.map(
        ({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`))
}"""
_SIDEWAYS = """() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return scrollWidth - clientWidth
}"""


def findings(page: Page, within: str) -> list[str]:
    """What axe finds wrong, in its words; the page's policy holds for it too."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_SCRIPT)
    page.evaluate(_SETTLED)
    return [str(found) for found in page.evaluate(_RUN, within)]


def everything_found(page: Page, within: str = "html") -> list[str]:
    """What is wrong with a page or a part of it, wide and narrow, light and dark."""
    return list(_look(page, within))


def _look(page: Page, within: str) -> Iterator[str]:
    for size in SIZES:
        page.set_viewport_size(size)
        if page.evaluate(_SIDEWAYS) > 0:
            yield f"{size['width']}: scrolls sideways"
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            where = f"{size['width']} {scheme}"
            yield from (f"{where}: {one}" for one in findings(page, within))
