"""Screens of a conversation: what is read, written, opened beside it and kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests import making_files
from tests.browser.outgrown import (
    DECIDE,
    TALKER,
    add_fact,
    expect_summary,
    open_panel,
)
from tests.browser.outgrown import FIRST as PLANNED
from tests.browser.outgrown import THEN as PLANNED_THEN
from tests.browser.talk import (
    answer,
    begin,
    choose,
    composer,
    expect_state,
    expect_words,
    questions,
    send,
)
from tests.faults.conftest import Place

Show = Callable[[Page, Place], None]

RICH = """\
It costs $5 or $10, and $E = mc^2$ holds[^why]. The rest is an integral:

$$
\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}
$$

```python
def harbour(boats, *, at_night=False, tide="high", lights=True, pilot=None, berth=None):
    return [boat for boat in boats if boat.is_lit or not at_night]  # a line that is long
```

| Month | Guests | Nights | Breakfasts | Boats | Rain in mm | Hours of sun | Wind |
| :-- | --: | --: | --: | --: | --: | --: | :-- |
| November | 1,204 | 3,902 | 2,877 | 41 | 68.4 | 54 | westerly |

![The plan of the house](https://pictures.example/plan.png)

[^why]: Since *Einstein* said so.
"""
WORDS = """\
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft \
https://example.com/a/very/long/address/without/any/place/to/break/it?and=more&of=it

مرحبا! هذا نص **مهم** مع `code` في وسطه.

- שלום לכולם
- Zalgo: Z̷̢̛̤͎a̸̡̛͓l̶̨̛g̷̛̺o̶̢̼

1234567890123456789012345678901234567890123456789012345678901234567890123456789012345
"""
NOTE = FilePayload(name="note.txt", mimeType="text/plain", buffer=b"Mind the gap.")
PROGRAM = FilePayload(
    name="setup.pdf", mimeType="application/pdf", buffer=b"MZ\x90\x00"
)
# More than a model of the test gateway reads.
TOO_LARGE = "word " * 15_000
_decided: set[str] = set()


def said(text: str) -> Show:
    def show(page: Page, place: Place) -> None:
        begin(page, place, "echo", text)
        expect_state(answer(page), "complete")

    return show


def show_queue_edit(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    send(page, "Shorter, please.")
    waiting = questions(page).nth(1)
    waiting.get_by_role("link", name="Edit").click()
    waiting.get_by_label("Your message, edited").fill("Shorter, please, and in verse.")


def show_edit(page: Page, place: Place) -> None:
    said("How do I poach an egg?")(page, place)
    questions(page).first.hover()
    questions(page).first.get_by_role("link", name="Edit").click()
    page.get_by_label("Your message, edited").wait_for()


def show_versions(page: Page, place: Place) -> None:
    """Two of three versions, each answered by another model."""
    said("Name a colour, please.")(page, place)
    for model in ("citations", "paragraphs:90"):
        answer(page).locator(".more > summary").click()
        answer(page).get_by_role("link", name="Try again with").click()
        page.get_by_label("Search models").fill(model)
        page.get_by_role("radio", name=model).first.click()
        expect(answer(page).locator(".made")).to_contain_text(model)
        expect_state(answer(page), "complete")
    answer(page).get_by_role("link", name="Previous version").click()
    expect(answer(page).locator(".made")).to_contain_text("citations")


def show_menu(page: Page, place: Place) -> None:
    said("What can be done with this?")(page, place)
    answer(page).locator(".more > summary").click()


def add(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Add files", exact=True).set_input_files(list(files))


def picture() -> FilePayload:
    data = making_files.picture("PNG", (640, 420), color="teal")
    return FilePayload(name="Bridge at night.png", mimeType="image/png", buffer=data)


def report() -> FilePayload:
    data = making_files.document("Twelve boats.", "And a harbour.")
    name = "Report on the harbour, the boats and everything that was said of them.pdf"
    return FilePayload(name=name, mimeType="application/pdf", buffer=data)


def show_files(page: Page, place: Place) -> None:
    """Some with a message, some with the next one, and one that was refused."""
    said("Let us look at these.")(page, place)
    files = page.get_by_role("list", name="Files of this message").locator(
        "[data-file]"
    )
    add(page, picture(), report(), NOTE)
    expect(files).to_have_count(3)
    send(page, "What is on them?")
    expect(questions(page)).to_have_count(2)
    expect_state(answer(page), "complete")
    add(page, picture(), PROGRAM, NOTE)
    expect(files).to_have_count(2)
    page.get_by_role("alert").filter(has_text="setup.pdf").wait_for()


def outgrow(page: Page, place: Place) -> None:
    """Talk until the context has rolled, and what left is summed up."""
    if place.server.url not in _decided:
        place.run("manage.py", "shell", "--no-imports", "-c", DECIDE, check=True)
        _decided.add(place.server.url)
    begin(page, place, TALKER, PLANNED)
    for number, text in enumerate(PLANNED_THEN):
        expect_state(answer(page, number), "complete")
        if text == PLANNED_THEN[-1]:
            expect_summary(page, place)
        send(page, text)
    expect_state(answer(page, len(PLANNED_THEN)), "complete")


def show_summary(page: Page, place: Place) -> None:
    outgrow(page, place)
    page.get_by_role("region", name="Earlier in this conversation").evaluate(
        "node => node.scrollIntoView()"
    )


def show_memory(page: Page, place: Place) -> None:
    outgrow(page, place)
    side = open_panel(page)
    add_fact(side, "Mia eats no meat.")
    add_fact(side, "The house in Hamburg has forty beds, and the boat is booked.")


def show_memory_edit(page: Page, place: Place) -> None:
    outgrow(page, place)
    side = open_panel(page)
    side.get_by_role("link", name="Edit").first.click()
    side.get_by_role("textbox", name="Summary").wait_for()


def show_context(page: Page, place: Place) -> None:
    outgrow(page, place)
    answer(page).get_by_role("link", name="Context").click()
    side = page.get_by_role("dialog", name="Context")
    side.get_by_text("Messages", exact=True).first.click()


def show_request(page: Page, place: Place) -> None:
    said("It’s “tea”, isn’t it?")(page, place)
    answer(page).get_by_role("link", name="Context").click()
    page.get_by_role("dialog").get_by_role("link", name="Show it").click()
    page.get_by_role("button", name="Copy as JSON").wait_for()


def show_context_page(page: Page, place: Place) -> None:
    said("What is tea?")(page, place)
    link = answer(page).get_by_role("link", name="Context").get_attribute("href")
    page.goto(link or "")


def show_meter(page: Page, place: Place) -> None:
    """What is written fits no request."""
    page.goto(f"/?model={place.models['echo']}")
    composer(page).fill(TOO_LARGE)
    page.locator("[data-meter-notes] > *").first.wait_for()


def show_no_teller(page: Page, place: Place) -> None:
    """The words of the demo, which is what one sees without a gateway."""
    page.goto("/")
    choose(page, "Demo")


def show_export(page: Page, place: Place) -> None:
    said(RICH)(page, place)
    exported = page.request.get(f"{page.url.rstrip('/')}/export/html/")
    with tempfile.TemporaryDirectory(prefix="roundtable-shots-") as directory:
        path = Path(directory) / "export.html"
        path.write_bytes(exported.body())
        page.goto(path.as_uri())


TALK_SCREENS: dict[str, Show] = {
    "short": said("Good morning! What shall we do with this day?"),
    "rich": said(RICH),
    "words": said(WORDS),
    "demo": show_no_teller,
    "queue-edit": show_queue_edit,
    "edit": show_edit,
    "versions": show_versions,
    "menu": show_menu,
    "files": show_files,
    "summary": show_summary,
    "memory": show_memory,
    "memory-edit": show_memory_edit,
    "context": show_context,
    "context-page": show_context_page,
    "request": show_request,
    "meter": show_meter,
    "export": show_export,
}
