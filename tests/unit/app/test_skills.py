"""The skills: in the published form, made from the tables, and true of the tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hansard import Hansard
from hansard.app.assembly import all_operations
from hansard.app.reference import sources
from hansard.dialogue import model
from hansard.dialogue.calibration import model as calibration
from hansard.dialogue.skills.making import ADVICE, LOOKED_FOR, MAX_LINES, SKILLS
from hansard.kernel.errors import HansardError, Kind
from hansard.kernel.operations import Operation
from hansard.markers import lint, parse
from hansard.markers.syntax import DIAGNOSTICS
from hansard.surfaces.render.reference import refusals
from tests.conftest import ROOT
from tests.support import published

FOLDER = ROOT / "plugins/hansard/skills"
NAMES = [skill.name for skill in SKILLS]
TEXTS = {skill.name: skill.text() for skill in SKILLS}
SETS = {"alignment-play": {"dialogue"}, "alignment-expert": set[str](), "ethos": {"dialogue", "calibration"}}
"""The sets of tools that each skill says it needs."""

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`(°?)")
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def table() -> Iterator[Mapping[str, Operation]]:
    """Every operation."""
    with all_operations() as found:
        yield found


def head(text: str) -> dict[str, Any]:
    """The head of a skill: plain lines, and one mapping of texts in quotes."""
    found: dict[str, Any] = {}
    for line in text.partition("---\n")[2].partition("\n---\n")[0].splitlines():
        name, _, value = line.strip().partition(":")
        if line.startswith("  "):
            found["metadata"][name] = json.loads(value)
        else:
            found[name] = value.strip() or {}
    return found


def codes(name: str) -> list[tuple[str, bool]]:
    """What stands in inline code, and whether it is marked as offered in further sets only."""
    return [(word, bool(mark)) for word, mark in CODE.findall(FENCE.sub("", TEXTS[name]))]


def examples(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The requests that a skill shows, with the operation of each."""
    return [(operation, json.loads(text)) for operation, text in EXAMPLE.findall(TEXTS[name])]


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_skill_is_what_is_made(name: str) -> None:
    """``hansard skills install --to plugins/hansard/skills --replace`` writes it anew."""
    assert (FOLDER / name / "SKILL.md").read_text(encoding="utf-8") == TEXTS[name]


