"""Takes the README's screenshot of a real conversation with the demo gateway."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.environment import ROOT, find_chromium
from tests.servers import Server, running_server

PICTURE = ROOT / "docs/screenshot.png"
SIZE = ViewportSize(width=1280, height=860)
ANSWER_MILLISECONDS = 120_000
PASSWORD = "correct horse battery"
QUESTIONS = (
    "Which city has the most bridges? A table, please.",
    "And what were you sent with this message?",
)
BEFORE = ("Plan the autumn meeting", "Which licence fits our library?")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="roundtable-shots-") as place,
        running_server(Path(place)) as server,
        chromium_page() as page,
    ):
        sign_up(page, server)
        for question in BEFORE:
            begin_conversation(page, server, question)
        begin_conversation(page, server, QUESTIONS[0])
        for question in QUESTIONS[1:]:
            ask(page, question)
        page.screenshot(path=PICTURE)
    print(f"{PICTURE.relative_to(ROOT)} is new.")


@contextmanager
def chromium_page() -> Iterator[Page]:
    """Yield a page in a Chromium of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser.new_page(viewport=SIZE, color_scheme="light", locale="en-GB")
        browser.close()


def sign_up(page: Page, server: Server) -> None:
    """Make the first account through the link the server printed."""
    page.goto(server.setup_link)
    page.locator("input[name=username]").fill("ada")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main button[type=submit], form button").last.click()
    page.wait_for_url(server.url + "/")


def begin_conversation(page: Page, server: Server, question: str) -> None:
    page.goto(server.url + "/")
    ask(page, question)


def ask(page: Page, question: str) -> None:
    """Send a question and wait until everything has been answered."""
    answers = page.locator("article[data-role=assistant]").count()
    page.get_by_label("Message", exact=True).fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        """before => {
            const answers = [...document.querySelectorAll('article[data-role=assistant]')]
            return answers.length > before
                && answers.every(answer => answer.dataset.state === 'complete')
        }""",
        arg=answers,
        timeout=ANSWER_MILLISECONDS,
    )


if __name__ == "__main__":
    main()
