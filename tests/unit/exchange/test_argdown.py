"""Argdown both ways: our own comes back equal, no word becomes a sign, and Argdown's own program reads the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from hansard.exchange.argdown import IMPORTER, reading
from hansard.exchange.argdown.reading import Found, read_argdown
from hansard.exchange.argdown.syntax import data, escaped, one_line, unescaped
from hansard.exchange.argdown.writing import DRAWN, rendered_argdown
from hansard.exchange.graph import Graph, graph_of
from hansard.exchange.shapes import DialogueExport
from hansard.exchange.telling import Telling
from tests.conftest import ROOT, absent, scale
from tests.unit.exchange.folders import CALL, Store, codes, told, write
from tests.unit.exchange.graphs import PIECES, bare, graphs, nasty, without_status
from tests.unit.exchange.recorded import ID, Held
from tests.unit.exchange.test_import_any import fresh

TIME = "2026-03-01T09:00:00.000000Z"

FOREIGN = r"""===
title: "Is censorship wrong?"
author: Somebody
===

# The argument

[Censorship]: Censorship is not wrong in principle. #pro
  + <Absolute freedom>: Freedom of speech is never
     an absolute right. {source: a book}
    - <Counter>: No, it is. // a comment
      + [Fact]
  - [Fact]: Facts \- are facts.
    _> <Absolute freedom>
  >< [Other]

/* a comment
   over lines */
[Other]: Another thing
with a second line. #(two words)

* [Listed]: In a list.

Untitled words here.
  +> [Other]

<A3>

(1) premise one
(2) [P2]: premise two
----
(3) conclusion

[Other]: Said again otherwise. See @[Fact].
"""


def read(text: str) -> tuple[Found, Telling]:
    """A text as it is read, and what was told."""
    tell = Telling()
    return read_argdown(text, "a.argdown", "a", TIME, tell), tell


@pytest.fixture(scope="session")
def argdown() -> Path:
    """Argdown's own program."""
    local = ROOT / "tests" / "argdown" / "node_modules" / ".bin" / "argdown"
    found = local if local.exists() else shutil.which("argdown")
    if found is None or shutil.which("node") is None:
        absent("Argdown's program is not here: 'npm ci --ignore-scripts' in tests/argdown installs it")
    return Path(found)


