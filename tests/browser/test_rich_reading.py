"""Reading what is more than words: code, formulas, footnotes, tables, other scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import act, answer, begin, expect_state, questions, scroll_to
from tests.browser.test_read_out import LISTEN, announced
from tests.faults.conftest import Place

WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=390, height=844)
LONG_LINE = "value = " + " + ".join(f"number_{number}" for number in range(60))
CELLS = " | ".join(f"column {number}" for number in range(30))
RICH = f"""\
It costs $5 or $10, and $E = mc^2$ holds[^why].

$$
\\int_0^\\infty e^{{-x^2}}\\,dx = \\frac{{\\sqrt{{\\pi}}}}{{2}}
$$

\\[ {" + ".join(f"x_{{{number}}}" for number in range(90))} = 0 \\]

```python
{LONG_LINE}
```

| {CELLS} |
|{" - |" * 30}
| {CELLS} |

![A plan](https://pictures.example/plan.png)

[^why]: Since *Einstein* said so.
"""
SCROLLS = "node => node.scrollWidth > node.clientWidth"
TWO_SCRIPTS = "مرحبا بالعالم\n\ndef f(x):"
# Where in its message the second of them begins, and ends.
SECOND = """node => {
    const range = document.createRange();
    const { left: edge } = node.getBoundingClientRect();
    range.setStart(node.firstChild, node.textContent.indexOf("d"));
    range.setEnd(node.firstChild, node.textContent.indexOf("e"));
    const begins = range.getBoundingClientRect().left - edge;
    range.setStart(node.firstChild, node.textContent.indexOf(":"));
    range.setEnd(node.firstChild, node.textContent.indexOf(":") + 1);
    return [begins, range.getBoundingClientRect().left - edge];
}"""
# When it is said what became of a copy, and for how long.
PAUSE_MILLISECONDS = 100
SHOWN_MILLISECONDS = 1_500
TAIL = "[data-part=tail]"
FITS = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture(scope="module")
def place(place_server: Place) -> Place:
    place_server.renew_people()
    return place_server


@pytest.fixture(scope="module")
def addresses() -> list[str]:
    """Where the answer is, once it has been given."""
    return []


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(
    request: pytest.FixtureRequest,
    open_page: OpenPage,
    place: Place,
    addresses: list[str],
) -> Page:
    access = ["clipboard-read", "clipboard-write"]
    page = open_page(place, "alice", viewport=request.param, permissions=access)
    if addresses:
        page.goto(addresses[0])
    else:
        begin(page, place, "echo", RICH)
        expect_state(answer(page), "complete")
        addresses.append(page.url)
    return page


def scrolls(part: Locator) -> bool:
    return bool(part.evaluate(SCROLLS))


def pasted(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def test_what_is_wide_scrolls_inside_itself(page: Page) -> None:
    reply = answer(page)
    for part in (
        reply.locator(".formula").last,
        reply.locator(".code pre"),
        reply.get_by_role("group", name="Table"),
    ):
        assert scrolls(part)
        part.focus()
        expect(part).to_be_focused()
    expect(reply.locator("math").first).to_be_visible()
    expect(reply.get_by_role("link", name="A plan")).to_be_visible()
    expect(reply).to_contain_text("It costs $5 or $10, and")
    expect(reply).to_contain_text("(pictures.example)")
    assert page.evaluate(FITS)


def test_code_wraps_where_its_reader_wants_that_and_on_later_pages(
    page: Page,
) -> None:
    wrap = answer(page).get_by_role("button", name="Wrap", exact=True)
    wrap.focus()
    page.keyboard.press("Enter")

    expect(answer(page).get_by_role("button", name="Unwrap")).to_be_focused()
    assert not scrolls(answer(page).locator(".code pre"))
    page.reload()
    expect(answer(page).get_by_role("button", name="Unwrap")).to_be_visible()
    answer(page).get_by_role("button", name="Unwrap").click()
    assert scrolls(answer(page).locator(".code pre"))


def test_a_footnote_is_found_and_led_back_from(page: Page) -> None:
    answer(page).get_by_role("link", name="Footnote 1").click()
    note = answer(page).locator(".notes li:target")
    expect(note).to_contain_text("Since Einstein said so.")
    expect(note).to_be_in_viewport()

    note.get_by_role("link", name="Back to the text").click()
    expect(answer(page).locator("sup a:target")).to_be_in_viewport()


def test_an_answer_is_copied_as_it_was_written(page: Page) -> None:
    link = answer(page).locator("[data-copy-source]")
    stop_time(page)
    act(answer(page), "Copy as Markdown")
    expect(link).to_have_text("Copied")
    page.clock.run_for(PAUSE_MILLISECONDS)
    expect(said(page)).to_have_text("Copied")
    assert pasted(page) == RICH.strip()
    link.evaluate("node => node.click()")
    page.clock.run_for(SHOWN_MILLISECONDS)
    expect(link).to_have_text("Copy as Markdown")

    answer(page).locator("[data-copy-answer]").click()
    expect(answer(page).get_by_role("button", name="Copied")).to_be_visible()
    assert "and $E = mc^2$ holds" in pasted(page)


def test_each_line_of_a_message_begins_where_its_script_does(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", TWO_SCRIPTS)
    expect_state(answer(page), "complete")

    begins, colon = questions(page).locator(TAIL).evaluate(SECOND)

    assert begins < 2
    assert colon > begins
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_css("direction", "rtl")


def test_of_a_copy_is_said_once_what_became_of_it(page: Page) -> None:
    page.reload()
    page.evaluate(LISTEN)
    page.route("**/source/", lambda route: route.abort())
    stop_time(page)
    act(answer(page), "Copy as Markdown")
    expect(answer(page).get_by_text("Could not be copied")).to_have_count(1)
    page.clock.run_for(PAUSE_MILLISECONDS)
    expect(said(page)).to_have_text("Could not be copied")
    expect(said(page)).to_be_in_viewport()

    # The button is out of sight.
    scroll_to(page, 0)
    answer(page).evaluate("node => node.focus({ preventScroll: true })")
    page.keyboard.press("c")
    expect(answer(page).get_by_text("Copied", exact=True)).to_have_count(1)
    page.clock.run_for(PAUSE_MILLISECONDS)
    expect(said(page)).to_have_text("Copied")
    expect(said(page)).to_be_in_viewport()
    assert announced(page) == ["Could not be copied", "Copied"]


def stop_time(page: Page) -> None:
    """Let what is said for a moment stay, until time is let go on by so much."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("() => Date.now() / 1000 + 60"))


def said(page: Page) -> Locator:
    """What became of a copy, above the composer."""
    return page.locator(".copied")


def test_an_exported_page_asks_for_nothing_and_runs_nothing(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    page.get_by_label("Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Web page").click()
    kept = tmp_path / "kept.html"
    download.value.save_as(kept)
    assert download.value.suggested_filename.endswith(".html")

    with browser.new_context(viewport=page.viewport_size) as context:
        reader = context.new_page()
        asked: list[str] = []
        reader.on("request", lambda request: asked.append(request.url))
        reader.goto(kept.as_uri())

        assert asked == [kept.as_uri()]
        expect(reader.get_by_role("article")).to_have_count(2)
        expect(reader.locator("math").first).to_be_visible()
        expect(reader.get_by_role("button")).to_have_count(0)
        assert reader.locator("script").count() == 0
        assert reader.evaluate(FITS)
