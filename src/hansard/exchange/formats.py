"""The forms in which one dialogue leaves as a file: what the file is called, how it is made, how it is known again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.exchange.document import FILE_NAME, read_document, rendered
from hansard.exchange.grounds import Standings
from hansard.exchange.minutes import minutes
from hansard.kernel import files
from hansard.kernel.errors import HansardError
from hansard.kernel.json_text import NotJsonError, json_value


class Material(NamedTuple):
    """What a form may be made of, all of one moment."""

    record: model.Record
    document: dict[str, Any]
    """The record as ``dialogue.json``, with its journal where that is wanted."""
    head: Head
    standings: Standings = MappingProxyType({})
    """Whether each verdict still stands, for what people read."""

    @property
    def digest(self) -> str:
        """The record's digest."""
        return str(self.document["digest"])


class Form(NamedTuple):
    """One form."""

    file_name: str
    make: Callable[[Material], bytes]
    is_ours: Callable[[Path, str], bool]
    """Whether a file is an earlier export of this dialogue in this form; may raise what reading it raises."""


_OPENING = re.compile(rb'\{\n  "schema_version": "[^"]*",\n  "rulesVersion": "[^"]*",\n  "id": "([a-z0-9-]+)",\n')
"""How a document begins as we write it: so whose it is can be told without reading all of it."""


def _is_document(path: Path, dialogue_id: str) -> bool:
    opening = _OPENING.match(files.head(path, 1024))
    return (opening[1].decode() if opening else read_document(path).get("id")) == dialogue_id


def _minutes(made: Material) -> bytes:
    return minutes(made.record, made.head, made.digest, made.standings).encode()


def _is_minutes(path: Path, dialogue_id: str) -> bool:
    text = files.read_text(path).text
    return text.startswith("# Minutes: ") and f"- Dialogue `{dialogue_id}`, " in text


# What few commands need is imported when it is needed: every command that opens the store imports this module.


def _adr(material: Material) -> bytes:
    from hansard.exchange.adr import decision_record

    return decision_record(material.record, material.head, material.digest, material.standings).encode()


def _is_adr(path: Path, dialogue_id: str) -> bool:
    from hansard.exchange.adr import is_decision_record

    return is_decision_record(files.read_text(path).text, dialogue_id)


def _aif(material: Material) -> bytes:
    from hansard.exchange.aif import rendered_aif
    from hansard.exchange.graph import graph_of

    return rendered_aif(graph_of(material.record), material.head, material.digest)


def _is_aif(path: Path, dialogue_id: str) -> bool:
    from hansard.exchange.aif import FORMAT, LIMIT_BYTES

    value = json_value(files.read_text(path, limit_bytes=LIMIT_BYTES).text)
    own = value.get("hansard") if isinstance(value, dict) else None
    return isinstance(own, dict) and (own.get("format"), own.get("id")) == (FORMAT, dialogue_id)


def _argdown(material: Material) -> bytes:
    from hansard.exchange.argdown.writing import rendered_argdown
    from hansard.exchange.graph import graph_of

    return rendered_argdown(graph_of(material.record), material.head, material.digest)


def _is_argdown(path: Path, dialogue_id: str) -> bool:
    from hansard.exchange.argdown.reading import front_id

    return front_id(files.read_text(path).text) == dialogue_id


FORMS: Final[Mapping[str, Form]] = {
    "json": Form(FILE_NAME, lambda made: rendered(made.document), _is_document),
    "markdown": Form("minutes.md", _minutes, _is_minutes),
    "adr": Form("decision.md", _adr, _is_adr),
    "aif": Form("dialogue.aif.json", _aif, _is_aif),
    "argdown": Form("dialogue.argdown", _argdown, _is_argdown),
}
"""Every form but Parquet, which is a folder (``parquet``)."""


def is_export(path: Path, dialogue_id: str, form: str) -> bool:
    """Whether a file is an earlier export of this dialogue in this form."""
    try:
        return path.is_file() and FORMS[form].is_ours(path, dialogue_id)
    except (HansardError, NotJsonError):
        return False
