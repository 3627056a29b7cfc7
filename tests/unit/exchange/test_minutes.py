"""Minutes and report: what a reader finds in them, and what nobody can forge in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hansard.dialogue import model, rules
from hansard.dialogue.answers import Head
from hansard.dialogue.names import names_of
from hansard.exchange.minutes import minutes
from hansard.exchange.report import report
from hansard.exchange.warnings import warnings_of
from hansard.exchange.wording import counted, day, listed, moment_of, number, percent
from hansard.kernel.ids import shown_name
from tests.unit.dialogue.kit import Room, entity, everybody
from tests.unit.exchange.folders import STAMPED, Store, write
from tests.unit.exchange.recorded import DONUT_0, ID, LONG, MUFFIN_0, Held
from tests.unit.exchange.records import records
from tests.unit.exchange.test_markdown import FRAGMENTS

READER = MarkdownIt("commonmark").enable("table")
HEAD = Head(stream="dialogue:d", sequence=7, hash="ab" * 32)
EXAMPLE = "ledger-write-path"


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """A store with the shipped example in it."""
    from importlib import resources

    from hansard.exchange.import_shapes import DialogueImport
    from tests.unit.exchange.recorded import CALL

    store = Held(tmp_path_factory.mktemp("example"))
    folder = next(Path(str(resources.files("hansard.examples"))).glob(f"*-{EXAMPLE}"))
    store.exchange.dialogue_import(DialogueImport(path=str(folder)), CALL)
    yield store
    store.close()


def headings(markdown: str) -> list[tuple[int, str]]:
    """Level and words of every heading, anchors left out."""
    tokens = READER.parse(markdown)
    return [
        (int(token.tag[1]), re.sub(r"<a id=\"\w+\"></a>", "", tokens[index + 1].content))
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def section(markdown: str, title: str) -> str:
    """The text under a heading of the second level."""
    parts = re.split(r"^## ", markdown, flags=re.MULTILINE)
    return next(part for part in parts if re.sub(r"<a id=\"\w+\"></a>", "", part).startswith(title))


def test_the_verdict_comes_first_and_dissent_beside_it(example: Held) -> None:
    """Verdict, then minority at the same level, then where members stood, then the Clerk; the rest after them."""
    titles = headings(example.minutes(EXAMPLE))
    assert titles[0] == (1, "Minutes: Ledger write path: one PostgreSQL primary or a partitioned event log")
    assert titles[1:6] == [
        (2, "Verdict"),
        (2, "Minority verdict: Scone"),
        (2, "Where the members stood"),
        (2, "The Clerk’s note"),
        (2, "Recommendations adopted"),
    ]
    assert titles[-1] == (2, "Colophon")
    assert [title for level, title in titles if level == 2 and title.startswith("Round")] == [
        "Round 0: opening positions",
        "Round 1: measurements",
        "Round 2: closing",
    ]


def test_the_opening_tells_question_date_panel_and_roles(example: Held) -> None:
    """Above the verdict stand what was asked, when, by whom."""
    opening = example.minutes(EXAMPLE).partition("## Verdict")[0]
    assert "> Should the payments ledger move its write path" in opening
    assert "14 September 2026 · three rounds · seven experts · ALIGNMENT 359 · " in opening
    assert "· **called converged by the Judge; the convergence gate was not met**" in opening
    assert "**Croissant** (Recovery Drill Engineer, round 2)" in opening
    assert "**Scone** (PostgreSQL Reliability Engineer)" in opening


def test_the_clerk_corrects_the_judge_in_plain_sentences(example: Held) -> None:
    """Every overclaim is told with its place, its correction and the names of those it passed over."""
    note = section(example.minutes(EXAMPLE), "The Clerk’s note")
    assert (
        "The Judge recorded 100 % convergence in round 2 (`scoreboard.md:9`). The record shows 4 of 6 members in "
        "agreement (66 %); Donut and Scone are not among them." in note
    )
    assert "The Judge recorded no open tensions after round 2" in note
    assert "[T0005](#t0005) (reopened)" in note
    assert "The verdict states a vote of 6-0 and unanimity." in note
    assert "The record shows it reopened in round 2 by Croissant, and nobody has resolved it since." in note
    assert (
        "| 2 | 120 | **6** (stated: 0) | **5** (stated: 0) | **11** (stated: 0) | **4 of 6 (66 %)** (stated: 100 %) |"
        in note
    )


def test_a_judge_whose_figures_hold_is_told_so(held: Held) -> None:
    """Where nothing differs the note says that, and stays short."""
    record = held.dialogues.record(ID)
    honest = msgspec.structs.replace(record, judge_claims=[], verdicts=[])
    text = minutes(honest, HEAD, "0" * 64)
    assert "The Judge stated no figures of their own" in section(text, "The Clerk’s note")
    right = [claim for claim in record.judge_claims if claim.item == "open_tensions"]
    text = minutes(msgspec.structs.replace(honest, judge_claims=right), HEAD, "0" * 64)
    assert "The Judge’s figures agree with the record." in section(text, "The Clerk’s note")


def test_the_gate_is_told_with_its_reasons(example: Held, held: Held) -> None:
    """Met or not, forced or recorded: the verdict says so, and which tensions were open."""
    verdict = section(example.minutes(EXAMPLE), "Verdict")
    assert "**The convergence gate was not met:** five tensions were not settled ([T0004](#t0004)" in verdict
    assert "Five new perspectives came up in the last round." in verdict
    assert "An imported verdict is recorded as it was given." in verdict
    assert "**The convergence gate was met.**" in section(held.minutes(), "Verdict")


def test_what_would_change_the_minority_s_mind_is_told(example: Held) -> None:
    """A minority verdict tells who holds it, what it recommends, its conditions and what would change it."""
    minority = section(example.minutes(EXAMPLE), "Minority verdict")
    assert "Given by Scone with Donut after round 2." in minority
    assert "> **Build stages one and two" in minority
    assert "- T0005 stays reopened" in minority
    assert "**What would change their minds**" in minority
    assert "> A measured peak above 4,500 transfers a second" in minority


def test_tensions_have_lifelines(example: Held) -> None:
    """Each tension tells who raised it, every step with actor, round and citation, and how it stands now."""
    text = section(example.minutes(EXAMPLE), "Tensions")
    reopened = text[text.index("T0005 ·") : text.index("T0006 ·")]
    assert "— reopened" in reopened
    steps = [line for line in reopened.splitlines() if line.startswith("- ")]
    assert steps[0] == "- Round 0: **raised** by Eclair"
    assert steps[1].startswith("- Round 1: **resolved** by Eclair through [P0104](#p0104): The tension was mine")
    assert steps[2].startswith("- Round 2: **reopened** by Croissant through [P0201](#p0201): It was resolved on")
    assert steps[3] == "- Round 2: called resolved by the Judge in verdict `final`"
    assert "T0003 · Across two partitions a transfer is two writes — addressed, accepted by the verdict" in text
    assert "three of them are resolved" in text
    assert text.count("A step in bold set the status of its tension; the others set none.") == 1


def test_minds_that_changed_are_listed(example: Held) -> None:
    """Refinements lead from the old position to the new; concessions name what was conceded."""
    text = section(example.minutes(EXAMPLE), "Minds that changed")
    assert "Muffin **refined** [P0007](#p0007) The primary ends in November 2027 into [P0106](#p0106)" in text
    assert "Muffin **amended** [R0003](#r0003)" in text
    assert "Muffin **conceded** [P0108](#p0108): E0103 settles it." in text


def test_every_citation_leads_to_a_place(example: Held, held: Held, real_store: Store) -> None:
    """Each link inside the minutes has its anchor, each entity exactly one, and no other link exists."""
    pages = [(example.minutes(EXAMPLE), example.dialogues.record(EXAMPLE)), (held.minutes(), held.dialogues.record(ID))]
    for name in real_store.answers:
        record = real_store.dialogues.record(name)
        pages.append((minutes(record, HEAD, "0" * 64), record))
    for text, record in pages:
        anchors = re.findall(r'<a id="([\w-]+)"></a>', text)
        assert len(anchors) == len(set(anchors))
        assert {entity.id.lower() for entity in record.entities} | {"clerk"} == set(anchors)
        links = [
            str(child.attrs["href"])
            for token in READER.parse(text)
            for child in token.children or ()
            if child.type == "link_open"
        ]
        assert links
        assert {link.removeprefix("#") for link in links} <= set(anchors)


def test_a_panel_that_lost_members_says_so_above_its_verdict(held: Held) -> None:
    """Who is missing, in which round, and how many were heard; an abstention with its cause."""
    record = held.dialogues.record(ID)
    abstained = model.Stance(
        dialogue_id=ID, round=2, expert_slug="donut", stance="ABSTAIN", cause="outage", created_at="2026-03-01"
    )
    text = minutes(msgspec.structs.replace(record, stances=[abstained]), HEAD, "0" * 64)
    above = text.partition("## Verdict")[0]
    assert (
        "> **The panel of round 1 was not complete.** No words of Eclair are kept; 2 of 3 members were heard." in above
    )
    assert "> **Donut abstained in round 2**: outage." in above


def test_minutes_without_a_verdict_say_what_stands_in_its_way(held: Held) -> None:
    """An open dialogue has minutes too."""
    record = msgspec.structs.replace(held.dialogues.record(ID), verdicts=[])
    text = section(minutes(record, HEAD, "0" * 64), "No verdict yet")
    assert "A final verdict waits: two tensions were not settled ([T0001](#t0001), [T0002](#t0002))" in text
    none = msgspec.structs.replace(
        record, rounds=[], utterances=[], entities=[], events=[], refs=[], moves=[], stances=[]
    )
    assert "No round has been registered." in minutes(none, HEAD, "0" * 64)


def test_a_forced_verdict_shows_its_reason(held: Held) -> None:
    """Whoever concluded against the gate is quoted with the reason."""
    record = held.dialogues.record(ID)
    forced = [
        msgspec.structs.replace(
            v,
            force_reason="The town votes on Monday.",
            gate={**v.gate, "met": False, "reasons": ["not_agreed"], "share": 0.6667, "not_agreed": ["eclair"]},
        )
        if v.gate
        else v
        for v in record.verdicts
    ]
    text = section(minutes(msgspec.structs.replace(record, verdicts=forced), HEAD, "0" * 64), "Verdict")
    assert "66 % of the panel agreed or had its dissent recorded, and 100 % are needed (Eclair did not agree)" in text
    assert "> The town votes on Monday." in text


def test_the_colophon_tells_how_to_check(held: Held) -> None:
    """Dialogue, stream, head and digest stand at the end, as the store and the export have them."""
    text = section(held.minutes(), "Colophon")
    head = held.dialogues.head(ID)
    assert f"- Stream `dialogue:{ID}`, entry {head.sequence}, hash `{head.hash}`" in text
    assert f"- Digest of the export `{held.document()['digest']}`" in text
    assert f"`hansard verify {ID}`" in text
    assert (
        "eight responses, four perspectives, one recommendation, two tensions, two pieces of evidence and one claim"
        in text
    )


def test_minutes_and_report_are_the_same_each_time(held: Held) -> None:
    """No time of day, no order of chance."""
    record = held.dialogues.record(ID)
    again = msgspec.json.decode(msgspec.json.encode(record), type=model.Record)
    assert minutes(record, HEAD, "0" * 64) == minutes(again, HEAD, "0" * 64)
    assert report(record, HEAD, "0" * 64) == report(again, HEAD, "0" * 64)


def test_long_statements_are_cut_and_marked(held: Held) -> None:
    """A statement of 1,840 characters is cut; adopted recommendations never are."""
    text = held.minutes()
    assert LONG.strip() not in text
    assert "The ferry carried 4,100 cars on its best day. …" in text


FORGERY = '\n# FORGED\n\n<a id="p0001"></a><script>x</script> [P0001](http://evil) ![i](x)\n\n## Verdict\n---\n'


def poisoned(record: model.Record, words: str) -> model.Record:
    """The record with words added to every text that a person may have written."""

    def spoil(value: Any) -> Any:
        fields = {
            "label", "content", "raw", "summary", "title", "reason", "disposition", "context", "topic", "condition",
            "recommendation", "description", "what_would_change", "vote", "role", "creation_reason", "claimed",
            "source", "question", "force_reason",
        }  # fmt: skip
        changes = {
            name: getattr(value, name) + words
            for name in value.__struct_fields__
            if name in fields
            and isinstance(getattr(value, name), str)
            and not (name == "source" and not isinstance(value, model.JudgeClaim))
        }
        for name in ("conditions", "supporting_experts"):
            if name in value.__struct_fields__ and name == "conditions":
                changes[name] = [text + words for text in getattr(value, name)]
        if isinstance(value, model.Entity) and value.parameters:
            changes["parameters"] = {key + words: str(inner) + words for key, inner in value.parameters.items()}
        return msgspec.structs.replace(value, **changes)

    return msgspec.structs.replace(
        record,
        **{
            name: [spoil(row) for row in getattr(record, name)] if name != "dialogue" else spoil(record.dialogue)
            for name in record.__struct_fields__
        },
    )


def shape(markdown: str) -> list[tuple[int, str]]:
    """Headings by level and first word, all that nobody but us may bring into the document."""
    return [(level, re.split(r"[ :·,]", title)[0]) for level, title in headings(markdown)]


@pytest.mark.parametrize("printed", [minutes, report])
def test_words_of_others_forge_nothing(held: Held, printed: Any) -> None:
    """Headings, anchors, links and tags are the same whatever experts and judges write into any field."""
    record = held.dialogues.record(ID)
    honest, forged = printed(record, HEAD, "0" * 64), printed(poisoned(record, FORGERY), HEAD, "0" * 64)
    assert shape(forged) == shape(honest)
    for text in (honest, forged):
        for token in READER.parse(text):
            assert token.type not in ("html_block", "hr")
            for child in token.children or ():
                assert child.type != "image"
                if child.type == "html_inline":
                    assert re.fullmatch(r'<a id="(clerk|[prtec]\d{4})">|</a>', child.content)
                if child.type == "link_open":
                    assert re.fullmatch(r"#(clerk|[prtec]\d{4})", str(child.attrs["href"]))
    found = re.findall(r'<a id="[\w-]+"></a>', forged)
    if printed is minutes:
        assert len(found) == len(re.findall(r'<a id="[\w-]+"></a>', honest))


@given(words=st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=12).map("".join))
def test_no_combination_of_signs_forges_a_heading(held_record: model.Record, words: str) -> None:
    """Any run of signs in every field leaves the headings of minutes and report as they are."""
    for printed in (minutes, report):
        assert shape(printed(poisoned(held_record, words), HEAD, "0")) == shape(printed(held_record, HEAD, "0"))


@pytest.fixture(scope="session")
def held_record(held_template: Path) -> model.Record:
    """The held dialogue's record."""
    store = Held(held_template.parent)
    try:
        return store.dialogues.record(ID)
    finally:
        store.close()