def test_the_plugin_has_these_skills_and_no_others() -> None:
    """Nothing else stands in the plugin's folder of skills."""
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert there == {f"{name}/SKILL.md" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_skill_has_the_published_form(name: str) -> None:
    """Its head is plain YAML within the limits, its name that of its folder, its length what one reading bears."""
    told = head(TEXTS[name])
    Draft202012Validator(published.SKILL).validate(told)
    assert told["name"] == name
    for value in (value for value in told.values() if isinstance(value, str)):
        assert value[0].isalpha()
        assert ": " not in value
        assert " #" not in value
    assert len(TEXTS[name].splitlines()) < MAX_LINES
    assert "{{" not in TEXTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_tool_that_a_skill_names_is_there(name: str, table: Mapping[str, Operation]) -> None:
    """Each is an operation; one beyond the sets that the skill asks for is marked as such, and no other is."""
    named = {(word, mark) for word, mark in codes(name) if word in table or mark}
    assert {word for word, _ in named} <= set(table)  # one that is misspelt is told by the next test
    assert {word for word, mark in named if mark} == {
        word for word, _ in named if table[word].mark.tools not in SETS[name]
    }
    if name == "alignment-play":
        missing = {word for word, one in table.items() if one.mark.tools == "dialogue"} - {word for word, _ in named}
        assert missing == {"dialogue_expand_citations"}


def fields(schema: Any) -> Iterator[str]:
    """Every name of a field in a JSON Schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from fields(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from fields(inner)


@pytest.mark.parametrize("name", NAMES)
def test_every_word_in_code_is_a_word_of_the_program(name: str, table: Mapping[str, Operation]) -> None:
    """Fields are those of the named tools, the rest are statuses, types, kinds and codes that there are."""
    tools = [table[word] for word, _ in codes(name) if word in table] or list(table.values())
    known = {field for tool in tools for field in fields(tool.request.model_json_schema())}
    known |= {field for tool in tools for field in fields(tool.answer.model_json_schema(mode="serialization"))}
    with pytest.raises(HansardError) as refused:
        tools[0]({"no": "field"}, None)  # type: ignore[arg-type]  # refused before the call is looked at
    known |= set(refused.value.as_dict())
    known |= {tool.name for tool in table.values()} | {one.code for one in refusals(sources())}
    known |= {"judge", "user", "commented", *get_args(Kind), *model.VOTES, *model.COMPONENTS, *DIAGNOSTICS, *NAMES}
    known |= {*model.REF_TYPES, *model.MOVE_TYPES, *model.VERDICT_TYPES, *model.CONFIDENCES, *model.ROTATIONS}
    known |= {status for kind in model.STATUSES.values() for status in kind}
    known |= {*calibration.RULE_TYPES, *calibration.CONFLICT_KINDS, *calibration.RESOLUTIONS, *calibration.RESOLVED_BY}
    known |= {"prompt_injection", "ethos_id", "stale", "withheld", "outage"}  # inside answers and lists that are free
    words = {found[1] for word, _ in codes(name) if (found := re.fullmatch(r"([a-z][a-z_]+)(?:: .*)?", word))}
    assert sorted(words - known) == []


def test_no_field_that_a_write_needs_is_left_unsaid(table: Mapping[str, Operation]) -> None:
    """Whatever a tool of the Judge refuses to be without stands in code in the skill, or in an example of it."""
    said = {found for word, _ in codes("alignment-play") for found in re.findall(r"\w+", word)}
    shown = {(operation, field) for operation, request in examples("alignment-play") for field in request}
    for word, mark in codes("alignment-play"):
        if word in table and table[word].mark.writes and not mark:
            for field, info in table[word].request.model_fields.items():
                assert not info.is_required() or field in said or (word, field) in shown, (word, field)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_a_request_of_its_tool(name: str, table: Mapping[str, Operation]) -> None:
    """Each shown request has the shape of its operation, and every operation that is shown exists."""
    shown = examples(name)
    assert len(shown) == {"alignment-play": 4, "alignment-expert": 0, "ethos": 2}[name]
    for operation, request in shown:
        table[operation].request.model_validate(request)


def test_the_dialogue_of_the_judges_skill_can_be_held(tmp_path: Path) -> None:
    """Its requests, one after the other on a fresh store, lead to the verdict; sent again they change nothing."""
    create, register, *verdicts = examples("alignment-play")
    opening = {
        "dialogue_id": register[1]["dialogue_id"],
        "round": 0,
        "score": 9,
        "expert_scores": {"muffin": 4, "cupcake": 3, "scone": 2},
        "responses": dict.fromkeys(("muffin", "cupcake", "scone"), "…"),
        "perspectives": [{"local_id": "MUFFIN-P0001", "label": "Speed", "content": "Answers take two days."}],
        "recommendations": [{"local_id": "CUPCAKE-R0001", "label": "A reader", "content": "A person reads each."}],
        "tensions": [{"local_id": "MUFFIN-T0001", "label": "Speed against care", "description": "Both are wanted."}],
    }
    with Hansard(tmp_path / "home") as hansard:
        answers = []
        for operation, request in (create, ("dialogue_round_register", opening), register, *verdicts):
            answers.append(hansard.call(operation, request))
            if "request_id" in request:
                assert hansard.call(operation, request) == answers[-1]
        created, _, round_one, minority, final = answers
        assert [one["slug"] for one in created.suggested_panel] == ["muffin", "cupcake", "scone"]
        assert [one.type for one in round_one.warnings] == ["new_perspectives"]
        assert (round_one.gate.reasons, minority.dialogue_status) == (["not_agreed"], "open")
        assert (final.dialogue_status, final.gate.met, final.adopted) == ("converged", True, ["R0101", "C0101"])
        assert [one.type for one in final.warnings] == ["new_perspectives"]
        exported = hansard.dialogue_export(dialogue_id=created.dialogue_id)
        assert hansard.verify(target=exported.path).ok


def test_the_rules_of_the_ethos_skill_can_be_made(tmp_path: Path) -> None:
    """Its requests make a tenet and an ethos where the other rules that they name are there."""
    (_, tenet), (_, synthesis) = examples("ethos")
    with Hansard(tmp_path / "home") as hansard:
        hansard.domain_create(domain_id="FID", name="Fiduciary investment")
        made = hansard.call("rule_create", tenet).rule["rule_id"]
        assert made == synthesis["conflicts"][0]["a"]
        hansard.rule_create(type="tenet", domain_id="FID", label="Growth", text="The faster way is taken.")
        hansard.rule_create(type="constraint", label="Four", text="The trust pays out four per cent.")
        told = hansard.call("ethos_synthesise", synthesis)
        assert [rule["rule_id"] for rule in told.rules] == ["FID-TN01", "CN01"]
        assert [one.resolved_by for one in told.conflicts] == ["manual"]


def shown_markers() -> list[str]:
    """Every marker that the expert's skill shows: in its lists, and in inline code."""
    listed = re.findall(r"^(\[.+?\])  ", TEXTS["alignment-expert"], re.MULTILINE)
    return listed + [word for word, _ in codes("alignment-expert") if word.startswith("[")]


def test_every_marker_that_the_experts_skill_shows_is_read() -> None:
    """Each one alone, and each whole text, is read by the parser without a diagnostic."""
    shown = shown_markers()
    assert len(shown) >= 5 + len(model.REF_TYPES) + len(model.MOVE_TYPES) + len(model.STANCES) + 3
    for marker in shown:
        read = parse(f"{marker}\nWords.\n", "muffin", 1)
        assert (read.diagnostics, read.has_markers) == ((), True), marker
    texts = re.findall(r"^```markdown\n(.*?)^```$", TEXTS["alignment-expert"], re.MULTILINE | re.DOTALL)
    assert len(texts) == 2
    for text in texts:
        assert lint(parse(text, "muffin", 1)) == (), text


def test_the_experts_skill_shows_every_type_that_there_is() -> None:
    """No reference, move, stance or kind of entity is missing."""
    read = parse("\n\n".join(f"{marker}\nWords." for marker in shown_markers()), "muffin", 1)
    assert {one.type for one in read.references} == set(model.REF_TYPES)
    assert {one.type for one in read.moves} == set(model.MOVE_TYPES)
    assert {one.kind for one in read.entities} == set(model.TRANSITIONS)
    assert {one.kind for one in read.verdicts} == {"dissent", "minority"}
    text = TEXTS["alignment-expert"]
    assert all(f"S0101: {stance} |" in text for stance in model.STANCES)


def test_every_kind_of_error_has_advice() -> None:
    """The Judge is told what to do about each kind."""
    assert tuple(ADVICE) == get_args(Kind)


def test_what_experts_look_for_can_be_said_without_a_case() -> None:
    """The remedies that the expert's skill repeats hold no place for a value of one case."""
    for code in LOOKED_FOR:
        assert "{" not in DIAGNOSTICS[code].remedy.replace("{hint}", ""), code


def test_the_command_line_that_a_skill_names_is_there() -> None:
    """``hansard …`` in a skill names a command, and after ``--tools`` sets that there are."""
    from hansard.surfaces.cli.application import paths

    commands = {words[0] for words in paths()}
    for name in NAMES:
        for word, _ in codes(name):
            if word.startswith("hansard "):
                assert word.split()[1] in commands, word


def test_the_judge_is_told_the_sets_of_tools_as_they_are_called(table: Mapping[str, Operation]) -> None:
    """What stands behind ``--tools`` in skills and configurations is a set that some operation belongs to."""
    sets = {one.mark.tools for one in table.values()}
    texts = [*TEXTS.values(), (ROOT / "plugins/hansard/.mcp.json").read_text(encoding="utf-8")]
    named = {one for text in texts for found in re.findall(r'--tools[" ,]+([a-z,]+)', text) for one in found.split(",")}
    assert {"dialogue", "calibration"} <= named <= sets
