"""The two real dialogues, read whole: counts, figures, links and claims as a reader finds them in the files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hansard.dialogue.answers import Head
from hansard.dialogue.model import Record
from hansard.exchange.adr import decision_record
from hansard.exchange.import_shapes import DialogueImported
from hansard.exchange.minutes import minutes
from hansard.markers import parse
from tests.support.replay import replay
from tests.unit.exchange.folders import Store, told

RFC: Final = "rfc-0058-supersession-hybrid-relational-dynamodb-architecture"
SYNC: Final = "pm-repo-sync-architecture"

RFC_LINKS: Final = """
round-1/cannoli.md:7   REFINEMENT  CANNOLI-T01      CANNOLI-T0001
round-1/croissant.md:10 REFINEMENT CROISSANT-T01    CROISSANT-T0001
round-1/macaron.md:7   REFINEMENT  MACARON-T01      MACARON-T0001
round-1/macaron.md:10  RESOLVED    MACARON-T01      MACARON-T0001
round-1/strudel.md:10  REFINEMENT  STRUDEL-T01      STRUDEL-T0001
round-2/cannoli.md:7   RESOLVED    MUFFIN_R1-T01    MUFFIN-T0101
round-2/cannoli.md:7   RESOLVED    MACARON_R1-T01   MACARON-T0101
round-2/cannoli.md:7   RESOLVED    ECLAIR_R1-T01    ECLAIR-T0101
round-2/croissant.md:7 REFINEMENT  CROISSANT_R1-T01 CROISSANT-T0101
round-2/croissant.md:10 RESOLVED   STRUDEL_R1-T01   STRUDEL-T0101
round-2/galette.md:13  RESOLVED    GALETTE_R1-T01   GALETTE-T0101
round-2/muffin.md:7    RESOLVED    MUFFIN_R1-T01    MUFFIN-T0101
round-2/muffin.md:10   REFINEMENT  ECLAIR_R1-T01    ECLAIR-T0101
round-2/strudel.md:10  RESOLVED    STRUDEL_R1-T01   STRUDEL-T0101
round-2/tartlet.md:10  RESOLVED    MACARON_R1-T01   MACARON-T0101
round-3/croissant.md:7 RESOLVED    STRUDEL_R2-T01   STRUDEL-T0201
round-3/galette.md:7   RESOLVED    GALETTE_R1-T01   GALETTE-T0101
round-3/muffin.md:7    RESOLVED    MUFFIN_R1-T01    MUFFIN-T0101
round-3/strudel.md:7   RESOLVED    T01              STRUDEL-T0201
round-3/tartlet.md:7   RESOLVED    TARTLET_R1-T01   TARTLET-T0101
"""
"""Every id in a marker of rfc-0058 (file:line, word, id, whose it is), found by reading the files."""

SYNC_LINKS: Final = """
round-1/brioche.md:9   REFINEMENT   T06 -
round-1/brioche.md:40  CONCESSION   T01 -
round-1/croissant.md:4 REFINEMENT   T05 -
round-1/croissant.md:7 CONCESSION   T01 -
round-1/croissant.md:13 RESOLVED    T05 -
round-1/cupcake.md:12  REFINEMENT   T01 -
round-1/cupcake.md:25  RESOLVED     T02 -
round-1/cupcake.md:55  REFINEMENT   T05 -
round-1/donut.md:10    REFINEMENT   T01 -
round-1/donut.md:13    REFINEMENT   T02 -
round-1/eclair.md:4    REFINEMENT   T01 -
round-1/eclair.md:16   CONCESSION   T07 CROISSANT-T0107
round-1/macaron.md:10  RESOLVED     T01 -
round-1/macaron.md:13  REFINEMENT   T05 -
round-1/muffin.md:10   REFINEMENT   T05 -
round-1/muffin.md:13   RESOLVED     T01 -
round-1/scone.md:14    REFINEMENT   T01 -
round-1/scone.md:67    REFINEMENT   T05 -
round-2/croissant.md:23 RESOLVED    T07 CROISSANT-T0107
round-2/croissant.md:33 RESOLVED    T03 -
round-2/croissant.md:41 ACKNOWLEDGED T09 DONUT-T0109
round-2/cupcake.md:19  RESOLUTION   T03 -
round-2/cupcake.md:35  RESOLUTION   T07 CROISSANT-T0107
round-2/cupcake.md:43  ACKNOWLEDGED T09 DONUT-T0109
round-2/eclair.md:16   ACCEPT       T03 -
round-2/eclair.md:36   CONCEDE-WITH-SCOPE T07 CROISSANT-T0107
round-2/eclair.md:49   DEFER        T09 DONUT-T0109
round-2/macaron.md:20  RESOLVED     T03 -
round-2/macaron.md:32  RESOLVED     T07 CROISSANT-T0107
round-2/macaron.md:40  ACKNOWLEDGED T09 DONUT-T0109
round-2/muffin.md:28   RESOLVED     T03 -
round-2/muffin.md:46   RESOLVED     T07 CROISSANT-T0107
round-2/muffin.md:56   ACKNOWLEDGED T09 DONUT-T0109
round-2/scone.md:40    RESOLVED     T03 -
round-2/scone.md:60    REFINEMENT   T07 CROISSANT-T0107
round-2/scone.md:72    ACKNOWLEDGED T09 DONUT-T0109
"""
"""The same for pm-sync, where T-numbers belong to the dialogue. A dash: round 0's (T01, T02, T05, T06), which no
marker after round 0 carries, or T03, which two carry."""


def folder(shared_data: Path, part: str) -> Path:
    """The folder of a real dialogue."""
    (found,) = (shared_data / "dialogues").glob(f"*Z-{part}")
    return found


def taken(store: Store, part: str) -> tuple[DialogueImported, Record]:
    """What the import of a real dialogue answered, and its record."""
    answer = store.answers[part]
    return answer, store.record(answer.dialogue_id)


def links(record: Record) -> list[str]:
    """Every id in an annotation and what it was linked to, in the form of the tables above."""
    local = {entity.id: entity.local_ids[0] for entity in record.entities}
    found = []
    for said in record.utterances:
        for entry in said.annotations or ():
            if entry["kind"] == "annotation" and "targets" in entry:
                for text, display in zip(entry["targets"], entry["linked"], strict=True):
                    place = f"round-{said.round}/{said.slug}.md:{entry['line']}"
                    known = "-" if display is None else local[display]
                    found.append(" ".join([place, entry["word"], text.replace(" ", "_"), known]))
    return found


def table(text: str) -> list[str]:
    """The lines of a table, spaces made even."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.parametrize(
    ("part", "figures"),
    [
        (RFC, [(10, 20, 30, 0), (16, 16, 32, 0), (14, 12, 26, 0), (12, 10, 22, 100)]),
        (SYNC, [(8, 16, 24, 0), (14, 24, 38, 0), (13, 0, 13, 100)]),
    ],
)
def test_figures_are_those_of_the_record(real_store: Store, part: str, figures: list[tuple[int, ...]]) -> None:
    """Open tensions, new perspectives, velocity and convergence of each round, computed from what was written."""
    answer, _ = taken(real_store, part)
    got = [(f.open_tensions, f.new_perspectives, f.velocity, f.converge_percent) for f in answer.figures]
    assert got == figures