@given(records())
def test_any_record_has_minutes_and_a_report(record: model.Record) -> None:
    """Whatever a record holds, both are printed, and end with the head."""
    for printed in (minutes, report):
        text = printed(record, HEAD, "0" * 64)
        assert text.startswith("# ")
        assert HEAD.hash in text


def test_the_report_has_every_word_in_order(held: Held) -> None:
    """Each response stands verbatim under its speaker, round by round, with the Judge's summaries."""
    text = report(held.dialogues.record(ID), HEAD, "0" * 64)
    assert [title for _, title in headings(text)] == [
        "Report: Harbour bridge",
        "Round 0: Opening",
        "Donut, Treasurer · 8 points",
        "Muffin, Engineer · 12 points",
        "Scone, Pilot · 10 points",
        "The Judge’s summary of round 0",
        "Round 1: Answers",
        "Donut, Treasurer · 12 points",
        "Muffin, Engineer · 13 points",
        "Eclair",
        "The Judge’s summary of round 1",
        "Round 2",
        "Donut, Treasurer · 7 points",
        "Eclair, Ferry master · 6 points",
        "Muffin, Engineer · 7 points",
        "Verdict `minority-eclair` (minority)",
        "Verdict `final` (final)",
        "Colophon",
    ]
    fences = [token.content for token in READER.parse(text) if token.type == "fence"]
    assert fences[0] == DONUT_0 + "\n"
    assert fences[1] == MUFFIN_0 + "\n"
    assert LONG + "\n" in fences


