"""Every operation as a typed method.

Made by ``python -m hansard.app.python``; change the operations instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from hansard.custody.doctor import Diagnosis
    from hansard.custody.shapes import Verified
    from hansard.dialogue.answers import (
        CitationsExpanded,
        DialogueCreated,
        DialogueGot,
        DialogueListed,
        EntityGot,
        ExpertCreated,
        PanelEvolved,
        Progress,
        ResponseParsed,
        RoundContextGiven,
        RoundRegistered,
        Searched,
        StatusUpdated,
        VerdictRegistered,
    )
    from hansard.dialogue.requests import (
        Background,
        EntityIn,
        ExpertPool,
        MoveIn,
        Origin,
        PanelSeat,
        ResponseRef,
        ScoreComponents,
        StanceIn,
        TensionIn,
        UpdateIn,
    )
    from hansard.exchange.import_shapes import DialogueImported
    from hansard.exchange.shapes import DialogueExported, Minutes, Report


class Methods(ABC):
    """The operations, by their names. Each checks what it is given and raises ``HansardError`` for every refusal."""

    @abstractmethod
    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        """Run an operation by its name or alias with a request of plain values."""

    def dialogue_create(
        self,
        *,
        title: str,
        question: str,
        expert_pool: ExpertPool | Mapping[str, Any],
        background: Background | Mapping[str, Any] | None = None,
        panel_size: int | None = None,
        convergence_target: float = 1.0,
        max_rounds: int = 10,
        rotation: Literal["graduated", "none", "wildcards", "full"] = "graduated",
        strict_velocity: bool = False,
        seed: str | None = None,
        output_dir: str | None = None,
        tags: Sequence[str] = (),
        dialogue_id: str | None = None,
        origin: Origin | Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> DialogueCreated:
        """Start a dialogue: give it an id, name the pool, suggest a panel, and tell the Judge how to run it.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            seed: 16 hexadecimal digits that sample the panel; drawn when left out.
            dialogue_id: The wanted id, for imports; otherwise the title's slug, with -2 to -99 on collision.
        """
        answer: DialogueCreated = self.call(
            "dialogue_create",
            {
                "title": title,
                "question": question,
                "expert_pool": expert_pool,
                "background": background,
                "panel_size": panel_size,
                "convergence_target": convergence_target,
                "max_rounds": max_rounds,
                "rotation": rotation,
                "strict_velocity": strict_velocity,
                "seed": seed,
                "output_dir": output_dir,
                "tags": tags,
                "dialogue_id": dialogue_id,
                "origin": origin,
                "request_id": request_id,
            },
        )
        return answer

    def dialogue_entity(self, *, dialogue_id: str, id: str) -> EntityGot:
        """Give one entity whole: its words and where they were said, references both ways, its moves and its life.

        Args:
            id: Its display id, or a local id of its.
        """
        answer: EntityGot = self.call("dialogue_entity", {"dialogue_id": dialogue_id, "id": id})
        return answer

    def dialogue_evolve_panel(
        self,
        *,
        dialogue_id: str,
        round: int,
        panel: Sequence[PanelSeat | Mapping[str, Any]],
        at: str | None = None,
        suggested: bool = False,
        request_id: str | None = None,
    ) -> PanelEvolved:
        """Seat the panel of the round to come: who stays, who comes from the pool, who was created.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            suggested: Of an imported dialogue: these seats were only suggested when it began, and nobody has sat
                down yet.
        """
        answer: PanelEvolved = self.call(
            "dialogue_evolve_panel",
            {
                "dialogue_id": dialogue_id,
                "round": round,
                "panel": panel,
                "at": at,
                "suggested": suggested,
                "request_id": request_id,
            },
        )
        return answer

    def dialogue_expand_citations(self, *, dialogue_id: str, ids: Sequence[str]) -> CitationsExpanded:
        """Tell what citations such as P0001 stand for; an unknown one tells its own error."""
        answer: CitationsExpanded = self.call("dialogue_expand_citations", {"dialogue_id": dialogue_id, "ids": ids})
        return answer

    def dialogue_expert_create(
        self,
        *,
        dialogue_id: str,
        expert_slug: str,
        role: str,
        reason: str,
        at: str | None = None,
        description: str | None = None,
        focus: str | None = None,
        tier: str = "Adjacent",
        relevance: float | None = None,
        request_id: str | None = None,
    ) -> ExpertCreated:
        """Create an expert who is not in the pool, to fill a gap that the panel has.

        Whoever is created between rounds sits at the next panel unless another is seated; the panel that was suggested
        for round 0 stays as it is, so there a created expert needs ``dialogue_evolve_panel``.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            reason: Which gap the expert fills.
        """
        answer: ExpertCreated = self.call(
            "dialogue_expert_create",
            {
                "dialogue_id": dialogue_id,
                "expert_slug": expert_slug,
                "role": role,
                "reason": reason,
                "at": at,
                "description": description,
                "focus": focus,
                "tier": tier,
                "relevance": relevance,
                "request_id": request_id,
            },
        )
        return answer

    def dialogue_export(
        self,
        *,
        dialogue_id: str,
        output_path: str | None = None,
        format: Literal["json", "markdown"] = "json",
        journal: bool = True,
    ) -> DialogueExported:
        """Write a dialogue into a file: dialogue.json, verifiable anywhere, or the minutes in Markdown.

        Args:
            output_path: The file; in the dialogue's own folder when left out. Missing folders are made.
            format: ``dialogue.json``, or the minutes in Markdown.
            journal: Whether ``dialogue.json`` carries its stream of the journal, so that it can be verified
                anywhere.
        """
        answer: DialogueExported = self.call(
            "dialogue_export",
            {"dialogue_id": dialogue_id, "output_path": output_path, "format": format, "journal": journal},
        )
        return answer

    def dialogue_get(self, *, dialogue_id: str) -> DialogueGot:
        """Give a dialogue whole: experts, rounds, entities with events and references, verdicts, figures."""
        answer: DialogueGot = self.call("dialogue_get", {"dialogue_id": dialogue_id})
        return answer

    def dialogue_import(
        self, *, path: str, as_new: bool = False, map: str | None = None, request_id: str | None = None
    ) -> DialogueImported:
        """Take a dialogue that was held elsewhere into the record: a folder of transcripts, or a dialogue.json.

        One import is one transaction: it is recorded whole, or nothing is. The same content again changes nothing
        (``created`` is false); other content under the same id is refused unless ``as_new``.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            path: A dialogue's folder, or a dialogue.json.
            as_new: Where the id is taken by other content, take the next free one (``-2``, ``-3`` …) instead of
                refusing.
            map: A JSON file that says which tension a row of the judge's tensions.md stands for: ``{"T01":
                "SCONE-T0001"}``.
        """
        answer: DialogueImported = self.call(
            "dialogue_import", {"path": path, "as_new": as_new, "map": map, "request_id": request_id}
        )
        return answer

    def dialogue_list(
        self, *, status: Literal["open", "converging", "converged", "abandoned"] | None = None, limit: int = 100
    ) -> DialogueListed:
        """List dialogues, newest first."""
        answer: DialogueListed = self.call("dialogue_list", {"status": status, "limit": limit})
        return answer

    def dialogue_minutes(self, *, dialogue_id: str) -> Minutes:
        """Give a dialogue's minutes: verdict, dissent, the Clerk's note, tensions, every statement cited."""
        answer: Minutes = self.call("dialogue_minutes", {"dialogue_id": dialogue_id})
        return answer

    def dialogue_parse_response(
        self, *, dialogue_id: str, round: int, expert: str, text: str | None = None, path: str | None = None
    ) -> ResponseParsed:
        """Read a response without registering anything: what it holds, and what its expert should mend.

        Args:
            path: A file to read instead; below the dialogue's output folder.
        """
        answer: ResponseParsed = self.call(
            "dialogue_parse_response",
            {"dialogue_id": dialogue_id, "round": round, "expert": expert, "text": text, "path": path},
        )
        return answer

    def dialogue_progress(self, *, dialogue_id: str) -> Progress:
        """Tell how far a dialogue is: figures of each round, open tensions, leaderboard, what blocks a verdict."""
        answer: Progress = self.call("dialogue_progress", {"dialogue_id": dialogue_id})
        return answer

    def dialogue_report(self, *, dialogue_id: str) -> Report:
        """Give a dialogue word for word: every response in order, with the Judge's summaries."""
        answer: Report = self.call("dialogue_report", {"dialogue_id": dialogue_id})
        return answer

    def dialogue_round_context(
        self, *, dialogue_id: str, round: int | None = None, round_contexts: Mapping[str, str] | None = None
    ) -> RoundContextGiven:
        """Give the context of a round's whole panel: all earlier rounds in full, each expert's situation.

        Args:
            round: The round to come; the next one when left out.
            round_contexts: The Judge's own words for an expert's situation, instead of the derived ones, by slug.
        """
        answer: RoundContextGiven = self.call(
            "dialogue_round_context", {"dialogue_id": dialogue_id, "round": round, "round_contexts": round_contexts}
        )
        return answer

    def dialogue_round_register(
        self,
        *,
        dialogue_id: str,
        round: int,
        at: str | None = None,
        title: str | None = None,
        score: int | None = None,
        summary: str | None = None,
        expert_scores: Mapping[str, int] | None = None,
        score_components: Mapping[str, ScoreComponents | Mapping[str, Any]] | None = None,
        responses: Mapping[str, str] | None = None,
        annotations: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        perspectives: Sequence[EntityIn | Mapping[str, Any]] = (),
        recommendations: Sequence[EntityIn | Mapping[str, Any]] = (),
        tensions: Sequence[TensionIn | Mapping[str, Any]] = (),
        evidence: Sequence[EntityIn | Mapping[str, Any]] = (),
        claims: Sequence[EntityIn | Mapping[str, Any]] = (),
        references: Sequence[ResponseRef | Mapping[str, Any]] = (),
        moves: Sequence[MoveIn | Mapping[str, Any]] = (),
        stances: Sequence[StanceIn | Mapping[str, Any]] = (),
        perspective_updates: Sequence[UpdateIn | Mapping[str, Any]] = (),
        recommendation_updates: Sequence[UpdateIn | Mapping[str, Any]] = (),
        tension_updates: Sequence[UpdateIn | Mapping[str, Any]] = (),
        evidence_updates: Sequence[UpdateIn | Mapping[str, Any]] = (),
        claim_updates: Sequence[UpdateIn | Mapping[str, Any]] = (),
        judge_claims: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> RoundRegistered:
        """Register all of a round in one batch, all or nothing; local ids become display ids.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            responses: Each expert's response word for word, by slug.
            annotations: What was read of a response and belongs to no entity, by slug.
            references: References that belong to a response rather than to one of its entities.
            judge_claims: Figures the Judge states for this round (velocity, converge_percent …), kept beside the
                computed ones.
        """
        answer: RoundRegistered = self.call(
            "dialogue_round_register",
            {
                "dialogue_id": dialogue_id,
                "round": round,
                "at": at,
                "title": title,
                "score": score,
                "summary": summary,
                "expert_scores": expert_scores,
                "score_components": score_components,
                "responses": responses,
                "annotations": annotations,
                "perspectives": perspectives,
                "recommendations": recommendations,
                "tensions": tensions,
                "evidence": evidence,
                "claims": claims,
                "references": references,
                "moves": moves,
                "stances": stances,
                "perspective_updates": perspective_updates,
                "recommendation_updates": recommendation_updates,
                "tension_updates": tension_updates,
                "evidence_updates": evidence_updates,
                "claim_updates": claim_updates,
                "judge_claims": judge_claims,
                "request_id": request_id,
            },
        )
        return answer

    def dialogue_search(self, *, query: str, dialogue_id: str | None = None, limit: int = 20) -> Searched:
        """Search the words of all dialogues; best places first."""
        answer: Searched = self.call("dialogue_search", {"query": query, "dialogue_id": dialogue_id, "limit": limit})
        return answer

    def dialogue_update_status(
        self,
        *,
        dialogue_id: str,
        updates: Sequence[UpdateIn | Mapping[str, Any]],
        at: str | None = None,
        request_id: str | None = None,
    ) -> StatusUpdated:
        """Record steps between rounds: a comment, a reopening, an invalidation, by anybody who may take them.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
        """
        answer: StatusUpdated = self.call(
            "dialogue_update_status",
            {"dialogue_id": dialogue_id, "updates": updates, "at": at, "request_id": request_id},
        )
        return answer

    def dialogue_verdict_register(
        self,
        *,
        dialogue_id: str,
        verdict_id: str,
        verdict_type: str,
        round: int,
        recommendation: str,
        description: str,
        at: str | None = None,
        label: str | None = None,
        author_expert: str | None = None,
        conditions: Sequence[str] = (),
        vote: str | None = None,
        votes: Mapping[str, str] | None = None,
        confidence: str | None = None,
        tensions_resolved: Sequence[str] = (),
        tensions_accepted: Sequence[str] = (),
        recommendations_adopted: Sequence[str] = (),
        key_evidence: Sequence[str] = (),
        key_claims: Sequence[str] = (),
        supporting_experts: Sequence[str] | None = None,
        what_would_change: str | None = None,
        supersedes: str | None = None,
        dismissals: Mapping[str, str] | None = None,
        force: bool = False,
        force_reason: str | None = None,
        request_id: str | None = None,
    ) -> VerdictRegistered:
        """Register a verdict: interim, final, minority or dissent. A final one must pass the convergence gate.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            label: A short name for the verdict, as in ``[MINORITY VERDICT: label]``.
            author_expert: The Judge when left out.
            votes: How each expert voted: for, against or abstain.
            what_would_change: What would change the minds of a minority.
            dismissals: Why this verdict sets a minority or dissent verdict aside, by its id.
            force: Conclude though the gate is not met; needs ``force_reason``, which the verdict shows.
        """
        answer: VerdictRegistered = self.call(
            "dialogue_verdict_register",
            {
                "dialogue_id": dialogue_id,
                "verdict_id": verdict_id,
                "verdict_type": verdict_type,
                "round": round,
                "recommendation": recommendation,
                "description": description,
                "at": at,
                "label": label,
                "author_expert": author_expert,
                "conditions": conditions,
                "vote": vote,
                "votes": votes,
                "confidence": confidence,
                "tensions_resolved": tensions_resolved,
                "tensions_accepted": tensions_accepted,
                "recommendations_adopted": recommendations_adopted,
                "key_evidence": key_evidence,
                "key_claims": key_claims,
                "supporting_experts": supporting_experts,
                "what_would_change": what_would_change,
                "supersedes": supersedes,
                "dismissals": dismissals,
                "force": force,
                "force_reason": force_reason,
                "request_id": request_id,
            },
        )
        return answer

    def doctor(
        self,
    ) -> Diagnosis:
        """Check that this machine and this store are in order."""
        answer: Diagnosis = self.call("doctor", {})
        return answer

    def verify(
        self, *, target: str | None = None, all: bool = False, heads: Sequence[str] = (), against: str | None = None
    ) -> Verified:
        """Tell whether anything is not as it was recorded: in a dialogue, an exported file, or the whole store.

        Args:
            target: A dialogue's id, or an exported file.
            all: The whole store: every entry, every table, every text.
            heads: Heads that were noted earlier, each ``STREAM:NUMBER:HASH``; without target and ``all``, their
                streams are verified.
            against: An earlier export, minutes, report or answer of verify, whose heads count like those in
                ``heads``.
        """
        answer: Verified = self.call("verify", {"target": target, "all": all, "heads": heads, "against": against})
        return answer
