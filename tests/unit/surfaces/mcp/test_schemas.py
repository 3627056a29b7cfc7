"""What an assistant is told of tools: enough to fill the fields rightly, and little enough to be kept in mind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import Field
from rs_bpe.bpe import openai

from hansard.app.assembly import all_operations
from hansard.dialogue import model
from hansard.kernel.operations import TOOL_SETS, Rooms
from hansard.kernel.shapes import FOR_TOOLS, NOT_FOR_TOOLS, Shape, for_tools
from hansard.surfaces.mcp.schemas import input_schema, output_schema
from hansard.surfaces.mcp.tools import DEFAULT_SETS, Offer

BUDGET_TOKENS = 2800


@pytest.fixture(scope="module")
def table() -> Iterator[Rooms]:
    """All operations."""
    with all_operations() as found:
        yield found


@pytest.fixture(scope="module")
def judges(table: Rooms) -> dict[str, Any]:
    """The input schemas of the default set."""
    return {tool.name: tool.input_schema for tool in Offer(table, DEFAULT_SETS).tools("judge")}


def tokens(data: object) -> int:
    """What JSON costs by a public tokenizer."""
    return len(openai.o200k_base().encode(json.dumps(data, ensure_ascii=False, separators=(",", ":"))))


def test_the_default_tools_cost_little(table: Rooms) -> None:
    """Name, description and input schema of the Judge's twelve tools stay under 2,800 tokens together."""
    tools = Offer(table, DEFAULT_SETS).tools("judge")
    assert len(tools) == 12
    told = [{"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema} for tool in tools]
    assert sum(map(tokens, told)) < BUDGET_TOKENS


def test_every_schema_is_one(table: Rooms) -> None:
    """What every tool takes and gives is valid JSON Schema of an object; every reference leads somewhere."""
    for tool in Offer(table, TOOL_SETS).tools("admin"):
        for schema in (tool.input_schema, tool.output_schema):
            assert schema is not None
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
            shapes = schema.get("$defs", {})
            assert {name.removeprefix("#/$defs/") for name in _values(schema, "$ref")} == set(shapes)


def test_nothing_of_the_inside_is_told(table: Rooms) -> None:
    """Neither titles nor null unions nor our own keywords stand in an input schema."""
    for tool in Offer(table, TOOL_SETS).tools("admin"):
        text = json.dumps(tool.input_schema)
        assert FOR_TOOLS not in text
        assert '"beside"' not in text
        assert '{"type": "null"}' not in text
        assert not [title for title in _values(tool.input_schema, "title") if isinstance(title, str)]


def test_a_tool_names_fields_of_its_request_alone(table: Rooms) -> None:
    """Every field that is shown is a field of the shape, and every required one is shown."""
    for operation in table.values():
        shown = input_schema(operation.request.model_json_schema(), TOOL_SETS)
        fields = operation.request.model_fields
        assert set(shown["properties"]) <= set(fields)
        required = {name for name, field in fields.items() if field.is_required()}
        assert required <= set(shown.get("required", ())) <= set(shown["properties"])


@pytest.mark.parametrize(
    ("tool", "path", "options"),
    [
        ("dialogue_round_register", "moves.type", model.MOVE_TYPES),
        ("dialogue_round_register", "stances.stance", model.STANCES),
        ("dialogue_round_register", "stances.cause", model.ABSTAIN_CAUSES),
        ("dialogue_round_register", "$ReferenceIn.type", model.REF_TYPES),
        ("dialogue_verdict_register", "verdict_type", model.VERDICT_TYPES),
        ("dialogue_verdict_register", "confidence", model.CONFIDENCES),
        ("dialogue_create", "rotation", model.ROTATIONS),
        ("dialogue_expert_create", "tier", model.TIERS),
        ("dialogue_evolve_panel", "panel.source", model.SOURCES),
        ("dialogue_list", "status", get_args(model.DialogueStatus)),
    ],
)
def test_words_to_choose_from_are_told(judges: dict[str, Any], tool: str, path: str, options: tuple[str, ...]) -> None:
    """Wherever only certain words are accepted, an assistant is told which."""
    schema = judges[tool]
    for step in path.split("."):
        schema = schema["$defs"][step[1:]] if step.startswith("$") else schema["properties"][step]
        schema = schema.get("items", schema)
    assert schema["enum"] == list(options)


def test_steps_of_each_kind_are_told(judges: dict[str, Any]) -> None:
    """The statuses that each list of updates can lead to are those of the lifecycles."""
    shown = judges["dialogue_round_register"]["properties"]
    for kind, name in zip("PRTEC", ("perspective", "recommendation", "tension", "evidence", "claim"), strict=True):
        words = {word for to in model.TRANSITIONS[kind].values() for word in to} - {"adopted"}  # that is a verdict's
        assert set(shown[f"{name}_updates"]["description"].split(", ")) == words


def test_what_imports_bring_is_not_told_to_assistants(judges: dict[str, Any]) -> None:
    """Fields that imported dialogues alone may have are left out of tools, and stand in the shapes all the same."""
    for schema in judges.values():
        assert "at" not in schema["properties"]
    assert not {"origin", "dialogue_id"} & set(judges["dialogue_create"]["properties"])
    assert "annotations" not in judges["dialogue_round_register"]["properties"]
    assert "suggested" not in judges["dialogue_evolve_panel"]["properties"]


def test_what_imports_alone_may_leave_out_is_required(judges: dict[str, Any]) -> None:
    """A round's score is: the operation refuses a round without one, and its schema says so."""
    assert judges["dialogue_round_register"]["required"] == ["dialogue_id", "round", "score"]


def test_fields_that_need_other_tools_come_with_them(table: Rooms) -> None:
    """An ethos is named where the tools for it are offered, and not before."""
    request = table["dialogue_create"].request.model_json_schema()
    assert "calibration" not in input_schema(request, ["dialogue"])["properties"]
    held = input_schema(request, ["dialogue", "calibration"])["properties"]["calibration"]
    assert list(held["properties"]) == ["ethos_id"]


class Inner(Shape):
    """Something inside."""

    words: list[str] = []
    share: Annotated[float, Field(ge=0, le=1)] = 0.5


class Sample(Shape):
    """A request of every kind of field."""

    title: str
    """Its own name is a keyword of JSON Schema."""
    one: Inner | None = None
    """Used once."""
    many: list[Inner] = []
    either: int | str = 3
    bounded: Annotated[int, Field(ge=0, le=24)] = 3
    far: Annotated[int, Field(ge=0, le=10**9)] = 0
    hidden: Annotated[Inner | None, NOT_FOR_TOOLS] = None
    said: Annotated[str | None, for_tools(description="Short", enum=["a"])] = None
    """A long sentence."""


def test_a_schema_keeps_what_helps_and_drops_the_rest() -> None:
    """Properties called like keywords stay, bounds that say something stay, the rest goes."""
    shown = input_schema(Sample.model_json_schema(), [])
    assert shown["required"] == ["title"]
    properties = shown["properties"]
    assert properties["title"] == {"description": "Its own name is a keyword of JSON Schema.", "type": "string"}
    assert properties["one"] == {"$ref": "#/$defs/Inner", "description": "Used once."}
    assert properties["many"] == {"type": "array", "items": {"$ref": "#/$defs/Inner"}}
    assert properties["either"] == {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": 3}
    assert properties["bounded"] == {"type": "integer", "maximum": 24, "default": 3}
    assert properties["far"] == {"type": "integer", "default": 0}
    assert properties["said"] == {"type": "string", "description": "Short", "enum": ["a"]}
    assert "hidden" not in properties
    assert shown["$defs"]["Inner"]["properties"]["share"] == {
        "type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
    }  # fmt: skip


def test_an_answer_keeps_its_nulls() -> None:
    """A client checks answers by the schema: what may be null must say so there."""
    shown = output_schema(Sample.model_json_schema(mode="serialization"))
    Draft202012Validator(shown).validate(Sample(title="x").model_dump(mode="json"))
    assert "title" not in shown
    assert "title" in shown["properties"]


def _values(schema: Any, keyword: str) -> Iterator[Any]:
    """What stands under a keyword anywhere in a schema; properties of that name are none."""
    if isinstance(schema, dict):
        for name, inner in schema.items():
            if name == keyword:
                yield inner
            elif name in ("properties", "$defs"):
                for one in inner.values():
                    yield from _values(one, keyword)
            else:
                yield from _values(inner, keyword)
    elif isinstance(schema, list):
        for one in schema:
            yield from _values(one, keyword)
