"""Where words begin and end: bodies, prose, code, quotes, tables, line ends."""

from __future__ import annotations

import pytest

from .samples import codes, converges, read, unaccounted


def test_a_body_runs_to_the_next_marker_a_rule_or_the_end() -> None:
    """Headings, tables and lists belong to it."""
    text = (
        "[PERSPECTIVE P01: a]\n\n## Heading\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n\n"
        "[TENSION T01: b]\nend of b\n\n---\n\nloose words\n"
    )
    response = read(text)
    first, second = response.entities
    assert first.body.startswith("## Heading")
    assert first.body.endswith("- two")
    assert second.body == "end of b"
    assert [prose.text for prose in response.prose] == ["loose words"]
    for entity in response.entities:
        assert text[entity.body_span.start : entity.body_span.end] == entity.body


@pytest.mark.parametrize("rule", ["---", "***", "___", "- - -", "-----", "  ---  "])
def test_every_form_of_rule_ends_a_body(rule: str) -> None:
    """Also right under a line of text."""
    response = read(f"[PERSPECTIVE P01: a]\nwords\n{rule}\nmore")
    assert response.entities[0].body == "words"
    assert [prose.text for prose in response.prose] == ["more"]


@pytest.mark.parametrize("line", ["--", "- a", "---a", "|---|---|", "**bold**", "____a"])
def test_what_is_no_rule_ends_nothing(line: str) -> None:
    """Lists, delimiter rows and bold."""
    assert read(f"[PERSPECTIVE P01: a]\nwords\n{line}\nmore").entities[0].body == f"words\n{line}\nmore"


def test_a_marker_without_words_takes_the_prose_above_it() -> None:
    """Back to the last heading, rule or marker; what it takes is not told twice."""
    text = (
        "Opening.\n\n# Heading\n\nThe argument,\nin two lines.\n\n[MUFFIN-C0101: a]\n\n---\n\nMore.\n\n[RESOLVED T01]\n"
    )
    response = read(text)
    assert response.entities[0].body == "The argument,\nin two lines."
    assert response.annotations[0].body == "More."
    assert [prose.text for prose in response.prose] == ["Opening.\n\n# Heading"]
    assert unaccounted(text, response) == []


def test_a_marker_without_words_takes_nothing_from_another() -> None:
    """The words above belong to the marker above."""
    response = read("[MUFFIN-P0101: a]\nwords\n[MUFFIN-C0101: b]\n[RE:DEPEND MUFFIN-P0101]\n")
    assert [entity.body for entity in response.entities] == ["words", ""]


def test_a_heading_in_code_is_no_heading() -> None:
    """The prose above reaches back over it."""
    response = read("# Heading\nbefore\n```\n# comment\n```\nafter\n\n[MUFFIN-C0101: a]")
    assert response.entities[0].body == "before\n```\n# comment\n```\nafter"


def test_prose_is_kept_with_its_place() -> None:
    """Text before, between and without markers."""
    text = "One.\n\n[PERSPECTIVE P01: a]\nbody\n---\nTwo.\n\nTwo still.\n---\nThree.\n"
    response = read(text)
    assert [(prose.text, prose.line, prose.column) for prose in response.prose] == [
        ("One.", 1, 1),
        ("Two.\n\nTwo still.", 6, 1),
        ("Three.", 10, 1),
    ]
    assert [text[prose.span.start : prose.span.end] for prose in response.prose] == [p.text for p in response.prose]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\n"])
def test_nothing_is_nothing(text: str) -> None:
    """An empty response has no items and no diagnostics."""
    response = read(text)
    assert response.prose == ()
    assert response.summary()["summary"]["perspectives"] == []


def test_a_text_without_brackets_is_one_piece_of_prose() -> None:
    """From its first to its last word; rules divide it."""
    assert [(p.text, p.line, p.column) for p in read("\n\n  Words.\nMore.\n").prose] == [("Words.\nMore.", 3, 3)]
    assert [p.text for p in read("One.\n\n---\n\nTwo.").prose] == ["One.", "Two."]


