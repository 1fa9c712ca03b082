"""Texts that are cheap to write and dear to render: units to repeat, and code."""

from __future__ import annotations

# Each was among the dearest of some thousand that were tried.
UNITS = (
    ">", "> > > > ", ">\n", "> a\n>\n", "> a\nb\n", "> ---\na\n", ">- a\n",
    "a@b.c\n> ---\na@b.c**[a](http://b.c)",
    "- ", "- a\n", "- a\n\n", "-\ta\n", "- - ", "1. a\n", "1) a\n2. b\n", "> - ",
    "- ```\n", "- a\n\n      b\n", "- [ ] a\n", "+\n|-|-|\n", "__\n- ",
    "*", "*a ", "a*", "_a", "*a_ ", "**a *b ", "**_", "***", "~~a ", "~", "a**b",
    "`", "`a", "`\n", "``` ", "[`", "**\n|-|-|\n- [ ] ",
    "[", "]", "[]", "[\n", "[a](", "[a][", "![", "![a](b", "![a", "*[", "[*a*", "\\[",
    "[a](b(", '[a](b "c', "[a](http://b.c) ", '![&é"__\t', "[^1]- [ ] ![**",
    "<", "<a", "<http:", "<http://a.b> ", "<a@b.c>", "<a@b.c>a![a@b.c", "<b>", "[<",
    "http://", "http://a.b ", "https://a", "www.", "a@b.c ", "xn--a.b ",
    "&", "&amp;", "&#x", "&#0;", "\\", "\\*", "\\\n", "!", "|", ":", "@", "#", "=",
    "# a\n", "a\n===\n", "---\n", "    a\n", "a\n", "a  \n", "\n", " ", "\t", "a",
    "```\n", "~~~ a\n", "[a]: b\n", '[a]: b "\n', "[a]: b\n[a]\n\n", "|a|b|\n|-|-|\n",
    "\u200b", "\u202e", "🎉", "é",
    "$", "$$", "$a", "$a$", "$a$ ", "$$\n", "$$a\n", "$$a$$\n", "$ $", "$x'x'x'$ ", "$\\sqrt$",
    "\\(", "\\(a\\)", "\\[\n", "\\[a\n", "\\]\n", "\\[x_1\\] ", "$\\frac{a}{b}$ ",
    "$$\n\\left(\n$$\n", "$\\def\\a{\\a\\a}\\a$ ", "${{{{x}}}}$ ", "$$\n" + "~" * 1_990 + "\n$$\n",
    "[^1]", "[^1]: a\n", "[^1]:", "[^1]: a[^1]\n", "[^1]: a\n\n    b\n", "[^a",
)  # fmt: skip
WHOLES = (
    "|a|b|\n|-|-|\n" + "|a|b|\n" * 10_000,
    "|a" * 4_000 + "|\n" + "|-" * 4_000 + "|\n" + "|\n" * 20_000,
    "|a" * 250 + "|\n" + "|-" * 250 + "|\n" + "a\n" * 30_000,
    "\n".join(">" * depth + "a" for depth in range(1, 360)),
    "\n".join("  " * depth + "- a" for depth in range(1, 250)),
    " ".join("`" * length for length in range(1, 360)),
    " ".join("*" * length + "a" for length in range(1, 360)),
    "".join(f"[a{number}]: b\n" for number in range(6_000)),
    "[" * 32_000 + "]" * 32_000,
    "![" * 20_000 + "](a)" * 6_000,
    "`" * 30_000 + "\n" + "a",
    "-" * 60_000 + "x",
    "$$" + "{" * 32_000 + "}" * 32_000 + "$$",
    "$" + "\\left(" * 10_000 + "$",
    "".join(f"[^a{number}] " for number in range(3_000))
    + "\n\n"
    + "".join(f"[^a{number}]: b\n" for number in range(3_000)),
    "[^a] " * 10_000 + "\n\n[^a]: b",
)

# Each makes some lexer quadratic when it fills a fence.
CODE = (
    "a\n", "\n", "\t", "a ", "/", "a?", "a.b", "a<", "(/$a", "$a", "<<A\na a ", "m{for(",
    "--a", "_", "'''my $a", "\"'''a&&", "'\\", "new \t", "public ", "&",
)  # fmt: skip
