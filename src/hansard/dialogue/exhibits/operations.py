"""The door to exhibits, watched conditions and standing."""

from __future__ import annotations

import mimetypes
import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from hansard.database.journal import Entry
from hansard.dialogue import errors as dialogue_errors
from hansard.dialogue import store as dialogues
from hansard.dialogue.calibration import errors as calibration_errors
from hansard.dialogue.calibration import store as calibration
from hansard.dialogue.calibration.rules import digest_of
from hansard.dialogue.door import Door, raise_faults, time_of
from hansard.dialogue.exhibits import answers, errors, requests, rules, store
from hansard.dialogue.exhibits.looking import LIMIT_BYTES, Looking, verdict_digest
from hansard.dialogue.folder import write_into
from hansard.dialogue.model import Dialogue, Exhibit, Watch
from hansard.dialogue.rules.life import standing_final
from hansard.dialogue.rules.panel import everybody
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError, invalid_field, missing_field
from hansard.kernel.ids import RESERVED_SLUGS
from hansard.kernel.operations import Call, operation
from hansard.markers.names import name_slug

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Pinned(msgspec.Struct, kw_only=True):
    """What is known of an exhibit once it was looked at."""

    digest: str
    reference: dict[str, Any]
    name: str | None = None
    """What to call it where no label is given."""
    data: bytes | None = None
    """What is to be copied."""
    size: int | None = None
    media_type: str | None = None