def test_the_real_dialogues_stand_in_their_reports_word_for_word(real_store: Store) -> None:
    """Every response of the real transcripts is in the report, byte for byte."""
    for name in real_store.answers:
        record = real_store.dialogues.record(name)
        fences = {token.content for token in READER.parse(report(record, HEAD, "0")) if token.type == "fence"}
        said = [utterance.raw for utterance in record.utterances if utterance.raw is not None]
        assert said
        assert all(raw + "\n" in fences for raw in said)


def test_names_and_numbers_read_well() -> None:
    """Names come from the pool or the slug; small numbers are words; dates are written out."""
    assert shown_name("pastry-21") == "Pastry-21"
    assert shown_name("judge") == "the Judge"
    assert listed([]) == "nobody"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (number(0), number(12), number(13)) == ("no", "twelve", "13")
    assert counted(1, "tension") == "one tension"
    assert counted(2, "response") == "two responses"
    assert day("2026-09-14T09:00:00.000000Z") == "14 September 2026"
    assert moment_of("2026-09-14T09:05:00.000000Z") == "14 September 2026, 09:05 UTC"
    assert day("some day") == "some day"


def test_a_step_after_a_round_leaves_what_the_round_left_open(held: Held) -> None:
    """A tension that is resolved after the last round was registered still counts as open at that round's end."""
    record = held.dialogues.record(ID)
    settled = next(entity for entity in record.entities if entity.kind == "T" and entity.status == "addressed")
    last = next(event for event in reversed(record.events) if event.key == settled.key)
    later = msgspec.structs.replace(
        last, type="resolved", event_seq=last.event_seq + 1, created_at="2099-01-01T00:00:00.000000Z"
    )
    entities = [
        msgspec.structs.replace(entity, status="resolved") if entity is settled else entity
        for entity in record.entities
    ]
    text = minutes(msgspec.structs.replace(record, entities=entities, events=[*record.events, later]), HEAD, "0" * 64)
    final = section(text, f"Round {later.event_round}")
    assert rules.figures(record)[-1].open_tensions == 2
    assert "two tensions not settled at its end" in final


