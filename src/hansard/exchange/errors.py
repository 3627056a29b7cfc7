"""Refusals of import and export; each function's name is its code.

Names in messages are relative: a file as it is called inside the folder that was given, never a whole path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hansard.kernel.errors import HansardError, did_you_mean

# -- both directions ---------------------------------------------------------------------------------------------------


# -- import ------------------------------------------------------------------------------------------------------------


def not_a_dialogue(name: str, why: str) -> HansardError:
    """Nothing at this path can be read as a dialogue."""
    return HansardError(
        "invalid",
        "not_a_dialogue",
        f"'{name}' is no dialogue: {why}",
        field="path",
        value=name,
        suggestion="Give a folder with round-0/NAME.md files, a folder of such folders, a dialogue.json, a bundle, "
        "an AIF or Argdown file, or an llm-council conversation",
    )


def round_missing(name: str, missing: Sequence[int], found: Sequence[int]) -> HansardError:
    """The rounds of a dialogue are not numbered without a gap from 0."""
    gaps = ", ".join(f"round-{number}" for number in missing[:10])
    return HansardError(
        "invalid",
        "round_missing",
        f"'{name}' has no responses in {gaps}",
        field="path",
        value=name,
        constraint="sequence",
        context={"missing": list(missing[:10]), "found": list(found)},
        suggestion="Rounds are numbered from 0 without a gap: bring the missing responses, or rename the folders in "
        "a copy",
    )


def round_twice(name: str, folders: Sequence[str]) -> HansardError:
    """Two folders stand for one round."""
    return HansardError(
        "conflict",
        "round_twice",
        f"{' and '.join(repr(folder) for folder in folders)} in '{name}' are the same round",
        field="path",
        value=name,
        constraint="unique",
        suggestion="Keep one of them in a copy of the folder; which one, only you can tell",
    )


def response_twice(files: Sequence[str], expert: str) -> HansardError:
    """Two files of one round stand for one expert."""
    return HansardError(
        "conflict",
        "response_twice",
        f"{' and '.join(repr(file) for file in files)} are both a response of '{expert}'",
        field="path",
        value=files[0],
        constraint="unique",
        context={"files": list(files), "expert": expert},
        suggestion="An expert answers once in a round: keep one in a copy of the folder, or rename the other",
    )


def files_unreadable(name: str, faults: Sequence[HansardError]) -> HansardError:
    """Several files that belong to the record cannot be read; nothing was imported."""
    return HansardError(
        "invalid",
        "files_unreadable",
        f"{len(faults)} files of '{name}' cannot be read; nothing was imported",
        field="path",
        value=name,
        suggestion="Mend each file by the suggestion beside it, or take it out of a copy of the folder",
        errors=faults,
    )


def json_malformed(name: str, line: int | None, column: int | None, why: str) -> HansardError:
    """A file is not JSON."""
    where = f"line {line}, column {column}: " if line is not None else ""
    return HansardError(
        "invalid",
        "json_malformed",
        f"'{name}' is not JSON: {where}{why}",
        field="path",
        value=name,
        constraint="syntax",
        context={"file": name, "line": line, "column": column},
        suggestion="Mend the file at that place",
    )


def json_unfit(name: str, path: str, why: str) -> HansardError:
    """A file is JSON and does not say what it should."""
    return HansardError(
        "invalid",
        "json_unfit",
        f"'{name}': {path} {why}",
        field="path",
        value=name,
        constraint="shape",
        context={"file": name, "at": path},
        suggestion="docs/importing.md shows what this file holds",
    )


def map_unknown(row: str, local_id: str, known: Iterable[str]) -> HansardError:
    """The map points a row of the judge's file at a tension that nobody wrote."""
    ids = sorted(known)
    return HansardError(
        "not_found",
        "map_unknown",
        f"the map points {row} at '{local_id}', and no response holds a tension of that id",
        field="map",
        value=local_id,
        valid_options=ids[:30],
        context={"row": row},
        suggestion=did_you_mean(local_id, ids) or "Name the local id of a tension, such as SCONE-T0001",
    )


def import_changed(
    dialogue_id: str, changed: Sequence[str], added: Sequence[str], removed: Sequence[str]
) -> HansardError:
    """This id was imported before, from other content; what is recorded is never overwritten."""
    parts = [
        f"{word} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
        for word, names in (("changed:", changed), ("added:", added), ("removed:", removed))
        if names
    ]
    return HansardError(
        "conflict",
        "import_changed",
        f"'{dialogue_id}' was imported before, from other content ({'; '.join(parts) or 'another source'})",
        field="path",
        value=dialogue_id,
        context={"changed": list(changed), "added": list(added), "removed": list(removed)},
        suggestion="Import it beside the first one with --as-new; the first one stays as it is",
    )


def importer_unloadable(name: str, why: str) -> HansardError:
    """An importer of another package does not load."""
    return HansardError(
        "unavailable",
        "importer_unloadable",
        f"the importer '{name}' cannot be used: {why}",
        value=name,
        suggestion="Update or remove the package that brings it",
    )


def document_unfit(name: str, why: str) -> HansardError:
    """A dialogue.json does not hold together, or is of a version that this program does not know."""
    return HansardError(
        "invalid",
        "document_unfit",
        f"'{name}' cannot be imported: {why}",
        field="path",
        value=name,
        suggestion="'hansard verify FILE' tells what is wrong with it; export it anew where it comes from",
    )


def wholly_erased(name: str) -> HansardError:
    """An export of a dialogue of which an erasure left the chain alone: there is nothing to register again."""
    return HansardError(
        "refused",
        "wholly_erased",
        f"'{name}' is what was left of a dialogue that was erased: no word, no name, only the proof that it was there",
        field="path",
        value=name,
        suggestion="Keep the file: 'hansard verify FILE' tells when and why it was erased; a new record could not",
    )


