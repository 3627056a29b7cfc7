"""Folders as they stand: which file is what, what is refused, what is told."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hansard.exchange.transcripts import Transcript, files_digest, read_transcript, stamped
from hansard.kernel.errors import HansardError
from hansard.markers.names import author_slug
from tests.unit.exchange.folders import MUFFIN_0, SMALL, STAMPED, write


def refusal(path: Path) -> HansardError:
    """Why a folder is not read."""
    with pytest.raises(HansardError) as caught:
        read_transcript(path)
    return caught.value


def codes(transcript: Transcript) -> dict[str, str | None]:
    """File by code of what was told."""
    return {entry.code: entry.file for entry in transcript.diagnostics}


def test_every_file_of_a_dialogue_is_known(small: Path) -> None:
    """Responses by round and expert, the judge's files word for word, nothing unread."""
    transcript = read_transcript(small)
    assert [(said.round, said.slug) for said in transcript.responses] == [
        (0, "muffin"),
        (0, "scone"),
        (1, "muffin"),
        (1, "scone"),
    ]
    assert transcript.responses[0].text == MUFFIN_0
    assert transcript.rounds == 2
    assert transcript.documents["scoreboard.md"] == SMALL["scoreboard.md"]
    assert sorted(transcript.files) == sorted(SMALL)
    assert transcript.unread == ()


def test_id_and_time_come_from_the_folders_name(small: Path) -> None:
    """The stamp is the time, the rest the id; nothing had to be assumed."""
    transcript = read_transcript(small)
    assert (transcript.slug, transcript.at) == ("harbour", "2026-05-04T09:30:00.000000Z")
    assert transcript.diagnostics == ()


@pytest.mark.parametrize(
    ("name", "at", "rest"),
    [
        ("2026-02-06T1839Z-rfc-0058", "2026-02-06T18:39:00.000000Z", "rfc-0058"),
        ("2026-02-06T18:39:05Z-x", "2026-02-06T18:39:05.000000Z", "x"),
        ("2026-13-40T9999Z-x", None, "2026-13-40T9999Z-x"),
        ("0001-01-01T0000Z-x", None, "0001-01-01T0000Z-x"),
        ("harbour", None, "harbour"),
    ],
)
def test_a_stamp_is_a_time_or_part_of_the_name(name: str, at: str | None, rest: str) -> None:
    """Only a possible time counts as a stamp."""
    assert stamped(name) == (at, rest)


def test_without_a_stamp_the_newest_file_tells_the_time(tmp_path: Path) -> None:
    """The time is taken from the files, and that is told."""
    folder = write(tmp_path / "harbour", {"round-0/muffin.md": "Hello.", "scoreboard.md": "# S"})
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    os.utime(folder / "round-0/muffin.md", (moment, moment))
    os.utime(folder / "scoreboard.md", (moment - 60, moment - 60))
    transcript = read_transcript(folder)
    assert transcript.at == "2026-01-02T03:04:05.000000Z"
    assert "time_from_files" in codes(transcript)


def test_a_name_that_is_no_slug_is_slugified_and_told(tmp_path: Path) -> None:
    """Spaces, capitals and signs become a slug; nothing of a name leads anywhere."""
    folder = write(tmp_path / "2026-05-04T0930Z-Häfen & Brücken..", {"round-0/muffin.md": "Hello."})
    transcript = read_transcript(folder)
    assert transcript.slug == "hafen-brucken"
    assert "id_slugified" in codes(transcript)


def test_both_names_of_a_response_and_any_case_are_read(tmp_path: Path) -> None:
    """``response-muffin.md``, ``Muffin.md`` and ``ROUND-1`` are what they mean; a changed name is told."""
    folder = write(
        tmp_path / STAMPED,
        {"Round-0/response-muffin.md": "a", "Round-0/Scone.MD": "b", "ROUND-1/muffin.md": "c", "SCOREBOARD.md": "# S"},
    )
    transcript = read_transcript(folder)
    said = [(said.round, said.slug, said.text) for said in transcript.responses]
    assert said == [(0, "muffin", "a"), (0, "scone", "b"), (1, "muffin", "c")]
    assert transcript.judge == {"scoreboard.md": "SCOREBOARD.md"}
    assert codes(transcript) == {"expert_renamed": "Round-0/Scone.MD"}


