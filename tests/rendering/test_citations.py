"""What an answer refers to: a numbered list, and markers that lead there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.rendering.citations import link_targets, list_sources
from conversations.rendering.markdown import render
from conversations.wire import Citation

ONE = Citation("https://one.example/page", "The first page")
TWO = Citation("https://two.example/", "")
REL = 'target="_blank" rel="noopener noreferrer nofollow ugc"'

UNLINKABLE = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/",
    "/admin/",
    "mailto:alice@example.com",
    "https://user:secret@evil.example/",
    "https://good.example\\@evil.example/",
    "https:evil.example",
    "http://",
    "",
]


def cited(text: str, *citations: Citation) -> str:
    return render(text, link_targets(citations))


def test_a_marker_of_a_known_source_leads_there() -> None:
    html = cited("Water boils [1], and cools [2].", ONE, TWO)

    assert f'<a href="https://one.example/page" {REL}>[1]</a>, and' in html
    assert f'<a href="https://two.example/" {REL}>[2]</a>.' in html


def test_markers_side_by_side_lead_to_a_source_each() -> None:
    html = cited("Both agree [1][2].", ONE, TWO)

    assert html.count("<a ") == 2
    assert ">[1]</a><a " in html


def test_a_marker_without_a_source_stays_text() -> None:
    html = cited("See [0], [3] and [1234].", ONE, TWO)

    assert html == "<p>See [0], [3] and [1234].</p>\n"


def test_markers_in_code_and_in_links_are_left_alone() -> None:
    html = cited("`row[1]`, [see [1]](https://three.example/) and\n\n    x[1]", ONE)

    assert "one.example" not in html


def test_without_citations_nothing_is_linked() -> None:
    assert render("Just [1].") == "<p>Just [1].</p>\n"


def test_an_address_beside_a_marker_is_linked_as_well() -> None:
    html = cited("From https://three.example/ [1].", ONE)

    assert 'href="https://three.example/"' in html
    assert 'href="https://one.example/page"' in html


def test_a_source_shows_its_title_and_its_host() -> None:
    first, second = list_sources([ONE, TWO])

    assert (first.number, first.title, first.host) == (
        1,
        "The first page",
        "one.example",
    )
    assert (second.title, second.host) == ("two.example", "")


def test_what_is_cited_twice_is_listed_once_and_numbers_stay() -> None:
    assert [one.number for one in list_sources([ONE, ONE, TWO])] == [1, 3]


@pytest.mark.parametrize("url", UNLINKABLE)
def test_an_address_that_may_not_be_linked_is_not(url: str) -> None:
    citation = Citation(url, "Good page")
    (source,) = list_sources([citation])

    assert (source.url, source.title) == ("", "Good page")
    assert "<a" not in cited("See [1].", citation)


def test_a_title_loses_what_cannot_be_seen_and_its_length() -> None:
    (source,) = list_sources([Citation(ONE.url, "a\u202eb\u200b c\n" + "d" * 500)])

    assert source.title.startswith("ab c d")
    assert len(source.title) <= 120


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_citation_can_be_shown(url: str, title: str) -> None:
    citation = Citation(url, title)
    (source,) = list_sources([citation])

    assert source.title
    assert ("<a " in cited("See [1].", citation)) is bool(source.url)
    assert not source.url or source.url.lower().startswith(("http://", "https://"))
