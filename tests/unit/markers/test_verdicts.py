"""Verdicts and dissent, and the fields in their bodies."""

from __future__ import annotations

import pytest

from hansard.markers import VerdictNote, parse

from .samples import codes, read, unaccounted

FINAL = """\
# Verdict

[VERDICT:FINAL]

**Recommendation:** Keep one primary
and stripe the hot rows.

The panel weighed both ways for three rounds. Cost was never the point;
time to restore was.

**Vote:** 5-1
**Confidence**: strong
**Tensions resolved:** T0001, T0003
**Tensions accepted:** T0002 (its price is known), T0101
**Recommendations adopted:** R0001 and R0101
**Key evidence:** E0001, MUFFIN-E0101
__Key claims:__ C0101

**Conditions:**
- restores take less than fifteen minutes,
  measured at full size
- revisit by 2027-03-01

**Reading of the room:** tired

A last word.
"""


def verdict(text: str, expert: str = "judge") -> VerdictNote:
    """The one verdict of a text."""
    (note,) = parse(text, expert, 2).verdicts
    return note


def test_the_fields_of_a_final_verdict_are_read() -> None:
    """Each by its name, taken apart as its kind asks for."""
    note = verdict(FINAL)
    fields = {name: field.items for name, field in note.fields.items()}
    assert note.kind == "final"
    assert fields == {
        "recommendation": ("Keep one primary and stripe the hot rows.",),
        "vote": ("5-1",),
        "confidence": ("strong",),
        "tensions_resolved": ("T0001", "T0003"),
        "tensions_accepted": ("T0002", "T0101"),
        "recommendations_adopted": ("R0001", "R0101"),
        "key_evidence": ("E0001", "MUFFIN-E0101"),
        "key_claims": ("C0101",),
        "conditions": ("restores take less than fifteen minutes, measured at full size", "revisit by 2027-03-01"),
        "reading_of_the_room": ("tired",),
    }
    assert note.fields["tensions_accepted"].text == "T0002 (its price is known), T0101"
    assert note.fields["reading_of_the_room"].written == "Reading of the room"


def test_what_is_in_no_field_is_the_description() -> None:
    """Paragraphs keep their lines and their order."""
    assert verdict(FINAL).description == (
        "The panel weighed both ways for three rounds. Cost was never the point;\ntime to restore was.\n\nA last word."
    )


def test_targets_and_spans_of_fields_lead_to_the_text() -> None:
    """A field's ids are where they were written."""
    note = verdict(FINAL)
    field = note.fields["key_evidence"]
    assert [FINAL[target.span.start : target.span.end] for target in field.targets] == ["E0001", "MUFFIN-E0101"]
    assert FINAL[field.span.start : field.span.end] == "**Key evidence:** E0001, MUFFIN-E0101"


@pytest.mark.parametrize(
    "line",
    [
        "**Vote:** 5-1",
        "**Vote**: 5-1",
        "__Vote__: 5-1",
        "**Vote: 5-1**",
        "Vote: 5-1",
        "vote: 5-1",
        "VOTE: 5-1",
        "- **Vote:** 5-1",
        "- Vote: 5-1",
        "* __VOTE:__ 5-1",
        "  **Vote:**   5-1  ",
        "**Vote:**\n5-1",
    ],
)
def test_a_known_field_is_read_however_it_is_written(line: str) -> None:
    """Bold or not, colon inside or outside, any case, as a bullet, with the value on the next line."""
    note = verdict(f"[VERDICT:INTERIM]\n{line}\n\nWords.")
    assert (note.kind, note.fields["vote"].text, note.description) == ("interim", "5-1", "Words.")


@pytest.mark.parametrize(
    "line",
    ["However: this is prose.", "- **Cost:** high", "See https://example.org", "12:30 is noon", "**Bold: words**"],
)
def test_other_words_with_a_colon_are_prose(line: str) -> None:
    """Only bold that opens its line makes an unknown name a field."""
    note = verdict(f"[VERDICT:FINAL]\n{line}")
    assert (note.fields, note.description) == ({}, line)


def test_conditions_may_stand_in_one_line() -> None:
    """Semicolons divide them."""
    assert verdict("[VERDICT:FINAL]\n**Conditions:** one; two, too").fields["conditions"].items == ("one", "two, too")