def test_responses_without_a_rounds_folder_are_round_0(tmp_path: Path) -> None:
    """A folder with ``response-NAME.md`` files alone is a dialogue of one round."""
    transcript = read_transcript(write(tmp_path / STAMPED, {"response-muffin.md": "a", "response-scone.md": "b"}))
    assert [(said.round, said.slug) for said in transcript.responses] == [(0, "muffin"), (0, "scone")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (".DS_Store", "not_a_response"),
        ("round-0/.hidden.md", "not_a_response"),
        ("round-0/prompt-muffin.md", "not_a_response"),
        ("round-0/context-muffin.md", "not_a_response"),
        ("round-0/README.md", "not_a_response"),
        ("round-0/judge.md", "not_a_response"),
        ("round-0/muffin.txt", "unknown_file"),
        ("round-0/drafts/muffin.md", "unknown_file"),
        ("notes.md", "unknown_file"),
        ("attachments/chart.png", "unknown_file"),
        ("response-muffin.md", "not_a_response"),
    ],
)
def test_every_other_file_is_listed_as_unread(small: Path, name: str, code: str) -> None:
    """Nothing is dropped in silence: the file, or the folder it is in, is listed and told."""
    write(small, {name: b"\x00\xff"})
    transcript = read_transcript(small)
    top = "/".join(name.split("/")[:2]) + "/" if name.count("/") == 2 else name
    listed = f"{top.split('/')[0]}/" if name.startswith("attachments") else top
    assert transcript.unread == (listed,)
    assert [(entry.code, entry.file, entry.severity) for entry in transcript.diagnostics] == [(code, listed, "note")]
    assert name not in transcript.files


def test_unread_files_do_not_change_what_an_input_is_known_by(small: Path) -> None:
    """The digest counts what was read: a hidden file beside it makes no other dialogue of it."""
    before = files_digest(read_transcript(small).files)
    write(small, {".DS_Store": b"x"})
    assert files_digest(read_transcript(small).files) == before
    write(small, {"round-1/scone.md": "other"})
    assert files_digest(read_transcript(small).files) != before


