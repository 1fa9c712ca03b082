from __future__ import annotations

import pytest

from conversations import limits
from conversations.rendering.highlight import LANGUAGES, find_language
from conversations.rendering.markdown import render
from tests.rendering.costly import CODE
from tests.rendering.reading import faults_in, text_of


def fence(code: str, info: str = "") -> str:
    return render(f"````{info}\n{code}\n````")


def test_a_fence_names_its_language_and_can_be_wrapped_and_copied() -> None:
    assert fence("def a(): ...", "python") == (
        '<figure class="code"><figcaption><span>python</span>'
        '<button type="button" class="wrap" data-wrap="">'
        '<span class="long">Wrap</span><span class="wrapped">Unwrap</span></button>'
        '<button type="button" class="copy" data-copy="">Copy</button></figcaption>'
        '<pre tabindex="0"><code class="language-python"><span class="k">def</span> '
        '<span class="f">a</span>(): ...\n</code></pre></figure>\n'
    )


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("", "text"),
        ("C++ title='a.cc'", "C++"),
        ("made-up", "made-up"),
        ("js{1,3}", "js"),
        ('"onclick=alert(1)', "text"),
        ("a" * 99, "a" * 24),
    ],
)
def test_a_label_is_one_short_word(info: str, label: str) -> None:
    assert f"<figcaption><span>{label}</span>" in fence("a", info)


def test_languages_have_other_names_too() -> None:
    assert find_language("PY") == "python"
    assert find_language("c++ numbered") == "cpp"
    assert find_language(" ") is None


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_is_coloured_and_keeps_its_text(language: str) -> None:
    code = '# a\n<?php\nclass A { "b" } # c\nif a == 1: return 1 // e\n<a b="c">\n+ f'
    # Loading a language counts against the budget of the text that needs it first.
    fence("first", language)

    html = fence(code, language)

    assert f'<code class="language-{language}">' in html
    assert '<span class="' in html
    assert faults_in(html) == []
    assert text_of(html) == f"{language}WrapUnwrapCopy{code}\n\n"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("unit", CODE[::5])
def test_no_code_is_lost_or_unsafe(language: str, unit: str) -> None:
    code = unit * 40
    html = fence(code, language)

    assert faults_in(html) == []
    assert text_of(html) == f"{language}WrapUnwrapCopy{code}\n\n"


def test_code_over_the_limit_is_not_coloured() -> None:
    line = "def a(): ...\n"
    code = line * (limits.FENCE_BYTES // len(line))

    assert '<span class="k">' in fence(code[:-1], "python")
    assert '<span class="k">' not in fence(code + line, "python")


def test_code_with_endless_runs_is_not_coloured() -> None:
    assert '<span class="k">' not in fence("new" + "\t" * 200 + "return", "c")


def test_indented_code_is_code_too() -> None:
    shown = '<pre tabindex="0"><code>a &lt; b\n</code></pre></figure>'

    assert shown in render("    a < b")


@pytest.mark.parametrize(
    ("hidden", "mark"),
    [
        ("\u202e", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b\u200b\u200b", "U+200B×3"),
        ("\u200d", "U+200D"),
        ("\u00ad", "U+00AD"),
        ("\x1b", "U+001B"),
        ("\x85", "U+0085"),
        ("\U000e0041", "U+E0041"),
    ],
)
def test_hidden_characters_are_marked_in_code(hidden: str, mark: str) -> None:
    marked = f'a<span class="mark">{mark}</span>b'

    assert f"<code>{marked}</code>" in render(f"`a{hidden}b`")
    assert f"<code>{marked}\n</code>" in fence(f"a{hidden}b")
    assert f'<span class="mark">{mark}</span>' in fence(f"'a{hidden}b'", "python")


def test_joined_emoji_stay_whole_in_code() -> None:
    family = "👩\u200d❤\ufe0f\u200d👩 🏳\ufe0f\u200d🌈"

    assert render(f"`{family}`") == f"<p><code>{family}</code></p>\n"


def test_prose_keeps_the_marks_of_its_script() -> None:
    persian = "می\u200cخواهم \u200fسلام\u200e"

    assert render(persian) == f"<p>{persian}</p>\n"
