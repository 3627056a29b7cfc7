"""The importer of transcripts: folders with responses in rounds, and the map that tells what a judge's rows mean."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hansard.exchange import errors
from hansard.exchange.planning import Mapped, Plan, plan_transcript, tensions_of
from hansard.exchange.rosters import load_json
from hansard.exchange.transcripts import is_transcript, read_transcript
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex

_ROW: Final = re.compile(r"T(\d{1,3})")


class TranscriptImporter:
    """Folders with responses in rounds, as panels leave them (docs/importing.md)."""

    name = "transcript"

    def recognises(self, path: Path) -> bool:
        """Whether it is a folder with rounds or responses in it."""
        return is_transcript(path)

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of a folder."""
        transcript = read_transcript(path)
        mapped = read_map(map_file) if map_file is not None else None
        if mapped is not None:
            known = tensions_of(transcript)
            for row, local_id in mapped.rows.items():
                if local_id not in known:
                    raise errors.map_unknown(f"T{row:02d}", local_id, known)
        return plan_transcript(transcript, mapped)


def read_map(path: Path) -> Mapped:
    """The file of ``--map``: ``{"T01": "SCONE-T0001"}``.

    Raises:
        HansardError: ``json_malformed``, ``json_unfit``, or a refusal of the file.
    """
    data = files.read_bytes(path)
    value = load_json(files.decoded(data, path.name).text, path.name)
    if not isinstance(value, dict):
        raise errors.json_unfit(path.name, "the file", 'is no object such as {"T01": "SCONE-T0001"}')
    rows: dict[int, str] = {}
    for key, local_id in value.items():
        found = _ROW.fullmatch(key)
        if found is None:
            raise errors.json_unfit(path.name, f"'{key[:80]}'", "is no row such as T01")
        if not isinstance(local_id, str):
            raise errors.json_unfit(path.name, key, "is no local id such as SCONE-T0001")
        rows[int(found[1])] = local_id.upper()
    return Mapped(rows, sha256_hex(data))


IMPORTER: Final = TranscriptImporter()