def test_a_reason_of_several_paragraphs_stays_apart(held: Held) -> None:
    """On one line a dash stands behind a paragraph without a full stop, such as the label of a refinement."""
    record = held.dialogues.record(ID)
    reason = "Sharper than before\r\n\r\nIt holds.\n\nFor now."
    events = [
        msgspec.structs.replace(event, type="commented", reason=reason) if event.kind == "T" else event
        for event in record.events
    ]
    text = minutes(msgspec.structs.replace(record, events=events), HEAD, "0" * 64)
    assert "by Muffin: Sharper than before — It holds. For now.\n" in text


def test_the_pool_s_own_spelling_of_a_name_is_kept(held: Held) -> None:
    """A name with signs of its own is printed as the pool has it."""
    record = held.dialogues.record(ID)
    pool = [{"slug": "muffin", "name": "<MuFFin>"}]
    changed = msgspec.structs.replace(record, dialogue=msgspec.structs.replace(record.dialogue, expert_pool=pool))
    assert names_of(changed)["muffin"] == "<MuFFin>"
    assert "&lt;MuFFin>" in minutes(changed, HEAD, "0" * 64)


def written(store: Store, folder: Path, files: dict[str, str]) -> str:
    """The minutes of a folder of files."""
    answer = store.take(write(folder / STAMPED, files))
    return minutes(store.dialogues.record(answer.dialogue_id), HEAD, "d")


