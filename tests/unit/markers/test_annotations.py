"""The working dialect's other words, and words that nobody knows."""

from __future__ import annotations

import pytest

from .samples import codes, forms, read

T01 = [("T01", "bare")]


@pytest.mark.parametrize(
    ("text", "word", "targets", "label", "body"),
    [
        ("[REFINEMENT on T01]\nx", "REFINEMENT", T01, "", "x"),
        ("[REFINEMENT on T02: lab]\nx", "REFINEMENT", [("T02", "bare")], "lab", "x"),
        ("[REFINEMENT on T03 — lab]\nx", "REFINEMENT", [("T03", "bare")], "lab", "x"),
        (
            "[REFINEMENT on T05 / former Macaron T01]\nx",
            "REFINEMENT",
            [("T05", "bare"), ("Macaron T01", "named_any")],
            "",
            "x",
        ),
        ("[REFINEMENT T03]\nx", "REFINEMENT", [("T03", "bare")], "", "x"),
        ("[REFINEMENT: T05 -- lab]\nx", "REFINEMENT", [("T05", "bare")], "T05 -- lab", "x"),
        ('[REFINEMENT: T05 from "a" to "b"]\nx', "REFINEMENT", [("T05", "bare")], 'T05 from "a" to "b"', "x"),
        ("[CONCESSION: T01]\nx", "CONCESSION", T01, "T01", "x"),
        ("[CONCESSION on T06]\nx", "CONCESSION", [("T06", "bare")], "", "x"),
        ("[CONCESSION on T01: lab]\nx", "CONCESSION", T01, "lab", "x"),
        ("[CONCESSION on T04 -- lab]\nx", "CONCESSION", [("T04", "bare")], "lab", "x"),
        ("[CONCESSION to Strudel on T01] He is right.", "CONCESSION", T01, "", "He is right."),
        ("[CONCESSION to MUFFIN R1-T01]\nx", "CONCESSION", [("MUFFIN R1-T01", "named_round")], "", "x"),
        ("[RESOLVED on T02]\nx", "RESOLVED", [("T02", "bare")], "", "x"),
        ("[RESOLVED on T02 — lab]\nx", "RESOLVED", [("T02", "bare")], "lab", "x"),
        ("[RESOLVED -- lab]\nx", "RESOLVED", [], "lab", "x"),
        ("- [RESOLVED T01]\nx", "RESOLVED", T01, "", "x"),
        ("[RESOLVED T05/T06: lab]\nx", "RESOLVED", [("T05", "bare"), ("T06", "bare")], "lab", "x"),
        ("[RESOLVED T1, T2]\nx", "RESOLVED", [("T1", "bare"), ("T2", "bare")], "", "x"),
        (
            "[RESOLVED: STRUDEL R1-T01 (words)]\nx",
            "RESOLVED",
            [("STRUDEL R1-T01", "named_round")],
            "STRUDEL R1-T01 (words)",
            "x",
        ),
        ("[RESOLVED T01: MACARON-T01 (words)]\nx", "RESOLVED", [("MACARON-T01", "named")], "MACARON-T01 (words)", "x"),
        ("[RESOLVED GALETTE R1-T01: lab]\nx", "RESOLVED", [("GALETTE R1-T01", "named_round")], "lab", "x"),
        (
            "[RESOLVED MUFFIN R1-T01, MACARON R1-T01, ECLAIR R1-T01]\nx",
            "RESOLVED",
            [("MUFFIN R1-T01", "named_round"), ("MACARON R1-T01", "named_round"), ("ECLAIR R1-T01", "named_round")],
            "",
            "x",
        ),
        ("[RESOLVED T01-T06: lab]\nx", "RESOLVED", [], "T01-T06: lab", "x"),
        ("[RESOLUTION T03: lab]\nx", "RESOLUTION", [("T03", "bare")], "lab", "x"),
        ("[ACKNOWLEDGED T09: lab]\nx", "ACKNOWLEDGED", [("T09", "bare")], "lab", "x"),
        ("**Move**: [ACCEPT] T03 closed.", "ACCEPT", [("T03", "bare")], "", "T03 closed."),
        ("**Move**: **[DEFER]** T09 later.", "DEFER", [("T09", "bare")], "", "T09 later."),
        ("[CONCEDE-WITH-SCOPE] T07 closed.", "CONCEDE-WITH-SCOPE", [("T07", "bare")], "", "T07 closed."),
        ("[CONFIRM P01: lab]\nx", "CONFIRM", [("P01", "bare")], "lab", "x"),
        ("[FINAL POSITION]\nx", "FINAL POSITION", [], "", "x"),
        ("[CONVERGENCE CONFIRMED]\nx", "CONVERGENCE CONFIRMED", [], "", "x"),
        ("[CONVERGENCE PROPOSAL: lab]\nx", "CONVERGENCE PROPOSAL", [], "lab", "x"),
    ],
)
def test_every_form_is_read(text: str, word: str, targets: list[tuple[str, str]], label: str, body: str) -> None:
    """Word, targets, label and words of each form that real dialogues use."""
    response = read(text)
    (note,) = response.annotations
    assert (note.word, note.known) == (word, True)
    assert forms(note.targets) == targets
    assert (note.label, note.body) == (label, body)
    assert codes(response) == []


def test_a_concession_to_somebody_tells_to_whom() -> None:
    """The name is no target: whose T01 it is remains open."""
    (note,) = read("[CONCESSION to Strudel on T01] He is right.").annotations
    assert note.addressee == "strudel"


