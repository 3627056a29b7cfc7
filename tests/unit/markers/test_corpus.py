"""The real transcripts, read as they stand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hansard.markers import Response, lint, parse

from .samples import converges, forms, unaccounted

SHORT_NAMES = {"2026-02-06": "rfc-0058", "2026-03-12": "pm-sync"}

FORMS = {
    "[PERSPECTIVE P01: ..]": (58, 40),
    "[TENSION T01: ..]": (18, 14),
    "[REFINEMENT: ..]": (12, 9),
    "[REFINEMENT T01: ..]": (0, 3),
    "[CONCESSION: ..]": (12, 4),
    "[RESOLVED T01: ..]": (2, 9),
    "[RESOLVED T01]": (0, 2),
    "[RESOLVED: ..]": (2, 0),
    "[RESOLVED MUFFIN R1-T01]": (9, 0),
    "[ACKNOWLEDGED T01: ..]": (0, 5),
    "[RESOLUTION T01: ..]": (0, 2),
    "[ACCEPT]": (0, 1),
    "[CONCEDE-WITH-SCOPE]": (0, 1),
    "[DEFER]": (0, 1),
    "[MOVE:CONVERGE]": (6, 6),
}
"""The counts of the data's README: rfc-0058, pm-sync."""

PERSPECTIVES = {"rfc-0058": [20, 16, 12, 10], "pm-sync": [16, 24, 0]}
TENSIONS = {"rfc-0058": [10, 7, 1, 0], "pm-sync": [8, 6, 0]}
CONVERGE = {"rfc-0058": [0, 0, 0, 6], "pm-sync": [0, 0, 6]}

Transcripts = dict[tuple[str, int, str], tuple[str, Response]]


def form_of(marker: str) -> str:
    """The README's name for a marker as written."""
    if re.match(r"\[RESOLVED [A-Z]+ R\d-T\d\d", marker):
        return "[RESOLVED MUFFIN R1-T01]"
    if marker == "[MOVE:CONVERGE]":
        return marker
    return re.sub(r" ([PT])\d\d", r" \g<1>01", re.sub(r": .*\]", ": ..]", marker))


@pytest.fixture(scope="module")
def transcripts(shared_data: Path) -> Transcripts:
    """Every response by dialogue, round and expert: its text and its reading."""
    read: Transcripts = {}
    for path in sorted((shared_data / "dialogues").glob("*/round-*/*.md")):
        round_ = int(path.parent.name.removeprefix("round-"))
        text = path.read_bytes().decode("utf-8")
        read[SHORT_NAMES[path.parts[-3][:10]], round_, path.stem] = text, parse(text, path.stem, round_)
    assert len(read) == 52
    return read


def test_every_form_is_read_as_often_as_it_stands_there(transcripts: Transcripts) -> None:
    """The items of all readings, by the form in which they are written, give the README's table exactly."""
    counted: Counter[tuple[str, str]] = Counter()
    for (dialogue, _, _), (text, response) in transcripts.items():
        for item in (*response.entities, *response.moves, *response.annotations):
            counted[dialogue, form_of(text[item.span.start : item.span.end])] += 1
    expected = {
        (name, form): counts[place] for form, counts in FORMS.items() for place, name in enumerate(PERSPECTIVES)
    }
    assert counted == Counter({key: count for key, count in expected.items() if count})


@pytest.mark.parametrize("dialogue", ["rfc-0058", "pm-sync"])
def test_rounds_have_the_perspectives_tensions_and_convergence_of_the_table(
    transcripts: Transcripts, dialogue: str
) -> None:
    """Counts per round are those of "Judge-claimed versus parsed", and nothing else was found."""
    for round_, expected in enumerate(PERSPECTIVES[dialogue]):
        responses = [
            response for (name, number, _), (_, response) in transcripts.items() if (name, number) == (dialogue, round_)
        ]
        assert sum(len(response.of_kind("P")) for response in responses) == expected
        assert sum(len(response.of_kind("T")) for response in responses) == TENSIONS[dialogue][round_]
        assert sum(map(converges, responses)) == CONVERGE[dialogue][round_]
        assert not any(r.references or r.stances or r.verdicts or r.quotations for r in responses)


def test_nothing_is_left_to_tell_about_the_transcripts(transcripts: Transcripts) -> None:
    """No diagnostic: every bracket in capitals is known, every number is free, no marker is left open."""
    assert [response.diagnostics for _, response in transcripts.values() if response.diagnostics] == []


def test_every_word_is_somewhere(transcripts: Transcripts) -> None:
    """Bodies, markers and prose together hold the whole text of every response."""
    for text, response in transcripts.values():
        assert unaccounted(text, response) == []


def test_every_entity_has_its_words(transcripts: Transcripts) -> None:
    """Lint finds nothing to mend, so no body was lost on the way to the next marker."""
    for _, response in transcripts.values():
        assert lint(response) == ()


def test_targets_of_the_transcripts_are_read_in_their_forms(transcripts: Transcripts) -> None:
    """Of 74 annotations, 54 name something: by round, as round 0's, or by a bare number."""
    annotations = [(key, note) for key, (_, response) in transcripts.items() for note in response.annotations]
    found = Counter(form for _, note in annotations for _, form in forms(note.targets))
    assert len(annotations) == 74
    assert found == {"bare": 37, "named_round": 14, "named": 5}
    assert sum(1 for _, note in annotations if note.targets) == 54


def test_known_markers_of_the_transcripts_name_what_they_should(transcripts: Transcripts) -> None:
    """A list of three, an explicit id that beats a bare one, one in free words, one behind the bracket."""

    def targets(dialogue: str, round_: int, expert: str, line: int) -> list[tuple[str, str]]:
        response = transcripts[dialogue, round_, expert][1]
        return next(forms(note.targets) for note in response.annotations if note.line == line)

    assert targets("rfc-0058", 2, "cannoli", 7) == [
        ("MUFFIN R1-T01", "named_round"),
        ("MACARON R1-T01", "named_round"),
        ("ECLAIR R1-T01", "named_round"),
    ]
    assert targets("rfc-0058", 1, "macaron", 10) == [("MACARON-T01", "named")]
    assert targets("rfc-0058", 2, "strudel", 10) == [("STRUDEL R1-T01", "named_round")]
    assert targets("rfc-0058", 1, "strudel", 10) == [("STRUDEL-T01", "named")]
    assert targets("pm-sync", 1, "cupcake", 55) == [("T05", "bare")]
    assert targets("pm-sync", 2, "eclair", 16) == [("T03", "bare")]


def test_a_marker_under_its_argument_takes_the_argument(transcripts: Transcripts) -> None:
    """In the last round experts argue first and mark last: the prose under the heading is the marker's."""
    text, response = transcripts["pm-sync", 2, "croissant"]
    resolved = next(note for note in response.annotations if note.targets[0].text == "T07")
    assert resolved.body_span.end < resolved.span.start
    assert resolved.body == text[resolved.body_span.start : resolved.body_span.end]
    assert "\n##" not in resolved.body
    assert any(prose.text.endswith("(post-MVP, narrow read-back as bridge)") for prose in response.prose)
