"""Light, dark, or as the machine has it: at once, and from then on without a flash."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.faults.conftest import Place

GROUND = "() => getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(253, 252, 250)", "rgb(25, 24, 22)"


def choose(page: Page, name: str) -> None:
    page.locator(".me summary").click()
    with page.expect_response("**/theme/"):
        page.get_by_role("group", name="Theme").get_by_text(name).click()
    page.locator(".me summary").click()


def test_a_theme_is_chosen_once_for_every_page_and_machine(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "frida", color_scheme="light")
    page.goto("/")
    assert page.evaluate(GROUND) == LIGHT
    choose(page, "Dark")
    assert page.evaluate(GROUND) == DARK

    elsewhere = open_page(place, "frida", java_script_enabled=False)
    elsewhere.goto("/teams/")
    expect(elsewhere.locator("html")).to_have_attribute("data-theme", "dark")
    theme_color = elsewhere.locator("meta[name=theme-color]")
    assert theme_color.count() == 1

    choose(page, "System")
    assert page.evaluate(GROUND) == LIGHT
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(GROUND) == DARK
    for meta in page.locator("meta[name=theme-color]").all():
        expect(meta).to_have_attribute("content", DARK)


def test_the_admin_has_the_theme_too(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "staff", color_scheme="light")
    page.goto("/")
    choose(page, "Dark")
    page.goto("/admin/")
    assert page.evaluate(GROUND) == "rgb(18, 18, 18)"
    page.goto("/")
    choose(page, "System")


def test_without_javascript_the_same_page_comes_back_in_it(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "dora", java_script_enabled=False)
    page.goto("/teams/")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(f"{place.server.url}/teams/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