def parsed(program: Path, path: Path) -> dict[str, Any]:
    """What Argdown's program makes of a file; fails where it tells a fault."""
    done = subprocess.run(
        [program, "json", path, "--stdout", "--silent"], capture_output=True, text=True, check=False, cwd=path.parent
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# -- words -------------------------------------------------------------------------------------------------------------


@given(nasty)
def test_escaped_words_say_what_they_said_on_one_line(text: str) -> None:
    """Nothing but white space and controls is changed by being written and read."""
    written = escaped(text)
    assert "\n" not in written
    assert unescaped(written) == one_line(text)
    signs = written.replace("\\\\", "").split("\\")
    assert not any(set(piece[1:]) & set("[]<>{}#@*_+-/=:.,;()") for piece in signs[1:])


@given(nasty, nasty)
def test_data_is_one_line_that_means_nothing_to_argdown(key: str, value: str) -> None:
    """Braces stand only where data begins and ends, and JSON reads the same back."""
    written = data({"a": value, "b" + key: [value, {"c": 1}]})
    assert json.loads(written) == {"a": value, "b" + key: [value, {"c": 1}]}
    assert "\n" not in written
    assert written.count("{") == written.count("}") == 2
    assert "==" not in written
    assert written.isprintable() or any(not letter.isprintable() for letter in key + value)


# -- there and back ----------------------------------------------------------------------------------------------------


@given(graphs())
def test_what_we_write_comes_back_equal(graph: Graph) -> None:
    """Whatever stands in labels, texts, roles and parameters, the file gives the same graph and no diagnostic."""
    found, tell = read(rendered_argdown(graph).decode())
    assert bare(found.graph) == graph
    assert found.ours
    assert tell.told == []


@settings(max_examples=scale(15))
@given(graphs())
def test_what_comes_back_is_recorded_as_the_same_argument(empty_store_file: Path, graph: Graph) -> None:
    """The record that an import makes has the graph of the file, and its file is the same again but for statuses."""
    with fresh(empty_store_file) as store:
        path = store.home / "x.argdown"
        path.write_bytes(rendered_argdown(graph))
        answer = store.take(path)
        assert codes(answer) == {"argument_only"}
        again = graph_of(store.record(answer.dialogue_id))
        assert without_status(again) == without_status(graph)


def test_a_dialogue_that_was_held_comes_back_but_for_what_is_listed(held: Held, store: Store, tmp_path: Path) -> None:
    """Statements, authors, rounds, references and verdicts are the same; statuses are claims beside the record's."""
    path = tmp_path / "x.argdown"
    held.exchange.dialogue_export(DialogueExport(dialogue_id=ID, format="argdown", output_path=str(path)), CALL)
    answer = store.take(path)
    first, again = graph_of(held.dialogues.record(ID)), graph_of(store.record(answer.dialogue_id))
    assert without_status(again) == without_status(first)
    assert {claim.id for claim in answer.claims_compared} == {"C0101", "E0001", "P0001", "R0001", "T0001", "T0002"}


def test_a_text_that_was_changed_by_hand_is_read_as_it_is_shown(held: Held) -> None:
    """Data repeats what a line cannot show; where the line was edited, the line counts."""
    text = rendered_argdown(graph_of(held.dialogues.record(ID))).decode()
    found, tell = read(text.replace("The ferry carried 4\\,100 cars", "The ferry carried no cars", 1))
    changed = next(one for one in found.graph.statements if one.key == "P0102")
    assert changed.text.startswith("The ferry carried no cars")
    assert [entry.code for entry in tell.told] == ["text_edited"]


def test_a_relation_that_was_taken_out_or_added_by_hand_counts(held: Held) -> None:
    """What is drawn is what holds, whatever data says."""
    text = rendered_argdown(graph_of(held.dialogues.record(ID))).decode()
    line = "  +> [P0001 A tunnel outlives a bridge]\n"
    assert line in text
    found, tell = read(text.replace(line, "", 1))
    assert ("P0002", "P0001") not in {(one.source, one.target) for one in found.graph.relations}
    assert [entry.code for entry in tell.told] == ["relation_left"]
    found, tell = read(text.replace(line, line + "  -> [T0001 Cost against age]\n", 1))
    assert ("P0002", "oppose", "T0001") in {(one.source, one.type, one.target) for one in found.graph.relations}
    assert tell.told == []


# -- Argdown's own program ---------------------------------------------------------------------------------------------


def counts_of(graph: Graph) -> tuple[int, int, int]:
    """How many statements, arguments and relations Argdown should find."""
    positions = {end for one in graph.relations for end in (one.source, one.target) if end.startswith("@")}
    undrawn = {one.source for one in graph.relations if one.source.startswith("@")}
    drawn = [one for one in graph.relations if one.type in DRAWN]
    shown = {end for one in drawn for end in (one.source, one.target)} | undrawn
    evidence = sum(1 for one in graph.statements if one.kind == "E")
    statements = len(graph.statements) - evidence + len(positions & shown) + len(graph.conclusions)
    reasons = sum(len(one.rests_on) for one in graph.conclusions)
    # a relation that is drawn from both ends, or twice between the same two, is one to Argdown
    pairs = {
        (one.target, "support", one.source) if one.type == "depend" else (one.source, one.type, one.target)
        for one in drawn
    }
    return statements, evidence, len(pairs) + reasons


@pytest.mark.slow
def test_argdowns_program_counts_what_we_wrote(argdown: Path, held: Held, tmp_path: Path) -> None:
    """A dialogue's statements, arguments and relations are those that its file has for Argdown itself."""
    graph = graph_of(held.dialogues.record(ID))
    path = write(tmp_path, {"x.argdown": rendered_argdown(graph)}) / "x.argdown"
    value = parsed(argdown, path)
    found = len(value["statements"]), len(value["arguments"]), len(value["relations"])
    assert found == counts_of(graph)


@pytest.mark.slow
@settings(max_examples=scale(8))
@given(graph=graphs())
def test_no_word_becomes_a_sign_to_argdowns_program(argdown: Path, tmp_path_factory: Any, graph: Graph) -> None:
    """Words that look like syntax change no count, and the program shows each text as it was said."""
    path = write(tmp_path_factory.mktemp("nasty"), {"x.argdown": rendered_argdown(graph)}) / "x.argdown"
    value = parsed(argdown, path)
    assert (len(value["statements"]), len(value["arguments"]), len(value["relations"])) == counts_of(graph)
    shown = {
        key.split(" ", 1)[0]: "".join(one["text"] for one in element["members"] if not one.get("isReference"))
        for part in ("statements", "arguments")
        for key, element in value[part].items()
    }
    for statement in graph.statements:
        words = shown[statement.key].rpartition("#")[0]
        assert words.split() == one_line(statement.text).split()
        element = {**value["statements"], **value["arguments"]}
        own = next(one for key, one in element.items() if key.split(" ", 1)[0] == statement.key)["data"]
        assert own["label"] == statement.label


@pytest.mark.slow
def test_every_piece_of_syntax_alone_is_a_word(argdown: Path, tmp_path: Path) -> None:
    """Each sign of Argdown, Markdown and HTML, at the start, alone and at the end of a text."""
    from hansard.exchange.graph import Person, Stage, Statement

    texts = [made for piece in PIECES for made in (piece, f"{piece} word", f"word {piece}")]
    statements = [
        Statement(key=f"P{number // 99:02d}{number % 99 + 1:02d}", kind="P", label="x", text=text, authors=["muffin"],
                  round=number // 99)
        for number, text in enumerate(texts)
    ]  # fmt: skip
    rounds = [Stage(number=number, panel=["muffin"]) for number in range(statements[-1].round + 1)]
    graph = Graph(
        id="any", title="t", at=TIME, people=[Person(slug="muffin")], rounds=rounds, statements=statements, question="q"
    )
    path = write(tmp_path, {"x.argdown": rendered_argdown(graph)}) / "x.argdown"
    value = parsed(argdown, path)
    assert (len(value["statements"]), len(value["arguments"]), value["relations"]) == (len(texts), 0, [])
    assert bare(read(path.read_text())[0].graph) == graph


@pytest.mark.slow
def test_our_reader_finds_what_argdowns_program_finds(argdown: Path, tmp_path: Path) -> None:
    """Of others' Argdown, but for the structure that we say we skip."""
    start, end = FOREIGN.index("(1) premise"), FOREIGN.index("[Other]: Said again")
    text = FOREIGN[:start] + FOREIGN[end:]
    path = write(tmp_path, {"x.argdown": text}) / "x.argdown"
    value = parsed(argdown, path)
    found, _ = read(text)
    ours = [one.key for one in found.graph.statements]
    assert sum(not key.startswith("<") for key in ours) == len(value["statements"])
    assert {key[1:-1] for key in ours if key.startswith("<")} == set(value["arguments"])
    words = {"support": "support", "attack": "oppose", "undercut": "oppose", "contradictory": "oppose"}
    theirs = {(one["from"], words[one["relationType"]], one["to"]) for one in value["relations"]}
    assert {(end_of(one.source), one.type, end_of(one.target)) for one in found.graph.relations} == theirs


def end_of(key: str) -> str:
    """An end of a relation as Argdown's program calls it."""
    return "Untitled 1" if key == "untitled 1" else key[1:-1]


@pytest.mark.slow
def test_the_programs_own_file_is_read_too(argdown: Path, store: Store, tmp_path: Path) -> None:
    """Whoever has Argdown's program gets all of its grammar, premises and conclusions among it."""
    path = write(tmp_path, {"x.argdown": FOREIGN}) / "x.argdown"
    made = write(tmp_path, {"x.json": parsed(argdown, path)}) / "x.json"
    assert IMPORTER.recognises(made)
    answer = store.take(made)
    contents = {entity.content for entity in store.record(answer.dialogue_id).entities}
    assert {"premise one", "premise two", "conclusion", "No, it is."} <= contents


# -- others' files -----------------------------------------------------------------------------------------------------


def test_others_argdown_becomes_claims_word_for_word(store: Store, tmp_path: Path) -> None:
    """Each statement is a claim of one round, given to nobody; relations support and oppose; the file is kept."""
    path = write(tmp_path, {"a.argdown": FOREIGN}) / "a.argdown"
    answer = store.take(path)
    record = store.record(answer.dialogue_id)
    assert answer.title == "Is censorship wrong?"
    contents = {entity.label: entity.content for entity in record.entities}
    assert contents["Absolute freedom"] == "Freedom of speech is never an absolute right."
    assert contents["Fact"] == "Facts - are facts."
    assert contents["Other"] == "Another thing with a second line.\n\nSaid again otherwise. See @[Fact]."
    assert contents["A3"] == "A3"
    assert {entity.kind for entity in record.entities} == {"C"}
    assert {slug for entity in record.entities for slug in entity.contributors} == {"unattributed"}
    labels = {entity.id: entity.label for entity in record.entities}
    relations = {(labels[one.source_id], one.ref_type, labels[one.target_id], one.context) for one in record.refs}
    assert relations == {
        ("Absolute freedom", "support", "Censorship", None),
        ("Counter", "oppose", "Absolute freedom", None),
        ("Fact", "support", "Counter", None),
        ("Fact", "oppose", "Censorship", None),
        ("Censorship", "oppose", "Other", "contradiction"),
        ("Untitled words here.", "support", "Other", None),
        ("Fact", "oppose", "Absolute freedom", "undercut"),
    }
    assert [document.body for document in record.documents] == [FOREIGN]
    for code, words in (("structure_left", "(1) premise"), ("data_left", "{source"), ("restated", "[Other]: Said")):
        line = FOREIGN[: FOREIGN.index(words)].count("\n") + 1
        assert told(answer, code)[0][:2] == ("a.argdown", line - (code == "data_left"))
    assert {"author_unknown", "front_matter_left", "relation_read_as", "restated", "time_from_files"} <= codes(answer)


def test_a_text_that_only_looks_like_markdown_is_not_argdown(tmp_path: Path) -> None:
    """Lists, links and headings alone make no argument."""
    texts = {
        "a.md": "# Title\n\n- [x](y)\n- one\n\n[x]: http://example.org\n",
        "b.md": "Prose.\n\n  - a list\n  + another\n",
        "c.argdown": "Prose alone.\n",
    }
    folder = write(tmp_path, texts)
    assert not any(IMPORTER.recognises(folder / name) for name in texts)


@given(nasty)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    """The reader takes whatever it is given."""
    found, _ = read("[A]: a\n  + [B]\n\n" + text)
    assert {"[A]", "[B]"} <= {one.key for one in found.graph.statements}


def steps(text: str) -> int:
    """How many lines of the reader are run for a text."""
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace if frame.f_code.co_filename == reading.__file__ else None

    sys.settrace(trace)
    try:
        read(text)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(
    "piece",
    ["[", "[a](", "{", "{}", '{"', '{\\"', "{\n\n", "}{", "<!--", "/*", "#(", "\\{", "\n- ", "\n[B]: b {}\n", "\n\n[C"],
)
def test_a_text_of_openings_is_read_in_steps_that_its_length_gives(piece: str) -> None:
    """Four times as much takes about four times as many steps of the reader, and no text is searched twice."""
    few, many = (steps("[A]: a\n\n" + piece * times) for times in (250, 1000))
    assert many < 6 * few
    assert read("[A]: a\n\n" + piece * 1000)[0].graph.statements[0].key == "[A]"


def test_data_behind_braces_that_nothing_closes_is_read() -> None:
    """However many open braces stand before it, what is closed before an empty line is data; the first counts."""
    before = "{" * 1000 + ' "'
    found, _ = read(f'[A]: {before} a\n\n[B]: {{ {{b {{"label": "first"}} {{"label": "second"}}\n')
    assert [(one.text, one.label) for one in found.graph.statements if one.key == "[B]"] == [("{ {b", "first")]


def test_an_address_in_a_link_is_no_comment() -> None:
    """Two strokes in the target of a link begin no comment, closed or not; behind it they do."""
    found, _ = read("[A]: see [this](https://example.org/a_(b)) and [that](//c // not this\n")
    assert found.graph.statements[0].text == "see [this](https://example.org/a_(b)) and [that](//c"
