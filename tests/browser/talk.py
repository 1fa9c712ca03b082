"""What people do on a conversation's page, and where they look."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.faults.conftest import Place

ANSWER = "article[data-role=assistant]"
QUESTION = "article[data-role=user]"
ANSWER_MILLISECONDS = 20_000
# A page that follows an answer hears of the wheel before anything has moved.
SCROLL_TO = """(node, top) => {
    node.dispatchEvent(new WheelEvent("wheel", { deltaY: top - node.scrollTop }));
    node.scrollTo(0, top);
}"""

DRAWN = """() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""
# Keeps what a control says, however soon it says something else.
NOTE = """node => {
    node.said = [];
    const note = () => node.said.push(node.textContent);
    new MutationObserver(note).observe(node, { childList: true });
}"""


def composer(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def send(page: Page, text: str) -> None:
    """Send as people do: by Enter, on touch by the button.

    The composer takes nothing while what was sent before is on its way.
    """
    on_its_way = page.locator("#composer.htmx-request")
    expect(on_its_way).to_have_count(0, timeout=ANSWER_MILLISECONDS)
    composer(page).fill(text)
    if page.evaluate("() => matchMedia('(hover: none)').matches"):
        page.locator(".send").tap()
    else:
        composer(page).press("Enter")


def begin(page: Page, place: Place, model: str, text: str = "Go on.") -> None:
    """Start a conversation with a model of the test gateway."""
    page.goto(f"/?model={place.models[model]}")
    send(page, text)
    page.wait_for_url("**/c/*/**")


def choose(page: Page, model: str) -> None:
    """Choose a model from the menu, as people do who know its name."""
    page.get_by_role("button", name="Model:").click()
    page.get_by_label("Search models").fill(model)
    page.get_by_role("radio", name=model).first.click()
    expect(page.get_by_role("button", name=f"Model: {model}")).to_be_visible()


def answer(page: Page, number: int = -1) -> Locator:
    """An answer on the page; the newest unless another is asked for."""
    return page.locator(ANSWER).nth(number)


def questions(page: Page) -> Locator:
    return page.locator(QUESTION)


def words(article: Locator) -> str:
    """What people read in it."""
    return article.locator("[data-part=content]").inner_text()


def expect_state(article: Locator, state: str) -> None:
    expect(article).to_have_attribute("data-state", state, timeout=ANSWER_MILLISECONDS)


def expect_words(article: Locator, text: str) -> None:
    content = article.locator("[data-part=content]")
    expect(content).to_contain_text(text, timeout=ANSWER_MILLISECONDS)


def numbered(first: int, end: int) -> list[str]:
    """The words `t0 t1 …` that the test gateway writes."""
    return [f"t{number}" for number in range(first, end)]


def act(article: Locator, name: str) -> None:
    """Do something with a message, in its menu where it is there."""
    line = article.locator(".more-lines").get_by_text(name, exact=True)
    if line.count():
        open_menu(article)
        line.click()
    else:
        article.get_by_role("button", name=name, exact=True).click()


def open_menu(article: Locator) -> None:
    """Open the menu of a message, if it is not open."""
    menu = article.locator(".more")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()


def scroll_to(page: Page, top: int) -> None:
    """Bring another part of the transcript into view at once."""
    page.locator("#scroll").evaluate(SCROLL_TO, top)


def expect_settled(page: Page) -> None:
    """What was put into the page is listened to only a moment later."""
    expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)


def wait_until_drawn(page: Page) -> None:
    """Only then a page knows what is in view, and has kept its place."""
    page.evaluate(DRAWN)


def copy_by(control: Locator) -> None:
    """Press what copies; that it did so it says for a moment only."""
    node = control.element_handle()
    node.evaluate(NOTE)
    node.click()
    control.page.wait_for_function("node => node.said.includes('Copied')", arg=node)


def hold(page: Page, address: str, method: str = "GET") -> list[Route]:
    """Keep what is asked for there from the server, until each is let go."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if route.request.method == method:
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile(address), keep)
    return held


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill the login form that the page shows."""
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
