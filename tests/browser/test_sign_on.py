"""Coming in by single sign-on, and reading as an admin, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ENVIRON, OpenPage
from tests.browser.talk import begin
from tests.browser.watch import Watch
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway
from tests.oidc.server import CLIENT_ID, CLIENT_SECRET, OpenIDProvider


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIDProvider]:
    with OpenIDProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def open_place(
    tmp_path_factory: pytest.TempPathFactory, provider: OpenIDProvider
) -> Iterator[Place]:
    """A server with a provider, whose admins may read."""
    environ = {
        **ENVIRON,
        "ADMINS_MAY_READ": "yes",
        "NO_PROXY": "127.0.0.1",
        "OIDC_ISSUER_URL": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    directory = tmp_path_factory.mktemp("sign-on")
    with (
        TestGateway() as gateway,
        place_with(directory, gateway, ("ok",), environ) as place,
    ):
        yield place


def test_a_newcomer_comes_in_by_single_sign_on(
    open_page: OpenPage, open_place: Place, provider: OpenIDProvider, watch: Watch
) -> None:
    watch.elsewhere = f"{provider.issuer}/authorize?"
    page = open_page(open_place)
    page.goto("/teams/")
    provider.fault = "access_denied"
    page.get_by_role("button", name="Continue with single sign-on").click()
    expect(page.get_by_text("You stopped before the end")).to_be_visible()
    provider.fault = ""

    page.goto("/teams/")
    page.get_by_role("button", name="Continue with single sign-on").click()

    # The form that asks who one is has the address of the page in its own.
    page.wait_for_url(f"{open_place.server.url}/teams/")
    page.goto("/")
    page.locator(".me summary").click()
    expect(page.locator(".me .name")).to_have_text("Alice Anders")
    expect(page.get_by_text("Change password")).to_have_count(0)
    assert CLIENT_SECRET not in open_place.server.log
    assert any(url.startswith(watch.elsewhere) for url in watch.requests)


def test_the_owner_sees_at_once_that_an_admin_reads(
    open_page: OpenPage, open_place: Place
) -> None:
    alice = open_page(open_place, "alice")
    begin(alice, open_place, "ok", "Between us")
    expect(alice.locator("#audience")).to_contain_text("Admins of this server")
    expect(alice.locator(".opened")).to_have_count(0)

    staff = open_page(open_place, "staff")
    staff.goto(alice.url)

    expect(staff.get_by_text("Between us").first).to_be_visible()
    expect(staff.get_by_label("Message", exact=True)).to_have_count(0)
    expect(alice.locator(".opened")).to_have_text(
        re.compile(r"An admin, staff, has read this: .*\d\d:\d\d\.")
    )
