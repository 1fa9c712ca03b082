from __future__ import annotations

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from conversations.rendering.markdown import closed_blocks, render
from conversations.rendering.safe import make_safe
from tests.rendering.hostile import BEACONS, HOSTILE, HTMX, SCRIPT_IN_HTML
from tests.rendering.reading import faults_in, read, text_of

PIECES = st.sampled_from(
    [
        *HOSTILE,
        *"*_~`[]()!<>&\\|#-+=:\"'\n\t ",
        "\n\n",
        "```\n",
        "](",
        "![",
        "- [ ] ",
        "$",
        "$$",
        "$$\n",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\frac",
        "[^1]",
        "[^1]: ",
    ]
)
HOSTILE_TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_listed_html_only(text: str) -> None:
    html = render(text, scope="scope1")

    assert isinstance(html, SafeString)
    assert faults_in(html) == []


# Thousands of texts: following each line would take longer than rendering them.
@pytest.mark.no_cover
@pytest.mark.parametrize("text", HOSTILE)
def test_no_prefix_of_a_hostile_text_is_unsafe(text: str) -> None:
    for end in range(len(text)):
        part = text[:end]
        shown = [render(part, scope="scope1"), *(b.html for b in closed_blocks(part))]

        assert [fault for html in shown for fault in faults_in(html)] == []


@given(HOSTILE_TEXTS)
def test_no_mixture_of_hostile_pieces_is_unsafe(text: str) -> None:
    assert faults_in(render(text, scope="scope1")) == []
    for block in closed_blocks(text):
        assert faults_in(block.html) == []


@pytest.mark.parametrize("text", [t for t in SCRIPT_IN_HTML + HTMX if t[0] == "<"])
def test_html_is_shown_as_it_was_written(text: str) -> None:
    assert text_of(render(text)).startswith(text[:4])


@pytest.mark.parametrize("text", BEACONS)
def test_images_are_never_loaded(text: str) -> None:
    html = render(text)

    assert "<img" not in html
    assert "src=" not in html.replace("&lt;img src=", "")


def test_an_image_becomes_a_link_that_names_its_host() -> None:
    html = render('![A *plan*](https://a.example/p.png "Plan")')

    assert read(html).links == ["https://a.example/p.png"]
    assert read(html).words == ["A plan", " ", "(a.example)", "\n"]


def test_an_image_inside_a_link_is_the_text_of_that_link() -> None:
    html = render("[![Build](https://a.example/b.svg)](https://b.example/)")

    assert read(html).links == ["https://b.example/"]
    assert read(html).words == ["Build", "\n"]


def test_the_sanitiser_holds_even_where_the_parser_would_fail() -> None:
    from_parser = (
        '<p id="x" class="composer" style="a:b" onclick="alert(1)" hx-get="/">a</p>'
        '<script>alert(1)</script><img src="https://evil.example/x">'
        '<a href="javascript:alert(1)">b</a><a href="/logout/">c</a>'
        '<span class="mark composer">d</span><input type="text" disabled>'
        '<button type="submit" class="send" data-copy>e</button>'
    )

    assert make_safe(from_parser) == (
        '<p>a</p><a target="_blank" rel="noopener noreferrer nofollow ugc">b</a>'
        '<a target="_blank" rel="noopener noreferrer nofollow ugc">c</a>'
        '<span class="mark">d</span><input disabled=""><button class="" data-copy="">'
        "e</button>"
    )