def test_a_response_without_a_marker_is_named_under_its_round(store: Store, tmp_path: Path) -> None:
    """The minutes say whose words stand in the report alone; neither who marked something nor who said nothing."""
    files = {
        "round-0/muffin.md": "[PERSPECTIVE P01: A]\nx\n",
        "round-0/scone.md": "Nothing marked.",
        "round-0/donut.md": " \n",
    }
    page = section(written(store, tmp_path, files), "Round 0")
    assert "*One response holds no marked statement (Scone); the report has its words.*" in page


def test_markers_that_could_not_be_linked_are_told_before_the_judge_is_corrected(store: Store, tmp_path: Path) -> None:
    """Number, tensions, who called them settled, and the remedy; nobody is said to have addressed nothing."""
    files = {
        "round-0/muffin.md": "[TENSION T01: A]\nx\n",
        "round-0/scone.md": "[TENSION T01: B]\nx\n",
        "round-1/muffin.md": "[RESOLVED T01: done]\nx\n",
        "round-1/scone.md": "[REFINEMENT on T01]\nx\n",
        "tensions.md": "# Tensions\n\n| ID | Tension | Status |\n|---|---|---|\n| T01 | A | Resolved |\n",
    }
    page = written(store, tmp_path, files)
    note = section(page, "The Clerk")
    assert "**Two markers name tensions that the record cannot tell**" in note
    assert "`T01` (called settled by Muffin in round 1)" in note
    assert "--as-new --map FILE" in note
    assert "nobody has addressed" not in page


