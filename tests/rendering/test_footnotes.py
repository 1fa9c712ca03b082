from __future__ import annotations

from conversations.rendering.markdown import closed_blocks, render
from tests.rendering.reading import faults_in, read

TEXT = "One[^a] and two[^2], one again[^a].\n\n[^a]: First *note*.\n[^2]: Second.\n"


def test_footnotes_are_numbered_and_linked_both_ways() -> None:
    html = render(TEXT, scope="scope1")

    assert faults_in(html) == []
    assert read(html).notes == [
        "#fn-scope1-1",
        "#fn-scope1-2",
        "#fn-scope1-1",
        "#fnref-scope1-1-1",
        "#fnref-scope1-1-2",
        "#fnref-scope1-2-1",
    ]
    assert '<li value="1" id="fn-scope1-1"><p>First <em>note</em>.' in html
    for name in ("fnref-scope1-1-2", "fnref-scope1-2-1", "fn-scope1-2"):
        assert html.count(f'id="{name}"') == 1


def test_two_messages_share_no_ids() -> None:
    assert "scope1" not in render(TEXT, scope="scope2")
    assert "scope2" not in render(TEXT, scope="scope1")


def test_without_a_scope_they_have_numbers_only() -> None:
    html = render(TEXT)

    assert "One<sup>1</sup> and two<sup>2</sup>" in html
    assert read(html).notes == []
    assert " id=" not in html


def test_while_it_is_written_what_a_footnote_says_is_where_it_stands() -> None:
    tail = "One[^1].\n\n[^1]: Note.\n\nText\n\n"
    first, note, _ = closed_blocks(tail)

    assert first.html == "<p>One[^1].</p>\n"
    assert '<li value="1"><p>Note.</p>' in note.html


def test_no_footnote_is_lost() -> None:
    html = render("[^unused]: Kept.\n\n> [^quoted]: text", scope="scope1")

    assert "Kept." in html
    assert "[^quoted]: text" in html


def test_nobody_writes_a_footnote_of_ours() -> None:
    forged = '<sup data-note="1-1"></sup> [a](https://a.example "<li value=\\"1\\">")'
    html = render(f"{forged} b[^1]\n\n[^1]: c", scope="scope1")

    assert faults_in(html) == []
    assert read(html).notes == ["#fn-scope1-1", "#fnref-scope1-1-1"]
