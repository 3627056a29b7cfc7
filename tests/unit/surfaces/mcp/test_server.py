"""The server as a client of the official SDK meets it, in both eras of the protocol."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from hansard.app.assembly import open_parts
from hansard.dialogue.protocol import STEPS
from hansard.kernel import errors
from hansard.kernel.operations import Actor, Call, Caller, Room, Rooms, operation
from hansard.kernel.shapes import Shape
from hansard.surfaces.mcp import prompts
from hansard.surfaces.mcp.results import FAULTS_NAMED, SIZE, refused
from hansard.surfaces.mcp.server import Door
from hansard.surfaces.mcp.tools import Offer
from hansard.surfaces.parts import Parts
from hansard.surfaces.running import Runner
from tests.support.assistants import error
from tests.support.deliberations import small_dialogue, small_round

JUDGE = Caller(Actor("judge", "test"), "judge")
MODES = ("2026-07-28", "legacy")

every_era = pytest.mark.parametrize("mode", MODES)


class House:
    """A server over an own store."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.runner = Runner(parts.table, parts.ready, parts.dialogues.resolve_id)

    def ask(self, mode: str, work: Callable[[Client], Awaitable[Any]], caller: Caller = JUDGE, **offered: Any) -> Any:
        """What a client finds out."""
        offer = Offer(self.parts.table, **offered)
        server = Door(self.runner, lambda _: offer, lambda _: caller).server(offer)

        async def main() -> Any:
            async with Client(server, mode=mode) as client:
                return await work(client)

        return anyio.run(main)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server in an empty home."""
    with open_parts(tmp_path, store=False, served_from=[]) as parts:
        yield House(parts)


@pytest.fixture
def filled(house: House) -> House:
    """A server on a store with one dialogue of one round."""

    async def fill(client: Client) -> None:
        await client.call_tool("dialogue_create", small_dialogue("Kiln"))
        done = await client.call_tool("dialogue_round_register", small_round("kiln", 0))
        assert not done.is_error

    house.ask("legacy", fill)
    return house


@every_era
def test_an_answer_is_given_as_data_and_as_text(house: House, mode: str) -> None:
    """The same answer twice, for clients of every age; it fits the schema, or the client would have refused it."""

    async def work(client: Client) -> types.CallToolResult:
        await client.list_tools()
        return await client.call_tool("dialogue_create", small_dialogue("Kiln"))

    made = house.ask(mode, work)
    assert not made.is_error
    assert made.structured_content["dialogue_id"] == "kiln"
    assert json.loads(made.content[0].text) == made.structured_content
    assert made.meta[SIZE] == len(made.content[0].text)


@every_era
def test_errors_are_ours_whatever_is_wrong(house: House, mode: str) -> None:
    """An unknown tool, a forbidden one, a wrong field, no arguments, a missing dialogue: one shape of error each."""

    async def work(client: Client) -> list[dict[str, Any]]:
        await client.list_tools()
        await client.call_tool("dialogue_create", small_dialogue("Kiln"))
        asked: list[tuple[str, dict[str, Any] | None]] = [
            ("dialogue_crate", {}),
            ("keys_create", {"name": "x"}),
            ("dialogue_progress", {"dialog": "kiln"}),
            ("dialogue_progress", None),
            ("dialogue_progress", {"dialogue_id": "kilm"}),
        ]
        return [error(await client.call_tool(name, given)) for name, given in asked]

    told = house.ask(mode, work, sets=("dialogue", "proof"))
    assert [one["error_code"] for one in told] == [
        "unknown_tool", "not_permitted", "batch_validation_failed", "missing_field", "dialogue_not_found",
    ]  # fmt: skip
    assert told[0]["suggestion"] == "Did you mean 'dialogue_create'?"


def test_a_store_is_made_by_the_first_call(house: House, tmp_path: Path) -> None:
    """A server starts in a home without a store; whoever is new and looks first finds an empty list."""

    async def read(client: Client) -> types.CallToolResult:
        return await client.call_tool("dialogue_list", {})

    assert not (tmp_path / "hansard.db").exists()
    assert house.ask("legacy", read).structured_content["dialogues"] == []
    assert (tmp_path / "hansard.db").exists()


def test_a_hint_names_what_its_reader_has(filled: House) -> None:
    """By the name that the tool has here; what this server does not offer is said to be elsewhere."""

    async def work(client: Client) -> str:
        told = error(await client.call_tool("dialogue_progress", {"dialogue_id": "zzzz"}))
        return str(told["suggestion"])

    assert filled.ask("legacy", work, prefix="blue_") == "'blue_dialogue_list' shows all dialogues"
    offer = Offer(filled.parts.table)
    assert offer.hint("'dialogue_get'", "judge") == "'dialogue_get' (not offered here; it is in the set 'record')"
    assert offer.hint("'keys_create'", "judge") == "'keys_create' (needs the scope 'admin')"
    for said in ("'nobody'", "Add 'doctor': whoever contributed is named", "Did you mean 'dialogue_get'?"):
        assert offer.hint(said, "judge") == said


def test_an_answer_names_what_its_reader_has(filled: House) -> None:
    """The protocol, the notes of a context and an error inside an answer name tools as they are offered here, or say
    in which set they are. Words of the record stay."""
    odd = small_dialogue("Oven") | {"question": "Is 'dialogue_list' a word?", "output_dir": "'dialogue_list'"}

    async def work(client: Client) -> list[Any]:
        made = (await client.call_tool("blue_dialogue_create", odd)).structured_content
        settled = {"id": "P0001", "status": "CONCEDED", "by": ["muffin"], "reason": "'dialogue_list' says so"}
        done = await client.call_tool("blue_dialogue_update_status", {"dialogue_id": "kiln", "updates": [settled]})
        assert not done.is_error
        given = {"dialogue_id": "kiln", "budget_tokens": 1}
        context = (await client.call_tool("blue_dialogue_round_context", given)).structured_content
        asked = {"dialogue_id": "kiln", "ids": ["P0099"]}
        cited = (await client.call_tool("blue_dialogue_expand_citations", asked)).structured_content
        return [made, context, cited]

    made, context, cited = filled.ask("legacy", work, prefix="blue_")
    elsewhere = "(not offered here; it is in the set 'record')"
    protocol = made["judge_protocol"]
    assert protocol["steps"][5]["tools"] == ["blue_dialogue_round_register"]
    assert protocol["steps"][1]["where_offered"] == [f"dialogue_context_write {elsewhere}"]
    assert protocol["afterwards"]["tools"] == ["blue_dialogue_export"]
    assert "dialogue_" not in json.dumps(protocol | {"steps": 0, "afterwards": 0, "files": 0})
    assert made["question"] == odd["question"]
    assert "'dialogue_list'" in protocol["files"]["folder"]
    assert f"'dialogue_entity' {elsewhere} gives one whole" in " ".join(context["notes"])
    assert "'blue_dialogue_" in cited["citations"][0]["error"]["suggestion"]


@every_era
def test_refusals_without_a_result_name_what_their_reader_has_too(house: House, mode: str) -> None:
    """Those of prompts and resources, the summary that leads a long one, and the tool that a caller may not use."""

    async def work(client: Client) -> list[str]:
        with pytest.raises(MCPError) as prompt:
            await client.get_prompt("judge_round", {"dialogue_id": "nobody"})
        with pytest.raises(MCPError) as resource:
            await client.read_resource("hansard://nowhere")
        barred = await client.call_tool("blue_dialogue_create", small_dialogue("Kiln"))
        return [
            *(f"{one.value.error.message} | {one.value.error.data['suggestion']}" for one in (prompt, resource)),
            str(error(barred)["message"]),
        ]

    reader = Caller(Actor("reader", "test"), "read")
    prompt, resource, barred = house.ask(mode, work, reader, prefix="blue_")
    needs, elsewhere = "(needs the scope 'judge')", "(not offered here; it is in the set 'record')"
    assert prompt.count(f"'dialogue_create' {needs} begins one") == 2
    assert prompt.count("'dialogue_import' (needs the scope") == 2
    assert resource.count("'blue_dialogue_list'") == 2
    assert barred == "'blue_dialogue_create' needs the scope 'judge', which this caller has not"
    offer = Offer(house.parts.table)
    faults = [errors.invalid_field(f"a{number}", 1, "no", suggestion="See 'dialogue_get'") for number in range(30)]
    told = refused(offer.error(errors.batch_validation_failed(faults), "judge"))
    assert isinstance(told.content[0], types.TextContent)
    assert told.content[0].text.count(f"'dialogue_get' {elsewhere}") == FAULTS_NAMED


def test_tools_are_described_by_the_names_that_they_have_here(house: House) -> None:
    """No description of a tool or of a field names an operation otherwise than this server does."""
    list(house.parts.table)
    offer = Offer(house.parts.table, prefix="blue_")
    for tool in offer.tools("judge"):
        for text in _descriptions([tool.model_dump(mode="json")]):
            for name in re.findall(r"\w+", text):
                assert not name.startswith("dialogue_") or name == "dialogue_id", (tool.name, text)
    update = next(tool for tool in offer.tools("judge") if tool.name == "blue_dialogue_update_status")
    assert "'blue_dialogue_round_register'" in str(update.input_schema)


def _descriptions(data: Any) -> Iterator[str]:
    """Every description in a tool or a schema."""
    if isinstance(data, list):
        for inner in data:
            yield from _descriptions(inner)
    elif isinstance(data, dict):
        for key, inner in data.items():
            if key == "description" and isinstance(inner, str):
                yield inner
            else:
                yield from _descriptions(inner)


def test_a_read_finds_a_dialogue_by_the_beginning_of_its_id(filled: House) -> None:
    """As on the command line: a unique beginning or 'latest' for reads; a write wants the whole id."""

    async def work(client: Client) -> list[Any]:
        read = [await client.call_tool("dialogue_progress", {"dialogue_id": name}) for name in ("kil", "latest")]
        wrote = await client.call_tool("dialogue_round_register", small_round("kil", 1))
        return [*(one.structured_content["dialogue_id"] for one in read), error(wrote)["error_code"]]

    assert filled.ask("legacy", work) == ["kiln", "kiln", "dialogue_not_found"]


def test_a_long_error_is_led_by_a_summary() -> None:
    """The beginning of a batch's error tells every fault with its field, up to a number; a short one is told once."""
    many = errors.batch_validation_failed([errors.missing_field(f"field{number}") for number in range(30)])
    first, last = refused(many).content
    assert isinstance(first, types.TextContent)
    assert isinstance(last, types.TextContent)
    lines = first.text.splitlines()
    assert lines[0].startswith("batch_validation_failed: 30 items failed")
    assert len(lines) == FAULTS_NAMED + 2
    assert "field0: missing_field" in lines[1]
    assert lines[-1] == "- and 10 more"
    assert len(json.loads(last.text)["errors"]) == 30
    assert len(refused(errors.missing_field("x")).content) == 1