def test_every_response_of_rfc_0058_is_read(real_store: Store, shared_data: Path) -> None:
    """30 responses of 12 experts in 4 rounds, 58 perspectives and 18 tensions; nothing unread, all ids linked."""
    answer, record = taken(real_store, RFC)
    assert (answer.rounds, answer.experts, answer.responses) == (4, 12, 30)
    assert (answer.entities["perspectives"], answer.entities["tensions"]) == (58, 18)
    assert [sum(u.round == n for u in record.utterances) for n in range(4)] == [10, 8, 6, 6]
    assert (answer.links, answer.unread_files) == ({"linked": 20, "unlinked": 0}, [])
    source = folder(shared_data, RFC)
    for said in record.utterances:
        assert said.raw == (source / f"round-{said.round}/{said.slug}.md").read_text()


def test_every_response_of_pm_sync_is_read(real_store: Store) -> None:
    """22 responses of 8 experts in 3 rounds, 40 perspectives and 14 tensions."""
    answer, record = taken(real_store, SYNC)
    assert (answer.rounds, answer.experts, answer.responses) == (3, 8, 22)
    assert (answer.entities["perspectives"], answer.entities["tensions"]) == (40, 14)
    assert [sum(u.round == n for u in record.utterances) for n in range(3)] == [8, 8, 6]
    assert (answer.links, answer.unread_files) == ({"linked": 13, "unlinked": 23}, [])


