"""Entities: how they are written, numbered, attributed."""

from __future__ import annotations

import pytest

from hansard.markers import parse

from .samples import codes, forms, read, unaccounted


@pytest.mark.parametrize(
    ("marker", "local_id", "label"),
    [
        ("[MUFFIN-P0101: A label]", "MUFFIN-P0101", "A label"),
        ("[muffin-p0101: A label]", "MUFFIN-P0101", "A label"),
        ("[MUFFIN-R0107 — A label]", "MUFFIN-R0107", "A label"),
        ("[MUFFIN-P03: A label]", "MUFFIN-P0103", "A label"),
        ("[PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        ("[Perspective P1: A label]", "MUFFIN-P0101", "A label"),
        ("[PERSPECTIVE P0102: A label]", "MUFFIN-P0102", "A label"),
        ("[PERSPECTIVE MUFFIN-P0102: A label]", "MUFFIN-P0102", "A label"),
        ("[PERSPECTIVE\u00a0P02: A label]", "MUFFIN-P0102", "A label"),
        ("[TENSION T12 -- A label]", "MUFFIN-T0112", "A label"),
        ("[RECOMMENDATION R01: A label]", "MUFFIN-R0101", "A label"),
        ("[EVIDENCE E01: A label]", "MUFFIN-E0101", "A label"),
        ("[CLAIM C01: A label]", "MUFFIN-C0101", "A label"),
        ("**[PERSPECTIVE P01: A label]**", "MUFFIN-P0101", "A label"),
        ("### [PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        ("- [PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        ("1. **[PERSPECTIVE P01: A label]**", "MUFFIN-P0101", "A label"),
        ("- [x] [PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        ("\ufeff[PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        ("\u200b\t[PERSPECTIVE P01: A label]", "MUFFIN-P0101", "A label"),
        (
            '[PERSPECTIVE P01: "Who": owns `depends_on: [A]` / (B)?]',
            "MUFFIN-P0101",
            '"Who": owns `depends_on: [A]` / (B)?',
        ),
        ("[PERSPECTIVE P01: code with `a]` bracket]", "MUFFIN-P0101", "code with `a]` bracket"),
        ("[PERSPECTIVE P01: nested [sic] words]", "MUFFIN-P0101", "nested [sic] words"),
        ("[PERSPECTIVE P01: array[0 is open]", "MUFFIN-P0101", "array[0 is open"),
        ("[PERSPECTIVE P01: a ` left over]", "MUFFIN-P0101", "a ` left over"),
    ],
)
def test_both_dialects_give_the_same_entity(marker: str, local_id: str, label: str) -> None:
    """Case, decoration and the form of the number do not matter; the body is what follows."""
    text = f"{marker}\n\nIts words.\n"
    response = read(text)
    (entity,) = response.entities
    assert (entity.local_id, entity.label, entity.body) == (local_id, label, "Its words.")
    assert entity.kind == local_id[-5]
    assert entity.number == int(local_id[-2:])
    assert text[entity.span.start] == "["
    assert text[entity.span.end - 1] == "]"
    assert codes(response) == []


def test_the_dialect_is_told() -> None:
    """A local id is the specification's dialect, a word with a number the working one."""
    response = read("[MUFFIN-P0101: a]\nx\n[PERSPECTIVE P02: b]\ny")
    assert [entity.dialect for entity in response.entities] == ["specification", "working"]


def test_a_number_used_twice_gets_the_next_free_one_and_takes_none_that_is_asked_for() -> None:
    """The second P01 becomes P03 because P02 is written further down; both stay, and it is told."""
    response = read("[PERSPECTIVE P01: a]\nx\n[PERSPECTIVE P01: b]\ny\n[PERSPECTIVE P02: c]\nz")
    assert [(e.local_id, e.label) for e in response.entities] == [
        ("MUFFIN-P0101", "a"),
        ("MUFFIN-P0103", "b"),
        ("MUFFIN-P0102", "c"),
    ]
    assert codes(response) == ["duplicate_local_id"]
    assert "MUFFIN-P0103" in response.diagnostics[0].message
    assert response.diagnostics[0].line == 3


@pytest.mark.parametrize(
    ("written", "restated"),
    [
        ("T04-R1", [("T04-R1", "bare")]),
        ("T01-RESPONSE", [("T01-RESPONSE", "bare")]),
        ("T4.1", [("T4.1", "bare")]),
        ("T-NEW", []),
    ],
)
def test_an_irregular_number_is_replaced_and_kept(written: str, restated: list[tuple[str, str]]) -> None:
    """The tension stands, under a number nobody asks for; what it was called points back."""
    response = read(f"[TENSION {written}: still open]\nx\n[TENSION T01: another]\ny")
    first, second = response.entities
    assert (first.local_id, second.local_id) == ("MUFFIN-T0102", "MUFFIN-T0101")
    assert forms((first.restates,) if first.restates else ()) == restated
    assert codes(response) == ["irregular_number"]
    assert written in response.diagnostics[0].message


def test_a_restated_number_tells_its_number() -> None:
    """``T04-R1`` points back to a tension 4 whose round is open."""
    (entity,) = read("[TENSION T04-R1: a]\nx").entities
    assert entity.restates is not None
    assert (entity.restates.kind, entity.restates.number, entity.restates.round) == ("T", 4, None)


def test_a_tension_without_a_number_is_a_tension() -> None:
    """``[TENSION: …]`` gets a number, and it is told."""
    response = read("[TENSION: speed]\nx")
    assert response.entities[0].local_id == "MUFFIN-T0101"
    assert codes(response) == ["missing_number"]


def test_an_id_of_another_round_is_restated_under_this_round() -> None:
    """A response of round 1 holds entities of round 1; the id it was given stands in ``restates``."""
    response = read("[MUFFIN-P0003: again]\nx\n[PERSPECTIVE P0002: and again]\ny")
    assert [entity.local_id for entity in response.entities] == ["MUFFIN-P0101", "MUFFIN-P0102"]
    assert [entity.restates and entity.restates.id for entity in response.entities] == ["MUFFIN-P0003", "P0002"]
    assert codes(response) == ["other_round", "other_round"]


@pytest.mark.parametrize(
    "marker", ["[PERSPECTIVE P100: a]", "[PERSPECTIVE P00: a]", "[MUFFIN-P01001: a]", "[MUFFIN-P0100: a]"]
)
def test_a_number_that_does_not_fit_is_never_printed(marker: str) -> None:
    """Numbers are two digits, 01 to 99: anything else is told and replaced."""
    response = read(f"{marker}\nx")
    assert [entity.local_id for entity in response.entities] == ["MUFFIN-P0101"]
    assert codes(response) == ["number_out_of_range"]
    assert response.diagnostics[0].severity == "error"


def test_the_hundredth_perspective_stays_prose() -> None:
    """Where no number is left, marker and words are kept as prose and it is told."""
    text = "".join(f"[PERSPECTIVE P{min(n, 99):02d}: label {n}]\nwords {n}\n" for n in range(1, 102))
    response = read(text)
    assert len(response.entities) == 99
    assert codes(response) == ["id_space_exhausted"] * 2
    assert {entity.local_id for entity in response.entities} == {f"MUFFIN-P01{n:02d}" for n in range(1, 100)}
    assert [prose.text for prose in response.prose[:2]] == ["[PERSPECTIVE P99: label 100]", "words 100"]
    assert unaccounted(text, response) == []


def test_a_word_and_a_letter_that_disagree_are_told() -> None:
    """The word decides the kind; the number is replaced."""
    response = read("[PERSPECTIVE T01: a]\nx")
    assert [(entity.kind, entity.local_id) for entity in response.entities] == [("P", "MUFFIN-P0101")]
    assert codes(response) == ["type_id_mismatch"]


def test_a_letter_of_no_kind_is_kept_as_an_annotation() -> None:
    """``MUFFIN-Q0101`` is told and its words are kept."""
    response = read("[MUFFIN-Q0101: a]\nx")
    assert [(note.word, note.label, note.body) for note in response.annotations] == [("MUFFIN-Q0101", "a", "x")]
    assert codes(response) == ["invalid_entity_type"]


@pytest.mark.parametrize(
    "marker", ["[CUPCAKE-P0101: theirs]", "[PERSPECTIVE CUPCAKE-P01: theirs]", "[CUPCAKE-S0101: APPROVE]"]
)
def test_attribution_cannot_be_forged(marker: str) -> None:
    """What Muffin writes under Cupcake's name is a quotation with its words, never Cupcake's or Muffin's entity."""
    response = read(f"[MUFFIN-P0101: mine]\nmy words\n{marker}\ntheir words\n[RE:SUPPORT P0001]\nwhy")
    assert [entity.local_id for entity in response.entities] == ["MUFFIN-P0101"]
    assert response.entities[0].body == "my words"
    assert response.stances == ()
    (quotation,) = response.quotations
    assert (quotation.expert, quotation.text, quotation.body) == ("cupcake", marker, "their words")
    assert codes(response) == ["foreign_attribution"]
    assert response.references[0].source is None


def test_a_foreign_entity_in_a_sentence_does_not_cut_it() -> None:
    """Naming somebody's entity in a sentence leaves the sentence whole."""
    response = read("[MUFFIN-P0101: mine]\nI hold [CUPCAKE-P0101: theirs] to be true.")
    assert response.entities[0].body == "I hold [CUPCAKE-P0101: theirs] to be true."
    assert [quotation.expert for quotation in response.quotations] == ["cupcake"]


def test_an_id_in_brackets_is_a_mention() -> None:
    """Without a label, in a sentence or under another name, an id in brackets is text."""
    text = "[MUFFIN-P0101: a]\nAs [MUFFIN-P0101] and [CUPCAKE-P0101] say.\n[CUPCAKE-P0102]\n[ADR-0014] [CH0001-R05: x]"
    response = read(text)
    assert len(response.entities) == 1
    assert response.entities[0].body.startswith("As [MUFFIN-P0101]")
    assert codes(response) == []


def test_an_own_id_alone_on_its_line_is_an_entity_without_a_label() -> None:
    """It is told that the label is missing."""
    response = read("[MUFFIN-P0101]\nwords")
    assert [(entity.local_id, entity.label, entity.body) for entity in response.entities] == [
        ("MUFFIN-P0101", "", "words")
    ]
    assert codes(response) == ["missing_label"]


def test_an_entity_in_a_sentence_counts_if_it_stands_nowhere_else() -> None:
    """Its words follow it; what is before it stays with what came before."""
    response = read("My view is this, [PERSPECTIVE P01: one] and here is why.")
    assert [(entity.local_id, entity.body) for entity in response.entities] == [("MUFFIN-P0101", "and here is why.")]
    assert [prose.text for prose in response.prose] == ["My view is this,"]


def test_an_entity_in_a_sentence_that_stands_elsewhere_is_a_repeat() -> None:
    """It is counted once, wherever its own place is."""
    response = read("As [PERSPECTIVE P01: one] says below.\n\n[PERSPECTIVE P01: one]\nwords")
    assert [(entity.local_id, entity.line) for entity in response.entities] == [("MUFFIN-P0101", 3)]
    assert codes(response) == ["repeated_marker"]


def test_names_of_experts_may_hold_hyphens_and_digits() -> None:
    """``pastry-21`` writes ``PASTRY-21-P0101``."""
    response = parse("[PASTRY-21-P0101: a]\nx\n[PERSPECTIVE P02: b]\ny", "pastry-21", 1)
    assert [entity.local_id for entity in response.entities] == ["PASTRY-21-P0101", "PASTRY-21-P0102"]
    assert codes(response) == []


@pytest.mark.parametrize(("expert", "round_"), [("", 1), ("muffin", -1), ("muffin", 100)])
def test_an_author_or_round_that_cannot_be_is_refused(expert: str, round_: int) -> None:
    """Arguments are judged, texts never."""
    with pytest.raises(ValueError, match=r"expert|round"):
        parse("text", expert, round_)


@pytest.mark.parametrize(
    ("marker", "expert", "local_id"),
    [
        ("[JÜRGEN-P0101: A label]", "jurgen", "JURGEN-P0101"),
        ("[jürgen-p0101: A label]", "jurgen", "JURGEN-P0101"),
        ("[JU\u0308RGEN-P0101: A label]", "jurgen", "JURGEN-P0101"),
        ("[PERSPECTIVE JÜRGEN-P0101: A label]", "jurgen", "JURGEN-P0101"),
        ("[O'BRIEN-P0101: A label]", "o-brien", "O-BRIEN-P0101"),
        ("[ANNA_LENA-P0101: A label]", "anna-lena", "ANNA-LENA-P0101"),
        ("[Anna Lena-P0101: A label]", "anna-lena", "ANNA-LENA-P0101"),
        ("[ÉCLAIR-P0101: A label]", "eclair", "ECLAIR-P0101"),
    ],
)
def test_a_name_is_compared_by_its_slug(marker: str, expert: str, local_id: str) -> None:
    """Accents, apostrophes and case of a name in a marker are those of the author's file."""
    response = parse(f"{marker}\nwords", expert, 1)
    assert [(e.local_id, e.label, e.body) for e in response.entities] == [(local_id, "A label", "words")]
    assert response.diagnostics == ()


def test_a_stance_under_an_accented_name_is_the_authors() -> None:
    """It is told of no other round."""
    response = parse("[JÜRGEN-S0101: APPROVE | 0.9]", "jurgen", 1)
    assert [stance.local_id for stance in response.stances] == ["JURGEN-S0101"]
    assert response.diagnostics == ()


@pytest.mark.parametrize("name", ["MÜLLER", "ANNA LENA", "O'BRIEN"])
def test_a_foreign_name_of_any_letters_is_told(name: str) -> None:
    """It is kept as a quotation, never swallowed."""
    response = parse(f"[{name}-P0101: A label]\nwords", "jurgen", 1)
    assert response.entities == ()
    assert [note.code for note in response.diagnostics] == ["foreign_attribution"]
    assert len(response.quotations) == 1


def test_a_marker_without_a_colon_is_read_and_told() -> None:
    """A local id of the author's that opens its line with words behind it is an entity."""
    response = read("[MUFFIN-P0103 no colon]\nwords")
    assert [(e.local_id, e.label, e.body) for e in response.entities] == [("MUFFIN-P0103", "no colon", "words")]
    assert codes(response) == ["missing_colon"]


@pytest.mark.parametrize("text", ["[MUFFIN-P0101 and MUFFIN-P0102] show it", "See [MUFFIN-P0101 no colon]"])
def test_a_mention_without_a_colon_stays_text(text: str) -> None:
    """Ids alone, and what stands inside a sentence."""
    assert read(text).entities == ()


def test_a_sentence_that_opens_with_a_known_id_is_no_second_entity() -> None:
    """Its number is taken, so the words stay where they are."""
    response = read("[MUFFIN-P0101: a]\nwords\n\n[MUFFIN-P0101 above] shows it")
    assert [(e.local_id, e.body) for e in response.entities] == [
        ("MUFFIN-P0101", "words\n\n[MUFFIN-P0101 above] shows it")
    ]