@pytest.mark.parametrize(
    ("label", "targets"),
    [
        ("resolves T01/T03/T05", T01),
        ("T01/T03 are settled", [("T01", "bare"), ("T03", "bare")]),
        ("MUFFIN R1-T01 settles what ECLAIR-T02 asked and T03", [("MUFFIN R1-T01", "named_round")]),
        (
            "narrowing what MUFFIN R1-T01 and ECLAIR-T02 ask",
            [("MUFFIN R1-T01", "named_round"), ("ECLAIR-T02", "named")],
        ),
        ("Scone's T02 is met", [("Scone's T02", "named_any")]),
        ("Narrowing R1-T01", [("R1-T01", "own_round")]),
        ("a P1 incident in R2", []),
        ("RFC 0051, ADR-0014, CH0001-R05 and T4.1", []),
        ("nobody asked", []),
    ],
)
def test_ids_of_a_label_are_targets_by_rule(label: str, targets: list[tuple[str, str]]) -> None:
    """A list that opens the label, else all that tell their owner, else the first bare one; urgencies are none."""
    (note,) = read(f"[REFINEMENT: {label}]\nx").annotations
    assert forms(note.targets) == targets


def test_an_id_with_an_owner_beats_the_same_bare_one() -> None:
    """In the label it says whose the number of the head is; another number is another matter."""
    (same,) = read("[RESOLVED T05, T06: T05 is ECLAIR R1-T05]\nx").annotations
    assert forms(same.targets) == [("ECLAIR R1-T05", "named_round"), ("T06", "bare")]
    (other,) = read("[RESOLVED T05: see MUFFIN R1-T01]\nx").annotations
    assert forms(other.targets) == [("T05", "bare")]


def test_targets_are_typed() -> None:
    """Each form tells what it can and leaves the rest open."""
    (note,) = read(
        "[RESOLVED P0102, DONUT-R0003, @eclair, T07, STRUDEL-T01, Muffin's R1-T02, R0-T03, Scone's T04]"
    ).annotations
    assert [(t.form, t.kind, t.number, t.round, t.expert) for t in note.targets] == [
        ("global", "P", 2, 1, None),
        ("local", "R", 3, 0, "donut"),
        ("expert", None, None, None, "eclair"),
        ("bare", "T", 7, None, None),
        ("named", "T", 1, 0, "strudel"),
        ("named_round", "T", 2, 1, "muffin"),
        ("own_round", "T", 3, 0, "muffin"),
        ("named_any", "T", 4, None, "scone"),
    ]


def test_spans_of_targets_are_those_of_the_text() -> None:
    """Also behind wide characters."""
    text = "🧁 [RESOLVED: Sharpening CROISSANT R1-T01 — ça va]\nx"
    (note,) = read("🧁\n" + text[2:]).annotations
    whole = "🧁\n" + text[2:]
    assert [whole[target.span.start : target.span.end] for target in note.targets] == ["CROISSANT R1-T01"]


def test_ids_in_prose_are_mentions() -> None:
    """Only markers carry targets."""
    response = read("[REFINEMENT: words]\nThis settles T01, MUFFIN R1-T02 and P0001.")
    assert response.annotations[0].targets == ()


def test_an_annotation_stands_for_the_entity_above_in_its_section() -> None:
    """A rule ends the section; a heading does not."""
    response = read(
        "[CONCESSION: a]\nx\n[PERSPECTIVE P01: b]\ny\n[REFINEMENT: c]\nz\n\n---\n[REFINEMENT: d]\nw\n"
        "[PERSPECTIVE P02: e]\nv\n\n## More\n[RESOLVED T01: f]\nu"
    )
    assert [note.source for note in response.annotations] == [None, "MUFFIN-P0101", None, "MUFFIN-P0102"]


@pytest.mark.parametrize(
    ("text", "word", "label"),
    [
        ("[ANNEX X0001]", "ANNEX", "X0001"),
        ("[OPEN QUESTION: who pays?]", "OPEN QUESTION", "who pays?"),
        ("See [NOTE: later] for more.", "NOTE", "later"),
        ("[P01: a label]", "P01", "a label"),
        ("[FINAL ANSWER]", "FINAL ANSWER", ""),
    ],
)
def test_an_unknown_word_is_kept_told_and_ends_nothing(text: str, word: str, label: str) -> None:
    """The body that it stands in goes on behind it."""
    response = read(f"[MUFFIN-E0101: a]\nBefore.\n{text}\nAfter.")
    (note,) = response.annotations
    assert (note.word, note.known, note.label, note.source) == (word, False, label, "MUFFIN-E0101")
    assert response.entities[0].body == f"Before.\n{text}\nAfter."
    assert codes(response) == ["unknown_marker"]


@pytest.mark.parametrize(
    "text",
    [
        "[text](address) and [TEXT](address)",
        "[RFC]: https://example.org",
        "![ALT: picture](address)",
        "![ALT: picture]",
        "[API][1]",
        "- [ ] open\n- [x] done\n- [X] done",
        "[1] and [^1] and [12]",
        "See [API], [RFC 0053], [ADR-0014] and [E2E].",
        "`[WORD: x]` and ``a ` [WORD: x]``",
        "\\[WORD: x]",
        "Vec<T>[A] and arr[I: usize]",
        "[y/N] [VOT-002]",
        "[[wiki]]",
        "[]",
        "[ ]",
    ],
)
def test_ordinary_brackets_are_text(text: str) -> None:
    """Links, images, check boxes, footnotes, citations, code and types."""
    response = read(text)
    assert [prose.text for prose in response.prose] == [text]
    assert (response.annotations, response.diagnostics) == ((), ())


def test_a_marker_written_as_a_link_is_told() -> None:
    """A link is text, but a marker that became one is worth a word."""
    response = read("[RESOLVED T01](because of this)")
    assert response.annotations == ()
    assert codes(response) == ["marker_as_link"]