def test_an_empty_response_is_no_response_anywhere(store: Store, tmp_path: Path) -> None:
    """Import, minutes, report and warnings count and word it alike: it is kept, and says nothing."""
    files = {"round-0/muffin.md": "[PERSPECTIVE P01: A]\nx\n", "round-0/donut.md": " \n", "round-0/eclair.md": ""}
    answer = store.take(write(tmp_path / STAMPED, files))
    record = store.record(answer.dialogue_id)
    page, words = minutes(record, HEAD, "d"), report(record, HEAD, "d")
    assert answer.responses == 1
    assert "No words of Donut and Eclair are kept; 1 of 3 members were heard." in page
    assert "`: one response, one perspective" in section(page, "Colophon")
    assert "one response, word for word" in words
    assert words.count("*The response is empty.*") == 2
    silent = [caution for caution in warnings_of(record) if caution.type == "missing_response"]
    assert [caution.expert for caution in silent] == ["donut", "eclair"]
    assert silent[0].message == "'donut' was on the panel of round 0 and none of their words are kept"


def test_a_time_that_was_taken_from_files_is_called_so(store: Store, tmp_path: Path) -> None:
    """Nobody takes the day of a copy for the day of a debate."""
    answer = store.take(write(tmp_path / "harbour", {"round-0/muffin.md": "[PERSPECTIVE P01: A]\nx\n"}))
    record = store.record(answer.dialogue_id)
    for page in (minutes(record, HEAD, "d"), report(record, HEAD, "d")):
        assert "(the time of its newest file; nothing tells when it was held) · one round" in page


def test_the_head_does_not_call_converged_what_the_gate_refused(store: Store, held: Held, tmp_path: Path) -> None:
    """A judge's claim, a forced conclusion and a gate that was met are three things."""
    page = written(
        store,
        tmp_path,
        {"round-0/muffin.md": "[TENSION T01: A]\nx\n", "verdict.md": "# Verdict\n\n## Answer\n\nBuild it.\n"},
    )
    assert "· **concluded by a verdict; the convergence gate was not met**" in page.partition("## ")[0]
    record = held.dialogues.record(ID)
    assert "· **converged**" in held.minutes().partition("## ")[0]
    forced = [
        msgspec.structs.replace(v, force_reason="Monday.", gate={**v.gate, "met": False}) if v.gate else v
        for v in record.verdicts
    ]
    page = minutes(msgspec.structs.replace(record, verdicts=forced), HEAD, "d")
    assert "· **concluded by force; the convergence gate was not met**" in page.partition("## ")[0]


