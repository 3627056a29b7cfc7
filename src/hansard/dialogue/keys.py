"""Keys of rows in a single-table store (specification, "Portability"): a partition a dialogue, a sort key a row. Pure.

The forms are the specification's where it gives one (``PERSP#0#muffin#1``, ``TENSION#T0001``, ``VERDICT#final``,
``REF#P0101#support#R0001`` …), and of the same style for the rows it does not know. Where it gives an event a time,
ours has the event's number (dialogue.md, 6). No two rows have one key, and a key tells its row again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from hansard.dialogue import model
from hansard.dialogue.calibration import model as calibration
from hansard.kernel.ids import display_id, parse_display_id

CALIBRATION: Final = "calibration:"
"""The partition of what dialogues share; no dialogue's id has a colon."""

NOBODY: Final = "-"
"""Stands for the expert of an entity that names no contributor."""


class StoreKey(NamedTuple):
    """Partition key and sort key."""

    pk: str
    sk: str


class Parsed(NamedTuple):
    """What a key says: the row's type, and the columns by which it is found."""

    kind: type[Any]
    columns: dict[str, Any]


def store_key(row: Any) -> StoreKey:
    """The key of a row of a dialogue, or of the calibration.

    Raises:
        KeyError: a type of row that has no key.
    """
    if isinstance(row, model.Entity) and row.kind != "T":
        first = row.contributors[0] if row.contributors else NOBODY
        return StoreKey(row.dialogue_id, _joined(_AUTHORED[row.kind], row.round, first, row.seq))
    if isinstance(row, model.Entity):
        return StoreKey(row.dialogue_id, _joined("TENSION", row.id))
    if isinstance(row, model.Event):
        return StoreKey(row.dialogue_id, _joined(f"{row.kind}EVENT", display_id(*row.key), row.event_seq))
    if isinstance(row, model.Ref):
        # of a whole response there may be the same one in several rounds; of an entity it is its own round's
        ends = [row.source_id, row.ref_type, row.target_id, *([row.round] if row.source_id.startswith("@") else [])]
        return StoreKey(row.dialogue_id, _joined("REF", *ends))
    if isinstance(row, model.Exhibit):
        return StoreKey(row.dialogue_id, _joined("EXHIBIT", row.id))
    word, names = _PLAIN[type(row)]
    pk = CALIBRATION if isinstance(row, calibration.Stored) else row.dialogue_id
    return StoreKey(pk, _joined(word, *(getattr(row, name) for name in names)))


def parse_store_key(pk: str, sk: str) -> Parsed:
    """The row that a key stands for.

    Raises:
        ValueError: it is no key of ours.
    """
    word, *parts = map(_unmasked, sk.split("#"))
    own: dict[str, Any] = {} if pk == CALIBRATION else {"dialogue_id": pk}
    try:
        kind, columns = _read(word, parts)
    except (KeyError, ValueError, IndexError):
        raise ValueError(f"'{sk}' is no sort key of a row") from None
    if issubclass(kind, calibration.Stored) != (pk == CALIBRATION):
        raise ValueError(f"'{sk}' does not belong to the partition '{pk}'")
    if _joined(word, *parts) != sk:
        raise ValueError(f"'{sk}' is not how a key is written")
    return Parsed(kind, own | columns)


def _read(word: str, parts: list[str]) -> tuple[type[Any], dict[str, Any]]:
    if word in _AUTHORED_KINDS:
        round_, _expert, seq = parts
        return model.Entity, {"kind": _AUTHORED_KINDS[word], "round": _number(round_), "seq": _number(seq)}
    if word == "TENSION":
        (name,) = parts
        key = parse_display_id(name)
        if key is None or key.kind != "T":
            raise ValueError(name)
        return model.Entity, key._asdict()
    if len(word) == len("PEVENT") and word.endswith("EVENT") and word != "DEVENT":
        name, number = parts
        key = parse_display_id(name)
        if key is None or key.kind != word[0]:
            raise ValueError(name)
        return model.Event, {**key._asdict(), "event_seq": _number(number)}
    if word == "REF":
        source, ref_type, target, *rest = parts
        columns: dict[str, Any] = {"source_id": source, "ref_type": ref_type, "target_id": target}
        if source.startswith("@"):
            (round_,) = rest
            return model.Ref, {**columns, "round": _number(round_)}
        key = parse_display_id(source)
        if key is None or rest:
            raise ValueError(source)
        return model.Ref, {**columns, "round": key.round}
    if word == "EXHIBIT":
        (name,) = parts
        if name[:1] != "X" or len(name) != len("X0001"):
            raise ValueError(name)
        return model.Exhibit, {"seq": int(name[1:])}
    kind, names = _BY_WORD[word]
    values = dict(zip(names, parts, strict=True))
    return kind, {name: _number(text) if name in _NUMBERS else text for name, text in values.items()}


def _number(text: str) -> int:
    number = int(text)
    if str(number) != text:
        raise ValueError(text)
    return number


def _joined(*parts: Any) -> str:
    return "#".join(_masked(str(part)) for part in parts)


def _masked(part: str) -> str:
    """A part in which ``#`` does not part: a judge's file may have any name."""
    return part.replace("%", "%25").replace("#", "%23")


def _unmasked(part: str) -> str:
    return part.replace("%23", "#").replace("%25", "%")


_AUTHORED: Final[Mapping[str, str]] = {"P": "PERSP", "R": "REC", "E": "EVID", "C": "CLAIM"}
_AUTHORED_KINDS: Final = {word: kind for kind, word in _AUTHORED.items()}

_PLAIN: Final[Mapping[type[Any], tuple[str, tuple[str, ...]]]] = {
    model.Dialogue: ("META", ()),
    model.Expert: ("EXPERT", ("slug",)),
    model.Round: ("ROUND", ("round",)),
    model.PanelMember: ("PANEL", ("round", "slug")),
    model.Utterance: ("RSCORE", ("round", "slug")),
    model.Move: ("MOVE", ("round", "expert_slug", "seq")),
    model.Stance: ("STANCE", ("round", "expert_slug")),
    model.Verdict: ("VERDICT", ("verdict_id",)),
    model.JudgeClaim: ("JCLAIM", ("seq",)),
    model.Document: ("DOC", ("name",)),
    model.Watch: ("WATCH", ("verdict_id", "seq")),
    model.DialogueEvent: ("DEVENT", ("seq",)),
    calibration.Domain: ("DOMAIN", ("domain_id",)),
    calibration.Rule: ("RULE", ("rule_id",)),
    calibration.Ethos: ("ETHOS", ("ethos_id",)),
    calibration.EthosConflict: ("CONFLICT", ("ethos_id", "seq")),
}
"""Word and columns of the rows whose key is their columns, one after the other."""

_BY_WORD: Final = {word: (kind, names) for kind, (word, names) in _PLAIN.items()}
_NUMBERS: Final = frozenset({"round", "seq"})