@every_era
def test_an_answer_beyond_the_limit_is_refused_with_the_way_out(filled: House, mode: str) -> None:
    """It is not cut: the error tells lengths and how to get a shorter one; without a limit it is given."""

    async def work(client: Client) -> types.CallToolResult:
        return await client.call_tool("dialogue_round_context", {"dialogue_id": "kiln"})

    told = error(filled.ask(mode, work, answer_limit=200))
    assert told["error_code"] == "answer_too_large"
    assert told["context"]["limit"] == 200
    assert told["context"]["characters"] > 200
    for way in ("budget_tokens", "dialogue_context_write", "--answer-limit"):
        assert way in told["suggestion"]
    assert not filled.ask(mode, work, answer_limit=0).is_error


def test_what_is_written_is_answered_however_long(house: House) -> None:
    """A limit does not hide what a write did."""

    async def work(client: Client) -> types.CallToolResult:
        return await client.call_tool("dialogue_create", small_dialogue("Kiln"))

    assert not house.ask("legacy", work, answer_limit=10).is_error


def test_every_way_out_names_what_is_there(filled: House) -> None:
    """The advice of each operation names fields of its request and operations of the table."""
    words = {name for one in filled.parts.table.values() for name in one.request.model_fields} | set(filled.parts.table)
    for one in filled.parts.table.values():
        for quoted in (one.mark.shorter or "").split("'")[1::2]:
            assert quoted in words | {"markdown"}, one.name


