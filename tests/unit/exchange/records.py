"""Records as hypothesis makes them: any values that a store could hold, each reference to a row that is there."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from hansard.dialogue import model
from hansard.dialogue.model import STATUSES
from hansard.exchange.document import key_of
from hansard.kernel.ids import KINDS

TIME = "2026-03-01T09:00:00.000000Z"
SLUGS = ("muffin", "scone", "eclair", "pastry-21")

characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
words = st.text(characters, max_size=40)
line = st.text(characters, min_size=1, max_size=20)
integers = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
shares = st.floats(min_value=0.01, max_value=1)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | integers | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(words, json_values, max_size=3)
display_ids = st.builds("{}{:02d}{:02d}".format, st.sampled_from(list(KINDS)), st.integers(0, 99), st.integers(1, 99))
id_lists = st.lists(display_ids, max_size=3)


small = st.integers(0, 1000)


def _objects(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parts)


ethos_rules = st.fixed_dictionaries(
    {
        "seq": small,
        "rule_id": words,
        "type": st.sampled_from(["principle", "tenet", "constraint"]),
        "label": words,
        "text": words,
        "priority": small,
        "revision": small,
    },
    optional={"merged_from": st.lists(_objects(rule_id=words, revision=small), min_size=1, max_size=2)},
)
calibrations = st.none() | _objects(
    ethos_id=words,
    title=words,
    domain_id=words,
    domain=words,
    digest=words,
    rules=st.lists(ethos_rules, max_size=2),
)
modifiers = st.none() | st.lists(
    _objects(rule_id=words, points=st.sampled_from([-2, 1]), reason=words, evidence=st.none() | words),
    min_size=1,
    max_size=2,
)
compliances = st.none() | _objects(
    fully_compliant=st.booleans(),
    exceptions=st.lists(
        _objects(rule_id=words, justification=st.none() | words, approved_by=st.none() | words), max_size=2
    ),
    violations=st.lists(_objects(rule_id=words, description=st.none() | words), max_size=2),
)


def _rows(row: type[Any], /, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Rows of a type, columns that are not given made by their annotation."""
    made = {field.name: _by_type(field.type) for field in msgspec.structs.fields(row)}
    return st.builds(
        row,
        **{**made, "dialogue_id": st.just("d"), "created_at": st.just(TIME), **columns}
        if "created_at" in made
        else {**made, "dialogue_id": st.just("d"), **columns},
    )


def _by_type(annotation: Any) -> st.SearchStrategy[Any]:
    options = get_args(annotation)
    if type(None) in options:
        others = [option for option in options if option is not type(None)]
        return st.none() | st.one_of(*map(_by_type, others))
    plain = {str: words, int: st.integers(0, 200), float: shares}
    if annotation in plain:
        return plain[annotation]
    origin = getattr(annotation, "__origin__", None)
    if origin is list:
        return st.lists(_by_type(options[0]), max_size=3)
    if origin is dict:
        return objects if options[1] is Any else st.dictionaries(words, _by_type(options[1]), max_size=3)
    if str(annotation).startswith("typing.Literal"):
        return st.sampled_from(options)
    raise AssertionError(f"no values for {annotation}")


def _unique(rows: st.SearchStrategy[Any], size: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(rows, max_size=size, unique_by=key_of).map(lambda made: sorted(made, key=key_of))


@st.composite
def records(draw: st.DrawFn) -> model.Record:
    """A record of two rounds and up to four experts."""
    dialogue = draw(
        _rows(
            model.Dialogue,
            rotation=st.sampled_from(model.ROTATIONS),
            strict_velocity=st.sampled_from([0, 1]),
            convergence_target=shares,
            calibration=calibrations,
        )
    )
    rounds = [0, 1]
    slugs = st.sampled_from(SLUGS)
    numbers_ = st.sampled_from(rounds)
    tiers = st.none() | st.sampled_from(model.TIERS)
    entities = draw(
        st.lists(
            st.sampled_from(list(KINDS)).flatmap(
                lambda kind: _rows(
                    model.Entity,
                    kind=st.just(kind),
                    round=numbers_,
                    seq=st.integers(1, 99),
                    status=st.sampled_from(STATUSES[kind]),
                    local_ids=st.lists(
                        st.sampled_from(["MUFFIN-P0001", "SCONE-T0102", "odd"]), max_size=2, unique=True
                    ),
                )
            ),
            max_size=5,
            unique_by=key_of,
        ).map(lambda made: sorted(made, key=key_of))
    )
    ids = [entity.id for entity in entities]
    sources = st.sampled_from([*ids, "@muffin"])
    events: list[model.Event] = []
    if entities:
        owners = st.sampled_from(entities)
        events = draw(
            _unique(
                owners.flatmap(
                    lambda owner: _rows(
                        model.Event,
                        kind=st.just(owner.kind),
                        round=st.just(owner.round),
                        seq=st.just(owner.seq),
                        event_seq=st.integers(1, 9),
                    )
                )
            )
        )
    verdicts = draw(
        st.lists(
            _rows(
                model.Verdict,
                verdict_id=line,
                confidence=st.none() | st.sampled_from(model.CONFIDENCES),
                ethos_compliance=compliances,
            ),
            max_size=3,
            unique_by=key_of,
        )
    )
    return model.Record(
        dialogue=dialogue,
        experts=draw(_unique(_rows(model.Expert, slug=slugs, tier=tiers, source=st.sampled_from(["pool", "created"])))),
        panel_members=draw(
            _unique(_rows(model.PanelMember, round=numbers_, slug=slugs, source=st.sampled_from(model.SOURCES)))
        ),
        rounds=[
            draw(_rows(model.Round, round=st.just(n), status=st.sampled_from(["open", "in_progress", "completed"])))
            for n in rounds
        ],
        utterances=draw(_unique(_rows(model.Utterance, round=numbers_, slug=slugs, modifiers=modifiers))),
        entities=entities,
        events=events,
        refs=draw(
            _unique(_rows(model.Ref, round=numbers_, source_id=sources, ref_type=st.sampled_from(model.REF_TYPES)))
        ),
        moves=draw(
            _unique(
                _rows(
                    model.Move,
                    round=numbers_,
                    expert_slug=slugs,
                    move_type=st.sampled_from(model.MOVE_TYPES),
                )
            )
        ),
        stances=draw(
            _unique(_rows(model.Stance, round=numbers_, expert_slug=slugs, stance=st.sampled_from(model.STANCES)))
        ),
        verdicts=[
            msgspec.structs.replace(verdict, seq=number) for number, verdict in enumerate(sorted(verdicts, key=key_of))
        ],
        judge_claims=draw(_unique(_rows(model.JudgeClaim))),
        documents=draw(_unique(_rows(model.Document, name=line))),
        exhibits=draw(
            _unique(_rows(model.Exhibit, seq=st.integers(1, 9999), kind=st.sampled_from(model.EXHIBIT_KINDS)))
        ),
        watches=draw(
            _unique(
                _rows(
                    model.Watch,
                    verdict_id=st.sampled_from([verdict.verdict_id for verdict in verdicts]),
                    kind=st.sampled_from(model.WATCH_KINDS),
                )
            )
        )
        if verdicts
        else [],
    )
