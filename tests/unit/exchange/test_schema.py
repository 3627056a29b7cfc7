"""The published schema is the format's, and every export obeys it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given

from hansard.dialogue import model
from hansard.exchange.document import document_from_record
from hansard.exchange.schema import published, rendered_schema, schema
from tests.unit.exchange.folders import Store
from tests.unit.exchange.recorded import Held
from tests.unit.exchange.records import records

VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_published_schema_is_the_one_the_types_give() -> None:
    """The file beside the code is what the code makes; after a change of the format it is written anew."""
    assert published() == rendered_schema()


def test_the_schema_is_one() -> None:
    """It is valid JSON Schema and says so."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$id"] == "urn:hansard:dialogue:1"


@given(records())
def test_every_document_obeys_the_schema(record: model.Record) -> None:
    """Whatever a record holds, its document is valid."""
    VALIDATOR.validate(document_from_record(record))


def test_an_exported_file_obeys_the_schema(held: Held) -> None:
    """The journal's part is described too."""
    VALIDATOR.validate(held.document())


def test_the_shipped_example_and_the_real_dialogues_obey_the_schema(real_store: Store) -> None:
    """Exports of what really was argued are valid."""
    for dialogue_id in real_store.answers:
        VALIDATOR.validate(document_from_record(real_store.dialogues.record(dialogue_id)))


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.update(unknown=1),
        lambda x: x["perspectives"][0].update(status="resolved"),
        lambda x: x["perspectives"][0].update(id="T0001"),
        lambda x: x["perspectives"][0].pop("contributors"),
        lambda x: x.update(schema_version="2"),
        lambda x: x.update(digest="short"),
        lambda x: x["moves"][0].update(type="dance"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(held: Held, change: Any) -> None:
    """The schema is no decoration: what is not of the format is not valid."""
    document = json.loads(json.dumps(held.document()))
    change(document)
    assert not VALIDATOR.is_valid(document)


def test_the_schema_ships_in_the_package() -> None:
    """Whoever installs Hansard has the schema."""
    assert resources.files("hansard.exchange").joinpath("dialogue.schema.json").is_file()