@pytest.mark.parametrize(("part", "golden"), [(RFC, RFC_LINKS), (SYNC, SYNC_LINKS)])
def test_every_link_is_the_one_a_reader_makes(real_store: Store, part: str, golden: str) -> None:
    """Ids in markers lead where a person who read the files says they lead, and nowhere else."""
    _, record = taken(real_store, part)
    assert links(record) == table(golden)


@pytest.mark.parametrize("part", [RFC, SYNC])
def test_marker_counts_are_those_of_the_readme(real_store: Store, part: str) -> None:
    """Refinements, concessions, resolutions and the rest, as counted in the data's own README."""
    _, record = taken(real_store, part)
    words: dict[str, int] = {}
    for said in record.utterances:
        for entry in said.annotations or ():
            if entry["kind"] == "annotation":
                words[entry["word"]] = words.get(entry["word"], 0) + 1
    converge = sum(move.move_type == "converge" for move in record.moves)
    if part == RFC:
        assert words == {"REFINEMENT": 12, "CONCESSION": 12, "RESOLVED": 13}
    else:
        counted = {"REFINEMENT": 12, "CONCESSION": 4, "RESOLVED": 11, "ACKNOWLEDGED": 5, "RESOLUTION": 2}
        assert words == counted | {"ACCEPT": 1, "CONCEDE-WITH-SCOPE": 1, "DEFER": 1}
    assert converge == 6


@pytest.mark.parametrize("part", [RFC, SYNC])
def test_content_is_the_words_under_the_marker(real_store: Store, part: str) -> None:
    """Each entity's span points at its own words in its expert's response."""
    _, record = taken(real_store, part)
    raw = {(said.round, said.slug): said.raw or "" for said in record.utterances}
    spans = {
        entry["local_id"]: (said, entry)
        for said in record.utterances
        for entry in said.annotations or ()
        if entry["kind"] == "span"
    }
    assert len(spans) == len(record.entities)
    for entity in record.entities:
        said, entry = spans[entity.local_ids[0]]
        assert raw[said.round, said.slug][entry["start"] : entry["end"]] == entity.content
        line = (said.raw or "").splitlines()[entry["line"] - 1]
        assert entity.label in line


def test_lives_of_tensions_in_rfc_0058(real_store: Store) -> None:
    """Only an author resolves; others address; what is settled gets comments."""
    _, record = taken(real_store, RFC)
    local = {entity.key: entity.local_ids[0] for entity in record.entities}
    steps = {
        name: [(e.event_round, e.type, e.actors[0]) for e in record.events if local[e.key] == name][1:]
        for name in ("MUFFIN-T0101", "STRUDEL-T0201", "ECLAIR-T0101", "SCONE-T0001")
    }
    assert steps == {
        "MUFFIN-T0101": [(2, "addressed", "cannoli"), (2, "resolved", "muffin"), (3, "commented", "muffin")],
        "STRUDEL-T0201": [(3, "addressed", "croissant"), (3, "resolved", "strudel")],
        "ECLAIR-T0101": [(2, "addressed", "cannoli"), (2, "commented", "muffin")],
        "SCONE-T0001": [],
    }