def test_what_was_said_of_a_tension_and_set_nothing_reads_as_that(store: Store, tmp_path: Path) -> None:
    """A proposal to resolve is called one; a concession is told with its topic, not for it."""
    files = {
        "round-0/muffin.md": "[TENSION T01: A]\nx\n",
        "round-0/scone.md": "x",
        "round-1/muffin.md": "[CONCESSION: the height]\nShips need it.\n",
        "round-1/scone.md": "[RE:RESOLVE MUFFIN-T0001]\nDone.\n",
        "round-2/muffin.md": "x",
        "round-2/scone.md": "[RE:RESOLVE MUFFIN-T0001]\nStill done.\n",
    }
    page = written(store, tmp_path, files)
    tension = section(page, "Tensions")
    assert "- Round 1: **addressed** (proposed as resolved) by Scone: Done." in tension
    assert "- Round 2: proposed as resolved by Scone: Still done." in tension
    assert "- Muffin **concedes**: the height — Ships need it." in section(page, "Round 1")
    assert "- Round 1: Muffin **conceded**: the height — Ships need it." in section(page, "Minds that changed")


def test_warnings_of_a_tension_name_it(store: Store, tmp_path: Path) -> None:
    """Id and label stand in the words, the id in its own field too."""
    files = {
        "round-0/muffin.md": "[TENSION T01: Cost against age]\nx\n",
        "tensions.md": "# Tensions\n\n| ID | Status |\n|---|---|\n| MUFFIN-T01 | Resolved |\n",
        "verdict.md": "# Verdict\n\n## Answer\n\nBuild it.\n",
    }
    answer = store.take(write(tmp_path / STAMPED, files))
    told = {caution.type: caution for caution in warnings_of(store.record(answer.dialogue_id))}
    assert told["claim_differs"].id == told["unresolved_tension"].id == "T0001"
    assert told["claim_differs"].message.startswith("status of T0001 (Cost against age): the judge stated Resolved")
    assert told["unresolved_tension"].message.startswith("T0001 (Cost against age) was open")
    assert "1 tension is open: T0001" in told["gate_not_met"].message


def test_who_took_no_position_is_not_called_apart(store: Store, tmp_path: Path) -> None:
    """Apart is who said so; silence on concluding is no position."""
    files = {
        "round-0/muffin.md": "[MOVE:CONVERGE]\n",
        "round-0/scone.md": "[SCONE-S0001: HOLD | 0.4]\n",
        "round-0/donut.md": "[PERSPECTIVE P01: A]\nx\n",
    }
    rows = section(written(store, tmp_path, files), "Where the members stood")
    for name, stands in (("Muffin", "in agreement"), ("Scone", "apart"), ("Donut", "no position")):
        assert re.search(rf"\| {name} \| \*\*{stands}\*\*", rows)


@pytest.mark.parametrize(("share", "shown"), [(2 / 3, 66), (0.6667, 66), (0.29, 29), (1.0, 100), (0.995, 99)])
def test_percentages_are_rounded_down(share: float, shown: int) -> None:
    """As the record's own figures are."""
    assert percent(share) == shown


def test_words_that_the_judge_put_are_told_as_such(example: Held) -> None:
    """Where the responses are there and none holds an entity's words, the minutes say whose words they quote."""
    record = example.dialogues.record(EXAMPLE)
    assert "in the Judge's words" not in minutes(record, HEAD, "0" * 64)
    entities = [
        msgspec.structs.replace(entity, content="Put briefly: it costs too much.") if entity.id == "P0001" else entity
        for entity in record.entities
    ]
    told = minutes(msgspec.structs.replace(record, entities=entities), HEAD, "0" * 64)
    assert [line.count("P0001") > 0 for line in told.splitlines() if "in the Judge's words" in line] == [True]
    silent = [msgspec.structs.replace(said, raw=None) for said in record.utterances]
    without = msgspec.structs.replace(record, entities=entities, utterances=silent)
    assert "in the Judge's words" not in minutes(without, HEAD, "0" * 64)


def test_the_judges_signs_stay_in_a_recommendation(held: Held) -> None:
    """Emphasis makes no difference in a line that is bold; every other asterisk is the Judge's, and stays."""
    record = held.dialogues.record(ID)
    changed = [msgspec.structs.replace(one, recommendation="**Build** 2*3 piers*") for one in record.verdicts]
    page = minutes(msgspec.structs.replace(record, verdicts=changed), HEAD, "d")
    assert "> **Build 2\\*3 piers\\***" in page