def record_differs(name: str, differences: Mapping[str, str]) -> HansardError:
    """What was registered is not what the file holds; nothing was imported."""
    first = "; ".join(f"{place}: {what}" for place, what in list(differences.items())[:3])
    return HansardError(
        "conflict",
        "record_differs",
        f"'{name}' cannot be taken over without a loss ({first}); nothing was imported",
        field="path",
        value=name,
        constraint="lossless",
        context={"differences": dict(list(differences.items())[:20])},
        suggestion="Keep the file: 'hansard verify FILE' and 'hansard minutes' read it as it is",
    )


def file_unfit(name: str, place: str, why: str) -> HansardError:
    """A file is of its format, and states something that no record can hold."""
    return HansardError(
        "invalid",
        "file_unfit",
        f"'{name}' states what a record cannot hold: {place} {why}",
        field="path",
        value=name,
        constraint="shape",
        context={"file": name, "at": place},
        suggestion="Mend the file at that place",
    )


def nothing_stated(name: str, form: str) -> HansardError:
    """A file of a format for arguments holds no statement."""
    return HansardError(
        "invalid",
        "nothing_stated",
        f"'{name}' is {form} and holds no statement",
        field="path",
        value=name,
        suggestion="Check that this is the file you mean",
    )


def aif_malformed(name: str, faults: Sequence[tuple[str, str]]) -> HansardError:
    """A file of AIF has not the form, or not the graph, of AIF; ``faults`` are paths and what is wrong there."""
    path, why = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return HansardError(
        "invalid",
        "aif_malformed",
        f"'{name}': {path} {why}{more}",
        field=path,
        value=name,
        constraint="graph",
        context={"faults": [f"{place} {what}" for place, what in faults[:50]]},
        suggestion="Mend the file at these places; docs/formats.md tells what must hold",
    )


# -- export ------------------------------------------------------------------------------------------------------------


def not_an_export(name: str) -> HansardError:
    """The file is JSON and not one of our exports."""
    return HansardError(
        "invalid",
        "not_an_export",
        f"'{name}' is JSON and no export of a dialogue: it has no 'schema_version'",
        field="path",
        value=name,
        suggestion="Give a dialogue.json that 'hansard export' has written",
    )


def schema_version_unknown(name: str, found: object, known: Sequence[str]) -> HansardError:
    """The export has a version that this program does not read."""
    return HansardError(
        "invalid",
        "schema_version_unknown",
        f"'{name}' has schema_version {found!r}; this Hansard reads {', '.join(known)}",
        field="schema_version",
        value=found,
        valid_options=known,
        suggestion="Use the Hansard that wrote it, or a newer one",
    )


def document_malformed(name: str, faults: Sequence[tuple[str, str]]) -> HansardError:
    """An export has not the form of an export; ``faults`` are paths and what is wrong there."""
    path, why = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return HansardError(
        "corrupt",
        "document_malformed",
        f"'{name}': {path} {why}{more}",
        field=path,
        context={"faults": [f"{path} {why}" for path, why in faults[:50]]},
        suggestion="'hansard verify FILE' names every place; take another copy, or export the dialogue anew",
    )


def would_overwrite(name: str, dialogue_id: str) -> HansardError:
    """Something else than an export of this dialogue stands where the export should go."""
    return HansardError(
        "conflict",
        "would_overwrite",
        f"'{name}' exists and is no export of '{dialogue_id}'; it was left as it is",
        field="output_path",
        value=name,
        suggestion="Give another output_path, or move that file away",
    )


def no_verdict(dialogue_id: str) -> HansardError:
    """A format that tells a decision was asked of a dialogue that has none."""
    return HansardError(
        "refused",
        "no_verdict",
        f"'{dialogue_id}' has no verdict, and a decision record tells one",
        field="dialogue_id",
        value=dialogue_id,
        suggestion="Register a verdict first with 'dialogue_verdict_register', or export another format",
    )


def not_a_bundle(name: str) -> HansardError:
    """A file that should be a bundle is none."""
    return HansardError(
        "invalid",
        "not_a_bundle",
        f"'{name}' is no bundle",
        field="path",
        value=name,
        constraint="shape",
        suggestion="Give a file that 'hansard bundle' made; one that was packed anew is none any more",
    )


def bundle_too_large(size_bytes: int, limit_bytes: int) -> HansardError:
    """A bundle has more bytes than are read at once."""
    return HansardError(
        "invalid",
        "bundle_too_large",
        f"a bundle of {size_bytes:,} bytes is too large; {limit_bytes:,} is the limit",
        field="path",
        constraint="size",
        context={"size_bytes": size_bytes, "limit_bytes": limit_bytes},
        suggestion="Leave large exhibits out: '--edition public' carries their digests alone",
    )


def bundle_damaged(name: str, why: str) -> HansardError:
    """A bundle is not as it was made; what it holds is not taken in."""
    return HansardError(
        "corrupt",
        "bundle_damaged",
        f"'{name}' is not as it was made: {why}",
        field="path",
        value=name,
        suggestion=f"'hansard verify {name}' tells everything that differs; ask for another copy",
    )


def bundle_public(name: str) -> HansardError:
    """A public edition is not the whole record, and cannot become one."""
    return HansardError(
        "refused",
        "bundle_public",
        f"'{name}' is a public edition: it leaves out what was said word for word, and is no whole record",
        field="path",
        value=name,
        suggestion="Ask for the full edition; 'hansard verify' reads this one",
    )