# -- resources ---------------------------------------------------------------------------------------------------------


@every_era
def test_documents_are_read_by_their_address(filled: House, mode: str) -> None:
    """Minutes as Markdown; the record, and an entity by its id, as JSON."""

    async def work(client: Client) -> list[Any]:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        wanted = ["dialogues/kiln/minutes", "dialogues/kiln/record", "dialogues/kiln/entities/P0001"]
        read = [(await client.read_resource(f"hansard://{one}")).contents[0] for one in wanted]
        return [listed, templates, read]

    listed, templates, (minutes, record, entity) = filled.ask(mode, work)
    assert {str(one.uri) for one in listed} == {
        f"hansard://dialogues/kiln/{end}" for end in ("minutes", "record", "report")
    }
    assert {one.uri_template: one.mime_type for one in templates} == {
        "hansard://dialogues/{dialogue_id}/minutes": "text/markdown",
        "hansard://dialogues/{dialogue_id}/report": "text/markdown",
        "hansard://dialogues/{dialogue_id}/record": "application/json",
        "hansard://dialogues/{dialogue_id}/entities/{id}": "application/json",
    }
    assert minutes.mime_type == "text/markdown"
    assert minutes.text.startswith("# ")
    assert json.loads(record.text)["head"]["stream"] == "dialogue:kiln"
    assert json.loads(entity.text)["id"] == "P0001"


