"""Searching: its page, the palette, and finding in a conversation."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Request, ViewportSize, expect

from tests.browser.conftest import SIZE, OpenPage
from tests.browser.talk import answer, begin, expect_state, hold, send
from tests.browser.test_everyone import OVERFLOW
from tests.faults.conftest import Place

PHONE = ViewportSize(width=390, height=844)
BOTH = pytest.mark.parametrize("size", [SIZE, PHONE], ids=["wide", "phone"])
COUNT = 600
MAKE = f"""
from conversations.models import LanguageModel, User
from tests.long import make_long
bob = User.objects.get(username="bob")
model = LanguageModel.objects.get(name="ok")
print(make_long(bob, {COUNT}, model=model).pk)
"""
MAKE_MANY = """
from conversations.models import LanguageModel, User
from tests.factories import make_answered_turn, make_conversation
bob = User.objects.get(username="bob")
talk = make_conversation(bob, model=LanguageModel.objects.get(name="ok"))
make_answered_turn(talk, "How often?", "a " * 150_000)
print(talk.pk)
"""
MARKED = "() => CSS.highlights.get('found')?.size ?? 0"
MARKED_IN = """([pk, count]) => {
    const found = [...(CSS.highlights.get("found") ?? [])];
    const place = ({ startContainer }) => startContainer.parentElement.closest("article");
    return found.length === count && found.every(one => place(one).dataset.message === pk);
}"""
# Whether the browser was left to do what it does by this key.
LEFT_TO_THE_BROWSER = """() => new Promise(done => addEventListener(
    'keydown', event => setTimeout(() => done(!event.defaultPrevented)), {once: true}))"""


def say(page: Page, place: Place, *texts: str) -> None:
    """Ask all this in one conversation, each after the answer to the one before."""
    begin(page, place, "ok", texts[0])
    expect_state(answer(page), "complete")
    for number, text in enumerate(texts[1:], 1):
        send(page, text)
        expect_state(answer(page, number), "complete")


def find_field(page: Page) -> None:
    page.keyboard.press("Control+f")
    expect(page.locator("#find-words")).to_be_focused()


@BOTH
def test_what_was_said_is_found_and_opened_where_it_stands(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "alice", viewport=size)
    word = f"pangolin{size['width']}"
    say(page, place, f"A talk of {word}", f"Does a {word} <b>sleep</b>?")
    page.goto("/search/")
    expect(page.get_by_text("All your words must be there")).to_be_visible()
    page.get_by_role("searchbox").fill(f"{word[:-1]}")
    page.keyboard.press("Enter")

    titles = page.get_by_role("region", name="Conversations").get_by_role("link")
    expect(titles).to_have_text([f"A talk of {word}"])
    messages = page.get_by_role("region", name="Messages")
    expect(messages.locator(".snippet")).to_have_count(2)
    expect(messages.locator("mark").first).to_have_text(word[:-1])
    expect(messages).to_contain_text("<b>sleep</b>")
    assert page.evaluate(OVERFLOW) <= 0
    messages.locator(".result", has_text="sleep").get_by_role("link").click()
    page.wait_for_url("**/c/**")
    expect(page.locator("article:target")).to_contain_text("sleep")


def test_it_works_without_javascript_and_says_what_it_needs(
    open_page: OpenPage, place: Place
) -> None:
    say(open_page(place, "alice"), place, "An aardwolf, please")
    page = open_page(place, "alice", java_script_enabled=False)
    page.goto("/")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("aardw")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".snippet")).to_contain_text("An aardwolf, please")
    page.get_by_role("searchbox").fill("?!")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("alert")).to_contain_text("Type a word or a number")
    expect(page.get_by_role("searchbox")).to_have_value("?!")
    page.get_by_text("Narrow it").click()
    page.get_by_label("First day").fill("2000-01-01")
    page.get_by_label("Last day").fill("2000-01-02")
    page.get_by_role("searchbox").fill("aardwolf")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Nothing is found")).to_be_visible()
    page.get_by_role("link", name="Search everything").click()
    expect(page.locator(".snippet")).to_have_count(1)


@BOTH
def test_the_palette_leads_anywhere_by_a_few_keys(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "alice", viewport=size)
    word = f"quokka{size['width']}"
    say(page, place, f"About {word}", "And otherwise?", f"Is a {word} kind?")
    talk = page.url
    page.goto("/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find a conversation")
    expect(field).to_be_focused()
    options = page.locator("#palette").get_by_role("option")
    expect(options.first).to_have_text("New conversation")
    field.press_sequentially(word[:8])
    expect(options.first).to_contain_text(f"About {word}")
    # Not those of what was typed until then, which others would replace.
    expect(options.last).to_contain_text(f"Search everything for “{word[:8]}”")
    assert page.evaluate(OVERFLOW) <= 0
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_contain_text("kind?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/**")
    assert page.url.startswith(talk.partition("#")[0])
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_what_is_typed_fast_and_ended_by_enter_goes_where_it_says(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    say(page, place, "Where numbats live")
    talk = page.url.partition("#")[0]
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("numbats")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{talk}**")


@pytest.fixture(scope="module")
def place(place_server: Place) -> Place:
    place_server.renew_people()
    return place_server


@pytest.fixture(scope="module")
def long(place: Place) -> str:
    """The address of a conversation of which a page holds only a small part."""
    made = place.run("manage.py", "shell", "--no-imports", "-c", MAKE, check=True)
    return f"/c/{made.stdout.split()[-1]}/"


def message(page: Page, number: int) -> Locator:
    return page.locator("article", has_text=f"Message {number}.")


def expect_marked(page: Page, article: Locator, count: int) -> None:
    """So many words are marked, all of them in this message."""
    pk = article.get_attribute("data-message")
    page.wait_for_function(MARKED_IN, arg=[pk, count])


@BOTH
def test_a_conversation_is_searched_from_end_to_end(
    open_page: OpenPage, place: Place, long: str, size: ViewportSize
) -> None:
    page = open_page(place, "bob", viewport=size)
    page.goto(long)
    expect(message(page, COUNT)).to_be_in_viewport()
    expect(message(page, 3)).to_have_count(0)
    find_field(page)
    page.keyboard.type("message 3")
    count = page.locator("#find-count")
    expect(count).to_have_text("1 of 1")
    expect(message(page, 3)).to_be_in_viewport()
    expect(message(page, COUNT)).to_have_count(0)
    expect_marked(page, message(page, 3), 3)
    expect(page.locator("#find-words")).to_be_focused()
    page.locator("#find-words").fill("message 59")
    expect(count).to_have_text("11 of 11")
    expect(message(page, 599)).to_be_in_viewport()
    expect(message(page, 59)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 of 11")
    expect(message(page, 59)).to_be_in_viewport()
    expect_marked(page, message(page, 59), 3)
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("11 of 11")
    expect(message(page, 599)).to_be_in_viewport()
    assert page.evaluate(OVERFLOW) <= 0
    page.locator("#find-words").fill("ocelot")
    expect(count).to_have_text("Nothing found")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_hidden()
    assert page.evaluate(MARKED) == 0


def test_what_is_loaded_late_leaves_the_focus_where_one_types(
    open_page: OpenPage, place: Place, long: str
) -> None:
    page = open_page(place, "bob")
    page.goto(long)
    expect(message(page, COUNT)).to_be_in_viewport()
    loaded, found = hold(page, "/around/"), hold(page, r"/find/.*\+")
    find_field(page)
    with page.expect_request(re.compile("/around/")):
        page.keyboard.type("3")
    with page.expect_request(re.compile(r"/find/.*\+")):
        page.keyboard.type(" or ")

    loaded[0].continue_()

    expect(message(page, 3)).to_be_in_viewport()
    page.keyboard.type("not")
    expect(page.locator("#find-words")).to_have_value("3 or not")
    assert found


def test_a_word_that_is_being_composed_is_looked_for_when_it_is_whole(
    open_page: OpenPage, place: Place, long: str
) -> None:
    page = open_page(place, "bob")
    page.clock.install()
    page.goto(long)
    expect(message(page, COUNT)).to_be_in_viewport()
    find_field(page)
    keyboard = page.context.new_cdp_session(page)

    def is_said(request: Request) -> bool:
        return request.method == "HEAD" or "/find/" in request.url

    with page.expect_request(is_said) as asked:
        begun = {"text": "message 5", "selectionStart": 9, "selectionEnd": 9}
        keyboard.send("Input.imeSetComposition", begun)
        page.clock.run_for(1_000)
        page.evaluate("() => fetch('/', {method: 'HEAD'})")
    assert asked.value.method == "HEAD"
    left = {"key": "Escape", "keyCode": 229, "bubbles": True, "cancelable": True}
    page.locator("#find-words").dispatch_event("keydown", left)
    keyboard.send("Input.insertText", {"text": "message 5"})

    page.clock.run_for(1_000)

    expect(message(page, 5)).to_be_in_viewport()
    expect(page.locator("#find-count")).to_have_text("1 of 1")
    expect(page.locator("#find-words")).to_be_focused()


def test_a_word_that_is_everywhere_is_found_and_marked(
    open_page: OpenPage, place: Place
) -> None:
    made = place.run("manage.py", "shell", "--no-imports", "-c", MAKE_MANY, check=True)
    page = open_page(place, "bob")
    page.goto(f"/c/{made.stdout.split()[-1]}/")
    find_field(page)
    page.keyboard.type("a")
    expect(page.locator("#find-count")).to_have_text("1 of 1")
    page.wait_for_function(f"() => ({MARKED})() > 1000")


def test_the_key_pressed_again_is_the_browsers(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    say(page, place, "Two kinds of finding")
    find_field(page)
    left = page.evaluate_handle(f"() => {{ window.left = ({LEFT_TO_THE_BROWSER})() }}")
    page.keyboard.press("Control+f")
    assert page.evaluate("() => window.left") is True
    left.dispose()