# -- encodings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text", "line"),
    [
        ("Löss — ok".encode("utf-8-sig"), "Löss — ok", 1),
        ("Löss — ok".encode("utf-16"), "Löss — ok", 1),
        ("Löss — ok".encode("utf-32"), "Löss — ok", 1),
        ("one\ntwo\nLöss".encode("latin-1"), "one\ntwo\nLöss", 3),
        ("“quoted”\n".encode("cp1252"), "“quoted”\n", 1),
    ],
)
def test_other_encodings_are_read_whole_and_told(tmp_path: Path, data: bytes, text: str, line: int) -> None:
    """No character is replaced; the file, and the line where it was seen, are told."""
    transcript = read_transcript(write(tmp_path / STAMPED, {"round-0/muffin.md": data}))
    assert transcript.responses[0].text == text
    (entry,) = transcript.diagnostics
    assert (entry.code, entry.file, entry.line) == ("encoding", "round-0/muffin.md", line)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "file_not_text"),
        (b"\x89PNG\r\n\x1a\n[PERSPECTIVE P01: x]", "file_not_text"),
        (b"good\nbad \x00 byte", "file_not_text"),
        (b"\xff\xfe\x00\xd8", "file_not_text"),
        (b"x" * (16 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_a_response_that_cannot_be_read_refuses_the_dialogue(small: Path, data: bytes, code: str) -> None:
    """Nothing is lost in silence: the import is refused, naming the file."""
    write(small, {"round-1/scone.md": data})
    fault = refusal(small)
    assert fault.code == code
    assert "'round-1/scone.md'" in fault.message


def test_every_unreadable_response_is_told_at_once(small: Path) -> None:
    """Two faulty files make one refusal with both."""
    write(small, {"round-0/muffin.md": b"\x00", "round-1/panel.json": "{", "round-1/scone.md": b"\x00"})
    fault = refusal(small)
    assert fault.code == "files_unreadable"
    assert [(inner.code, inner.value) for inner in fault.errors] == [
        ("file_not_text", "round-0/muffin.md"),
        ("json_malformed", "round-1/panel.json"),
        ("file_not_text", "round-1/scone.md"),
    ]


def test_a_judges_text_that_cannot_be_read_is_told_and_left_out(small: Path) -> None:
    """The responses are what was said; without the scoreboard they still stand."""
    write(small, {"scoreboard.md": b"\x00\x01", "expert-pool.json": b"\x00"})
    transcript = read_transcript(small)
    assert transcript.pool is None
    assert transcript.judge == {}
    assert transcript.unread == ("expert-pool.json", "scoreboard.md")
    assert {(entry.code, entry.file) for entry in transcript.diagnostics} == {
        ("file_not_text", "expert-pool.json"),
        ("file_not_text", "scoreboard.md"),
    }


def test_an_empty_response_is_kept_and_told(small: Path) -> None:
    """Somebody who wrote nothing has a response that says nothing."""
    write(small, {"round-1/scone.md": " \n"})
    transcript = read_transcript(small)
    assert transcript.responses[-1].text == " \n"
    assert codes(transcript) == {"response_empty": "round-1/scone.md"}


# -- rounds and experts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounds", "missing"),
    [([1], [0]), ([0, 2], [1]), ([1, 2], [0]), ([0, 3], [1, 2])],
)
def test_rounds_count_from_0_without_a_gap(tmp_path: Path, rounds: list[int], missing: list[int]) -> None:
    """A dialogue that begins at 1 or leaves one out is refused, naming the round."""
    fault = refusal(write(tmp_path / STAMPED, {f"round-{number}/muffin.md": "x" for number in rounds}))
    assert fault.code == "round_missing"
    assert fault.context == {"missing": missing, "found": rounds}


def test_a_last_round_without_responses_was_not_held(small: Path) -> None:
    """A folder with a panel or prompts alone is told and makes no round."""
    write(small, {"round-2/panel.json": {"agents": []}, "round-2/prompt-muffin.md": "x"})
    transcript = read_transcript(small)
    assert transcript.rounds == 2
    assert codes(transcript)["round_without_responses"] == "round-2"


def test_two_folders_of_one_round_are_refused(small: Path) -> None:
    """``round-1`` and ``round-01`` would be mixed up."""
    write(small, {"round-01/muffin.md": "x"})
    assert refusal(small).code == "round_twice"


@pytest.mark.parametrize("name", ["round{}", "Round {}", "ROUND_{}", "round-0{}"])
def test_other_spellings_of_a_round_are_read_and_told(tmp_path: Path, name: str) -> None:
    """A folder whose name can only mean a round is that round; its summary may be called alike."""
    names = [name.format(number) for number in (0, 1)]
    files = {f"{folder}/muffin.md": "x" for folder in names} | {f"{names[0]}.summary.md": "s"}
    transcript = read_transcript(write(tmp_path / STAMPED, files))
    assert transcript.rounds == 2
    assert transcript.summaries == {0: f"{names[0]}.summary.md"}
    assert [entry.file for entry in transcript.diagnostics if entry.code == "round_renamed"] == names


def test_two_files_of_one_expert_are_refused(small: Path) -> None:
    """``scone.md`` and ``response-scone.md`` cannot both be Scone's response."""
    write(small, {"round-1/response-scone.md": "x"})
    fault = refusal(small)
    assert fault.code == "response_twice"
    assert fault.context is not None
    assert fault.context["files"] == ["round-1/response-scone.md", "round-1/scone.md"]


def test_a_round_beyond_the_last_id_is_refused(tmp_path: Path) -> None:
    """Display ids have two digits of round."""
    files = {f"round-{number}/muffin.md": "x" for number in range(101)}
    assert refusal(write(tmp_path / STAMPED, files)).code == "id_space_exhausted"


@pytest.mark.parametrize("files", [{"readme.txt": "x"}, {"round-0/panel.json": {"agents": []}}, {"round-0/x.txt": "x"}])
def test_a_folder_without_a_response_is_no_dialogue(tmp_path: Path, files: dict[str, object]) -> None:
    """There is nothing to record."""
    assert refusal(write(tmp_path / STAMPED, files)).code == "not_a_dialogue"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Muffin", "muffin"),
        ("Éclair", "eclair"),
        ("Crème Brûlée", "creme-brulee"),
        ("2nd", "expert-2nd"),
        ("Judge", "judge"),
    ],
)
def test_a_name_makes_a_slug(name: str, slug: str) -> None:
    """One rule for files and for names in them; what makes no slug is named an expert."""
    assert author_slug(name) == slug


