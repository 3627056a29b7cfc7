"""Every way to be refused: what is said of it, where, and what to do; and that a refusal leaves no trace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import pytest

from hansard.dialogue import errors
from tests.unit.dialogue.kit import PEOPLE, Room, entity, everybody, on_trial, ref, step, verdict
from tests.unit.dialogue.kit import one_perspective as p


@pytest.fixture
def trial(room: Room) -> Room:
    """A store with ``trial``."""
    return on_trial(room)


ERROR_KEYS: Final = (
    "status", "success", "kind", "error_code", "error", "message", "field", "value", "constraint", "valid_options",
    "suggestion", "recovery", "context", "errors",
)  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """One way to be refused: what is sent, and the fault that must come back."""

    code: str
    kind: str
    operation: str
    payload: dict[str, Any]
    field: str | None
    value: Any
    valid_options: list[str] | None = None
    suggestion: str = ""
    """Words that the suggestion must hold."""
    item: dict[str, str] | None = None
    """The names of the item in its batch."""
    constraint: str | None = None


def a_batch(code: str, field: str, value: Any, kind: str = "invalid", /, **more: Any) -> Refusal:
    """A fault of a round's batch; ``more`` is the batch, but for what a refusal tells."""
    told = {name: more.pop(name) for name in ("valid_options", "suggestion", "item", "constraint") if name in more}
    return Refusal(code, kind, "round_register", {"round": 1, "score": 0} | more, field, value, **told)


def of(item_type: str, *, local: str | None = None, source: str | None = None) -> dict[str, str]:
    """The names of an item in a batch."""
    return {"item_type": item_type} | ({"local_id": local} if local else {}) | ({"source_id": source} if source else {})


ALL_KINDS: Final = ["P", "R", "T", "E", "C"]
REF_TYPES: Final = ["support", "oppose", "refine", "address", "resolve", "reopen", "question", "depend"]