@pytest.mark.parametrize(
    "code",
    [
        "```\n[MOVE:CONVERGE]\n---\n```",
        "```python\n[MOVE:CONVERGE]\n````",
        "````\n```\n[MOVE:CONVERGE]\n````",
        "~~~\n```\n[MOVE:CONVERGE]\n~~~",
        "  ```\n  [MOVE:CONVERGE]\n  ```",
        "- ```\n  [MOVE:CONVERGE]\n  ```",
        "`[MOVE:CONVERGE]`",
        "words ``a ` [MOVE:CONVERGE]`` words",
    ],
)
def test_markers_in_code_are_text(code: str) -> None:
    """Fences of any length and sign, in lists too, and inline code; a marker behind them is one."""
    response = read(f"[PERSPECTIVE P01: a]\n{code}\n[RE:SUPPORT P0001]\nwhy")
    assert response.moves == ()
    assert response.entities[0].body == code.lstrip(" ")
    assert len(response.references) == 1


def test_an_unclosed_fence_goes_to_the_end() -> None:
    """As Markdown shows it."""
    response = read("[PERSPECTIVE P01: a]\n```\n[MOVE:CONVERGE]\n---\n")
    assert response.moves == ()
    assert response.entities[0].body == "```\n[MOVE:CONVERGE]\n---"


def test_inline_code_with_three_backticks_opens_no_fence() -> None:
    """A run that is closed on its line is inline code."""
    assert converges(read("```code``` and\n[MOVE:CONVERGE]"))


def test_a_stray_backtick_hides_nothing() -> None:
    """Inline code opens and closes on one line."""
    assert converges(read("a ` stray\n[MOVE:CONVERGE]\nanother `"))
    assert converges(read("a ` stray [MOVE:CONVERGE]"))


def test_a_block_quote_is_quoted() -> None:
    """Whatever stands in it counts as nothing and ends nothing; it is kept and told."""
    text = "[MUFFIN-P0101: a]\nShe wrote:\n> [CUPCAKE-P0001: theirs]\n> [MOVE:CONVERGE]\nand I answer."
    response = read(text)
    assert response.moves == ()
    assert response.entities[0].body == text.split("\n", 1)[1]
    assert [(quotation.text, quotation.expert) for quotation in response.quotations] == [
        ("[CUPCAKE-P0001: theirs]", "cupcake"),
        ("[MOVE:CONVERGE]", None),
    ]
    assert codes(response) == ["quoted_marker", "quoted_marker"]


def test_an_unclosed_marker_is_prose_and_told() -> None:
    """Once for each line; the line below is read."""
    text = "[PERSPECTIVE P01: a [TENSION T01: b\n[TENSION T02: c]\nwords"
    response = read(text)
    assert [entity.local_id for entity in response.entities] == ["MUFFIN-T0102"]
    assert codes(response) == ["unclosed_marker"]
    assert response.prose[0].text == "[PERSPECTIVE P01: a [TENSION T01: b"


def test_a_marker_behind_an_unclosed_one_is_read() -> None:
    """The bracket that closes belongs to the inner one."""
    response = read("[PERSPECTIVE P01: a [PERSPECTIVE P02: b]\nwords")
    assert [(entity.local_id, entity.label) for entity in response.entities] == [("MUFFIN-P0102", "b")]
    assert codes(response) == ["unclosed_marker"]


def test_a_marker_inside_a_label_is_part_of_the_label() -> None:
    """Nothing stands inside a marker."""
    response = read("[PERSPECTIVE P01: see [RE:SUPPORT P0001] there]\nwords")
    assert response.entities[0].label == "see [RE:SUPPORT P0001] there"
    assert response.references == ()


def test_a_bracket_longer_than_any_label_is_prose() -> None:
    """Told, and kept."""
    text = "[RESOLVED: " + "T01 " * 2000 + "]"
    response = read(text)
    assert response.annotations == ()
    assert codes(response) == ["marker_too_long"]
    assert unaccounted(text, response) == []