def test_the_verdict_of_rfc_0058_is_recorded_beside_its_gate(real_store: Store) -> None:
    """The judge's NO stands as written; the gate says that twelve tensions were open."""
    answer, record = taken(real_store, RFC)
    (verdict,) = record.verdicts
    assert (verdict.verdict_id, verdict.verdict_type, verdict.round) == ("final", "final", 3)
    assert verdict.recommendation.startswith("NO.\n\nRFC 0058 should NOT be superseded by a hybrid architecture.")
    assert verdict.gate is not None
    assert (verdict.gate["met"], verdict.gate["reasons"]) == (False, ["open_tensions"])
    assert len(verdict.gate["open_tensions"]) == 12
    assert verdict.tensions_resolved == []
    assert told(answer, "verdict_without_marker")[0][:2] == ("verdict.md", 27)
    assert verdict.description.startswith("## Converged Decisions")
    assert "- **Exit gate:** Dual-implementation CI passes" in verdict.description
    assert verdict.description.endswith("🧁🧁🧁💙🧁🧁🧁")
    assert record.dialogue.status == "converged"


def test_what_the_judge_claims_stands_beside_what_was_computed(real_store: Store) -> None:
    """83 % where no marker stood, no new perspectives where ten were written: each told with its line."""
    answer, _ = taken(real_store, RFC)
    differing = {
        (claim.round, claim.item): (claim.claimed, claim.computed, claim.source)
        for claim in answer.claims_compared
        if claim.differs and claim.subject == "round"
    }
    assert differing[2, "converge_percent"] == ("83", "0", "scoreboard.md:26")
    assert differing[3, "new_perspectives"] == ("0", "10", "scoreboard.md:27")
    assert differing[1, "open_tensions"] == ("7", "16", "scoreboard.md:25")
    assert (0, "velocity") not in differing
    spoken = [(c.item, c.claimed, c.source) for c in answer.claims_compared if c.subject == "dialogue"]
    assert ("agreed", "6/6", "scoreboard.md:31") in spoken
    assert ("tensions_resolved", "17/17", "verdict.md:17") in spoken


def test_the_clerk_speaks_of_the_plainest_claims_of_rfc_0058(real_store: Store) -> None:
    """17 of 17 tensions, twelve of twelve experts: minutes and decision record say what the record shows of them."""
    _, record = taken(real_store, RFC)
    head = Head(stream="dialogue:d", sequence=1, hash="0" * 64)
    text, decided = minutes(record, head, "0" * 64), decision_record(record, head, "0" * 64)
    resolved = "The Judge states that 17 of 17 tensions are resolved (`verdict.md:17`). The record shows 6 of 18"
    agreed = (
        "The Judge states that 12 of 12 experts agreed (`verdict.md:37`). The record shows 6 of 6 members in agreement"
    )
    assert resolved in text
    assert resolved in decided
    assert agreed in text
    assert agreed in decided
    assert "Brioche, Cupcake, Donut, Eclair, Macaron and Scone did not sit in it" in text
    assert "6/6" not in text.partition("The Clerk")[2].partition("## Tensions")[0]
    assert "open; called “Resolved: cost is negligible at current scale” by the Judge (`T0005`)" in decided
    assert all("Read from `verdict.md:27` on; the report" in page for page in (text, decided))


def test_statuses_that_the_judge_gave_stay_claims(real_store: Store) -> None:
    """A row of tensions.md leads to its tension where that can be told, and changes nothing there."""
    answer, _ = taken(real_store, SYNC)
    rows = {claim.subject: claim for claim in answer.claims_compared if claim.item == "status"}
    assert len(rows) == 9
    assert (rows["T09"].id, rows["T09"].computed, rows["T09"].differs) == ("T0103", "open", False)
    assert {row: rows[row].id for row in ("T01", "T04", "T07", "T08")} == dict.fromkeys(("T01", "T04", "T07", "T08"))


def test_a_row_that_was_raised_in_another_round_says_nothing_of_a_marker_with_its_number(real_store: Store) -> None:
    """Rows 4, 7 and 8 were raised in round 0 and only markers of round 1 carry their numbers: told, and not linked."""
    answer, _ = taken(real_store, SYNC)
    assert [(file, line) for file, line, _ in told(answer, "row_unlinked")] == [
        ("tensions.md", 8),
        ("tensions.md", 11),
        ("tensions.md", 12),
    ]