REFUSALS: Final = [
    # the specification's table
    a_batch(
        "invalid_entity_type", "perspectives[0].local_id", "MUFFIN-X0101",
        perspectives=p("MUFFIN-X0101"), valid_options=ALL_KINDS, suggestion="perspective",
        item=of("perspective", local="MUFFIN-X0101"), constraint="type_enum",
    ),
    a_batch(
        "invalid_entity_type", "perspectives[0].references[0].target", "X0001",
        perspectives=p(references=[ref("support", "X0001")]), valid_options=ALL_KINDS, suggestion="P, R, T, E or C",
        item=of("reference", source="MUFFIN-P0101"), constraint="type_enum",
    ),
    a_batch(
        "invalid_entity_type", "perspectives[0].references[0].target_type", "Z",
        perspectives=p(references=[ref("support", "MUFFIN-Q9999", target_type="Z")]), valid_options=ALL_KINDS,
        suggestion="P, R, T, E or C", item=of("reference", source="MUFFIN-P0101"), constraint="type_enum",
    ),
    a_batch(
        "invalid_entity_type", "tension_updates[0].id", "Q0001",
        tension_updates=[step("Q0001", "resolved")], valid_options=ALL_KINDS, suggestion="tension",
        item=of("tension_update", source="Q0001"), constraint="type_enum",
    ),
    a_batch(
        "invalid_ref_type", "perspectives[0].references[0].type", "suport",
        perspectives=p(references=[ref("suport", "P0001")]), valid_options=REF_TYPES,
        suggestion="Did you mean 'support'?", item=of("reference", source="MUFFIN-P0101"), constraint="ref_enum",
    ),
    a_batch(
        "invalid_ref_type", "references[0].type", "blame",
        references=[{"expert": "muffin", "type": "blame", "target": "P0001"}], valid_options=REF_TYPES,
        suggestion="support, oppose", item=of("reference", source="@muffin"), constraint="ref_enum",
    ),
    a_batch(
        "type_id_mismatch", "perspectives[0].local_id", "MUFFIN-R0101",
        perspectives=p("MUFFIN-R0101"), valid_options=["P"], suggestion="letter P",
        item=of("perspective", local="MUFFIN-R0101"), constraint="type_consistency",
    ),
    a_batch(
        "type_id_mismatch", "perspectives[0].references[0].target", "P0001",
        perspectives=p(references=[ref("support", "P0001", target_type="R")]), valid_options=["R"],
        suggestion="letter R", item=of("reference", source="MUFFIN-P0101"), constraint="type_consistency",
    ),
    a_batch(
        "type_id_mismatch", "claim_updates[0].id", "E0001",
        claim_updates=[step("E0001", "withdrawn")], valid_options=["C"], suggestion="letter C",
        item=of("claim_update", source="E0001"), constraint="type_consistency",
    ),
    *[
        a_batch(
            "invalid_ref_target", "perspectives[0].references[0].target", "R0001",
            perspectives=p(references=[ref(type_, "R0001")]), valid_options=["T"], suggestion="support",
            item=of("reference", source="MUFFIN-P0101"), constraint="semantic",
        )
        for type_ in ("address", "resolve", "reopen")
    ],
    a_batch(
        "invalid_ref_target", "perspectives[0].references[0].target", "@scone",
        perspectives=p(references=[ref("address", "@scone")]), valid_options=["T"], suggestion="question",
        item=of("reference", source="MUFFIN-P0101"), constraint="semantic",
    ),
    a_batch(
        "invalid_ref_target", "perspectives[0].references[0].target", "@scone",
        perspectives=p(references=[ref("refine", "@scone")]), valid_options=["P"], suggestion="question",
        item=of("reference", source="MUFFIN-P0101"), constraint="semantic",
    ),
    a_batch(
        "invalid_ref_target", "perspectives[0].references[0].target", "MUFFIN-P0101",
        perspectives=p(references=[ref("support", "MUFFIN-P0101")]), valid_options=[], suggestion="another target",
        item=of("reference", source="MUFFIN-P0101"), constraint="semantic",
    ),
    a_batch(
        "refine_type_mismatch", "perspectives[0].references[0].target", "R0001",
        perspectives=p(references=[ref("refine", "R0001")]), valid_options=["P"], suggestion="same kind",
        item=of("reference", source="MUFFIN-P0101"), constraint="semantic",
    ),
    a_batch(
        "refine_type_mismatch", "references[0].target", "P0001",
        references=[{"expert": "muffin", "type": "refine", "target": "P0001"}], valid_options=[],
        suggestion="support", item=of("reference", source="@muffin"), constraint="semantic",
    ),
    a_batch(
        "target_not_found", "perspectives[0].references[0].target", "P0002", "not_found",
        perspectives=p(references=[ref("support", "P0002"), ref("oppose", "P0001")]),
        suggestion="Did you mean 'P0001'",
        item=of("reference", source="MUFFIN-P0101"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "perspectives[0].references[0].target", "SCONE-P0101", "not_found",
        perspectives=p(references=[ref("support", "SCONE-P0101")]), suggestion="dialogue_round_context",
        item=of("reference", source="MUFFIN-P0101"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "perspectives[0].references[0].target", "P0109", "not_found",
        perspectives=p(references=[ref("support", "P0109")]), suggestion="dialogue_round_context",
        item=of("reference", source="MUFFIN-P0101"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "perspectives[0].references[0].target", "MUFFIN-P0109", "not_found",
        perspectives=[entity("MUFFIN-P0101", references=[ref("support", "MUFFIN-P0109")]), entity("MUFFIN-P0102")],
        suggestion="Did you mean 'MUFFIN-P0102'", item=of("reference", source="MUFFIN-P0101"),
        constraint="referential",
    ),
    a_batch(
        "invalid_display_id", "perspectives[0].references[0].target", "MUFFIN-P0001",
        perspectives=p(references=[ref("support", "MUFFIN-P0001")]), suggestion="Write 'P0001'",
        item=of("reference", source="MUFFIN-P0101"), valid_options=["P0001"],
    ),
    a_batch(
        "invalid_display_id", "recommendation_updates[0].id", "MUFFIN-R0001",
        recommendation_updates=[step("MUFFIN-R0001", "rejected")], suggestion="Write 'R0001'",
        item=of("recommendation_update", source="MUFFIN-R0001"), valid_options=["R0001"],
    ),
    a_batch(
        "invalid_field", "responses", "{}", suggestion="ABSTAIN", item=of("round", source="1"),
    ),
    a_batch(
        "not_authorised_to_give_up", "claim_updates[0].by", ["scone"], "refused",
        claim_updates=[step("C0001", "withdrawn", "scone")], valid_options=["muffin", "judge"],
        item=of("claim_update", source="C0001"), suggestion="'oppose'", constraint="authority",
    ),
    a_batch(
        "missing_field", "perspective_updates[0].result", None,
        perspective_updates=[step("P0001", "merged")], item=of("perspective_update", source="P0001"),
    ),
    Refusal(
        "not_authorised_to_give_up", "refused", "update_status",
        {"updates": [step("P0001", "conceded", "scone")]}, "updates[0].by", ["scone"], ["muffin", "judge"],
    ),
    Refusal(
        "invalid_display_id", "invalid", "update_status", {"updates": [step("MUFFIN-P0001", "commented")]},
        "updates[0].id", "MUFFIN-P0001", suggestion="Write 'P0001'",
    ),
    Refusal(
        "invalid_status_transition", "conflict", "verdict_register",
        verdict("trial", 0, key_claims=["C0002"], force=True, force_reason="Time."), "key_claims[0]", "adopted",
        suggestion="Leave it out of 'key_claims'",
    ),
    a_batch(
        "target_not_found", "perspectives[0].references[0].target", "@zed", "not_found",
        perspectives=p(references=[ref("support", "@zed")]), suggestion="dialogue_round_context",
        item=of("reference", source="MUFFIN-P0101"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "moves[0].targets[1]", "@scon", "not_found",
        moves=[{"expert": "muffin", "type": "defend", "targets": ["@donut", "@scon"]}], suggestion="'@scone'",
        item=of("move", source="muffin"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "moves[0].target", "P0909", "not_found",
        moves=[{"expert": "muffin", "type": "defend", "target": "P0909"}], suggestion="",
        item=of("move", source="muffin"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "tension_updates[0].via", "P0909", "not_found",
        tension_updates=[step("T0001", "addressed", via="P0909")], suggestion="dialogue_round_context",
        item=of("tension_update", source="T0001"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "tension_updates[0].result", "SCONE-T0101", "not_found",
        tension_updates=[step("T0001", "addressed", result="SCONE-T0101")], suggestion="",
        item=of("tension_update", source="T0001"), constraint="referential",
    ),
    a_batch(
        "target_not_found", "tension_updates[0].id", "T0009", "not_found",
        tension_updates=[step("T0009", "addressed")], suggestion="",
        item=of("tension_update", source="T0009"), constraint="referential",
    ),
    a_batch(
        "invalid_status_transition", "tension_updates[0].status", "reopened", "conflict",
        tension_updates=[step("T0001", "reopened")], valid_options=["addressed", "resolved", "commented"],
        suggestion="addressed, resolved", item=of("tension_update", source="T0001"), constraint="lifecycle",
    ),
    a_batch(
        "invalid_status_transition", "perspective_updates[0].status", "open", "conflict",
        perspective_updates=[step("P0001", "open")], valid_options=["refined", "conceded", "merged", "commented"],
        suggestion="refined", item=of("perspective_update", source="P0001"), constraint="lifecycle",
    ),
    a_batch(
        "invalid_status_transition", "recommendation_updates[0].status", "adopted", "conflict",
        recommendation_updates=[step("R0001", "adopted")], valid_options=["amended", "rejected", "commented"],
        suggestion="amended", item=of("recommendation_update", source="R0001"), constraint="lifecycle",
    ),
    # beside the table
    a_batch(
        "missing_field", "score", None, score=None, responses={"muffin": "Yes."}, item=of("round", source="1"),
        suggestion="'score'",
    ),
    a_batch(
        "missing_field", "perspectives[0].contributors", None,
        perspectives=[{"label": "L", "content": "C"}], item=of("perspective"), suggestion="contributors",
    ),
    a_batch(
        "missing_field", "stances[0].condition", None,
        stances=[{"expert": "muffin", "stance": "CONDITIONAL", "condition": " "}],
        item=of("stance", source="muffin"), suggestion="condition",
    ),
    a_batch(
        "invalid_display_id", "perspectives[0].local_id", "P0101",
        perspectives=[entity("P-x", local_id="P0101")], item=of("perspective", local="P0101"),
        suggestion="MUFFIN-P0101",
    ),
    a_batch(
        "invalid_display_id", "perspectives[0].local_ids[1]", "MUFFIN-P0001",
        perspectives=[entity("P-x", local_id=None, local_ids=["MUFFIN-P0101", "MUFFIN-P0001"])],
        item=of("perspective", local="MUFFIN-P0001"), suggestion="round 0",
    ),
    a_batch(
        "invalid_display_id", "perspectives[0].references[0].target", "ADR-0014",
        perspectives=p(references=[ref("support", "ADR-0014")]), item=of("reference", source="MUFFIN-P0101"),
        suggestion="P0001",
    ),
    *[
        a_batch(
            "invalid_display_id", "perspectives[0].references[0].target", text,
            perspectives=p(references=[ref("support", text)]), item=of("reference", source="MUFFIN-P0101"),
            suggestion="P0001",
        )
        for text in ("p0001", "P0000", "P00001", "", "@", "@Scone")
    ],
    a_batch(
        "invalid_display_id", "tension_updates[0].id", "@muffin",
        tension_updates=[step("@muffin", "resolved")], item=of("tension_update", source="@muffin"), suggestion="P0001",
    ),
    a_batch(
        "duplicate_local_id", "perspectives[1].local_id", "MUFFIN-P0101", "conflict",
        perspectives=p() + p(), item=of("perspective", local="MUFFIN-P0101"), suggestion="local_ids",
        constraint="unique",
    ),
    a_batch(
        "duplicate_local_id", "perspectives[0].local_ids[0]", "MUFFIN-P0101", "conflict",
        perspectives=p(local_ids=["MUFFIN-P0101"]), item=of("perspective", local="MUFFIN-P0101"),
        suggestion="local_ids", constraint="unique",
    ),
    a_batch(
        "duplicate_reference", "perspectives[0].references[1].target", "P0001", "conflict",
        perspectives=p(references=[ref("support", "P0001"), ref("support", "P0001")]),
        item=of("reference", source="MUFFIN-P0101"), suggestion="once", constraint="unique",
    ),
    a_batch(
        "duplicate_reference", "references[1].target", "@scone", "conflict",
        references=[
            {"expert": "muffin", "type": "support", "target": "@scone"},
            {"expert": "Muffin", "type": "support", "target": "@scone"},
        ],
        item=of("reference", source="@muffin"), suggestion="once", constraint="unique",
    ),
    a_batch(
        "expert_not_in_panel", "perspectives[0].contributors[1]", "zed", "not_found",
        perspectives=p(contributors=["muffin", "zed"]), valid_options=sorted(PEOPLE),
        item=of("perspective", local="MUFFIN-P0101"), suggestion="dialogue_evolve_panel",
    ),
    a_batch(
        "expert_not_in_panel", "perspectives[0].local_id", "judge", "not_found",
        perspectives=p("JUDGE-P0101"), valid_options=sorted(PEOPLE), item=of("perspective", local="JUDGE-P0101"),
        suggestion="dialogue_evolve_panel",
    ),
    a_batch(
        "expert_not_in_panel", "tension_updates[0].by[1]", "Zed", "not_found",
        tension_updates=[step("T0001", "addressed", "muffin", "Zed")],
        valid_options=sorted([*PEOPLE, "judge", "user"]), item=of("tension_update", source="T0001"),
        suggestion="dialogue_evolve_panel",
    ),
    a_batch(
        "not_authorised_to_resolve", "tension_updates[0].by", ["scone"], "refused",
        tension_updates=[step("T0001", "resolved", "scone")], valid_options=["muffin", "judge"],
        item=of("tension_update", source="T0001"), suggestion="addressed", constraint="authority",
    ),
    a_batch(
        "invalid_field", "tension_updates[0].status", "finished",
        tension_updates=[step("T0001", "finished")],
        valid_options=["addressed", "resolved", "commented"],
        item=of("tension_update", source="T0001"), suggestion="addressed",
    ),
    a_batch(
        "invalid_field", "moves[0].type", "defent",
        moves=[{"expert": "muffin", "type": "defent", "targets": ["P0001"]}],
        valid_options=["defend", "challenge", "bridge", "request", "concede", "converge"],
        item=of("move", source="muffin"), suggestion="Did you mean 'defend'?",
    ),
    a_batch(
        "invalid_field", "stances[0].stance", "MAYBE",
        stances=[{"expert": "muffin", "stance": "MAYBE"}],
        valid_options=["APPROVE", "REJECT", "HOLD", "CONDITIONAL", "ABSTAIN"], item=of("stance", source="muffin"),
    ),
    a_batch(
        "invalid_field", "stances[0].cause", None,
        stances=[{"expert": "muffin", "stance": "ABSTAIN"}],
        valid_options=["withheld", "outage", "out of scope"], item=of("stance", source="muffin"),
    ),
    a_batch(
        "invalid_field", "stances[1].expert", "Muffin",
        stances=[{"expert": "muffin", "stance": "HOLD"}, {"expert": "Muffin", "stance": "APPROVE"}],
        item=of("stance", source="Muffin"),
    ),
    a_batch(
        "invalid_field", "expert_scores.muffin", 9,
        expert_scores={"muffin": 9},
        score_components={"muffin": {"wisdom": 1, "consistency": 2, "truth": 3, "relationships": 4}},
        item=of("expert", source="muffin"), suggestion="sum",
    ),
    a_batch(
        "invalid_field", "perspectives[0].contributors", '["scone"]',
        perspectives=p(contributors=["scone"]), item=of("perspective", local="MUFFIN-P0101"),
        suggestion="Add 'muffin'",
    ),
    a_batch(
        "id_space_exhausted", "claims", None, "conflict",
        claims=[entity("P-x", local_id=None, contributors=["muffin"], content="C") for _ in range(100)],
        item=of("claim"), suggestion="Merge", constraint="id_space",
    ),
    Refusal(
        "id_space_exhausted", "conflict", "round_register", {"round": 100, "score": 0}, "round", None,
        suggestion="new dialogue",
    ),
    Refusal(
        "round_exists", "conflict", "round_register", {"round": 0, "score": 0}, "round", 0, suggestion="request_id",
    ),
    Refusal(
        "round_out_of_order", "conflict", "round_register", {"round": 2, "score": 0}, "round", 2,
        valid_options=["1"], suggestion="round 1",
    ),
    Refusal(
        "round_exists", "conflict", "evolve_panel", {"round": 0, "panel": [{"expert_slug": "muffin"}]}, "round", 0,
    ),
    Refusal(
        "dialogue_not_found", "not_found", "round_register", {"dialogue_id": "trail", "round": 1, "score": 0},
        "dialogue_id", "trail", valid_options=["trial"], suggestion="Did you mean 'trial'?",
    ),
    Refusal("dialogue_not_found", "not_found", "progress", {"dialogue_id": "zzz"}, "dialogue_id", "zzz", ["trial"]),
    Refusal(
        "verdict_exists", "conflict", "verdict_register",
        verdict("trial", 0, verdict_id="apart", verdict_type="interim"),
        "verdict_id", "apart", suggestion="supersedes",
    ),
    Refusal(
        "verdict_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="interim", supersedes="finale"),
        "supersedes", "finale", valid_options=["apart"],
    ),
    Refusal(
        "verdict_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="interim", dismissals={"apar": "No."}),
        "dismissals.apar", "apar", valid_options=["apart"], suggestion="Did you mean 'apart'?",
    ),
    Refusal(
        "velocity_not_zero", "refused", "verdict_register", verdict("trial", 0, votes=everybody()),
        "verdict_type", 1, suggestion="tensions_accepted", constraint="convergence",
    ),
    Refusal(
        "convergence_not_unanimous", "refused", "verdict_register", verdict("trial", 0, tensions_accepted=["T0001"]),
        "verdict_type", "final", suggestion="brioche", constraint="convergence",
    ),
    Refusal(
        "forced_convergence_no_warning", "refused", "verdict_register", verdict("trial", 0, force=True),
        "force_reason", None, suggestion="force_reason", constraint="convergence",
    ),
    Refusal(
        "invalid_field", "invalid", "verdict_register", verdict("trial", 0, verdict_type="last"),
        "verdict_type", "last", valid_options=["interim", "final", "minority", "dissent"],
    ),
    Refusal(
        "invalid_field", "invalid", "verdict_register", verdict("trial", 1, verdict_type="interim"),
        "round", 1, valid_options=["0"],
    ),
    Refusal(
        "invalid_field", "invalid", "verdict_register",
        verdict("trial", 0, verdict_type="interim", confidence="total"),
        "confidence", "total", valid_options=["unanimous", "strong", "split", "contested"],
    ),
    Refusal(
        "invalid_field", "invalid", "verdict_register", verdict("trial", 0, votes=everybody() | {"muffin": "yes"}),
        "votes.muffin", "yes", valid_options=["for", "against", "abstain"],
    ),
    Refusal(
        "invalid_field", "invalid", "verdict_register",
        verdict("trial", 0, votes=everybody(), tensions_resolved=["T0001"], tensions_accepted=["T0001"]),
        "tensions_accepted", "T0001",
    ),
    Refusal(
        "expert_not_in_panel", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="interim", votes={"zed": "for"}),
        "votes.zed", "zed", valid_options=sorted(PEOPLE),
    ),
    Refusal(
        "expert_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="dissent", author_expert="mufin"),
        "author_expert", "mufin", suggestion="Did you mean 'muffin'?",
    ),
    Refusal(
        "expert_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="dissent", author_expert=""),
        "author_expert", "",
    ),
    Refusal(
        "expert_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="interim", supporting_experts=["muffin", "zed"]),
        "supporting_experts[1]", "zed",
    ),
    *[
        Refusal(
            "invalid_field", "invalid", "verdict_register",
            verdict(
                "trial", 0, verdict_type=type_, author_expert="muffin", votes=everybody(), tensions_accepted=["T0001"]
            ),
            "author_expert", "muffin", suggestion="minority",
        )
        for type_ in ("interim", "final")
    ],
    Refusal(
        "missing_field", "invalid", "verdict_register", verdict("trial", 0, verdict_type="dissent"),
        "author_expert", None, suggestion="author_expert",
    ),
    Refusal(
        "missing_field", "invalid", "verdict_register",
        verdict("trial", 0, verdict_type="minority", author_expert="muffin", what_would_change=" "),
        "what_would_change", None, suggestion="what_would_change",
    ),
    Refusal(
        "type_id_mismatch", "invalid", "verdict_register",
        verdict("trial", 0, verdict_type="interim", key_evidence=["C0001"]),
        "key_evidence[0]", "C0001", valid_options=["E"],
    ),
    Refusal(
        "target_not_found", "not_found", "verdict_register",
        verdict("trial", 0, verdict_type="interim", recommendations_adopted=["R0001", "R0002"]),
        "recommendations_adopted[1]", "R0002",
    ),
    Refusal(
        "invalid_display_id", "invalid", "verdict_register",
        verdict("trial", 0, verdict_type="interim", key_claims=["MUFFIN-C0001"]),
        "key_claims[0]", "MUFFIN-C0001", suggestion="C0001",
    ),
    Refusal(
        "invalid_entity_type", "invalid", "verdict_register",
        verdict("trial", 0, verdict_type="interim", key_claims=["X0001"]),
        "key_claims[0]", "X0001", valid_options=ALL_KINDS,
    ),
    Refusal(
        "invalid_status_transition", "conflict", "verdict_register",
        verdict("trial", 0, key_claims=["C0002"], force=True, force_reason="r"),
        "key_claims[0]", "adopted", valid_options=["commented"],
    ),
    Refusal(
        "expert_exists", "conflict", "expert_create", {"expert_slug": "Muffin", "role": "r", "reason": "A gap."},
        "expert_slug", "muffin",
    ),
    Refusal(
        "expert_not_found", "not_found", "evolve_panel", {"round": 1, "panel": [{"expert_slug": "mufin"}]},
        "panel[0].expert_slug", "mufin", suggestion="Did you mean 'muffin'?",
    ),
    Refusal(
        "role_changed", "conflict", "evolve_panel",
        {"round": 1, "panel": [{"expert_slug": "muffin", "role": "Poet"}]},
        "panel[0].role", "Poet", valid_options=["Role 0"],
    ),
    Refusal(
        "wrong_source", "conflict", "evolve_panel",
        {"round": 1, "panel": [{"expert_slug": "muffin", "source": "pool"}]},
        "panel[0].source", "pool", valid_options=["retained"],
    ),
    Refusal(
        "invalid_field", "invalid", "evolve_panel",
        {"round": 1, "panel": [{"expert_slug": "muffin", "tier": "Middle"}]},
        "panel[0].tier", "Middle", valid_options=["Core", "Adjacent", "Wildcard"],
    ),
    Refusal(
        "dialogue_exists", "conflict", "create",
        {"title": "T", "question": "Q", "expert_pool": {"experts": [{"role": "r"}] * 3}, "dialogue_id": "trial"},
        "dialogue_id", "trial", suggestion="another id",
    ),
    Refusal(
        "invalid_field", "invalid", "create",
        {"title": "T", "question": "Q", "expert_pool": {"experts": [{"role": "r"}] * 3}, "dialogue_id": "../x"},
        "dialogue_id", "../x", suggestion="'x' would be one",
    ),
    Refusal(
        "path_outside", "refused", "create",
        {"title": "T", "question": "Q", "expert_pool": {"experts": [{"role": "r"}] * 3}, "output_dir": "/etc/x"},
        "path", "/etc/x",
    ),
    Refusal(
        "dialogue_not_closed", "conflict", "reopen", {"reason": "More is known.", "by": ["user"]},
        "dialogue_id", "trial", suggestion="next round", constraint="lifecycle",
    ),
    Refusal(
        "invalid_field", "invalid", "abandon", {"reason": "No money.", "by": ["judge", "muffin"]},
        "by[1]", "muffin", valid_options=["judge", "user"], suggestion="'user'",
    ),
    Refusal("missing_field", "invalid", "abandon", {}, "reason", None, suggestion="reason"),
    Refusal("missing_field", "invalid", "reopen", {"reason": "More is known."}, "by", None, suggestion="by"),
    Refusal("missing_field", "invalid", "tag", {}, "add", None, suggestion="add"),
    Refusal(
        "invalid_field", "invalid", "tag", {"remove": ["kiln"]}, "remove[0]", "kiln", valid_options=[],
        suggestion="dialogue_list",
    ),
    Refusal(
        "unknown_field", "invalid", "progress", {"dialogue_id": "trial", "round": 1}, "round", None, ["dialogue_id"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda one: f"{one.code}-{one.field}")
def test_a_refusal_says_what_where_and_what_to_do(refusal: Refusal, trial: Room) -> None:
    """Each code with its kind, field, value, options and suggestion, in the documented keys; the store is untouched."""
    payload = refusal.payload
    if refusal.operation != "create":
        payload = {"dialogue_id": "trial"} | payload
    fault = trial.fault(refusal.operation, **payload)
    assert (fault.code, fault.kind, fault.field) == (refusal.code, refusal.kind, refusal.field)
    if refusal.code != "id_space_exhausted":
        assert fault.value == (refusal.value if not isinstance(refusal.value, list) else json.dumps(refusal.value))
    if refusal.valid_options is not None:
        assert fault.valid_options == refusal.valid_options
    assert refusal.suggestion in (fault.suggestion or "")
    assert fault.suggestion
    if refusal.constraint is not None:
        assert fault.constraint == refusal.constraint
    if refusal.operation == "round_register" and refusal.item is not None:
        assert fault.item == refusal.item
    plain = fault.as_dict()
    assert tuple(key for key in plain if key not in fault.item) == ERROR_KEYS
    assert (plain["status"], plain["success"]) == ("error", False)
    assert plain["message"] == plain["error"] == fault.message


def test_every_code_of_the_room_is_refused_somewhere() -> None:
    """No code of the room's errors is left without a test in this file."""
    functions = {
        name
        for name, value in vars(errors).items()
        if callable(value) and getattr(value, "__module__", "") == errors.__name__ and not name.startswith("_")
    }
    elsewhere = {
        "dialogue_ambiguous",
        "too_many_similar_titles",
        "dialogue_closed",
        "final_verdict_stands",
        "query_too_long",
    }
    assert functions - elsewhere <= {refusal.code for refusal in REFUSALS}


def test_the_specifications_error_has_its_context(trial: Room) -> None:
    """A resolve that points at no tension: source, target and the target's type stand in the context."""
    links = [ref("resolve", "P0001")]
    fault = trial.fault("round_register", dialogue_id="trial", round=1, score=0, perspectives=p(references=links))
    assert fault.context == {"source_id": "P0101", "ref_type": "resolve", "target_id": "P0001", "target_type": "P"}
    links = [ref("refine", "R0001")]
    fault = trial.fault("round_register", dialogue_id="trial", round=1, score=0, perspectives=p(references=links))
    assert fault.context == {"source_id": "P0101", "source_type": "P", "target_id": "R0001", "target_type": "R"}


def test_every_fault_of_a_batch_is_told_and_nothing_is_written(trial: Room) -> None:
    """Faults of entities, references, updates, moves, stances and scores come together, each with its item."""
    refusal = trial.refused(
        "round_register",
        dialogue_id="trial",
        round=1,
        score=0,
        expert_scores={"zed": 1},
        perspectives=[
            entity("MUFFIN-P0101", references=[ref("resolve", "P0001"), ref("sport", "P0001"), ref("refine", "P0001")]),
            entity("SCONE-R0102"),
        ],
        claims=[entity("MUFFIN-C0001"), entity("MUFFIN-C0101", references=[ref("depend", "E0909")])],
        tension_updates=[step("T0001", "resolved", "scone"), step("T0001", "reopened")],
        perspective_updates=[step("MUFFIN-P0101", "adopted")],
        moves=[{"expert": "muffin", "type": "dance"}],
        stances=[{"expert": "muffin", "stance": "MAYBE"}],
    )
    assert refusal.code == "batch_validation_failed"
    assert "11 items" in refusal.message
    plain = refusal.as_dict()
    told = [
        (one["item_type"], one.get("local_id"), one.get("source_id"), one["error_code"], one["field"])
        for one in plain["errors"]
    ]
    assert told == [
        ("expert", None, "zed", "expert_not_in_panel", "expert_scores.zed"),
        ("perspective", "SCONE-R0102", None, "type_id_mismatch", "perspectives[1].local_id"),
        ("claim", "MUFFIN-C0001", None, "invalid_display_id", "claims[0].local_id"),
        ("reference", None, "MUFFIN-P0101", "invalid_ref_target", "perspectives[0].references[0].target"),
        ("reference", None, "MUFFIN-P0101", "invalid_ref_type", "perspectives[0].references[1].type"),
        ("reference", None, "MUFFIN-C0101", "target_not_found", "claims[1].references[0].target"),
        ("perspective_update", None, "MUFFIN-P0101", "invalid_field", "perspective_updates[0].status"),
        ("tension_update", None, "T0001", "not_authorised_to_resolve", "tension_updates[0].by"),
        ("tension_update", None, "T0001", "invalid_status_transition", "tension_updates[1].status"),
        ("move", None, "muffin", "invalid_field", "moves[0].type"),
        ("stance", None, "muffin", "invalid_field", "stances[0].stance"),
    ]
    assert "batch again" in plain["suggestion"]
    assert all(one["suggestion"] for one in plain["errors"])


def test_every_fault_of_a_verdict_is_told_at_once(trial: Room) -> None:
    """Type, round, author, confidence, votes and ids: one refusal, every entry naming the verdict."""
    refusal = trial.refused(
        "verdict_register",
        **verdict(
            "trial",
            3,
            verdict_id="apart",
            verdict_type="last",
            author_expert="zed",
            confidence="total",
            votes={"muffin": "yes"},
            supersedes="none",
            key_claims=["E0001"],
        ),
    )
    assert [(fault.code, fault.field) for fault in refusal.errors] == [
        ("invalid_field", "verdict_type"),
        ("invalid_field", "round"),
        ("verdict_exists", "verdict_id"),
        ("expert_not_found", "author_expert"),
        ("invalid_field", "confidence"),
        ("invalid_field", "votes.muffin"),
        ("verdict_not_found", "supersedes"),
        ("type_id_mismatch", "key_claims[0]"),
    ]
    assert {tuple(fault.item.items()) for fault in refusal.errors} == {
        (("item_type", "verdict"), ("source_id", "apart"))
    }


def test_an_item_is_judged_in_the_documented_order(trial: Room) -> None:
    """Type enums come before type consistency, that before existence, that before meaning, that before lifecycle."""

    def code(**reference: Any) -> str:
        batch = p(references=[{"type": "resolve", "target": "P0001"} | reference])
        return trial.fault("round_register", dialogue_id="trial", round=1, score=0, perspectives=batch).code

    assert code(type="x", target="P0909", target_type="Z") == "invalid_ref_type"
    assert code(target="P0909", target_type="Z") == "invalid_entity_type"
    assert code(target="P0909", target_type="R") == "type_id_mismatch"
    assert code(target="P0909", target_type="P") == "target_not_found"
    assert code(target="P0001", target_type="P") == "invalid_ref_target"