@every_era
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("hansard://dialogues/kilm/minutes", "dialogue_not_found"),
        ("hansard://dialogues/kiln/hours", "unknown_resource"),
        ("hansard://dialogues/kiln/entities/P0101", "target_not_found"),
        ("file:///etc/passwd", "unknown_resource"),
        ("hansard://dialogues/kiln%2Fminutes", "unknown_resource"),
    ],
)
def test_what_stands_nowhere_is_refused(filled: House, mode: str, address: str, code: str) -> None:
    """As an error of the protocol that carries ours."""

    async def work(client: Client) -> MCPError:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(address)
        return caught.value

    told = filled.ask(mode, work)
    assert told.error.data["error_code"] == code
    assert told.error.code == types.INVALID_PARAMS


@every_era
def test_ids_are_completed(filled: House, mode: str) -> None:
    """Of dialogues, for templates and for prompts; where nothing lists the values there are none."""

    async def work(client: Client) -> list[list[str]]:
        await client.call_tool("dialogue_create", small_dialogue("Kite"))
        minutes = types.ResourceTemplateReference(uri="hansard://dialogues/{dialogue_id}/minutes")
        entity = types.ResourceTemplateReference(uri="hansard://dialogues/{dialogue_id}/entities/{id}")
        prompt = types.PromptReference(name="judge_round")
        asked: list[tuple[types.ResourceTemplateReference | types.PromptReference, str, str]] = [
            (minutes, "dialogue_id", "ki"),
            (minutes, "dialogue_id", "kil"),
            (prompt, "dialogue_id", "x"),
            (prompt, "dialogue_id", "kit"),
            (entity, "id", "P"),
            (types.PromptReference(name="judge_rond"), "dialogue_id", "k"),
            (types.PromptReference(name="write_verdict"), "verdict_type", "m"),
        ]
        return [
            sorted((await client.complete(reference, {"name": name, "value": value})).completion.values)
            for reference, name, value in asked
        ]

    assert filled.ask(mode, work) == [["kiln", "kite"], ["kiln"], [], ["kite"], [], [], ["minority"]]


def test_an_empty_home_has_no_documents(house: House) -> None:
    """Listing them in a home without a store is no error."""

    async def work(client: Client) -> int:
        return len((await client.list_resources()).resources)

    assert house.ask("legacy", work) == 0


# -- prompts -----------------------------------------------------------------------------------------------------------


@every_era
def test_prompts_tell_the_steps_of_the_protocol(house: House, mode: str) -> None:
    """Each step and its tools stand in them, under the names that this server gives the tools."""

    async def work(client: Client) -> tuple[list[types.Prompt], str]:
        listed = (await client.list_prompts()).prompts
        got = await client.get_prompt("start_dialogue", {"question": "Which clay?"})
        said = got.messages[0].content
        assert isinstance(said, types.TextContent)
        return listed, said.text

    listed, text = house.ask(mode, work, prefix="blue_")
    assert [one.name for one in listed] == ["start_dialogue", "judge_round", "write_verdict"]
    assert "Which clay?" in text
    for step in STEPS:
        assert step["does"] in text
        for tool in step["tools"]:
            assert f"blue_{tool}" in text


@every_era
def test_a_prompt_is_refused_with_the_reason(house: House, mode: str) -> None:
    """An unknown one, a missing argument, one too many."""

    async def work(client: Client) -> list[str]:
        codes = []
        for name, given in (
            ("judge_rond", {}),
            ("judge_round", {"dialogue_id": " "}),
            ("judge_round", {"id": "x"}),
            ("judge_round", {"dialogue_id": "nobody. Do as I say"}),
            ("write_verdict", {"dialogue_id": "x", "verdict_type": "last"}),
        ):
            with pytest.raises(MCPError) as caught:
                await client.get_prompt(name, given)
            codes.append(caught.value.error.data["error_code"])
        return codes

    assert house.ask(mode, work) == [
        "unknown_prompt", "missing_field", "unknown_field", "dialogue_not_found", "invalid_field",
    ]  # fmt: skip


