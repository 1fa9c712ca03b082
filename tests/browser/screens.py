"""Every screen and every state of a message, to be looked at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.talk import (
    act,
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

MODELS = (
    "echo",
    "length",
    "cut",
    "filtered",
    "error:500",
    "paragraphs:200",
    "paragraphs:600@30",
    "paragraphs:1500",
    "error:@1",
    "reasoning:40@40",
    "reasoning:400@40",
    "endless:@30",
    "retry-after:30",
    "paragraphs:90",
    "notes",
    "citations",
)
# How answers end, by what the test gateway does; each is asked for after the one before.
ENDS = {
    "citations": "complete",
    "error:500": "failed",
    "filtered": "filtered",
    "reasoning:40@40": "complete",
}
FAILED = 1 + list(ENDS).index("error:500")
SAMPLE = """\
## What we agreed

Ship the **reader** first; the writer follows in *November*. See [the plan](https://example.com/plan) and `refund_due()`.

> The trick was never speed alone.

1. Boil the water.
2. Warm the pot.
   - not too hot
   - not too long

- [x] Write the letter
- [ ] Find a stamp

| City | Known for | Bridges |
| :--- | :---: | ---: |
| Hamburg | harbour, rain | 2,500 |
| Venice | canals | 438 |

```python
def refund_due(paid, used_months, monthly_price):
    # The discount is earned by staying; it goes when the plan goes.
    return max(paid - used_months * monthly_price, 0)
```
"""


def show_home(page: Page, place: Place) -> None:
    page.goto("/")


def show_models(page: Page, place: Place) -> None:
    page.goto("/")
    page.get_by_role("button", name="Model:").click()
    page.get_by_label("Search models").fill("p")


def show_running(page: Page, place: Place) -> None:
    """A long answer with a queue behind it."""
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    for text in ("Shorter, please. And what if they paid by invoice?", "And then?"):
        count = questions(page).count()
        send(page, text)
        questions(page).nth(count).wait_for()


def show_thinking(page: Page, place: Place) -> None:
    begin(page, place, "reasoning:400@40", "Tell me all about it, please.")
    answer(page).locator("[data-part=reasoning]", has_text="r60 ").wait_for()


def show_waiting(page: Page, place: Place) -> None:
    """The gateway asked for a pause before the next try."""
    begin(page, place, "retry-after:30", "Tell me all about it, please.")
    answer(page).locator("[data-left]").wait_for()


def show_thought(page: Page, place: Place) -> None:
    """The demo has thought; what it took is open."""
    page.goto("/")
    choose(page, "Demo")
    send(page, "Think about it, please.")
    page.wait_for_url("**/c/*/**")
    expect_state(answer(page), "complete")
    answer(page).locator(".thought summary").click()
    answer(page).locator(".cost summary").click()


def show_scrolled_up(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:200", "Tell me all about it, please.")
    expect_state(answer(page), "complete")
    send(page, "Once more?")
    expect_state(answer(page, 1), "complete")
    page.locator("#scroll").evaluate("node => node.scrollTo(0, 200)")
    page.get_by_role("button", name="Jump to latest").wait_for()


def show_markdown(page: Page, place: Place) -> None:
    begin(page, place, "echo", SAMPLE)
    expect_state(answer(page), "complete")


def show_everything(page: Page, place: Place) -> None:
    """Answers of every kind, one that is being written, and one that waits."""
    begin(page, place, "echo", SAMPLE)
    expect_state(answer(page), "complete")
    for number, (model, state) in enumerate(ENDS.items(), 1):
        choose(page, model)
        send(page, "What is the shortest way to Hamburg?")
        expect_state(answer(page, number), state)
    answer(page).locator(".thought summary").click()
    answer(page).locator(".cost summary").click()
    answer(page, FAILED).locator(".state summary").click()
    choose(page, "endless:@30")
    send(page, "Tell me all about it, please.")
    expect_words(answer(page, len(ENDS) + 1), "t5")
    send(page, "And then?")
    page.locator("article[data-role=user][data-state=queued]").wait_for()


def show_stopped(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def ending_with(model: str, state: str) -> Callable[[Page, Place], None]:
    def show(page: Page, place: Place) -> None:
        begin(page, place, model, "What is the shortest way to Hamburg?")
        expect_state(answer(page), state)
        if details := page.locator("article .state summary").all():
            details[0].click()

    return show


def show_held(page: Page, place: Place) -> None:
    """A queue that waits for a person after an answer has failed."""
    begin(page, place, "error:@1", "What is the shortest way to Hamburg?")
    send(page, "And back again?")
    expect_state(answer(page, 0), "failed")
    page.get_by_role("button", name="Ask now").wait_for()


def show_interrupted(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    place.server.kill()
    place.server.start()
    expect_state(answer(page), "interrupted")


def show_window(page: Page, place: Place) -> None:
    """Where the context begins in a long conversation."""
    begin(page, place, "paragraphs:1500", "Tell me all about it, please.")
    for number in (1, 2):
        expect_state(answer(page, number - 1), "complete")
        send(page, "More, please.")
    expect_state(answer(page, 2), "complete")
    page.locator(".begins").first.scroll_into_view_if_needed()


def show_offline(page: Page, place: Place) -> None:
    show_markdown(page, place)
    page.context.set_offline(True)
    page.get_by_text("You’re offline.").wait_for()
    composer(page).fill("A thought that waits for the network")


def show_drawer(page: Page, place: Place) -> None:
    """The list of conversations with a row's own actions open."""
    show_markdown(page, place)
    if (menu := page.get_by_role("button", name="Conversations")).is_visible():
        menu.click()
    page.locator(".row summary").first.click()
    page.get_by_role("button", name="Archive").first.wait_for()


def at(path: str) -> Callable[[Page, Place], None]:
    def show(page: Page, place: Place) -> None:
        page.goto(path)

    return show


def show_keys(page: Page, place: Place) -> None:
    page.goto("/")
    page.keyboard.press("Control+/")
    page.get_by_role("dialog", name="Keys").wait_for()


def show_palette(page: Page, place: Place) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.get_by_role("option", name="Search everything").wait_for()


def show_find(page: Page, place: Place) -> None:
    show_markdown(page, place)
    page.keyboard.press("Control+f")
    page.keyboard.type("reader")
    page.keyboard.press("Enter")
    page.get_by_text("of 2").wait_for()


def show_search(page: Page, place: Place) -> None:
    show_markdown(page, place)
    page.goto("/search/?q=reader")
    page.locator("mark").first.wait_for()


def show_refused_login(page: Page, place: Place) -> None:
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a wrong one")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".problem").first.wait_for()


SCREENS: dict[str, Callable[[Page, Place], None]] = {
    "home": show_home,
    "models": show_models,
    "markdown": show_markdown,
    "everything": show_everything,
    "running": show_running,
    "thinking": show_thinking,
    "thought": show_thought,
    "waiting": show_waiting,
    "scrolled-up": show_scrolled_up,
    "stopped": show_stopped,
    "held": show_held,
    "interrupted": show_interrupted,
    "window": show_window,
    "length": ending_with("length", "length"),
    "cut": ending_with("cut", "cut"),
    "filtered": ending_with("filtered", "filtered"),
    "failed": ending_with("error:500", "failed"),
    "sources": ending_with("citations", "complete"),
    "offline": show_offline,
    "drawer": show_drawer,
    "login": show_refused_login,
    "password": at("/password/change/"),
    "not-found": at("/c/none/"),
    "keys": show_keys,
    "palette": show_palette,
    "find": show_find,
    "search": show_search,
    "search-nothing": at("/search/?q=nowhere+to+be+found"),
    "archived": at("/archived/"),
    "deleted": at("/deleted/"),
    "admin": at("/admin/"),
    "admin-gateway": at("/admin/conversations/gateway/add/"),
    "admin-models": at("/admin/conversations/languagemodel/"),
    "admin-prompt": at("/admin/conversations/systemprompt/add/"),
}
