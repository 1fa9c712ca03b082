"""The model menu: found, searched and chosen from, with and without a pointer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Route, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    answer,
    begin,
    choose,
    composer,
    expect_state,
    hold,
    questions,
    send,
)
from tests.browser.watch import Watch
from tests.faults.conftest import Place

# A model of the test gateway that has efforts here.
THINKER = "reasoning:5"
LARGE = "Large gateway"
# As many as the largest gateways list.
MANY = 500
SEARCH_MILLISECONDS = 100
PHONE = ViewportSize(width=390, height=844)
SMALL_PHONE = ViewportSize(width=320, height=640)
ADD_MODELS = f"""
from conversations.models import Gateway, LanguageModel
gateway = Gateway.objects.create(name="{LARGE}")
gateway.endpoints.create(base_url="http://127.0.0.1:9/v1")
LanguageModel.objects.bulk_create(
    LanguageModel(gateway=gateway, name=f"maker/model-{{number}}")
    for number in range({MANY})
)
"""
# How long the page is busy with one letter more, in milliseconds.
TYPE_ONE_LETTER = """(field) => {
  const times = [];
  for (let round = 0; round < 5; round += 1)
    for (const query of ["m", "mo", "model large 49"]) {
      field.value = query;
      const began = performance.now();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      document.getElementById("model-rows").offsetHeight;
      times.push(performance.now() - began);
    }
  return Math.min(...times);
}"""


@pytest.fixture(scope="module", autouse=True)
def _thinker(place_server: Place) -> None:
    abilities = '{"reasoning": true, "efforts": ["low", "high"]}'
    set_abilities = "UPDATE conversations_languagemodel SET abilities = ? WHERE id = ?"
    thinker = place_server.models[THINKER]
    place_server.write(set_abilities, abilities, thinker)


@pytest.fixture
def many(place: Place) -> Iterator[None]:
    """Five hundred models more, while a test runs."""
    place.run("manage.py", "shell", "--no-imports", "-c", ADD_MODELS, check=True)
    yield
    of_large = "(SELECT id FROM conversations_gateway WHERE name = ?)"
    for table in ("languagemodel", "endpoint"):
        row = f"conversations_{table} WHERE gateway_id = {of_large}"
        place.write(f"DELETE FROM {row}", LARGE)
    place.write("DELETE FROM conversations_gateway WHERE name = ?", LARGE)


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def tag(page: Page) -> Locator:
    return page.get_by_role("button", name="Model:")


def menu(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Choose a model")


def search(page: Page) -> Locator:
    return page.get_by_label("Search models")


def rows(page: Page) -> Locator:
    return menu(page).locator(".model:visible")


def names(page: Page) -> list[str]:
    return rows(page).locator(".names").all_inner_texts()


def open_menu(page: Page) -> None:
    tag(page).click()
    expect(search(page)).to_be_visible()


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def expect_tag(page: Page, model: str) -> None:
    expect(tag(page)).to_have_accessible_name(f"Model: {model}")


def effort_asked(place: Place, text: str) -> object:
    """How hard a message made its model think; others may ask at the same time."""
    asked = [one for one in place.gateway.requests if one.messages]
    ours = [one for one in asked if one.messages[-1]["content"] == text]
    return ours[-1].json.get("reasoning_effort", "not said")


def test_the_list_is_loaded_when_the_menu_is_opened_first(
    page: Page, watch: Watch
) -> None:
    def loads() -> int:
        return sum("/models/" in url for url in watch.requests)

    page.goto("/")
    assert loads() == 0

    open_menu(page)
    expect(search(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu(page)).to_be_hidden()
    expect(tag(page)).to_be_focused()
    open_menu(page)

    assert loads() == 1


@pytest.mark.usefixtures("many")
def test_the_list_is_searched_by_words_in_any_order(page: Page) -> None:
    page.goto("/")
    open_menu(page)

    search(page).fill("499 LARGE")
    expect(rows(page)).to_have_count(1)
    assert names(page) == ["maker/model-499"]
    expect(menu(page).get_by_role("status")).to_have_text("1 model")
    assert menu(page).locator("legend:visible").all_inner_texts() == [LARGE]

    search(page).fill("large nonesuch")
    expect(rows(page)).to_have_count(0)
    expect(menu(page)).to_contain_text("No model matches “large nonesuch”.")
    search(page).press("Enter")
    expect(menu(page)).to_be_visible()

    assert search(page).evaluate(TYPE_ONE_LETTER) < SEARCH_MILLISECONDS


def test_a_model_is_chosen_with_keys_alone(page: Page) -> None:
    page.goto("/")
    composer(page).fill("Half a thought")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add files")).to_be_focused()
    page.keyboard.press("Tab")
    expect(tag(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(search(page)).to_be_focused()
    page.keyboard.type("paragraphs")
    expect(search(page)).to_have_value("paragraphs")
    found = names(page)
    assert len(found) > 2
    expect(rows(page).first.get_by_role("radio")).to_be_checked()

    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1).get_by_role("radio")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(2).get_by_role("radio")).to_be_checked()
    page.keyboard.press("Enter")

    expect(menu(page)).to_be_hidden()
    expect_tag(page, found[2])
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("Half a thought")


def test_escape_leaves_everything_as_it_was(page: Page, place: Place) -> None:
    page.goto(f"/?model={place.models['echo']}")
    open_menu(page)
    search(page).fill("citations")
    expect(rows(page).get_by_role("radio")).to_be_checked()
    page.keyboard.press("Escape")
    expect_tag(page, "echo")

    open_menu(page)
    expect(search(page)).to_have_value("")
    current = menu(page).get_by_role("radio", checked=True)
    expect(current).to_have_attribute("value", str(place.models["echo"]))


def test_letters_typed_on_a_row_go_on_with_the_search(page: Page) -> None:
    page.goto("/")
    open_menu(page)
    page.keyboard.type("ech")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("o")
    expect(search(page)).to_have_value("echo")


def test_the_next_answer_is_of_the_model_chosen_and_other_pages_follow(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    other = open_page(place, "alice")
    other.goto(page.url)
    expect_tag(other, "ok")
    composer(other).fill("Being written")

    choose(page, "citations")
    expect_tag(other, "citations")
    expect(composer(other)).to_have_value("Being written")

    send(other, "Again.")
    expect_state(answer(page, 1), "complete")
    expect(answer(page, 0).locator(".made")).to_contain_text("ok")
    expect(answer(page, 1).locator(".made")).to_contain_text("citations")
    page.reload()
    expect_tag(page, "citations")


def test_what_is_sent_at_once_waits_for_the_choice(page: Page, place: Place) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    held = hold(page, "/model/$", "POST")
    open_menu(page)
    search(page).fill("citations")
    with page.expect_request("**/model/"):
        search(page).press("Enter")
    send(page, "Of you.")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("Of you.")
    expect_tag(page, "ok")

    held.pop().continue_()
    expect_state(answer(page, 1), "complete")
    expect(answer(page, 1).locator(".made")).to_contain_text("citations")
    expect(questions(page)).to_have_count(2)


def begin_thinking(page: Page, place: Place) -> Locator:
    """Go on with a model that has efforts; return where they are chosen."""
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    choose(page, THINKER)
    effort = page.get_by_label("Thinking")
    expect(effort).to_have_value("")
    return effort


def test_a_choice_that_another_page_made_just_before_holds_nothing_up(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    effort = begin_thinking(page, place)
    other = open_page(place, "alice")
    other.goto(page.url)

    hold(page, "/model/$")
    with page.expect_request("**/model/"):
        other.get_by_label("Thinking").select_option("low")
    effort.select_option("high")
    send(page, "Think hard.")

    expect_state(answer(page, 1), "complete")
    assert effort_asked(place, "Think hard.") == "high"
    expect(effort).to_have_value("high")
    expect(other.get_by_label("Thinking")).to_have_value("high")


def test_what_is_sent_between_two_choices_waits_for_the_second(
    page: Page, place: Place
) -> None:
    effort = begin_thinking(page, place)
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held or route.request.method == "GET":
            route.continue_()
        else:
            held.append(route)

    page.route("**/model/", hold_first)
    with page.expect_request("**/model/"):
        effort.select_option("low")
    send(page, "Think hard.")
    expect(composer(page)).to_have_value("Think hard.")
    effort.select_option("high")

    expect_state(answer(page, 1), "complete")
    assert effort_asked(place, "Think hard.") == "high"


def test_only_a_model_that_has_efforts_offers_them(page: Page, place: Place) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    effort = page.get_by_label("Thinking")
    expect(effort).to_have_count(0)
    composer(page).fill("Think hard.")

    choose(page, THINKER)
    expect(effort.locator("option")).to_have_text(["default", "low", "high"])
    effort.focus()
    with page.expect_response(re.compile("/model/$")):
        effort.select_option("high")
    expect(effort).to_have_value("high")
    expect(effort).to_be_focused()
    expect(composer(page)).to_have_value("Think hard.")
    composer(page).press("Enter")
    expect_state(answer(page, 1), "complete")
    assert effort_asked(place, "Think hard.") == "high"
    expect(composer(page)).to_have_value("")

    choose(page, "echo")
    expect(effort).to_have_count(0)
    send(page, "And now?")
    expect_state(answer(page, 2), "complete")
    assert effort_asked(place, "And now?") == "not said"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_how_hard_to_think_stands_on_one_line(
    open_page: OpenPage, place: Place, width: int
) -> None:
    page = open_page(place, "alice", viewport=ViewportSize(width=width, height=800))
    page.goto(f"/?model={place.models[THINKER]}")
    field = page.get_by_label("Thinking")

    said, chosen = page.locator("#efforts .before").bounding_box(), field.bounding_box()

    assert said is not None
    assert chosen is not None
    assert said["x"] + said["width"] <= chosen["x"] + 1
    assert said["y"] >= chosen["y"]
    assert said["y"] + said["height"] <= chosen["y"] + chosen["height"]


def test_an_effort_is_chosen_before_the_first_message_too(
    page: Page, place: Place
) -> None:
    page.goto("/")
    choose(page, THINKER)
    page.get_by_label("Thinking").select_option("low")
    send(page, "Think a little.")
    page.wait_for_url("**/c/*/**")
    expect_state(answer(page), "complete")
    assert effort_asked(place, "Think a little.") == "low"
    expect(page.get_by_label("Thinking")).to_have_value("low")


def test_a_model_that_is_gone_meanwhile_cannot_be_taken(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    composer(page).fill("Still here")
    open_menu(page)
    set_enabled = "UPDATE conversations_languagemodel SET enabled = ? WHERE id = ?"
    place.write(set_enabled, False, place.models["filtered"])
    try:
        search(page).fill("filtered")
        rows(page).get_by_role("radio").click()
        expect(page.get_by_text("cannot be used any more")).to_be_visible()
    finally:
        place.write(set_enabled, True, place.models["filtered"])
    expect_tag(page, "ok")
    expect(composer(page)).to_have_value("Still here")


def test_the_demo_says_so_on_the_page_where_it_is_chosen(page: Page) -> None:
    page.goto("/")
    demo = page.get_by_text("The demo gateway answers here")
    expect(demo).to_have_count(0)
    choose(page, "Demo")
    expect(demo).to_be_visible()


def test_a_menu_opened_after_signing_out_offers_the_login(page: Page) -> None:
    page.goto("/")
    page.context.clear_cookies()
    tag(page).click()
    expect(page.get_by_text("You’re signed out.")).to_be_visible()
    expect(menu(page).get_by_role("link", name="Show all models")).to_be_visible()


def test_what_loads_after_signing_out_is_no_login_page_in_the_page(page: Page) -> None:
    page.goto("/")
    page.context.clear_cookies()
    page.evaluate("htmx.ajax('GET', '/sidebar/', {target: 'nav', swap: 'beforeend'})")
    expect(page.get_by_text("You’re signed out.")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_have_count(0)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE])
def test_on_a_phone_the_menu_stands_above_what_one_writes(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "bob", viewport=size, has_touch=True)
    page.goto("/")
    composer(page).fill("One line\nand another\nand a third")
    tag(page).tap()
    expect(search(page)).to_be_visible()

    sheet, field = box(menu(page)), box(composer(page))
    assert sheet["y"] >= 0
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= size["width"]
    assert sheet["y"] + sheet["height"] <= field["y"]
    assert sheet["height"] > 200
    search(page).fill("echo")
    assert box(menu(page)) == sheet
    rows(page).get_by_role("radio").first.tap()
    expect_tag(page, "echo")
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide == size["width"]


def test_without_javascript_a_model_is_chosen_on_a_page_of_its_own(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob", java_script_enabled=False)
    page.goto("/")
    tag(page).click()
    page.get_by_role("link", name="Show all models").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a model")
    expect(page.get_by_label("Search models")).to_be_hidden()
    page.get_by_role("radio", name=THINKER).check()
    page.get_by_label("Thinking").select_option("low")
    page.get_by_role("button", name="Use this model").click()
    expect_tag(page, THINKER)
    composer(page).fill("No scripts here")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/c/*/**")
    expect(questions(page)).to_contain_text("No scripts here")

    tag(page).click()
    page.get_by_role("link", name="Show all models").click()
    expect(page.get_by_label("Thinking")).to_have_value("low")
    page.get_by_role("radio", name="echo", exact=False).first.check()
    page.get_by_role("button", name="Use this model").click()
    page.wait_for_url("**/c/*/**")
    expect_tag(page, "echo")