def test_votes_that_nobody_bears_out_are_told(tmp_path: Path) -> None:
    """The Clerk tells a vote that a stance contradicts; beside the gate stands of whom nobody heard."""
    room = Room(tmp_path)
    dialogue = room.create()
    room.register(dialogue, 0, stances=[{"expert": "muffin", "stance": "REJECT"}])
    room.conclude(dialogue, 0, votes=everybody(), force=True, force_reason="Today.")
    text = minutes(room.record(dialogue), HEAD, "0" * 64)
    room.close()
    assert "Muffin voted for. Muffin registered `REJECT`, and that counts." in text
    assert "were not heard in round 0: their agreement is a vote that the Judge states." in text
    assert "Muffin" not in text.partition(" were not heard")[0].rpartition("\n")[2].rpartition(". ")[2]


def test_the_clerk_tells_what_responses_mark_and_the_record_has_not(tmp_path: Path) -> None:
    """A REJECT that stands as APPROVE, a claim and a dissent that were left out: in the note and in the warnings."""
    room = Room(tmp_path)
    dialogue = room.create(size=3)
    said = "[MUFFIN-S0001: REJECT | 0.9]\n\n[DISSENT: never]\nNo.\n\n[MUFFIN-C0001: It leaks]\nIt does.\n"
    room.register(
        dialogue, 0, responses={"muffin": said}, stances=[{"expert": "muffin", "stance": "APPROVE", "confidence": 0.99}]
    )
    record = room.record(dialogue)
    note = section(minutes(record, Head(stream="s", sequence=1, hash="h"), "d"), "The Clerk’s note")
    assert "Muffin’s response of round 0 marks REJECT (0.9) where APPROVE (0.99) is registered." in note
    assert "marks the claim MUFFIN-C0001 and a dissent, which are not on record." in note
    told = [(one.type, one.expert, one.round) for one in warnings_of(record) if one.type.split("_")[-1] != "score"]
    assert {("not_registered", "muffin", 0), ("registered_otherwise", "muffin", 0)} <= set(told)
    elsewhere = msgspec.structs.replace(record.dialogue, origin={"importer": "folder"})
    imported = warnings_of(msgspec.structs.replace(record, dialogue=elsewhere))
    assert not {one.type for one in imported} & {"not_registered", "registered_otherwise"}
    room.close()


def test_nobody_is_said_to_have_given_up_what_others_said(tmp_path: Path) -> None:
    """Who withdrew their own claim withdrew it; where another did, in a record from elsewhere, both are named."""
    room = Room(tmp_path)
    dialogue = room.create(size=3)
    room.register(
        dialogue,
        0,
        claims=[entity("SCONE-C0001")],
        claim_updates=[{"id": "SCONE-C0001", "status": "withdrawn", "by": ["scone"]}],
    )
    record = room.record(dialogue)
    head = Head(stream="s", sequence=1, hash="h")
    assert "Scone **withdrew** C0001" in plain_ids(minutes(record, head, "d"))
    events = [msgspec.structs.replace(one, actors=["muffin"]) for one in record.events]
    other = minutes(msgspec.structs.replace(record, events=events), head, "d")
    assert ", which Scone gave, was **withdrawn** by Muffin" in section(other, "Minds that changed")
    room.close()


def test_a_panel_of_whom_nobody_was_heard_is_none_of_them(tmp_path: Path) -> None:
    """Where nobody took part, the line above the verdict says ``None of``."""
    room = Room(tmp_path)
    dialogue = room.create(size=3)
    room.register(
        dialogue,
        0,
        stances=[{"expert": name, "stance": "ABSTAIN", "cause": "outage"} for name in ("muffin", "cupcake", "scone")],
    )
    text = minutes(room.record(dialogue), Head(stream="s", sequence=1, hash="h"), "d")
    assert "None of three members took part in round 0: no quorum remained" in text
    room.close()


def plain_ids(markdown: str) -> str:
    """Minutes with ids that lead nowhere."""
    return re.sub(r"\[([A-Z]\d{4})\]\(#[a-z]\d{4}\)", r"\1", markdown)
