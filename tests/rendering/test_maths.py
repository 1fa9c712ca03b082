from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.rendering import maths
from conversations.rendering.budget import Budget
from conversations.rendering.markdown import closed_blocks, render
from conversations.rendering.maths import MOST_CHARACTERS, draw_formula
from tests.rendering.reading import faults_in, read, text_of

WORDS = st.sampled_from(
    [
        *"{}^_&$#%~'\"<>[]()|=+-0a1. \n", "\\\\", r"\frac", r"\sqrt", r"\left", r"\right",
        r"\begin{matrix}", r"\end{matrix}", r"\begin{aligned}", r"\end{aligned}", r"\text",
        r"\hspace{9em}", r"\mathbf", r"\mathrm{d}", r"\href{javascript:alert(1)}", r"\def\a",
        r"\color{red}", r"\class{a}", r"\style{a:b}", r"\sum", r"\not", r"\overline", r"\big",
        r"\xrightarrow[a]", r"\binom", r"\cancel", r"\boxed", r"\operatorname", "&lt;", "&#x3c;",
        "<script>", "\u202e", "\x00", r"\sideset", r"\genfrac", r"\prescript", r"\phantom",
    ]
)  # fmt: skip
FORMULAS = st.lists(WORDS, max_size=25).map("".join)


def drawn(latex: str) -> str:
    return draw_formula(latex, Budget(), is_display=True)


@pytest.mark.parametrize(
    "text",
    [
        "$x$",
        r"\(x\)",
        "$$x$$",
        r"so \[x_1\] it is",
        "$$\nx\n$$",
        "\\[\nx\n\\]",
        "\\[ x \\]",
    ],
)
def test_formulas_become_mathml(text: str) -> None:
    html = render(text)

    assert "<mi>x</mi>" in html
    assert "$" not in text_of(html)
    assert faults_in(html) == []


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5-$10, US$5/CA$6 or $20k/$30k",
        "from 5$ to 6$ or $5 or 10 euros/5$.",
        "$HOME/$USER:$PATH ${a}${b} $foo$bar",
        "$ x$ and $x $",
        r"\$x\$",
        "`$x$`",
        "    $x$",
        "```\n$$\nx\n$$\n```",
        "$$\nx\n\n$$",
        "$$",
        "$$$$",
        r"\[citation needed\] it says",
        "[$x](https://a.example)$",
    ],
)
def test_prices_code_and_what_is_not_closed_are_no_formulas(text: str) -> None:
    assert "<math" not in render(text)


def test_a_formula_says_how_it_was_written() -> None:
    html = render('$a < "b"$')

    assert 'alttext="a &lt; &quot;b&quot;"' in html
    assert read(html).faults == []


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{a",
        r"\unknown{a}",
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}{x}\a",
        "a & b",
        "{" * 200 + "x" + "}" * 200,
        r"\left(" * 100,
        r"\sqrt" * 100 + "x",
        "x" * (MOST_CHARACTERS + 1),
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_written(latex: str) -> None:
    assert drawn(latex) == ""
    html = render(f"$$\n{latex}\n$$")
    assert f"$${latex}$$" in text_of(html)
    assert '<figure class="code">' in html


def test_lines_are_aligned_where_they_are_meant_to_be() -> None:
    html = drawn(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")

    assert html.count("<mtr>") == 2
    assert html.count('<mtd class="right">') == 2
    assert drawn(r"a \\ b").count("<mtr>") == 2


def test_letters_that_stand_for_words_are_upright() -> None:
    assert '<mi mathvariant="normal">d</mi><mi>x</mi>' in drawn(r"\mathrm{d}x")


def test_nothing_is_drawn_once_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def draw(latex: str, _: bool) -> str:
        asked.append(latex)
        return ""

    monkeypatch.setattr(maths, "_cached", draw)
    monkeypatch.setattr(Budget, "may_colour", lambda _: len(asked) < 3)

    html = render("$a_0$ $b_0$ $c_0$ $d_0$ $e_0$")

    assert asked == ["a_0", "b_0", "c_0"]
    assert html.count("<code>") == 5


def test_a_formula_is_drawn_once_however_often_it_is_shown() -> None:
    before = maths._cached.cache_info().misses
    for number in range(3):
        render(f"{number}: $once_{{only}}$")

    assert maths._cached.cache_info().misses == before + 1


@given(FORMULAS)
def test_no_formula_is_unsafe_or_fails(latex: str) -> None:
    for text in (f"$${latex}$$", f"$$\n{latex}\n$$", f"a ${latex}$ b"):
        assert faults_in(render(text)) == []


def test_a_formula_that_is_being_written_is_text_until_it_is_closed() -> None:
    tail = "Before\n\n$$\nx^2\n"

    assert [block.end for block in closed_blocks(tail)] == [8]
    blocks = closed_blocks(f"{tail}$$\n")
    assert "<math" in blocks[1].html


def test_what_a_formula_may_swallow_stays_open() -> None:
    assert closed_blocks("text\n$$\nx\n- a\n") == []
    assert [block.end for block in closed_blocks("text\n$$\nx\n\n")] == [11]
