"""Other people's words in our Markdown: readable, and unable to forge anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hansard.exchange import markdown
from hansard.exchange.markdown import code, fenced, inline, lead, plain, quoted, table

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
FORGED = {"heading_open", "html_block", "hr", "link_open", "image", "html_inline", "s_open"}

FRAGMENTS = (
    "# x", "\n", "\n\n", "---", "===", "- - -", "<b>", "<script>alert(1)</script>", "<!--", "-->", "<?x?>", "[a](b)",
    "![a](b)", "[a]: http://x", "[a][b]", "[a]", "[^1]", "```", "~~~", "`", "``", "**", "*", "__", "_", "|", "> ",
    "| a | b |\n|---|---|\n| c | d |", "- ", "1. ", "  - ", "    ", "\t", "\r", "\r\n", "\u2028", "&lt;", "&#35;", "\\",
    "https://x.y/z", "<http://a.b>", "a@b.cc", "word", "~~", "x", "\x1b[31m", "#", "(", ")", "]", "[", "+", "=",
    "<a id=p0101>", "</a>", "\u202e", "\x9b", "</blockquote>", "$$",
)  # fmt: skip

texts = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text(
    st.sampled_from("#*_`[]()<>!|-+=~>&; \n\r\tab1.\\:/\"'^"), max_size=80
)


def tokens(markdown: str) -> Iterator[Token]:
    """Every token of a Markdown text, those inside paragraphs too."""
    for token in READER.parse(markdown):
        yield token
        yield from token.children or ()


def forged(markdown: str) -> list[str]:
    """What stands in a Markdown text that words of others must not bring there."""
    return [token.type for token in tokens(markdown) if token.type in FORGED]


@given(texts)
@example("a\rb\n# c")
@example("```\n# inside\n``` \n# after")
@example("text\n===")
@example("`a``https://x.y/z``<b>`")
def test_a_quotation_forges_nothing(text: str) -> None:
    """No heading, rule, link, image, tag or strike comes out of any text, and nothing of it stands outside."""
    lines = quoted(text)
    assert all(line.startswith(">") for line in lines)
    document = "\n".join(["before", "", *lines, "", "after"])
    assert not forged(document)
    outside = [token.content for token in READER.parse(document) if token.type == "inline" and token.level == 1]
    assert outside == ["before", "after"]


@given(texts)
@example("```\n````\n`````")
def test_a_fence_holds_whatever_stands_in_it(text: str) -> None:
    """Nothing ends a fence before its end."""
    document = "\n".join(["before", "", *fenced(text), "", "after"])
    parsed = READER.parse(document)
    assert [token.type for token in parsed if token.type in ("fence", "inline")] == ["inline", "fence", "inline"]
    assert not forged(document)


@given(texts)
@example("a|b")
@example("# x\\")
def test_a_line_of_others_stands_in_headings_links_and_tables(text: str) -> None:
    """In our own headings, links and cells a text is text: it ends none of them and begins nothing."""
    word = plain(text)
    assert "\n" not in word
    assert forged(word) == []
    assert forged(f"### P0101 · {word}") == ["heading_open"]
    assert forged(f"[P0101 · {word}](#p0101)") == ["link_open"]
    cells = [
        token.content
        for token in READER.parse("\n".join(table(["a", "b"], [[word, "last"]])))
        if token.type == "inline"
    ]
    assert len(cells) == 4
    assert cells[-1] == "last"


@given(texts)
def test_a_line_with_code_and_bold_forges_nothing(text: str) -> None:
    """What may keep its code and bold brings nothing else."""
    assert not forged(inline(text))
    assert not forged(f"- {inline(text)}\n- ours")


@given(st.text(st.sampled_from("abc .,;:!?'\"()[]{}<>#*_`~|\\/-+=&$%^@1"), min_size=1, max_size=60))
def test_a_plain_line_is_read_as_it_was_written(text: str) -> None:
    """Whoever reads the rendered line sees the very signs of the text, code without its back quotes."""
    words = " ".join(text.split())
    shown = "".join(
        token.content for token in tokens(f"x {plain(words)}") if token.type in ("text", "code_inline", "text_special")
    )
    blank = str.maketrans("", "", " `")
    assert shown.removeprefix("x").translate(blank) == words.translate(blank)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Big\ntext", ["> **Big**", ">", "> text"]),
        ("one\ntwo\n\nthree", ["> one", "> two", ">", "> three"]),
        ("- a\n  and more\n- b\n    - c", ["> - a", ">   and more", "> - b", ">    - c"]),
        ("1. a\n2. b", ["> 1. a", "> 2. b"]),
        ("use `Vec<T>` and **never** <b>", ["> use `Vec<T>` and **never** &lt;b>"]),
        ("a\n---\nb", ["> a", ">", "> b"]),
        ("> said by another", ["> > said by another"]),
        ("```rust\nlet x = 1;\n```\nafter", ["> ```text", "> let x = 1;", "> ```", ">", "> after"]),
        ("| a | b |\n|:--|--:|\n| `x|y` | 2 |", None),
        ("see https://evil.example/x now", ["> see `https://evil.example/x` now"]),
        ("1) first", ["> 1. first"]),
        ("2026. A year", ["> 2026. A year"]),
        ("", []),
        ("\x1b[31mred", ["> ␛\\[31mred"]),
        ("a\u202eb", ["> a⟨U+202E⟩b"]),
    ],
)
def test_texts_stay_readable(text: str, shown: list[str] | None) -> None:
    """Paragraphs, lists, code, bold and tables survive; headings become bold; addresses are shown and not linked."""
    if shown is not None:
        assert quoted(text) == shown
    else:
        assert [token.type for token in tokens("\n".join(quoted(text)))].count("td_open") >= 2


@given(texts)
def test_a_line_with_code_and_bold_stays_in_its_cell(text: str) -> None:
    """Nothing in a cell of ours ends it."""
    made = list(tokens("\n".join(table(["a", "b"], [[inline(text, cell=True), "ours"]]))))
    last = [index for index, token in enumerate(made) if token.type == "td_open"][-1]
    assert made[last + 1].content == "ours"


HEAVY = (
    "```\n", "`", "` ", "`` ` ", "**a", "**a ` ", "** ", "a.", "a@", "a@b.", "a.b-", "www.", "_a", "[", "| a ", "|---",
    "# ", "#", "  \n", "`a``b```c", "&#", "<", "http://", "- ", ">", "> - ", "~~~\n", "\\", "1. ",
)  # fmt: skip


@pytest.mark.parametrize("sign", HEAVY)
def test_long_texts_of_few_signs_are_written(sign: str) -> None:
    """Whatever is opened many thousand times and never closed: it would take very long if each looked at all the rest.

    As one line, as lines, and between words that are far apart. What is written is little longer than the text.
    """
    for text in (sign * 20_000, f"# {sign}{' ' * 20_000}{sign} x", f"| a |\n{sign * 5_000}{' ' * 20_000}x"):
        for made in (inline(text), "".join(quoted(text))):
            assert len(made) <= 4 * len(text) + 10


class Looked:
    """A pattern that counts the signs it was led over."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern, self.signs = pattern, 0

    def search(self, text: str, at: int) -> re.Match[str] | None:
        """As the pattern does."""
        found = self.pattern.search(text, at)
        self.signs += (len(text) if found is None else found.end()) - at
        return found