def test_a_list_of_conditions_keeps_what_looks_like_a_field() -> None:
    """A bullet in an open list is an item, unless it is a known field in bold."""
    note = verdict(
        "[VERDICT:FINAL]\n**Conditions:**\n\n1. Vote: again in May\n2. **Drill:** monthly\n- **Vote:** 5-1\n"
    )
    assert note.fields["conditions"].items == ("Vote: again in May", "**Drill:** monthly")
    assert note.fields["vote"].text == "5-1"


def test_a_list_ends_with_the_paragraph_behind_it() -> None:
    """Or with a heading."""
    note = verdict("[VERDICT:FINAL]\n**Conditions:**\n- one\n\n- two\n\nProse.\n\nConditions:\n# Heading\n- three")
    assert note.fields["conditions"].items == ("one", "two")
    assert note.description == "Prose.\n\n# Heading\n- three"


def test_supporting_experts_are_slugs() -> None:
    """Names, ats, brackets and ``and``; a list that goes on over the line."""
    note = verdict(
        "[MINORITY VERDICT: a]\n**Supporting experts:** Churro (risk), @eclair,\nPastry-21 and scone\n", "churro"
    )
    assert note.fields["supporting_experts"].items == ("churro", "eclair", "pastry-21", "scone")


def test_a_minority_verdict_says_what_would_change_it() -> None:
    """All spellings of that field have one name."""
    for written in ("What would change it", "What would change our minds", "What would change my mind"):
        note = verdict(
            f"[MINORITY VERDICT: Wait]\nWe would wait.\n\n**{written}:** A drill\nthat ends in time.", "muffin"
        )
        assert (note.kind, note.label) == ("minority", "Wait")
        assert note.fields["what_would_change"].text == "A drill that ends in time."
        assert note.description == "We would wait."


@pytest.mark.parametrize(
    ("marker", "kind", "label"),
    [
        ("[DISSENT]", "dissent", ""),
        ("[DISSENT: Not yet]", "dissent", "Not yet"),
        ("[DISSENT on R0001]", "dissent", "on R0001"),
        ("**[MINORITY VERDICT: Wait]**", "minority", "Wait"),
        ("[MINORITY VERDICT]", "minority", ""),
        ("[VERDICT:INTERIM]", "interim", ""),
        ("[VERDICT: FINAL -- stripe it]", "final", "stripe it"),
    ],
)
def test_every_kind_is_read(marker: str, kind: str, label: str) -> None:
    """With its label and its words."""
    note = verdict(f"{marker}\nwords")
    assert (note.kind, note.label, note.body, note.description) == (kind, label, "words", "words")


@pytest.mark.parametrize("marker", ["[VERDICT]", "[VERDICT:PARTIAL]", "[MINORITY REPORT]"])
def test_an_unknown_kind_is_kept_as_an_annotation(marker: str) -> None:
    """And told."""
    response = read(f"{marker}\nwords")
    assert [(note.known, note.body) for note in response.annotations] == [(False, "words")]
    assert codes(response) == ["unknown_verdict"]


def test_a_field_told_twice_holds_both_values() -> None:
    """Nothing is lost."""
    note = verdict("[VERDICT:FINAL]\n**Key evidence:** E0001\n\n**Key evidence:** E0002")
    assert note.fields["key_evidence"].items == ("E0001", "E0002")


def test_fields_in_code_are_no_fields() -> None:
    """A fence is part of the description."""
    text = "[VERDICT:FINAL]\n```\n**Vote:** 5-1\n```"
    note = verdict(text)
    assert note.fields == {}
    assert note.description == "```\n**Vote:** 5-1\n```"


def test_line_ends_of_other_systems_do_not_reach_the_values() -> None:
    """With CR LF the fields and their spans are the same."""
    text = FINAL.replace("\n", "\r\n")
    note, plain = verdict(text), verdict(FINAL)
    assert {name: (field.text, field.items) for name, field in note.fields.items()} == {
        name: (field.text, field.items) for name, field in plain.fields.items()
    }
    assert note.description == plain.description
    assert unaccounted(text, parse(text, "judge", 2)) == []
