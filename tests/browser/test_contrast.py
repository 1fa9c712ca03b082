"""Light and dark: every text can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import SCHEMES
from tests.browser.conftest import OpenPage
from tests.browser.screens import SCREENS
from tests.browser.talk import answer, begin, expect_state
from tests.faults.conftest import Place

# Texts whose contrast with what is behind them is below 4.5 to 1.
FAINT_TEXT = """() => {
    const canvas = document.createElement("canvas").getContext("2d")
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const light = (colour) => {
        const [r, g, b] = rgba(colour).map((v) => {
            const part = v / 255
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const ground = (node) => {
        for (; node; node = node.parentElement) {
            const colour = getComputedStyle(node).backgroundColor
            if (rgba(colour)[3] > 200) return colour
        }
        return "#fff"
    }
    const faint = []
    for (const node of document.querySelectorAll("body *")) {
        const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
        if (!own || !node.checkVisibility({ opacityProperty: true })) continue
        const [a, b] = [getComputedStyle(node).color, ground(node)].map(light)
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        if (ratio < 4.5) faint.push(`${node.className} ${node.textContent} ${ratio}`)
    }
    return faint
}"""


def expect_contrast(page: Page) -> None:
    """Nothing is faint, in either theme."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
        assert dark == (scheme == "dark")
        assert page.evaluate(FAINT_TEXT) == [], scheme


def test_every_text_has_contrast_enough(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    begin(page, place, "echo", "```python\ndef f(x):  # why\n    return 'a' + 1\n```")
    expect_state(answer(page), "complete")
    expect_contrast(page)
    page.get_by_role("button", name="Model:").click()
    expect(page.get_by_role("radio", checked=True)).to_be_visible()
    expect_contrast(page)


@pytest.mark.parametrize("screen", ["thinking", "thought", "waiting", "sources"])
def test_what_stands_beside_an_answer_can_be_read_too(
    open_page: OpenPage, place: Place, screen: str
) -> None:
    page = open_page(place, "alice")
    SCREENS[screen](page, place)
    expect_contrast(page)
