"""A dialogue's folder as it stands: which file is what, read with care, nothing dropped in silence.

A folder holds ``round-N/NAME.md`` (or ``response-NAME.md``), ``round-N/panel.json``, ``round-N.summary.md``,
``expert-pool.json``, ``exhibits.json``, ``scoreboard.md``, ``tensions.md`` and ``verdict.md``, in any case of letters;
``round0``, ``round_0`` and ``Round 0`` are rounds too. Every other file is listed as unread. Links that lead out of the
folder are not followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hansard.dialogue.errors import id_space_exhausted
from hansard.exchange import errors, rosters
from hansard.exchange.import_shapes import ImportDiagnostic
from hansard.exchange.rosters import Panel, Pool
from hansard.exchange.telling import Telling
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex, text_digest
from hansard.kernel.clock import timestamp
from hansard.kernel.errors import HansardError
from hansard.kernel.ids import MAX_ROUND, RESERVED_SLUGS, folded, slugify
from hansard.markers.names import author_slug

_STAMP: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):?(\d{2})(?::?(\d{2}))?Z(?:[-_]+|$)")
FIRST_YEAR: Final = 1970
"""A stamp before it is no time of a dialogue, but a number that looks like one."""

_ROUND: Final = r"round[-_ ]?(\d{1,3})"
_ROUND_FOLDER: Final = re.compile(_ROUND, re.IGNORECASE)
_SUMMARY: Final = re.compile(rf"{_ROUND}\.summary\.md", re.IGNORECASE)
_NUMBERED: Final = re.compile(r".*\d+", re.DOTALL)
_RESPONSE: Final = re.compile(r"(response-)?(.+)\.md", re.IGNORECASE | re.DOTALL)
_BETWEEN: Final = re.compile(r"[-_\s]+")
_MATERIAL: Final = re.compile(r"(?:prompt|context)[-.]", re.IGNORECASE)
_NOT_NAMES: Final = frozenset({"readme", "summary", "scoreboard", "tensions", "verdict", "notes", "index", "panel"})
_LAST_MOMENT: Final = 253402300799  # 9999-12-31, in seconds: some file systems hold times that no calendar has
_JUDGE_NAMES: Final = ("exhibits.json", "expert-pool.json", "scoreboard.md", "tensions.md", "verdict.md")


class Said(NamedTuple):
    """One expert's response of one round, word for word."""

    file: str
    round: int
    name: str
    """The expert's name as the file is called."""
    slug: str
    text: str


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was read from a dialogue's folder."""

    name: str
    """The folder's own name."""
    words: str
    """The name in words, without its stamp: a title where no file tells one."""
    slug: str
    at: str
    responses: tuple[Said, ...]
    """By round, then by slug; round 0 to the last without a gap."""
    rounds: int
    panels: dict[int, tuple[str, Panel]]
    """A round's panel file and what it says."""
    pool: tuple[str, Pool] | None
    documents: dict[str, str]
    """The judge's files word for word, by name."""
    judge: dict[str, str]
    """Name of the file that was read as ``scoreboard.md`` …, by that name."""
    summaries: dict[int, str]
    """Name of each round's summary."""
    files: dict[str, str]
    """SHA-256 of every file that was read, by name."""
    unread: tuple[str, ...]
    diagnostics: tuple[ImportDiagnostic, ...]

    def judge_text(self, name: str) -> tuple[str, str] | None:
        """Name and text of the file read as ``name``."""
        written = self.judge.get(name)
        return None if written is None else (written, self.documents[written])


def files_digest(digests: dict[str, str]) -> str:
    """SHA-256 over sorted names and digests."""
    return text_digest("".join(f"{name}\0{digest}\n" for name, digest in sorted(digests.items())))


def is_round(path: Path) -> bool:
    """Whether a folder is one round of a dialogue, by its name."""
    return _ROUND_FOLDER.fullmatch(path.name) is not None


def is_transcript(path: Path) -> bool:
    """Whether a folder looks like a dialogue: it has ``round-N`` folders, or ``response-NAME.md`` files."""
    try:
        with os.scandir(path) as entries:
            return any(
                (_ROUND_FOLDER.fullmatch(entry.name) and entry.is_dir())
                or (entry.name.casefold().startswith("response-") and entry.name.casefold().endswith(".md"))
                for entry in entries
            )
    except OSError:
        return False


def numbered_folders(path: Path) -> list[str]:
    """Names of the folders inside that end in a number: perhaps rounds whose names say nothing to the importer."""
    try:
        return sorted(entry.name for entry in path.iterdir() if _NUMBERED.fullmatch(entry.name) and entry.is_dir())
    except OSError:
        return []


def read_transcript(path: Path) -> Transcript:
    """Read a dialogue's folder.

    A response that cannot be read, or broken JSON, refuses the whole; a judge's text that cannot be read is told.

    Raises:
        HansardError: ``not_a_dialogue``, ``round_missing``, ``round_twice``, ``response_twice``, ``json_malformed``,
            ``json_unfit``, a refusal of a file, or ``files_unreadable`` with several of them.
    """
    return _Reader(path).read()