def test_names_without_a_letter_of_the_alphabet_stay_apart() -> None:
    """Two names in other scripts are two experts, the same in every import."""
    first, second = author_slug("专家"), author_slug("顾问")
    assert first != second
    assert first.startswith("expert-")
    assert author_slug("专家") == first


# -- links and special files -------------------------------------------------------------------------------------------


def test_a_link_that_leads_out_is_not_followed(small: Path, tmp_path: Path) -> None:
    """A response outside the folder is not read, and that is told."""
    (tmp_path / "secret.md").write_text("[PERSPECTIVE P01: x]\nsecret\n")
    (small / "round-1/eclair.md").symlink_to(tmp_path / "secret.md")
    (small / "round-2").symlink_to(tmp_path)
    transcript = read_transcript(small)
    assert [said.slug for said in transcript.responses if said.round == 1] == ["muffin", "scone"]
    assert transcript.unread == ("round-2", "round-1/eclair.md")
    assert [entry.code for entry in transcript.diagnostics] == ["link_outside", "link_outside"]


def test_a_link_inside_is_followed(small: Path) -> None:
    """A link to a file of the same folder is that file."""
    (small / "round-1/eclair.md").symlink_to(small / "round-0/muffin.md")
    transcript = read_transcript(small)
    assert next(said.text for said in transcript.responses if said.slug == "eclair") == MUFFIN_0


def test_broken_links_and_loops_are_told(small: Path) -> None:
    """What leads nowhere is listed as unread."""
    (small / "round-1/eclair.md").symlink_to("nowhere.md")
    (small / "round-1/donut.md").symlink_to("donut.md")
    transcript = read_transcript(small)
    assert transcript.unread == ("round-1/donut.md", "round-1/eclair.md")
    assert {entry.code for entry in transcript.diagnostics} == {"unreadable"}


def test_a_pipe_is_not_waited_for(small: Path) -> None:
    """Something that is neither file nor folder is listed and not opened."""
    os.mkfifo(small / "round-1/eclair.md")
    transcript = read_transcript(small)
    assert transcript.unread == ("round-1/eclair.md",)
    assert codes(transcript) == {"unknown_file": "round-1/eclair.md"}


def test_a_name_that_is_no_text_is_told_in_escapes(small: Path) -> None:
    """A file's name may be any bytes; what is told of it can be stored and shown."""
    path = os.fsencode(small / "round-1") + b"/caf\xe9.txt"
    with open(path, "wb") as file:  # noqa: PTH123  # a name in bytes
        file.write(b"x")
    (name,) = read_transcript(small).unread
    assert name == "round-1/caf\\xe9.txt"