class ExhibitOperations(Door):
    """Exhibits are pinned and never changed; whether a verdict stands is computed whenever somebody asks."""

    # ------------------------------------------------------------------ writing

    @operation(writes=True)
    def exhibit_add(self, request: requests.ExhibitAdd, call: Call) -> answers.ExhibitAdded:
        """Pin outside material by its hash, so that evidence can cite it: a file, a verdict, a calibration, a query.

        A file is copied to the dialogue's folder; a filter is asked of the memory. What is pinned already is answered
        as it stands. What nobody can look at again yet (symmetry, gates, agents) is kept with the digest it states.
        """
        asked = self._asked(request, call)
        with self._journal.entry("exhibit_add", request, call, [dialogues.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.ExhibitAdded(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            if dialogue.status == "abandoned":
                raise dialogue_errors.dialogue_closed(dialogue.dialogue_id, dialogue.status)
            fault = rules.known_kind(request.kind)
            if fault is not None:
                raise fault
            known = dialogues.exhibit_ids(entry.connection, dialogue.dialogue_id)
            number = int(known[-1][1:]) + 1 if known else 1
            told = dialogue.brought(number)  # by a record, whose exhibits are taken as they are
            time = time_of(dialogue, entry, request.at, unless_told=None if told else entry.time)
            faults: list[HansardError] = []
            author = self._author(entry, dialogue, request, faults)
            if request.replaces is not None and request.replaces not in known:
                faults.append(errors.exhibit_not_found("replaces", request.replaces, known))
            raise_faults(faults, "exhibit", request.label or request.kind)
            pinned = (
                _stated(request) if told and request.path is None else self._pinned(entry, dialogue, request, asked)
            )
            if request.replaces is None and not told:
                already = self._pinned_already(entry, dialogue, request.kind, pinned)
                if already is not None:
                    return entry.finish(
                        answers.ExhibitAdded(
                            dialogue_id=dialogue.dialogue_id,
                            exhibit=_told(already),
                            created=False,
                            warnings=_warnings(already),
                        )
                    )
            if number > 9999:
                raise errors.exhibit_space_exhausted(dialogue.dialogue_id)
            reference = dict(pinned.reference)
            if request.replaces is not None:
                reference["replaces"] = request.replaces
            label = request.label or pinned.name
            if label is None:
                raise missing_field("label")
            exhibit = Exhibit(
                dialogue_id=dialogue.dialogue_id,
                seq=number,
                kind=request.kind,
                label=label,
                reference=reference,
                digest=pinned.digest,
                size=pinned.size,
                media_type=pinned.media_type,
                round=dialogues.completed_rounds(entry.connection, dialogue.dialogue_id),
                added_by=author,
                created_at=time,
            )
            if pinned.data is not None:
                exhibit = self._copied(dialogue, exhibit, pinned)
            dialogues.insert(entry, [exhibit])
            return entry.finish(
                answers.ExhibitAdded(
                    dialogue_id=dialogue.dialogue_id,
                    exhibit=_told(exhibit),
                    warnings=[] if told else _warnings(exhibit),
                )
            )

    def _pinned_already(self, entry: Entry, dialogue: Dialogue, kind: str, pinned: Pinned) -> Exhibit | None:
        """The exhibit of this store that is the same; a file only where its copy, if it is to have one, is whole."""
        looking = Looking(entry.connection, self.folder, self.memory)
        for one in store.read_exhibits(entry.connection, dialogue.dialogue_id):
            if (one.kind, one.digest) != (kind, pinned.digest) or dialogue.brought(one.seq):
                continue
            reference = {name: value for name, value in one.reference.items() if name != "replaces"}
            if kind != "file":
                if reference == pinned.reference:
                    return one
            elif pinned.data is None or looking.exhibit(dialogue, one).state == "as_pinned":
                return one
        return None

    def _author(
        self, entry: Entry, dialogue: Dialogue, request: requests.ExhibitAdd, faults: list[HansardError]
    ) -> str:
        slug = name_slug(request.added_by)
        if slug not in RESERVED_SLUGS:
            known = dialogues.read_experts(entry.connection, request.dialogue_id)
            if slug not in known and not dialogue.imported:
                allowed, pool = [*known, *RESERVED_SLUGS], everybody(dialogue, ())
                faults.append(dialogue_errors.expert_not_found("added_by", request.added_by, allowed, pool))
        return slug

    def _pinned(
        self, entry: Entry, dialogue: Dialogue, request: requests.ExhibitAdd, asked: Pinned | HansardError | None
    ) -> Pinned:
        """What the request pins, looked at; ``asked`` is what the memory answered."""
        if request.kind != "file" and request.path is not None:
            raise invalid_field("path", request.path, "belongs to exhibits of the kind 'file'")
        if request.kind == "file":
            found = self._file(dialogue, request)
        elif request.kind == "verdict":
            found = self._verdict(entry, request)
        elif request.kind == "calibration":
            found = self._calibration(entry, request)
        elif isinstance(asked, HansardError):
            raise asked
        elif asked is not None:
            found = asked
        elif request.kind == "memory_query" and request.digest is None:
            raise missing_field("reference.filter", "Give the 'filter' that the memory is to be asked")
        else:
            if not request.reference:
                raise missing_field("reference")
            if request.digest is None:
                raise missing_field("digest")
            found = Pinned(digest=request.digest, reference=dict(request.reference), size=request.size)
        if request.digest is not None and request.digest != found.digest:
            raise errors.exhibit_differs("digest", request.digest, found.digest)
        if "replaces" in request.reference:
            raise invalid_field("reference.replaces", request.reference["replaces"], "is given by the field 'replaces'")
        found.media_type = request.media_type or found.media_type
        return found

    def _file(self, dialogue: Dialogue, request: requests.ExhibitAdd) -> Pinned:
        if request.reference:
            raise invalid_field("reference", request.reference, "is not given for a file", suggestion="Give its 'path'")
        if request.path is None:
            if request.digest is None:
                raise missing_field("path")
            return Pinned(digest=request.digest, reference={}, size=request.size)
        if _ADDRESS.match(request.path):
            raise invalid_field(
                "path", request.path, "is an address, and nothing is fetched", suggestion="Save it and give the file"
            )
        path = self._given(dialogue, request.path)
        if files.is_folder(path):
            raise invalid_field(
                "path", request.path, "is a folder, not a file", suggestion="Pin its files, or an archive of them"
            )
        name = Path(request.path).name
        data = files.read_bytes(path, name=name, limit_bytes=LIMIT_BYTES)
        if request.size is not None and request.size != len(data):
            raise invalid_field("size", request.size, f"is not the file's, which has {len(data)} bytes")
        return Pinned(
            digest=sha256_hex(data),
            reference={"name": name},
            name=name,
            data=data,
            size=len(data),
            media_type=mimetypes.guess_type(name)[0],
        )

    def _copied(self, dialogue: Dialogue, exhibit: Exhibit, pinned: Pinned) -> Exhibit:
        """Copy a file below the dialogue's folder, before the row that vouches for it is committed.

        What stands there under this id belongs to no row: an attempt that was never committed left it.
        """
        assert pinned.data is not None
        path = f"{rules.FOLDER}/{rules.file_name(exhibit.id, str(pinned.name))}"
        write_into(self.writable_folder(dialogue), path, pinned.data)
        return msgspec.structs.replace(exhibit, reference={**exhibit.reference, "path": path})

    def _verdict(self, entry: Entry, request: requests.ExhibitAdd) -> Pinned:
        named = _named(request, "dialogue_id", "verdict_id")
        dialogue = dialogues.read_dialogue(entry.connection, named["dialogue_id"])
        if dialogue is None:
            raise dialogue_errors.dialogue_not_found(named["dialogue_id"], dialogues.all_ids(entry.connection))
        found = store.read_verdict(entry.connection, named["dialogue_id"], named["verdict_id"])
        if found is None:
            known = [one.verdict_id for one in dialogues.read_verdicts(entry.connection, named["dialogue_id"])]
            raise dialogue_errors.verdict_not_found("reference.verdict_id", named["verdict_id"], known)
        return Pinned(
            digest=verdict_digest(found),
            reference=named,
            name=f"Verdict '{found.verdict_id}' of {dialogue.title}"[:1000],
        )

    def _calibration(self, entry: Entry, request: requests.ExhibitAdd) -> Pinned:
        named = _named(request, "ethos_id")
        found = calibration.read_ethos(entry.connection, named["ethos_id"])
        if found is None:
            known = calibration.ethos_ids(entry.connection)
            raise calibration_errors.ethos_not_found(named["ethos_id"], known, "reference.ethos_id")
        if digest_of(found.rules) != found.digest:
            raise calibration_errors.ethos_altered(found.ethos_id)
        return Pinned(digest=found.digest, reference=named, name=f"Ethos {found.title}")

    def _asked(self, request: requests.ExhibitAdd, call: Call) -> Pinned | HansardError | None:
        """What the memory answers to the filter that is to be pinned, or why it does not.

        It is asked before the write begins, since millions of records take seconds; an import states what was answered.
        """
        if request.kind != "memory_query" or "filter" not in request.reference or call.transaction is not None:
            return None
        from hansard.memory.cited import answer_of  # loads numpy, which nothing else here needs

        try:
            named = _named(request, "filter")
            found = answer_of(self.memory, named["filter"])
        except HansardError as fault:  # a repeated request gets its first answer all the same
            return fault
        return Pinned(
            digest=found.digest,
            reference={**named, "records": found.records},
            name=f"Memory: {named['filter'] or 'all records'}"[:1000],
        )

    @operation(writes=True)
    def watch_add(self, request: requests.WatchAdd, call: Call) -> answers.WatchAdded:
        """Bind a condition of a verdict to a gate or a date, so that its standing tells when it fails or falls due."""
        with self._journal.entry("watch_add", request, call, [dialogues.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.WatchAdded(**entry.answer)
            dialogue = self._dialogue(entry.connection, request.dialogue_id)
            verdict = store.read_verdict(entry.connection, request.dialogue_id, request.verdict_id)
            if verdict is None:
                known = [one.verdict_id for one in dialogues.read_verdicts(entry.connection, request.dialogue_id)]
                raise dialogue_errors.verdict_not_found("verdict_id", request.verdict_id, known)
            earlier = store.read_watches(entry.connection, request.dialogue_id, request.verdict_id)
            bound, faults = rules.judged_watches([("watch", request.watch)], verdict.conditions, earlier)
            raise_faults(faults, "watch", request.watch.condition)
            watch = Watch(
                dialogue_id=request.dialogue_id,
                verdict_id=request.verdict_id,
                seq=len(earlier) + 1,
                condition=bound[0].condition,
                kind=bound[0].kind,
                reference=bound[0].reference,
                created_at=time_of(dialogue, entry, request.at),
            )
            dialogues.insert(entry, [watch])
            return entry.finish(
                answers.WatchAdded(
                    dialogue_id=watch.dialogue_id,
                    verdict_id=watch.verdict_id,
                    seq=watch.seq,
                    condition=watch.condition,
                    kind=watch.kind,
                    reference=watch.reference,
                )
            )

    # ------------------------------------------------------------------ reading

    @operation(path="/dialogues/{dialogue_id}/exhibits")
    def exhibit_list(self, request: requests.ExhibitList, call: Call) -> answers.ExhibitsListed:
        """List a dialogue's exhibits, what cites them, and whether each still is what was pinned."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            looking = Looking(connection, self.folder, self.memory)
            looks = {exhibit.id: looking.exhibit(record.dialogue, exhibit) for exhibit in record.exhibits}
        newer = rules.replacements(record.exhibits)
        cited: dict[str, list[str]] = defaultdict(list)
        for entity in record.entities:
            for name in entity.exhibits or ():
                cited[name].append(entity.id)
        return answers.ExhibitsListed(
            dialogue_id=request.dialogue_id,
            exhibits=[
                answers.ExhibitState(
                    **_told(exhibit).model_dump(),
                    state=looks[exhibit.id].state,
                    why=looks[exhibit.id].why,
                    replaced_by=newer.get(exhibit.id),
                    cited_by=cited[exhibit.id],
                )
                for exhibit in record.exhibits
            ],
        )

    @operation(path="/dialogues/{dialogue_id}/standing")
    def dialogue_standing(self, request: requests.StandingQuery, call: Call) -> answers.StandingTold:
        """Tell whether verdicts still stand: stale, breached, due, superseded, and what nobody looked into."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            wanted = [v for v in record.verdicts if request.verdict_id in (None, v.verdict_id)]
            if request.verdict_id is not None and not wanted:
                known = [verdict.verdict_id for verdict in record.verdicts]
                raise dialogue_errors.verdict_not_found("verdict_id", request.verdict_id, known)
            day = rules.parsed_day("on", request.on) if request.on is not None else today(self._journal.now())
            if isinstance(day, HansardError):
                raise day
            looking = Looking(connection, self.folder, self.memory)
            told = {verdict.verdict_id: looking.standing(record, verdict, day) for verdict in wanted}
        final = standing_final(record.verdicts)
        return answers.StandingTold(
            dialogue_id=request.dialogue_id,
            title=record.dialogue.title,
            on=day.isoformat(),
            standing=told[final.verdict_id].standing if final is not None and final.verdict_id in told else None,
            verdicts=list(told.values()),
        )

    # ------------------------------------------------------------------ for other rooms

    def looking(self, connection: store.Connection) -> Looking:
        """Looks at what is pinned, from one moment of the store."""
        return Looking(connection, self.folder, self.memory)


def today(timestamp: str) -> date:
    """The day of a stored time, in UTC."""
    return date.fromisoformat(timestamp[:10])


def _told(exhibit: Exhibit) -> answers.ExhibitTold:
    row = exhibit.as_row()
    return answers.ExhibitTold(id=exhibit.id, **{name: row[name] for name in row if name not in ("dialogue_id", "seq")})


def _stated(request: requests.ExhibitAdd) -> Pinned:
    """What the record that is imported says of an exhibit."""
    if request.digest is None:
        raise missing_field("digest")
    given = {name: value for name, value in request.reference.items() if name != "replaces"}
    return Pinned(digest=request.digest, reference=given, size=request.size, media_type=request.media_type)


def _warnings(exhibit: Exhibit) -> list[str]:
    """What somebody who pins this should know."""
    if exhibit.kind == "memory_query" and exhibit.reference.get("records") == 0:
        return ["the filter finds no record: nothing but that is pinned; look whether it names what you mean"]
    return []


def _named(request: requests.ExhibitAdd, *names: str) -> dict[str, str]:
    """The names that a reference must give, and no others."""
    faults: list[HansardError] = []
    found: dict[str, str] = {}
    for name in names:
        value = request.reference.get(name)
        if not isinstance(value, str):
            faults.append(missing_field(f"reference.{name}"))
        else:
            found[name] = value
    for name in request.reference:
        if name not in (*names, "replaces"):
            faults.append(invalid_field(f"reference.{name}", request.reference[name], "is not asked for here"))
    raise_faults(faults, "exhibit", request.kind)
    return found