@given(texts | st.text(st.sampled_from("`*a @.|"), max_size=200))
def test_a_line_is_searched_once(text: str) -> None:
    """Counted, not timed: all searches for pieces together look at no sign twice, so the work grows with the text."""
    for pattern in (markdown._PIECE, markdown._PLAIN):
        looked = Looked(pattern)
        ends = [0]
        for piece in markdown._pieces(text, cast("re.Pattern[str]", looked)):
            assert ends[-1] <= piece.start < piece.end
            ends.append(piece.end)
        assert looked.signs <= len(text)


@given(st.integers(1, 40))
def test_code_ends_at_the_next_run_of_as_many_back_quotes(length: int) -> None:
    """Longer and shorter ones between belong to it; without such a run the signs are signs."""
    ticks = "`" * length
    text = f"a {ticks}b `{ticks} c{ticks} d"
    assert [piece.words for piece in markdown._pieces(text, markdown._PIECE)] == [f"b `{ticks} c"]
    assert list(markdown._pieces(f"a {ticks} b", markdown._PIECE)) == []


def test_a_lead_ends_where_a_reader_would_stop() -> None:
    """A cut text ends after a paragraph, a sentence or a word, is marked, and leaves no heading hanging."""
    assert lead("short", 10) == "short"
    assert lead("One sentence here. Another that is long.", 25) == "One sentence here. …"
    assert lead("word " * 20, 23) == "word word word word …"
    assert lead("First paragraph is here.\n\nSecond one is far too long", 40) == "First paragraph is here.\n\n…"
    assert lead("A paragraph of some length.\n\n## Next\n\n" + "x" * 40, 50) == "A paragraph of some length.\n\n…"


@given(texts, st.integers(1, 60))
def test_a_lead_is_the_beginning(text: str, limit: int) -> None:
    """Nothing is put in, nothing is left out before the cut."""
    cut = lead(text, limit)
    assert text.strip().startswith(cut.removesuffix("…").rstrip()) or cut == text.strip()


def test_code_with_back_quotes_stays_code() -> None:
    """A code span is longer than any run of back quotes in it."""
    assert code("a``b") == "```a``b```"
    assert code("`a") == "`` `a ``"


@pytest.mark.parametrize("text", ["[Link](http://a.b) $$", "(see www.a.b/c)", "http://a.b/c."])
def test_an_address_ends_before_the_mark_behind_it(text: str) -> None:
    """A bracket or full stop behind an address is not drawn into its code."""
    shown = [one.content for one in tokens("\n".join(quoted(text))) if one.type == "code_inline"]
    assert shown in (["http://a.b"], ["www.a.b/c"], ["http://a.b/c"])
