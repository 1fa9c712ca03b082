from __future__ import annotations

import pytest

from conversations import limits
from conversations.rendering.markdown import render
from tests.rendering.reading import text_of


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("# a", "<h3>a</h3>\n"),
        ("## a", "<h4>a</h4>\n"),
        ("a\n---", "<h4>a</h4>\n"),
        ("### a", "<h5>a</h5>\n"),
        ("###### a", "<h6>a</h6>\n"),
        ("~~a~~ **b** _c_", "<p><s>a</s> <strong>b</strong> <em>c</em></p>\n"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>\n'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
        ("***", "<hr>\n"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert render(text) == html


def test_a_table_scrolls_by_itself_and_aligns_its_cells() -> None:
    assert render("a|b|c\n-|:-:|-:\n1|2|3") == (
        '<div class="table-scroll" tabindex="0" role="group" aria-label="Table">'
        "<table>\n<thead>\n<tr>\n"
        '<th>a</th>\n<th align="center">b</th>\n<th align="right">c</th>\n'
        "</tr>\n</thead>\n<tbody>\n<tr>\n"
        '<td>1</td>\n<td align="center">2</td>\n<td align="right">3</td>\n'
        "</tr>\n</tbody>\n</table></div>\n"
    )


def test_tasks_are_checkboxes_that_nobody_can_change() -> None:
    assert render("- [ ] a\n- [x] *b*\n- [x]\n- c") == (
        '<ul>\n<li class="task">'
        '<input type="checkbox" disabled="" aria-label="Not done"> a</li>\n'
        '<li class="task">'
        '<input type="checkbox" disabled="" checked="" aria-label="Done"> '
        "<em>b</em></li>\n<li>[x]</li>\n<li>c</li>\n</ul>\n"
    )


def test_text_over_the_limit_is_shown_as_it_was_written() -> None:
    text = "**é**\n" * (limits.RICH_BYTES // 7 + 1)
    html = render(text)

    assert html.startswith('<pre class="plain">**é**\n')
    assert text_of(html) == text


def test_nesting_that_would_be_cut_off_is_shown_as_it_was_written() -> None:
    for depth in range(1, 40):
        quotes = ">" * depth + " innermost"
        lists = "".join("  " * level + "- innermost\n" for level in range(depth))

        assert "innermost" in render(quotes)
        assert render(lists).count("innermost") == depth


def test_the_same_text_is_rendered_once() -> None:
    assert render("**once**") is render("**once**")


def test_of_a_text_over_the_limit_the_first_blocks_are_rich() -> None:
    paragraph = "**bold** text" + " and more" * 200 + "\n\n"
    text = paragraph * (limits.RICH_BYTES // len(paragraph) + 100)
    html = render(text)

    rich = limits.RICH_BYTES // len(paragraph)
    assert html.count("<p><strong>bold</strong> text") == rich
    rest = '<pre class="plain">' + paragraph * (text.count("bold") - rich) + "</pre>"
    assert html.endswith(rest)