def stamped(name: str) -> tuple[str | None, str]:
    """The time in front of a folder's name, as stored, and the rest of the name; no time where there is none."""
    found = _STAMP.match(name)
    if found is None:
        return None, name
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if year < FIRST_YEAR:
        return None, name
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None, name
    return timestamp(moment), name[found.end() :]


class _Entry(NamedTuple):
    """A file or folder below the dialogue's folder."""

    name: str
    """Relative to the dialogue's folder, with ``/``."""
    path: Path
    is_folder: bool


class _Reader:
    """Reads one folder; collects what is told and what is faulty on the way."""

    def __init__(self, path: Path) -> None:
        self._base = path.resolve()
        self._name = _shown(self._base.name) or "dialogue"
        self._tell = Telling()
        self._faults: list[HansardError] = []
        self._unread: list[str] = []
        self._files: dict[str, str] = {}
        self._documents: dict[str, str] = {}
        self._judge: dict[str, str] = {}
        self._summaries: dict[int, str] = {}
        self._panels: dict[int, tuple[str, Panel]] = {}
        self._pool: tuple[str, Pool] | None = None
        self._said: dict[tuple[int, str], Said] = {}
        self._newest = 0.0

    def read(self) -> Transcript:
        folders: dict[int, _Entry] = {}
        loose: list[_Entry] = []
        for entry in self._entries(self._base, ""):
            self._top(entry, folders, loose)
        if not folders:
            for entry in loose:
                self._response(entry, 0)
        else:
            for entry in loose:
                self._leave(entry, "not_a_response", "stands outside the rounds' folders")
        for number, folder in sorted(folders.items()):
            for entry in self._entries(folder.path, f"{folder.name}/"):
                self._in_round(entry, number)
        if self._faults:
            raise self._faults[0] if len(self._faults) == 1 else errors.files_unreadable(self._name, self._faults)
        rounds = self._contiguous(folders)
        at, slug, words = self._named()
        return Transcript(
            name=self._name,
            words=words[:1].upper() + words[1:],
            slug=slug,
            at=at,
            responses=tuple(self._said[key] for key in sorted(self._said)),
            rounds=rounds,
            panels={number: panel for number, panel in self._panels.items() if number < rounds},
            pool=self._pool,
            documents=self._documents,
            judge=self._judge,
            summaries=self._summaries,
            files=self._files,
            unread=tuple(self._unread),
            diagnostics=tuple(self._tell.told),
        )

    # -- what stands where

    def _entries(self, folder: Path, prefix: str) -> Iterator[_Entry]:
        """Files and folders in order of name; links that lead away and what is no file are told and left out."""
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208  # names, not paths: links are looked at first
        except OSError as fault:
            raise errors.not_a_dialogue(prefix or self._name, fault.strerror or "it cannot be listed") from None
        for written in names:
            name = prefix + _shown(written)
            path = folder / written
            try:
                if path.is_symlink():
                    path = path.resolve(strict=True)
                    if self._base not in path.parents:
                        self._unread.append(name)
                        self._tell("link_outside", f"'{name}' is a link that leads out of the folder", name)
                        continue
                mode = path.stat().st_mode
            except (OSError, RuntimeError) as fault:  # a broken link, or one that leads to itself
                self._unread.append(name)
                why = getattr(fault, "strerror", None) or "it leads to itself"
                self._tell("unreadable", f"'{name}' cannot be read: {why}", name)
                continue
            if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
                yield _Entry(name, path, stat.S_ISDIR(mode))
            else:
                self._unread.append(name)
                self._tell("unknown_file", f"'{name}' is neither file nor folder", name)

    def _top(self, entry: _Entry, folders: dict[int, _Entry], loose: list[_Entry]) -> None:
        """Sort one entry of the dialogue's own folder."""
        found = _ROUND_FOLDER.fullmatch(entry.name)
        if entry.is_folder:
            if found is None:
                self._leave(entry, "unknown_file", "is a folder of no round")
            elif (first := folders.get(int(found[1]))) is not None:
                raise errors.round_twice(self._name, [first.name, entry.name])
            else:
                number = int(found[1])
                folders[number] = entry
                if folded(entry.name) != f"round-{number}":
                    words = f"'{entry.name}' was read as round-{number}"
                    self._tell("round_renamed", words, entry.name, severity="note")
            return
        low = folded(entry.name)
        summary = _SUMMARY.fullmatch(entry.name)
        if summary and int(summary[1]) not in self._summaries:
            if self._document(entry):
                self._summaries[int(summary[1])] = entry.name
        elif low in _JUDGE_NAMES and low not in self._judge:
            if self._document(entry):
                self._judge[low] = entry.name
                if low == "expert-pool.json":
                    self._read_pool(entry.name)
        elif low.startswith("response-") and low.endswith(".md"):
            loose.append(entry)
        else:
            self._leave(entry)

    def _in_round(self, entry: _Entry, number: int) -> None:
        """Sort one entry of a round's folder."""
        own = entry.name.rpartition("/")[2]
        if folded(own) == "panel.json" and not entry.is_folder and number not in self._panels:
            if self._document(entry):
                self._read_panel(entry.name, number)
        elif entry.is_folder or not _RESPONSE.fullmatch(own):
            self._leave(entry)
        else:
            self._response(entry, number)

    def _leave(self, entry: _Entry, code: str | None = None, why: str | None = None) -> None:
        """List a file that is not read, and say so."""
        own = entry.name.rpartition("/")[2]
        name = entry.name + "/" * entry.is_folder
        self._unread.append(name)
        if code is None:
            hidden = own.startswith(".") or _MATERIAL.match(own)
            code = "not_a_response" if hidden else "unknown_file"
            why = "is no part of what was said" if hidden else "has a name that says nothing to the importer"
        self._tell(code, f"'{name}' {why}; it was not read", name, severity="note")

    # -- reading

    def _text(self, entry: _Entry) -> str:
        data = files.read_bytes(entry.path, name=entry.name)
        found = files.decoded(data, entry.name)
        self._files[entry.name] = sha256_hex(data)
        self._newest = max(self._newest, entry.path.stat().st_mtime)
        if found.note is not None:
            line = re.search(r"line (\d+)", found.note)
            self._tell("encoding", f"'{entry.name}': {found.note}", entry.name, int(line[1]) if line else 1)
        return found.text

    def _response(self, entry: _Entry, number: int) -> None:
        found = _RESPONSE.fullmatch(entry.name.rpartition("/")[2])
        assert found is not None
        name = found[2]
        slug = author_slug(name)
        if found[0].startswith(".") or _MATERIAL.match(found[0]):
            self._leave(entry)
            return
        if (not found[1] and folded(name) in _NOT_NAMES) or slug in RESERVED_SLUGS:
            self._leave(entry, "not_a_response", "is no expert's name")
            return
        if slug != name:
            plain_case = slug == name.casefold()
            words = f"the expert of '{entry.name}' is called '{slug}' in the record"
            self._tell("expert_renamed", words, entry.name, severity="note" if plain_case else "warning")
        other = self._said.get((number, slug))
        if other is not None:
            self._faults.append(errors.response_twice([other.file, entry.name], slug))
            return
        try:
            text = self._text(entry)
        except HansardError as fault:
            self._faults.append(fault)
            return
        if not text.strip():
            self._tell("response_empty", f"'{entry.name}' says nothing", entry.name, 1)
        self._said[number, slug] = Said(entry.name, number, name, slug, text)

    def _document(self, entry: _Entry) -> bool:
        """Keep a judge's file; one that cannot be read is told, and the import goes on without it."""
        try:
            self._documents[entry.name] = self._text(entry)
        except HansardError as fault:
            self._unread.append(entry.name)
            self._tell(fault.code, fault.message, entry.name)
            return False
        return True

    def _read_pool(self, name: str) -> None:
        try:
            pool = rosters.read_pool(self._documents[name], name)
        except HansardError as fault:
            self._faults.append(fault)
            return
        self._pool = name, pool
        self._tell.notes(name, pool.notes)

    def _read_panel(self, name: str, number: int) -> None:
        try:
            panel = rosters.read_panel(self._documents[name], name)
        except HansardError as fault:
            self._faults.append(fault)
            return
        self._panels[number] = name, panel
        self._tell.notes(name, panel.notes)

    # -- the whole

    def _contiguous(self, folders: dict[int, _Entry]) -> int:
        """The number of rounds that have responses; trailing folders without any are told, gaps refused."""
        spoken = {number for number, _ in self._said}
        if not spoken:
            raise errors.not_a_dialogue(self._name, "no file in it is an expert's response")
        last = max(spoken)
        if last > MAX_ROUND:
            raise id_space_exhausted("path", f"round {last} of '{self._name}'")
        missing = sorted(set(range(last)) - spoken)
        if missing:
            raise errors.round_missing(self._name, missing, sorted(spoken))
        for number, folder in sorted(folders.items()):
            if number > last:
                words = f"'{folder.name}' holds no response; the round was not held"
                self._tell("round_without_responses", words, folder.name)
        return last + 1

    def _named(self) -> tuple[str, str, str]:
        """When the dialogue was held, its slug, and its name in words."""
        at, rest = stamped(self._name)
        if at is None:
            at = timestamp(datetime.fromtimestamp(min(max(self._newest, 0), _LAST_MOMENT), UTC))
            words = f"'{self._name}' has no stamp such as 2026-02-06T1839Z-; the newest file's time ({at}) was taken"
            self._tell("time_from_files", words)
        slug = slugify(rest)
        if slug != rest:
            self._tell("id_slugified", f"the id '{slug}' was made of the folder's name '{self._name}'", severity="note")
        return at, slug, _BETWEEN.sub(" ", rest).strip() or slug


def _shown(name: str) -> str:
    """A file's name as text; bytes that are no UTF-8 are shown as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "\\0")