def test_scores_that_do_not_add_up_are_told_with_file_and_line(real_store: Store) -> None:
    """In rfc-0058 the experts' scores miss the round's in every round; in pm-sync they agree."""
    answer, record = taken(real_store, RFC)
    lines = [(file, line) for file, line, _ in told(answer, "scores_differ")]
    assert lines == [("scoreboard.md", 24), ("scoreboard.md", 25), ("scoreboard.md", 26), ("scoreboard.md", 27)]
    assert [round_.score for round_ in record.rounds] == [125, 110, 105, 75]
    other, _ = taken(real_store, SYNC)
    assert told(other, "scores_differ") == []


def test_roles_are_found_where_they_stand(real_store: Store) -> None:
    """Panel first, then scoreboard, then headings; who is named nowhere is unknown, and a change is told."""
    answer, record = taken(real_store, RFC)
    roles = {expert.slug: expert.role for expert in record.experts}
    assert roles["scone"] == "Platform Engineer (Local-Prod Parity)"
    assert roles["tartlet"] == "Data Migration & Zero-Downtime Specialist"
    changed = [(file, words.split("'")[1]) for file, _, words in told(answer, "role_changed")]
    assert changed == [("round-2/panel.json", "tartlet"), ("round-3/panel.json", "tartlet")]
    other, record = taken(real_store, SYNC)
    roles = {expert.slug: expert.role for expert in record.experts}
    assert roles["muffin"] == "Data Modeling Specialist (YAML schemas, document formats)"
    assert [slug for slug, role in roles.items() if role == "unknown"] == ["brioche", "cupcake", "donut"]
    assert len(told(other, "role_unknown")) == 3


def test_restated_tensions_of_pm_sync_are_told(real_store: Store) -> None:
    """T03 was written by two experts in round 1: two entities, linked by a diagnostic."""
    answer, _ = taken(real_store, SYNC)
    places = [(file, line) for file, line, _ in told(answer, "restated")]
    assert places == [("round-1/macaron.md", 16), ("round-1/scone.md", 39)]


def test_a_replay_of_the_journal_gives_equal_tables(real_store: Store, tmp_path: Path) -> None:
    """The journalled requests, run again on an empty store, lead to the same rows, journal and texts."""
    assert replay(real_store.file, tmp_path / "again.db", home=real_store.home) == []


def test_a_map_reaches_round_0(store: Store, shared_data: Path, tmp_path: Path) -> None:
    """With a map of the eight rows every id is linked, and the authors of round 0 resolve their own."""
    rows = {"T01": "SCONE", "T02": "MUFFIN", "T03": "CUPCAKE", "T05": "MACARON", "T06": "BRIOCHE", "T07": "CROISSANT"}
    words = ", ".join(f'"{row}": "{name}-T0001"' for row, name in rows.items())
    map_file = tmp_path / "rows.json"
    map_file.write_text("{" + words + "}")
    answer = store.take(folder(shared_data, SYNC), map=str(map_file))
    assert answer.links == {"linked": 36, "unlinked": 0}
    record = store.record(answer.dialogue_id)
    status = {entity.local_ids[0]: entity.status for entity in record.entities if entity.kind == "T"}
    assert status["CUPCAKE-T0001"] == "resolved"
    assert status["SCONE-T0001"] == "addressed"
    assert status["CROISSANT-T0001"] == "resolved"
    assert status["CROISSANT-T0107"] == "open"
    assert store.refused(folder(shared_data, SYNC)).code == "import_changed"


def test_the_reader_finds_what_the_record_holds(real_store: Store) -> None:
    """Entities of the record are the reader's, response by response, in the order of appearance."""
    for part in (RFC, SYNC):
        _, record = taken(real_store, part)
        for said in record.utterances:
            read = parse(said.raw or "", said.slug, said.round)
            recorded = [
                entity.local_ids[0]
                for entity in record.entities
                if entity.round == said.round and entity.contributors == [said.slug]
            ]
            assert sorted(recorded) == sorted(entity.local_id for entity in read.entities)
