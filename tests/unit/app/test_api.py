"""``Hansard``: every operation as a typed method, over one store."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hansard import Hansard, HansardError
from hansard.app import methods, python
from hansard.app.assembly import all_operations
from hansard.dialogue.requests import EntityIn, ExpertPool, PoolExpert

POOL: dict[str, Any] = {"experts": [{"name": name, "role": "Potter"} for name in ("Muffin", "Scone", "Eclair")]}


def test_the_methods_are_the_operations() -> None:
    """The generated module is what the table of operations gives: a changed operation must be written anew."""
    with all_operations() as table:
        assert Path(methods.__file__).read_text(encoding="utf-8") == python.source(table)


def test_every_operation_is_a_method_with_its_fields(tmp_path: Path) -> None:
    """No operation is missing, and each argument is a field of the request."""
    with Hansard(tmp_path) as hansard:
        for name in hansard.operations:
            operation = hansard._parts.table[name]
            arguments = set(inspect.signature(getattr(hansard, name)).parameters)
            assert arguments == set(operation.request.model_fields), name


def test_shapes_and_plain_values_are_taken_alike(tmp_path: Path) -> None:
    """What an operation takes may be given as shapes, as mappings, in lists or in tuples."""
    entity: dict[str, Any] = {"local_id": "MUFFIN-P0001", "label": "Heat", "content": "It holds."}
    with Hansard(tmp_path, actor="ada") as hansard:
        shaped = hansard.dialogue_create(
            title="Shapes",
            question="Which?",
            expert_pool=ExpertPool(experts=[PoolExpert(**expert) for expert in POOL["experts"]]),
        )
        plain = hansard.dialogue_create(title="Plain", question="Which?", expert_pool=POOL, tags=("clay", "kiln"))
        for dialogue, given in ((shaped, (EntityIn(**entity),)), (plain, [entity])):
            answer = hansard.dialogue_round_register(
                dialogue_id=dialogue.dialogue_id, round=0, score=3, perspectives=given
            )
            assert answer.id_mapping == {"MUFFIN-P0001": "P0001"}
        assert hansard.record(plain.dialogue_id).dialogue.tags == ["clay", "kiln"]
        assert hansard.dialogue_id("pl") == "plain"
        assert hansard.verify(all=True).ok


def test_a_repeated_request_answers_the_same(tmp_path: Path) -> None:
    """A request id makes a call safe to repeat, and belongs to one actor."""
    with Hansard(tmp_path, actor="ada") as ada, Hansard(tmp_path, actor="bob") as bob:
        request: dict[str, Any] = {"title": "Once", "question": "Which?", "expert_pool": POOL, "request_id": "r1"}
        first = ada.dialogue_create(**request)
        assert ada.dialogue_create(**request) == first
        assert bob.dialogue_create(**request).dialogue_id == "once-2"
        with pytest.raises(HansardError) as refused:
            ada.dialogue_create(**request | {"title": "Twice"})
        assert refused.value.code == "request_id_reused"


def test_a_store_is_made_unless_it_must_be_there(tmp_path: Path) -> None:
    """``make=False`` refuses an empty home and leaves it empty."""
    with pytest.raises(HansardError) as refused:
        Hansard(tmp_path / "empty", make=False)
    assert refused.value.code == "store_missing"
    assert not (tmp_path / "empty").exists()


def test_an_unknown_operation_or_field_is_told(tmp_path: Path) -> None:
    """A misspelt name is refused with the nearest one, by ``call`` as by every other door."""
    with Hansard(tmp_path) as hansard:
        with pytest.raises(HansardError) as refused:
            hansard.call("dialogue_creat", {})
        assert refused.value.code == "unknown_operation"
        assert "dialogue_create" in (refused.value.valid_options or [])
        with pytest.raises(HansardError) as refused:
            hansard.call("dialogue_get", {"dialog_id": "x"})
        assert "unknown_field" in {fault.code for fault in refused.value.errors or [refused.value]}


def test_threads_share_an_instance(tmp_path: Path) -> None:
    """Four threads write through one object; nothing is lost and the chains hold."""
    with Hansard(tmp_path) as hansard:

        def write(name: str) -> None:
            for number in range(5):
                hansard.dialogue_create(title=f"{name} {number}", question="Which?", expert_pool=POOL)

        threads = [threading.Thread(target=write, args=(f"thread {number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert hansard.dialogue_list().total == 20
        assert hansard.verify(all=True).ok


def test_the_class_is_loaded_when_it_is_asked_for() -> None:
    """``import hansard`` loads no room; naming ``Hansard`` does."""
    program = (
        "import sys, hansard; before = 'sqlalchemy' in sys.modules or 'hansard.app' in sys.modules; "
        "hansard.Hansard; print(before, 'hansard.app.api' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_an_argument_without_its_name_is_told_how_it_is_written(tmp_path: Path) -> None:
    """A request has fields and no order: whoever gives a value alone reads which name goes before it."""
    with Hansard(tmp_path) as hansard:
        untyped: Any = hansard
        with pytest.raises(TypeError, match=re.escape("write: dialogue_entity(dialogue_id=…, id=…)")):
            untyped.dialogue_entity("ledger", "P0001")
        with pytest.raises(TypeError, match=re.escape("write: dialogue_entity(dialogue_id=…, id=…)")):
            untyped.dialogue_entity("ledger", id="P0001")
        with pytest.raises(TypeError, match="takes no argument"):
            untyped.database_status("here")


def test_who_acts_is_told_by_a_name(tmp_path: Path) -> None:
    """A number or an empty text is nobody."""
    wrong: Any
    for wrong in (3, "", "  "):
        with pytest.raises(HansardError, match="'actor' must be a name"):
            Hansard(tmp_path, actor=wrong)


def test_what_is_closed_answers_nothing(tmp_path: Path) -> None:
    """After ``close`` every question is refused with one code."""
    hansard = Hansard(tmp_path)
    hansard.close()
    hansard.close()
    for ask in (hansard.dialogue_list, lambda: hansard.record("x"), lambda: hansard.dialogue_id("latest")):
        with pytest.raises(HansardError) as refused:
            ask()
        assert refused.value.code == "already_closed"


def test_an_id_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """``record`` and ``dialogue_id`` refuse what is no text as operations do."""
    with Hansard(tmp_path) as hansard:
        untyped: Any = hansard
        for ask in (untyped.record, untyped.dialogue_id):
            with pytest.raises(HansardError) as refused:
                ask(None)
            assert (refused.value.code, refused.value.field) == ("invalid_field", "dialogue_id")
