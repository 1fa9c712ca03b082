from __future__ import annotations

import pytest

from conversations.rendering.markdown import render
from tests.rendering.hostile import BAD_SCHEMES
from tests.rendering.reading import read, text_of


def rendered(text: str) -> str:
    return render(text)


@pytest.mark.parametrize("text", BAD_SCHEMES)
def test_only_web_and_mail_addresses_are_linked(text: str) -> None:
    assert read(rendered(text)).links == []


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "http://a.example:8080/b?c=d#e",
        "https://sub_domain.a.example/(b)",
        "http://127.0.0.1:8000/",
        "https://[::1]:8000/",
        "mailto:alice@a.example",
    ],
)
def test_web_and_mail_addresses_are_linked(url: str) -> None:
    assert read(rendered(f"[words](<{url}>)")).links == [url]
    assert read(rendered(f"<{url}>")).links == [url]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://a.example/b, then", "https://a.example/b"),
        ("(https://a.example/b)", "https://a.example/b"),
        ("https://a.example/b_(c).", "https://a.example/b_(c)"),
        ("**https://a.example/a_b_c**", "https://a.example/a_b_c"),
        ("看https://a.example/b。然后", "https://a.example/b"),
        ("https://a.example/?a=1&b=2", "https://a.example/?a=1&b=2"),
    ],
)
def test_a_bare_address_is_linked_without_what_follows_it(text: str, link: str) -> None:
    assert read(rendered(text)).links == [link]


@pytest.mark.parametrize(
    "text", ["`https://a.example`", "xhttps://a.example", "https://", "http://?a"]
)
def test_code_and_what_is_no_address_are_not_linked(text: str) -> None:
    assert read(rendered(text)).links == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("[https://bank.example](https://evil.example)", "evil.example"),
        ("[bank.example](https://evil.example/bank.example)", "evil.example"),
        ("[Log in at **bank**.example](https://evil.example)", "evil.example"),
        ("[bank.example](https://bank.example.evil.example)", "bank.example.evil"),
        ("[bank．example](https://evil.example)", "evil.example"),
        ("[bank。example](https://evil.example)", "evil.example"),
        ("[bank\u200b.example](https://evil.example)", "evil.example"),
        ("[10.0.0.1](https://evil.example)", "evil.example"),
        ("[](https://evil.example)", "evil.example"),
        ("[\u200b](https://evil.example)", "evil.example"),
        ("[alice@bank.example](mailto:bob@evil.example)", "evil.example"),
        ("[apple](https://аррӏе.com)", "xn--80ak6aa92e.com"),
        ("https://аррӏе.com/", "xn--80ak6aa92e.com"),
    ],
)
def test_the_real_host_is_shown_where_the_text_hides_it(text: str, host: str) -> None:
    html = rendered(text)

    assert f'</a> <span class="host">({host}' in html


@pytest.mark.parametrize(
    "text",
    [
        "[here](https://a.example)",
        "[a.example](https://www.a.example/)",
        "[www.a.example/b](https://a.example/b)",
        "[the docs of a.example.](https://docs.a.example)",
        "<https://a.example/b.html>",
        "https://a.example/",
    ],
)
def test_an_honest_link_is_left_alone(text: str) -> None:
    assert 'class="host"' not in rendered(text)


def test_a_name_before_the_host_is_not_linked() -> None:
    text = "https://bank.example@evil.example/ <https://bank.example@evil.example/>"

    assert read(rendered(text)).links == []
    assert text_of(rendered(text)).strip() == text


def test_a_link_to_a_heading_keeps_its_words_only() -> None:
    assert rendered("[Setup](#setup) and *[b](#c)*") == "<p>Setup and <em>b</em></p>\n"
