"""The published JSON Schema of ``dialogue.json``, made from the types that read and write it.

``dialogue.schema.json`` beside this file is what ``schema`` gives; a test holds them together. After a change of the
format: ``python -m hansard.exchange.schema > src/hansard/exchange/dialogue.schema.json``.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any, Final

import msgspec

from hansard.dialogue.model import STATUSES
from hansard.exchange.document import DERIVED, SCHEMA_VERSION
from hansard.exchange.document_items import Document
from hansard.kernel.ids import KINDS, PLURALS

FILE_NAME: Final = "dialogue.schema.json"

_GENERIC = re.compile(r"(Entity|Tension)Item_.*")


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the format; one definition for each of the five kinds."""
    made = msgspec.json.schema(Document)
    definitions: dict[str, Any] = made["$defs"]
    names = {name: _public_name(name, definitions[name]) for name in definitions}
    renamed = {names[name]: _renamed(definition, names) for name, definition in definitions.items()}
    for name, definition in renamed.items():
        definition["title"] = name
    for kind, word in KINDS.items():
        renamed[word.capitalize()]["properties"]["id"]["pattern"] = rf"^{kind}[0-9]{{4}}$"
    document = renamed.pop("Document")
    document["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    document["properties"]["digest"]["pattern"] = "^[0-9a-f]{64}$"
    for name in DERIVED:
        document["properties"][name]["description"] = "Computed from the rest of the document."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hansard:dialogue:{SCHEMA_VERSION}",
        **document,
        "title": "dialogue.json",
        "description": "The record of one dialogue as Hansard exports it. A key without a value is left out.",
        "$defs": dict(sorted(renamed.items())),
    }


def published() -> str:
    """The text of the published file."""
    return resources.files(__package__).joinpath(FILE_NAME).read_text(encoding="utf-8")


def rendered_schema() -> str:
    """``schema`` as the published file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _public_name(name: str, definition: dict[str, Any]) -> str:
    """``Perspective`` for the entity type whose statuses are a perspective's; else the type's name without ``Item``."""
    if _GENERIC.fullmatch(name) is None:
        return name.removesuffix("Item")
    statuses = set(definition["properties"]["status"]["enum"])
    kind = next(kind for kind, words in STATUSES.items() if set(words) == statuses)
    return KINDS[kind].capitalize()


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            key: f"#/$defs/{names[inner.rpartition('/')[2]]}" if key == "$ref" else _renamed(inner, names)
            for key, inner in value.items()
            if not (key == "default" and inner is None)
        }
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return value


assert set(PLURALS) == set(STATUSES)  # a kind without statuses would have no definition

if __name__ == "__main__":
    print(rendered_schema(), end="")