def test_a_summary_table_is_not_counted_twice() -> None:
    """Markers that a table says again are told as repeats, at the end or at the beginning of the text."""
    said = (
        "[MUFFIN-P0101: a]\nwords\n[RE:SUPPORT R0001]\nwhy\n[MUFFIN-S0101: HOLD]\n\n"
        "[RESOLVED T01: b]\nc\n[MOVE:CONVERGE]\n"
    )
    table = (
        "\n| Marker | Note |\n|---|---|\n| [MUFFIN-P0101: a] | x |\n| [RE:SUPPORT R0001] | y |\n"
        "| [MUFFIN-S0101: HOLD] | |\n| [RESOLVED T01: b] | |\n| [MOVE:CONVERGE] | |\n"
    )
    alone = read(said)
    for text in (said + table, table + "\n---\n" + said):
        response = read(text)
        assert codes(response) == ["repeated_marker"] * 5
        assert response.summary() == alone.summary()
        assert len(response.stances) == len(response.annotations) == 1
        assert unaccounted(text, response) == []


def test_a_table_that_says_something_new_counts() -> None:
    """Words behind the marker in its row are its words."""
    response = read(
        "| Id | Why |\n|---|---|\n| [MUFFIN-P0101: a] | Because. |\n"
        "| [MOVE:CONVERGE] | yes |\n| [MOVE:CONVERGE] | yes |"
    )
    assert [(entity.local_id, entity.body) for entity in response.entities] == [("MUFFIN-P0101", "Because.")]
    assert [move.context for move in response.moves] == ["yes"]
    assert codes(response) == ["repeated_marker"]


def test_a_summary_list_is_not_counted_twice() -> None:
    """An entity with the same id, the same label and no words is said again; references under it too."""
    response = read(
        "[MUFFIN-P0101: a]\nwords\n[RE:SUPPORT R0001]\nwhy\n[MOVE:CONVERGE]\nyes\n\n---\n## Summary\n"
        "- [MUFFIN-P0101: a]\n- [RE:SUPPORT R0001]\n- [MOVE:CONVERGE]\n"
    )
    assert [entity.body for entity in response.entities] == ["words"]
    assert [reference.context for reference in response.references] == ["why"]
    assert [move.context for move in response.moves] == ["yes"]
    assert codes(response) == ["repeated_marker"] * 3
    assert response.prose[0].text == "## Summary"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    """Items, lines and columns are the same; bodies keep the line ends of the text."""
    text = "# Täg 🧁\n\n  [PERSPECTIVE P01: läbel 🧁]\nbody\n\nmore\n\n---\n\t[MOVE:CONVERGE] yes\n".replace("\n", end)
    response = read(text)
    (entity,), (move,) = response.entities, response.moves
    assert (entity.line, entity.column, entity.label) == (3, 3, "läbel 🧁")
    assert entity.body == f"body{end}{end}more"
    assert text[entity.span.start : entity.span.end] == "[PERSPECTIVE P01: läbel 🧁]"
    assert (move.line, move.column, move.context) == (9, 2, "yes")
    assert [prose.text for prose in response.prose] == ["# Täg 🧁"]


def test_offsets_hold_behind_invisible_characters() -> None:
    """A byte order mark and zero-width characters count as characters of the text."""
    text = "\ufeff\u200b[PERSPECTIVE P01: a\u200db]\n\u2060body"
    (entity,) = read(text).entities
    assert (entity.line, entity.column, entity.label) == (1, 3, "a\u200db")
    assert text[entity.body_span.start : entity.body_span.end] == entity.body == "\u2060body"


def test_words_on_the_line_of_the_marker_are_its_words() -> None:
    """Bold that closes, a colon or a dash behind the marker are not."""
    for text in (
        "[RESOLVED T01] Done.",
        "**[RESOLVED T01]**: Done.",
        "**[RESOLVED T01]** — Done.",
        "[RESOLVED T01]: Done.",
    ):
        assert read(text).annotations[0].body == "Done."
    assert read("[RESOLVED T01] **Done.**").annotations[0].body == "**Done.**"


def test_a_lead_in_stays_with_what_came_before() -> None:
    """It is prose, or the end of the body above, and nobody's argument."""
    text = "Words.\n\n**Moves:** [MOVE:CONVERGE]"
    response = read(text)
    assert response.moves[0].context == "Words."
    assert [prose.text for prose in response.prose] == ["**Moves:**"]
    assert unaccounted(text, response) == []


def test_reading_stops_at_a_limit_of_markers() -> None:
    """Behind it all is prose, and it is told."""
    text = "[MOVE:CONVERGE]\nyes\n" * 10_001
    response = read(text)
    assert len(response.moves) == 10_000
    assert codes(response) == ["too_many_markers"]
    assert unaccounted(text, response) == []
