"""Light and dark: every text can be read."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.browser.conftest import OpenPage
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast_enough(
    open_page: OpenPage, place: Place, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(place, "alice", color_scheme=scheme)
    begin(page, place, "echo", "```python\ndef f(x):  # why\n    return 'a' + 1\n```")
    expect_state(answer(page), "complete")
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    assert page.evaluate(FAINT_TEXT) == []
