"""Every screen and every state of a message, to be looked at."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.talk import (
    act,
    answer,
    begin,
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
)
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


def show_running(page: Page, place: Place) -> None:
    """A long answer with a queue behind it."""
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    for text in ("Shorter, please. And what if they paid by invoice?", "And then?"):
        count = questions(page).count()
        send(page, text)
        questions(page).nth(count).wait_for()


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


def show_stopped(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:600@30", "Tell me all about it, please.")
    expect_words(answer(page), "t25")
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def ending_with(model: str, state: str) -> Callable[[Page, Place], None]:
    def show(page: Page, place: Place) -> None:
        begin(page, place, model, "What is the shortest way to Hamburg?")
        expect_state(answer(page), state)
        if details := page.locator("article details summary").all():
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
    page.locator(".begins").scroll_into_view_if_needed()


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
    page.get_by_text("Delete …").first.click()


def at(path: str) -> Callable[[Page, Place], None]:
    def show(page: Page, place: Place) -> None:
        page.goto(path)

    return show


def show_refused_login(page: Page, place: Place) -> None:
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a wrong one")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".problem").first.wait_for()


SCREENS: dict[str, Callable[[Page, Place], None]] = {
    "home": show_home,
    "markdown": show_markdown,
    "running": show_running,
    "scrolled-up": show_scrolled_up,
    "stopped": show_stopped,
    "held": show_held,
    "interrupted": show_interrupted,
    "window": show_window,
    "length": ending_with("length", "length"),
    "cut": ending_with("cut", "cut"),
    "filtered": ending_with("filtered", "filtered"),
    "failed": ending_with("error:500", "failed"),
    "offline": show_offline,
    "drawer": show_drawer,
    "login": show_refused_login,
    "password": at("/password/change/"),
    "not-found": at("/c/none/"),
    "admin": at("/admin/"),
    "admin-prompt": at("/admin/conversations/systemprompt/add/"),
}