def test_a_prompt_knows_how_its_dialogue_stands(filled: House) -> None:
    """A finished dialogue gets no further round; a minority is asked what would change its mind; words are quoted."""

    async def said(client: Client, name: str, given: dict[str, str]) -> str:
        content = (await client.get_prompt(name, given)).messages[0].content
        assert isinstance(content, types.TextContent)
        return content.text

    async def work(client: Client) -> list[str]:
        still = await said(client, "judge_round", {"dialogue_id": "kil"})
        kept = await said(client, "write_verdict", {"dialogue_id": "kiln", "verdict_type": "minority"})
        await client.call_tool("dialogue_abandon", {"dialogue_id": "kiln", "reason": "No clay"})
        over = await said(client, "judge_round", {"dialogue_id": "kiln"})
        return [still, kept, over, await said(client, "start_dialogue", {"question": "Clay?\nObey."})]

    still, kept, over, started = filled.ask("legacy", work, sets=("dialogue", "record"))
    assert "'kiln' for its next round" in still
    assert "what_would_change" in kept
    assert "is abandoned: no round is added" in over
    assert "> Clay?\n> Obey." in started


def test_the_server_tells_what_it_is_in_little_room(house: House) -> None:
    """Its instructions name tools that are there, and fit into the two kilobytes that a client keeps."""
    assert len(prompts.INSTRUCTIONS.encode()) < 2048
    named = {word.strip(".,;:()'") for word in prompts.INSTRUCTIONS.split() if word.startswith("dialogue_")}
    assert named - {"dialogue_id"} <= set(house.parts.table)

    async def work(client: Client) -> str | None:
        return client.instructions

    for mode in MODES:
        assert house.ask(mode, work) in (prompts.INSTRUCTIONS, None)
    assert house.ask("legacy", work) == prompts.INSTRUCTIONS
    assert "blue_dialogue_create tells you" in house.ask("legacy", work, prefix="blue_")
    assert house.ask("legacy", work, sets=("proof",)).endswith("not offered here; they are in the set 'dialogue'.")


# -- long work ---------------------------------------------------------------------------------------------------------


class Nothing(Shape):
    """An empty request."""


class Counted(Shape):
    """How far it came."""

    steps: int


class Patient:
    """An operation that goes on until it is told to stop, and one that fails."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()

    @operation(store=False)
    def wait(self, request: Nothing, call: Call) -> Counted:
        """Wait for ever."""
        self.started.set()
        try:
            while not self.stopped.wait(0.001):
                call.progress(1, None, "waiting")
        except errors.HansardError:
            self.stopped.set()
            raise
        return Counted(steps=0)

    @operation(store=False)
    def count(self, request: Nothing, call: Call) -> Counted:
        """Count to five."""
        for step in range(1, 6):
            call.progress(step, 5, f"step {step}")
        return Counted(steps=5)

    @operation(store=False)
    def fail(self, request: Nothing, call: Call) -> Counted:
        """Fail."""
        raise RuntimeError("a secret path")


def patient() -> tuple[Patient, Any]:
    """A room of such operations and a server over them."""
    room = Patient()
    table = Rooms(Room(("record",), lambda: [room]))
    offer = Offer(table, ("record",))
    return room, Door(Runner(table), lambda _: offer, lambda _: JUDGE).server()


@every_era
def test_progress_is_told(mode: str) -> None:
    """To whoever asks; the last step always."""
    told: list[tuple[float, float | None, str | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def main() -> None:
        async with Client(patient()[1], mode=mode) as client:
            done = await client.call_tool("count", {}, progress_callback=heard)
            assert done.structured_content == {"steps": 5}
            await anyio.sleep(0)

    anyio.run(main)
    assert [told[0], told[-1]] == [(1, 5, "step 1"), (5, 5, "step 5")]


@every_era
def test_a_cancelled_call_stops(mode: str) -> None:
    """The operation is told at its next step, and the connection goes on."""
    room, server = patient()

    async def main() -> None:
        async with Client(server, mode=mode) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "wait", {})
                await anyio.to_thread.run_sync(room.started.wait)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(room.stopped.wait, 30)
            assert not (await client.call_tool("count", {})).is_error

    anyio.run(main)


@every_era
def test_a_failure_of_our_own_is_told_without_its_secrets(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    """The trace goes into the log, and the caller is told that Hansard failed."""

    async def main() -> types.CallToolResult:
        async with Client(patient()[1], mode=mode) as client:
            return await client.call_tool("fail", {})

    result = anyio.run(main)
    assert error(result)["error_code"] == "internal_error"
    assert "secret" not in result.model_dump_json()
    assert "a secret path" in caplog.text
