"""Every operation as a typed method.

Made by ``python -m hansard.app.python``; change the operations instead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hansard.app.keywords import by_name

if TYPE_CHECKING:
    from hansard.custody.backups import Copied
    from hansard.custody.databases import DatabaseState, Migrated
    from hansard.custody.doctor import Diagnosis
    from hansard.custody.proof.shapes import (
        BundleCreated,
        CheckpointItem,
        CheckpointsListed,
        DialogueErased,
        KeyExported,
        KeyItem,
        KeysListed,
    )
    from hansard.custody.shapes import Verified
    from hansard.custody.tokens.shapes import TokenCreated, TokenItem, TokensListed
    from hansard.database.operations import JournalAt, JournalEventsTold
    from hansard.dialogue.answers import (
        CitationsExpanded,
        ContextWritten,
        DialogueCreated,
        DialogueGot,
        DialogueListed,
        DialogueStatistics,
        DialogueStep,
        EntityGot,
        ExpertCreated,
        PanelEvolved,
        Progress,
        PromptsGiven,
        ResponseParsed,
        RoundContextGiven,
        RoundRegistered,
        Searched,
        SimilarFound,
        StatusUpdated,
        VerdictRegistered,
    )
    from hansard.dialogue.calibration.answers import DomainTold, EthosListed, EthosTold, RulesListed, RuleTold
    from hansard.dialogue.calibration.requests import ConflictIn
    from hansard.dialogue.exhibits.answers import ExhibitAdded, ExhibitsListed, StandingTold, WatchAdded
    from hansard.dialogue.requests import (
        Background,
        Calibration,
        EntityIn,
        EthosCompliance,
        ExpertPool,
        ModifierIn,
        MoveIn,
        Origin,
        PanelSeat,
        PromptWords,
        ResponseRef,
        ScoreComponents,
        StanceIn,
        TensionIn,
        UpdateIn,
        WatchIn,
    )
    from hansard.exchange.import_shapes import DialogueImported
    from hansard.exchange.shapes import DialogueExported, Minutes, Report
    from hansard.memory.shapes import (
        MemoryCompressed,
        MemoryExported,
        MemoryFound,
        MemoryIngested,
        MemoryRepaired,
        MemoryRetained,
        MemorySummed,
        MemoryVerified,
    )
    from hansard.routing.shapes import (
        RouteAnswered,
        RouteCalled,
        RouteExplained,
        RouteExported,
        RouteHealthy,
        RouteListed,
    )


class Methods(ABC):
    """The operations, by their names. Each checks what it is given and raises ``HansardError`` for every refusal."""

    @abstractmethod
    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        """Run an operation by its name or alias with a request of plain values."""

    @by_name
    def backup_create(self, *, path: str, keys: bool = False, memory: bool = True) -> Copied:
        """Copy the store into an empty folder while others go on writing, and verify the copy.

        The files of its dialogues go with it as far as they lie in the home, and so does the memory, unless it is left
        out; settings stay, and so do keys unless they are asked for.

        Args:
            path: The folder; it must be empty, or not there yet.
            keys: Whether the keys go with it: whoever has the copy can then sign in this home's name.
            memory: Whether the memory goes with it.
        """
        answer: Copied = self.call("backup_create", {"path": path, "keys": keys, "memory": memory})
        return answer

    @by_name
    def backup_restore(self, *, path: str) -> Copied:
        """Put a backup into this home, which must hold no record yet, and verify what was put there.

        Args:
            path: The folder that holds the backup.
        """
        answer: Copied = self.call("backup_restore", {"path": path})
        return answer

    @by_name
    def bundle_create(
        self, *, dialogue_id: str, edition: Literal["full", "public"] = "full", output_path: str | None = None
    ) -> BundleCreated:
        """Write a dialogue into one file that verifies alone, up to a signed checkpoint.

        Args:
            edition: ``full``: all there is. ``public``: without responses, payloads, names of who acted, and
                exhibits' bytes.
            output_path: The file; in the dialogue's own folder when left out.
        """
        answer: BundleCreated = self.call(
            "bundle_create", {"dialogue_id": dialogue_id, "edition": edition, "output_path": output_path}
        )
        return answer

    @by_name
    def checkpoint_create(self, *, key: str | None = None, request_id: str | None = None) -> CheckpointItem:
        """State where every stream of the store stands, and sign it.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            key: The key that signs, by name or id; the only one there is when left out.
        """
        answer: CheckpointItem = self.call("checkpoint_create", {"key": key, "request_id": request_id})
        return answer

    @by_name
    def checkpoint_list(
        self,
    ) -> CheckpointsListed:
        """List the store's checkpoints, the oldest first."""
        answer: CheckpointsListed = self.call("checkpoint_list", {})
        return answer

    @by_name
    def checkpoint_show(
        self, *, number: int | None = None, output_path: str | None = None, heads: bool = False
    ) -> CheckpointItem:
        """Give a checkpoint, and write it to a file that can be mailed.

        Args:
            number: The newest when left out.
            output_path: A file to write it to, which can be mailed.
            heads: Whether the file names every stream and its head, so that each can be compared by name.
        """
        answer: CheckpointItem = self.call(
            "checkpoint_show", {"number": number, "output_path": output_path, "heads": heads}
        )
        return answer

    @by_name
    def checkpoint_verify(self, *, target: str | None = None, trust: Sequence[str] = ()) -> Verified:
        """Tell whether the store still leads through what checkpoints said of it, and who signed them.

        Args:
            target: A checkpoint's number, or a file that one was written to; all of the store's when left out.
            trust: Keys that may have signed it: ids, or files with public keys. Without any, those that this home
                trusts.
        """
        answer: Verified = self.call("checkpoint_verify", {"target": target, "trust": trust})
        return answer

    @by_name
    def database_migrate(self, *, dry_run: bool = False) -> Migrated:
        """Bring the store to this program's schema, or tell what that would do; every use of a store does it too.

        Args:
            dry_run: Tell what would be done, and do nothing.
        """
        answer: Migrated = self.call("database_migrate", {"dry_run": dry_run})
        return answer

    @by_name
    def database_status(
        self,
    ) -> DatabaseState:
        """Tell which database holds the record, its schema's revision, and how much is in it."""
        answer: DatabaseState = self.call("database_status", {})
        return answer

    @by_name
    def dialogue_abandon(
        self,
        *,
        dialogue_id: str,
        reason: str,
        at: str | None = None,
        by: Sequence[str] = ["judge"],
        request_id: str | None = None,
    ) -> DialogueStep:
        """Give a dialogue up that comes to no verdict, with the reason; what was said stays on record.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            by: ``judge``, or ``user`` for an outside actor.
        """
        answer: DialogueStep = self.call(
            "dialogue_abandon",
            {"dialogue_id": dialogue_id, "reason": reason, "at": at, "by": by, "request_id": request_id},
        )
        return answer

    @by_name
    def dialogue_context_write(
        self,
        *,
        dialogue_id: str,
        round: int | None = None,
        round_contexts: Mapping[str, str] | None = None,
        experts: Sequence[str] = (),
        rounds: Sequence[int] = (),
        budget_tokens: int | None = None,
    ) -> ContextWritten:
        """Write the context of a round's panel into ``round-N/context.json`` below the dialogue's folder.

        Args:
            round: The round to come; the next one when left out.
            round_contexts: The Judge's own words for an expert's situation, instead of the derived ones, by slug.
            experts: Only for these members of the panel; for all of them when left out.
            rounds: Only what was said in these earlier rounds; in all of them when left out. A note names those
                that are missing.
            budget_tokens: Over it, settled entities shrink to id, label and status, the oldest first, and a note
                says so.
        """
        answer: ContextWritten = self.call(
            "dialogue_context_write",
            {
                "dialogue_id": dialogue_id,
                "round": round,
                "round_contexts": round_contexts,
                "experts": experts,
                "rounds": rounds,
                "budget_tokens": budget_tokens,
            },
        )
        return answer

    @by_name
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
        calibration: Calibration | Mapping[str, Any] | None = None,
        dialogue_id: str | None = None,
        origin: Origin | Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> DialogueCreated:
        """Start a dialogue: give it an id, name the pool, suggest a panel, and tell the Judge how to run it.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            seed: 16 hexadecimal digits that sample the panel; drawn when left out.
            calibration: Held to this ethos (``ethos_synthesise``); experts argue without one when left out.
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
                "calibration": calibration,
                "dialogue_id": dialogue_id,
                "origin": origin,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def dialogue_entity(self, *, dialogue_id: str, id: str) -> EntityGot:
        """Give one entity whole: its words and where they were said, references both ways, its moves and its life.

        Args:
            id: Its display id, or a local id of its.
        """
        answer: EntityGot = self.call("dialogue_entity", {"dialogue_id": dialogue_id, "id": id})
        return answer

    @by_name
    def dialogue_erase(
        self,
        *,
        dialogue_id: str,
        reason: str,
        items: Sequence[str] = (),
        whole: bool = False,
        dry_run: bool = True,
        request_id: str | None = None,
    ) -> DialogueErased:
        """Take words of a dialogue out of the store, its journal, its search index and its files, for good.

        The chain of the journal holds: the erasing entry names the entries whose payloads, actors and salts went, and
        the reason. Copies that were handed out before are out of reach.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            items: What: ``round-1/muffin`` (a response, with what was read from it alone), ``round-1`` (title and
                summary), ``P0101``, ``verdict:final``, ``question`` (title, question, background), ``X0001`` (an
                exhibit), ``document:NAME`` (a file of the Judge's).
            whole: Everything of the dialogue but its id and the chain of its journal.
            reason: Why. It stands in the journal for good and in every export: no word that is to be erased.
            dry_run: Tell what would be erased, and change nothing.
        """
        answer: DialogueErased = self.call(
            "dialogue_erase",
            {
                "dialogue_id": dialogue_id,
                "reason": reason,
                "items": items,
                "whole": whole,
                "dry_run": dry_run,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
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

    @by_name
    def dialogue_expand_citations(self, *, dialogue_id: str, ids: Sequence[str]) -> CitationsExpanded:
        """Tell what citations such as P0001 stand for; an unknown one tells its own error."""
        answer: CitationsExpanded = self.call("dialogue_expand_citations", {"dialogue_id": dialogue_id, "ids": ids})
        return answer

    @by_name
    def dialogue_expert_create(
        self,
        *,
        dialogue_id: str,
        expert_slug: str,
        role: str,
        reason: str,
        at: str | None = None,
        name: str | None = None,
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
            expert_slug: Slug or display name.
            name: Display name; as ``expert_slug`` is written when left out.
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
                "name": name,
                "description": description,
                "focus": focus,
                "tier": tier,
                "relevance": relevance,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def dialogue_export(
        self,
        *,
        dialogue_id: str | None = None,
        output_path: str | None = None,
        format: Literal["json", "markdown", "adr", "aif", "argdown", "parquet"] = "json",
        journal: bool = True,
    ) -> DialogueExported:
        """Write a dialogue into a file: dialogue.json, verifiable anywhere, or another format (docs/formats.md).

        Parquet is a folder of files, one for each table, of one dialogue or of all.

        Args:
            dialogue_id: Which one; all of them where left out, in Parquet alone.
            output_path: The file, or Parquet's folder; in the dialogue's own folder when left out. Missing folders
                are made.
            format: ``dialogue.json``, the minutes in Markdown, a decision record (MADR 4), AIF, Argdown, or tables
                in Parquet.
            journal: Whether ``dialogue.json`` carries its stream of the journal, so that it can be verified
                anywhere.
        """
        answer: DialogueExported = self.call(
            "dialogue_export",
            {"dialogue_id": dialogue_id, "output_path": output_path, "format": format, "journal": journal},
        )
        return answer

    @by_name
    def dialogue_get(self, *, dialogue_id: str) -> DialogueGot:
        """Give a dialogue whole: experts, rounds, entities with events and references, verdicts, figures."""
        answer: DialogueGot = self.call("dialogue_get", {"dialogue_id": dialogue_id})
        return answer

    @by_name
    def dialogue_import(
        self, *, path: str, as_new: bool = False, map: str | None = None, request_id: str | None = None
    ) -> DialogueImported:
        """Take a dialogue that was held elsewhere into the record, from any format that an importer reads.

        One import is one transaction: it is recorded whole, or nothing is. The same content again changes nothing
        (``created`` is false); other content under the same id is refused unless ``as_new``.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            path: A dialogue's folder, or a file of a format that an importer reads (docs/formats.md).
            as_new: Where the id is taken by other content, take the next free one (``-2``, ``-3`` …) instead of
                refusing.
            map: A JSON file that says which tension a row of the judge's tensions.md stands for: ``{"T01":
                "SCONE-T0001"}``.
        """
        answer: DialogueImported = self.call(
            "dialogue_import", {"path": path, "as_new": as_new, "map": map, "request_id": request_id}
        )
        return answer

    @by_name
    def dialogue_list(
        self,
        *,
        status: Literal["open", "converging", "converged", "abandoned"] | None = None,
        tags: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
    ) -> DialogueListed:
        """List dialogues, newest first.

        Args:
            tags: Only those that have all of these.
            after: Only those that stand behind this one in the list: the last that was told, to read on.
        """
        answer: DialogueListed = self.call(
            "dialogue_list", {"status": status, "tags": tags, "limit": limit, "after": after}
        )
        return answer

    @by_name
    def dialogue_minutes(self, *, dialogue_id: str) -> Minutes:
        """Give a dialogue's minutes: verdict, dissent, the Clerk's note, tensions, every statement cited."""
        answer: Minutes = self.call("dialogue_minutes", {"dialogue_id": dialogue_id})
        return answer

    @by_name
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

    @by_name
    def dialogue_progress(self, *, dialogue_id: str) -> Progress:
        """Tell how far a dialogue is: figures of each round, open tensions, leaderboard, what blocks a verdict."""
        answer: Progress = self.call("dialogue_progress", {"dialogue_id": dialogue_id})
        return answer

    @by_name
    def dialogue_prompts(
        self,
        *,
        dialogue_id: str,
        round: int | None = None,
        experts: Sequence[str] = (),
        words: Mapping[str, PromptWords | Mapping[str, Any]] | None = None,
        budget_tokens: int | None = None,
        write: bool = False,
    ) -> PromptsGiven:
        """Make the prompts of a round's panel, with a brief for whoever is new; write them where that is asked.

        Args:
            round: The round to come; the next one when left out.
            experts: Only for these members of the panel; for all of them when left out.
            words: The Judge's own words, by slug.
            budget_tokens: For the context in each prompt (``dialogue_round_context``).
            write: Write ``prompt-<slug>.md`` and ``context-<slug>.json`` below ``round-N/`` in the dialogue's
                folder, and answer with references to them instead of the prompts.
        """
        answer: PromptsGiven = self.call(
            "dialogue_prompts",
            {
                "dialogue_id": dialogue_id,
                "round": round,
                "experts": experts,
                "words": words,
                "budget_tokens": budget_tokens,
                "write": write,
            },
        )
        return answer

    @by_name
    def dialogue_reopen(
        self, *, dialogue_id: str, reason: str, by: Sequence[str], at: str | None = None, request_id: str | None = None
    ) -> DialogueStep:
        """Take an abandoned or converged dialogue up again, with the reason.

        A final verdict that stood stays on record; the next final verdict must name it in ``supersedes``. The dialogue
        is open until its next round is registered, whatever the last one says of the gate.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            by: ``user`` for an outside actor, or ``judge``.
        """
        answer: DialogueStep = self.call(
            "dialogue_reopen",
            {"dialogue_id": dialogue_id, "reason": reason, "by": by, "at": at, "request_id": request_id},
        )
        return answer

    @by_name
    def dialogue_report(self, *, dialogue_id: str) -> Report:
        """Give a dialogue word for word: every response in order, with the Judge's summaries."""
        answer: Report = self.call("dialogue_report", {"dialogue_id": dialogue_id})
        return answer

    @by_name
    def dialogue_round_context(
        self,
        *,
        dialogue_id: str,
        round: int | None = None,
        round_contexts: Mapping[str, str] | None = None,
        experts: Sequence[str] = (),
        rounds: Sequence[int] = (),
        budget_tokens: int | None = None,
    ) -> RoundContextGiven:
        """Give the context of a round's whole panel: all earlier rounds in full, each expert's situation.

        Args:
            round: The round to come; the next one when left out.
            round_contexts: The Judge's own words for an expert's situation, instead of the derived ones, by slug.
            experts: Only for these members of the panel; for all of them when left out.
            rounds: Only what was said in these earlier rounds; in all of them when left out. A note names those
                that are missing.
            budget_tokens: Over it, settled entities shrink to id, label and status, the oldest first, and a note
                says so.
        """
        answer: RoundContextGiven = self.call(
            "dialogue_round_context",
            {
                "dialogue_id": dialogue_id,
                "round": round,
                "round_contexts": round_contexts,
                "experts": experts,
                "rounds": rounds,
                "budget_tokens": budget_tokens,
            },
        )
        return answer

    @by_name
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
        calibration_modifiers: Mapping[str, Sequence[ModifierIn | Mapping[str, Any]]] | None = None,
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
            calibration_modifiers: In a calibrated dialogue, by slug; shown apart from the scores.
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
                "calibration_modifiers": calibration_modifiers,
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

    @by_name
    def dialogue_search(self, *, query: str, dialogue_id: str | None = None, limit: int = 20) -> Searched:
        """Search the words of all dialogues; best places first."""
        answer: Searched = self.call("dialogue_search", {"query": query, "dialogue_id": dialogue_id, "limit": limit})
        return answer

    @by_name
    def dialogue_similar(
        self, *, words: str | None = None, dialogue_id: str | None = None, limit: int = 10
    ) -> SimilarFound:
        """Find dialogues about the same matter, by titles, questions, labels and contents; the nearest first.

        Args:
            dialogue_id: The dialogue whose own words are looked for; give this or ``words``.
        """
        answer: SimilarFound = self.call(
            "dialogue_similar", {"words": words, "dialogue_id": dialogue_id, "limit": limit}
        )
        return answer

    @by_name
    def dialogue_standing(
        self, *, dialogue_id: str, verdict_id: str | None = None, on: str | None = None
    ) -> StandingTold:
        """Tell whether verdicts still stand: stale, breached, due, superseded, and what nobody looked into.

        Args:
            verdict_id: One of its verdicts; all of them when left out.
            on: The day for which to tell (``2027-03-01``); today when left out.
        """
        answer: StandingTold = self.call(
            "dialogue_standing", {"dialogue_id": dialogue_id, "verdict_id": verdict_id, "on": on}
        )
        return answer

    @by_name
    def dialogue_stats(self, *, tags: Sequence[str] = (), top: int = 10) -> DialogueStatistics:
        """Count over all dialogues, or some tagged ones: statuses, kinds, averages, experts, rounds to a verdict.

        Args:
            tags: Only over those that have all of these; over all when left out.
            top: So many experts at most.
        """
        answer: DialogueStatistics = self.call("dialogue_stats", {"tags": tags, "top": top})
        return answer

    @by_name
    def dialogue_tag(
        self,
        *,
        dialogue_id: str,
        at: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        by: Sequence[str] = ["judge"],
        request_id: str | None = None,
    ) -> DialogueStep:
        """Add tags to a dialogue and remove others, in any status; tags it has already are left as they are.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            by: ``judge``, or ``user`` for an outside actor.
        """
        answer: DialogueStep = self.call(
            "dialogue_tag",
            {"dialogue_id": dialogue_id, "at": at, "add": add, "remove": remove, "by": by, "request_id": request_id},
        )
        return answer

    @by_name
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

    @by_name
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
        ethos_compliance: EthosCompliance | Mapping[str, Any] | None = None,
        watch: Sequence[WatchIn | Mapping[str, Any]] = (),
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
            ethos_compliance: In a calibrated dialogue; a final verdict must say it.
            watch: Conditions to be watched; ``watch_add`` binds more of them later.
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
                "ethos_compliance": ethos_compliance,
                "watch": watch,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def doctor(
        self,
    ) -> Diagnosis:
        """Check that this machine and this store are in order."""
        answer: Diagnosis = self.call("doctor", {})
        return answer

    @by_name
    def domain_create(
        self, *, domain_id: str, name: str, description: str | None = None, request_id: str | None = None
    ) -> DomainTold:
        """Name a domain: a field that has norms of its own, by three capitals.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
        """
        answer: DomainTold = self.call(
            "domain_create",
            {"domain_id": domain_id, "name": name, "description": description, "request_id": request_id},
        )
        return answer

    @by_name
    def ethos_get(self, *, ethos_id: str) -> EthosTold:
        """Give an ethos whole: its rules, what conflicted and how it was resolved, what experts are told."""
        answer: EthosTold = self.call("ethos_get", {"ethos_id": ethos_id})
        return answer

    @by_name
    def ethos_list(self, *, domain_id: str | None = None) -> EthosListed:
        """List every ethos, and which of their rules were revised or retired since."""
        answer: EthosListed = self.call("ethos_list", {"domain_id": domain_id})
        return answer

    @by_name
    def ethos_synthesise(
        self,
        *,
        domain_id: str,
        title: str,
        rules: Sequence[str] | None = None,
        add: Sequence[str] = (),
        leave_out: Sequence[str] = (),
        conflicts: Sequence[ConflictIn | Mapping[str, Any]] = (),
        dry_run: bool = False,
        request_id: str | None = None,
    ) -> EthosTold:
        """Make a rule set without conflict: each is resolved by priority, by hand or by a model, or all is refused.

        What says the same in the same words is found here; contradictions and ambiguities are named in ``conflicts``.
        What an earlier ethos of the domain recorded between two of the rules is taken up again.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            dry_run: Tell what it would be, unresolved conflicts too, and write nothing.
        """
        answer: EthosTold = self.call(
            "ethos_synthesise",
            {
                "domain_id": domain_id,
                "title": title,
                "rules": rules,
                "add": add,
                "leave_out": leave_out,
                "conflicts": conflicts,
                "dry_run": dry_run,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def exhibit_add(
        self,
        *,
        dialogue_id: str,
        kind: str,
        at: str | None = None,
        label: str | None = None,
        path: str | None = None,
        reference: Mapping[str, Any] | None = None,
        digest: str | None = None,
        size: int | None = None,
        media_type: str | None = None,
        added_by: str = "judge",
        replaces: str | None = None,
        request_id: str | None = None,
    ) -> ExhibitAdded:
        """Pin outside material by its hash, so that evidence can cite it: a file, a verdict, a calibration, a query.

        A file is copied to the dialogue's folder; a filter is asked of the memory. What is pinned already is answered
        as it stands. What nobody can look at again yet (symmetry, gates, agents) is kept with the digest it states.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
            kind: file, verdict, calibration, memory_query, symmetry_tick, gate_result or agent_history.
            label: What it is, in a few words; a file's name when left out.
            path: Of a file: the file, which is copied to the dialogue's folder. A relative one is looked for there.
            reference: What to look at again: of a verdict ``dialogue_id`` and ``verdict_id``, of a calibration
                ``ethos_id``, of a memory query its ``filter``, of the others what their kind needs (``session``,
                ``gate``, ``agent``).
            digest: SHA-256 of what is pinned: computed for files, verdicts, calibrations and filters, stated for
                the others. A file that is not to be copied is pinned by its digest alone.
            size: Bytes, where they are not here.
            added_by: Slug of an expert, ``judge`` or ``user``.
            replaces: An earlier exhibit of which this is the newer state; whatever rests on that one is stale from
                now on.
        """
        answer: ExhibitAdded = self.call(
            "exhibit_add",
            {
                "dialogue_id": dialogue_id,
                "kind": kind,
                "at": at,
                "label": label,
                "path": path,
                "reference": reference,
                "digest": digest,
                "size": size,
                "media_type": media_type,
                "added_by": added_by,
                "replaces": replaces,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def exhibit_list(self, *, dialogue_id: str) -> ExhibitsListed:
        """List a dialogue's exhibits, what cites them, and whether each still is what was pinned."""
        answer: ExhibitsListed = self.call("exhibit_list", {"dialogue_id": dialogue_id})
        return answer

    @by_name
    def journal_events(
        self, *, after: int = 0, limit: int = 100, stream: str | None = None, dialogue_id: str | None = None
    ) -> JournalEventsTold:
        """List entries of the journal: when, by which operation, in which streams, how many rows; no words.

        Args:
            after: Only entries behind this position.
            stream: Only entries of this stream, such as ``calibration:``.
            dialogue_id: Only entries of this dialogue.
        """
        answer: JournalEventsTold = self.call(
            "journal_events", {"after": after, "limit": limit, "stream": stream, "dialogue_id": dialogue_id}
        )
        return answer

    @by_name
    def journal_position(
        self,
    ) -> JournalAt:
        """Tell how far the journal goes."""
        answer: JournalAt = self.call("journal_position", {})
        return answer

    @by_name
    def keys_create(self, *, name: str = "main", protected: bool = False) -> KeyItem:
        """Draw a pair of keys to sign checkpoints with; one that is there already is never replaced.

        Args:
            protected: Whether the private half is kept under a passphrase, which is asked for and never part of a
                request.
        """
        answer: KeyItem = self.call("keys_create", {"name": name, "protected": protected})
        return answer

    @by_name
    def keys_export(self, *, key: str, output_path: str | None = None) -> KeyExported:
        """Give a public key as PEM, for those who verify; private halves are never given away.

        Args:
            key: Its name, or its id (eight characters or more of it).
            output_path: The file to write; nothing is written when it is left out.
        """
        answer: KeyExported = self.call("keys_export", {"key": key, "output_path": output_path})
        return answer

    @by_name
    def keys_import(self, *, path: str, name: str = "main") -> KeyItem:
        """Take in a pair of keys that was made elsewhere.

        Args:
            path: A file with a private Ed25519 key as PEM (PKCS 8).
        """
        answer: KeyItem = self.call("keys_import", {"path": path, "name": name})
        return answer

    @by_name
    def keys_list(
        self,
    ) -> KeysListed:
        """List the keys of this home, and those of others that it trusts."""
        answer: KeysListed = self.call("keys_list", {})
        return answer

    @by_name
    def keys_show(self, *, key: str) -> KeyItem:
        """Give one key.

        Args:
            key: Its name, or its id (eight characters or more of it).
        """
        answer: KeyItem = self.call("keys_show", {"key": key})
        return answer

    @by_name
    def keys_trust(self, *, key: str, name: str) -> KeyItem:
        """Trust a key of somebody else, so that what it signed is told by their name.

        Args:
            key: A file with the public key (PEM), or the key's id in full.
            name: Whose it is.
        """
        answer: KeyItem = self.call("keys_trust", {"key": key, "name": name})
        return answer

    @by_name
    def keys_untrust(self, *, key: str) -> KeyItem:
        """Trust a key no more.

        Args:
            key: Its name, or its id (eight characters or more of it).
        """
        answer: KeyItem = self.call("keys_untrust", {"key": key})
        return answer

    @by_name
    def memory_append(
        self,
        *,
        windows: Sequence[Mapping[str, Any]],
        source: Literal["truevision_window", "model_call"] = "truevision_window",
        worker: int = 0,
    ) -> MemoryIngested:
        """Keep windows or model calls; they are on the disk when the answer comes. Sent twice they are kept twice:
        where an answer was lost, first ask 'memory_query' for their times.

        Args:
            windows: As their source sends them; a bad one is refused with every fault, and the others are kept.
            worker: Whom to append as: one process at a time for each.
        """
        answer: MemoryIngested = self.call("memory_append", {"windows": windows, "source": source, "worker": worker})
        return answer

    @by_name
    def memory_compress(self, *, dry_run: bool = False) -> MemoryCompressed:
        """Store closed segments compressed; they are read, verified and repaired as before.

        Args:
            dry_run: Only tell which would be.
        """
        answer: MemoryCompressed = self.call("memory_compress", {"dry_run": dry_run})
        return answer

    @by_name
    def memory_export(
        self,
        *,
        output_path: str,
        filter: str = "",
        format: Literal["ndjson", "parquet", "arrow"] | None = None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> MemoryExported:
        """Write the records of a filter into a file: NDJSON (an audit log), Parquet or Arrow.

        Args:
            format: By itself what the file's ending says (.ndjson, .jsonl, .parquet, .arrow, .feather); NDJSON
                without an ending.
            columns: Only these; ways into records for NDJSON alone. Whole records when left out.
            limit: Records at most; all when left out.
        """
        answer: MemoryExported = self.call(
            "memory_export",
            {"output_path": output_path, "filter": filter, "format": format, "columns": columns, "limit": limit},
        )
        return answer

    @by_name
    def memory_generate(
        self, *, count: int | None = None, seed: int = 0, scenario: Literal["m456"] | None = None, worker: int = 0
    ) -> MemoryIngested:
        """Keep windows that are generated, and say so in each: for tests and demonstrations.

        Args:
            count: How many; not beside ``scenario``.
            seed: The same seed gives the same windows.
            scenario: Those that the shipped example of this name is about.
        """
        answer: MemoryIngested = self.call(
            "memory_generate", {"count": count, "seed": seed, "scenario": scenario, "worker": worker}
        )
        return answer

    @by_name
    def memory_ingest(
        self,
        *,
        path: str,
        source: Literal["truevision_window", "model_call"] = "truevision_window",
        worker: int = 0,
        dry_run: bool = False,
    ) -> MemoryIngested:
        """Keep the windows or model calls of an NDJSON file; a bad line is refused and told, the others are kept.

        Args:
            path: NDJSON: one window a line. ``-`` reads standard input, for whoever started the program alone.
            dry_run: Only tell what would be kept and what refused.
        """
        answer: MemoryIngested = self.call(
            "memory_ingest", {"path": path, "source": source, "worker": worker, "dry_run": dry_run}
        )
        return answer

    @by_name
    def memory_query(
        self, *, filter: str = "", limit: int = 20, columns: Sequence[str] | None = None, digest: bool = False
    ) -> MemoryFound:
        """Find records by a filter: how many there are, and the first of them.

        Args:
            filter: Such as ``success == false and eomm_score > 0.9 and map_name == "Rust"`` (docs/memory.md); all
                when left out.
            limit: Records that are given at most; the count is of all.
            columns: Only these columns of each record, or ways into it; whole records when left out.
            digest: Tell a digest of all records found, by which an exhibit pins this answer.
        """
        answer: MemoryFound = self.call(
            "memory_query", {"filter": filter, "limit": limit, "columns": columns, "digest": digest}
        )
        return answer

    @by_name
    def memory_repair(self, *, dry_run: bool = False) -> MemoryRepaired:
        """Keep what is whole of a damaged log; the bytes as they were are copied aside first.

        Args:
            dry_run: Only tell what would be done.
        """
        answer: MemoryRepaired = self.call("memory_repair", {"dry_run": dry_run})
        return answer

    @by_name
    def memory_retain(
        self, *, days: float | None = None, megabytes: float | None = None, dry_run: bool = False
    ) -> MemoryRetained:
        """Remove the oldest closed segments, by age or by size; the chain of what stays holds.

        Args:
            days: Closed segments whose records are all older, by their own times; a worker's last segment always
                stays.
            megabytes: What all segments may have together; the oldest go first.
            dry_run: Only tell which would go.
        """
        answer: MemoryRetained = self.call("memory_retain", {"days": days, "megabytes": megabytes, "dry_run": dry_run})
        return answer

    @by_name
    def memory_stats(
        self,
        *,
        filter: str = "",
        column: str | None = None,
        seconds: float | None = None,
        threshold: float | None = None,
        min_length: int = 3,
        max_gap: float = 2.0,
        limit: int = 100,
    ) -> MemorySummed:
        """Sum records up: counts, a column's statistics, flags, sessions; on demand a time series and bursts.

        Args:
            column: The column of numbers that is summed up, or a way into records; ``eomm_score`` or ``latency_ms``
                by itself.
            seconds: A time series in stretches of so many seconds.
            threshold: Bursts above it.
            min_length: Records of a burst at least.
            max_gap: Seconds between two records of a burst at most.
            limit: Sessions, stretches and bursts that are given at most.
        """
        answer: MemorySummed = self.call(
            "memory_stats",
            {
                "filter": filter,
                "column": column,
                "seconds": seconds,
                "threshold": threshold,
                "min_length": min_length,
                "max_gap": max_gap,
                "limit": limit,
            },
        )
        return answer

    @by_name
    def memory_verify(self, *, heads: Sequence[str] = ()) -> MemoryVerified:
        """Verify that nothing in the log was altered or lost: checksums, chain, footers, heads noted earlier.

        Args:
            heads: Heads noted earlier, as WORKER:PULSE:CHAIN; they must still be part of the log.
        """
        answer: MemoryVerified = self.call("memory_verify", {"heads": heads})
        return answer

    @by_name
    def route_ask(
        self,
        *,
        question: str,
        system: str | None = None,
        attachments: Sequence[str] = (),
        answer_schema: Mapping[str, Any] | None = None,
        models: Sequence[str] = (),
        budget_usd: float | None = None,
        deadline_seconds: float | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        privacy: Literal["redacted", "local"] | None = None,
        minimum_capability: float = 0.0,
        purpose: str = "ask",
        dialogue_id: str | None = None,
    ) -> RouteAnswered:
        """Ask a language model, whichever suits: it is chosen by cost, latency and capability, and costs money.

        Args:
            system: What the model is told of its task beforehand.
            attachments: Paths of files: texts, images, PDFs. One with a key or a password in it is refused.
            answer_schema: JSON Schema that the answer must fit; it is then given as data too.
            models: Only these, by their names in the settings; all of the ladder when left out.
            budget_usd: All attempts together may cost no more, in US dollars.
            deadline_seconds: All attempts together may take no longer.
            privacy: Stricter than the settings of a model: personal data replaced, or nothing may leave this
                machine.
            minimum_capability: Only models of this rank or above.
            purpose: What it is for; costs are summed up by it.
            dialogue_id: Which dialogue it is for, where it is for one.
        """
        answer: RouteAnswered = self.call(
            "route_ask",
            {
                "question": question,
                "system": system,
                "attachments": attachments,
                "answer_schema": answer_schema,
                "models": models,
                "budget_usd": budget_usd,
                "deadline_seconds": deadline_seconds,
                "max_output_tokens": max_output_tokens,
                "temperature": temperature,
                "seed": seed,
                "privacy": privacy,
                "minimum_capability": minimum_capability,
                "purpose": purpose,
                "dialogue_id": dialogue_id,
            },
        )
        return answer

    @by_name
    def route_calls(
        self,
        *,
        model: str | None = None,
        purpose: str | None = None,
        dialogue_id: str | None = None,
        outcome: str | None = None,
        since: float | None = None,
        limit: int = 20,
        texts: bool = False,
    ) -> RouteCalled:
        """List the newest calls to models, and sum up all of them: by purpose and by model, tokens and cost.

        Args:
            since: Seconds since 1970.
            limit: The newest so many are listed; the sums are of all.
            texts: Give the prompts and answers of those that are listed, word for word.
        """
        answer: RouteCalled = self.call(
            "route_calls",
            {
                "model": model,
                "purpose": purpose,
                "dialogue_id": dialogue_id,
                "outcome": outcome,
                "since": since,
                "limit": limit,
                "texts": texts,
            },
        )
        return answer

    @by_name
    def route_explain(
        self,
        *,
        question: str,
        system: str | None = None,
        attachments: Sequence[str] = (),
        answer_schema: Mapping[str, Any] | None = None,
        models: Sequence[str] = (),
        budget_usd: float | None = None,
        deadline_seconds: float | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        privacy: Literal["redacted", "local"] | None = None,
        minimum_capability: float = 0.0,
    ) -> RouteExplained:
        """Tell which models would be asked a question, in which order and why; nothing is asked and nothing spent.

        Args:
            system: What the model is told of its task beforehand.
            attachments: Paths of files: texts, images, PDFs. One with a key or a password in it is refused.
            answer_schema: JSON Schema that the answer must fit; it is then given as data too.
            models: Only these, by their names in the settings; all of the ladder when left out.
            budget_usd: All attempts together may cost no more, in US dollars.
            deadline_seconds: All attempts together may take no longer.
            privacy: Stricter than the settings of a model: personal data replaced, or nothing may leave this
                machine.
            minimum_capability: Only models of this rank or above.
        """
        answer: RouteExplained = self.call(
            "route_explain",
            {
                "question": question,
                "system": system,
                "attachments": attachments,
                "answer_schema": answer_schema,
                "models": models,
                "budget_usd": budget_usd,
                "deadline_seconds": deadline_seconds,
                "max_output_tokens": max_output_tokens,
                "temperature": temperature,
                "seed": seed,
                "privacy": privacy,
                "minimum_capability": minimum_capability,
            },
        )
        return answer

    @by_name
    def route_export(self, *, output_path: str) -> RouteExported:
        """Write the state of routing into a file: how models do and what calls came to, as ``runtime_state.json``."""
        answer: RouteExported = self.call("route_export", {"output_path": output_path})
        return answer

    @by_name
    def route_health(
        self,
    ) -> RouteHealthy:
        """Tell how models did lately: breakers, failures, latency; over all processes of this home."""
        answer: RouteHealthy = self.call("route_health", {})
        return answer

    @by_name
    def route_models(self, *, markdown: bool = False) -> RouteListed:
        """List the models that the settings offer: what they can, what they cost, and whether they can be asked.

        Args:
            markdown: Also as a table for documents.
        """
        answer: RouteListed = self.call("route_models", {"markdown": markdown})
        return answer

    @by_name
    def rule_create(
        self,
        *,
        type: str,
        label: str,
        text: str,
        priority: int | None = None,
        domain_id: str | None = None,
        domains: Sequence[str] | None = None,
        request_id: str | None = None,
    ) -> RuleTold:
        """Write down a rule: a principle (PR0001), a domain's tenet (FID-TN01), a question's constraint (CN01).

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            type: principle, tenet or constraint.
            priority: 100 for principles and tenets, 500 for constraints when left out.
            domain_id: A tenet's own domain.
            domains: Domains in which a principle or constraint is valid; all of them when left out.
        """
        answer: RuleTold = self.call(
            "rule_create",
            {
                "type": type,
                "label": label,
                "text": text,
                "priority": priority,
                "domain_id": domain_id,
                "domains": domains,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def rule_retire(self, *, rule_id: str, reason: str | None = None, request_id: str | None = None) -> RuleTold:
        """Take a rule out of use; no new ethos takes it, and those that have it keep it.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
        """
        answer: RuleTold = self.call("rule_retire", {"rule_id": rule_id, "reason": reason, "request_id": request_id})
        return answer

    @by_name
    def rule_revise(
        self,
        *,
        rule_id: str,
        label: str | None = None,
        text: str | None = None,
        priority: int | None = None,
        domains: Sequence[str] | None = None,
        reason: str | None = None,
        request_id: str | None = None,
    ) -> RuleTold:
        """Word or weigh a rule anew; every ethos keeps the revision that it was made of.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            reason: Why; the journal keeps it.
        """
        answer: RuleTold = self.call(
            "rule_revise",
            {
                "rule_id": rule_id,
                "label": label,
                "text": text,
                "priority": priority,
                "domains": domains,
                "reason": reason,
                "request_id": request_id,
            },
        )
        return answer

    @by_name
    def rules_list(
        self, *, domain_id: str | None = None, type: str | None = None, retired: bool = False
    ) -> RulesListed:
        """List domains and rules: principles, tenets, constraints, the weightier first.

        Args:
            domain_id: Only those that are valid in this domain.
            retired: With those that are out of use.
        """
        answer: RulesListed = self.call("rules_list", {"domain_id": domain_id, "type": type, "retired": retired})
        return answer

    @by_name
    def token_create(
        self,
        *,
        name: str,
        scope: Literal["read", "judge", "admin"] = "read",
        expires_at: str | None = None,
        request_id: str | None = None,
    ) -> TokenCreated:
        """Make a token for somebody who calls over HTTP; it is shown in this one answer and never again.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            name: Who calls with it, as the journal will name them.
            scope: ``read`` the record; ``judge``: lead dialogues too; ``admin``: keep the store too.
            expires_at: When it ceases to hold (ISO 8601); never when left out.
        """
        answer: TokenCreated = self.call(
            "token_create", {"name": name, "scope": scope, "expires_at": expires_at, "request_id": request_id}
        )
        return answer

    @by_name
    def token_list(
        self,
    ) -> TokensListed:
        """List the tokens, also those that were revoked or have expired; their secrets are known to nobody here."""
        answer: TokensListed = self.call("token_list", {})
        return answer

    @by_name
    def token_revoke(self, *, name: str, request_id: str | None = None) -> TokenItem:
        """Take a token out of use, at once and for ever.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
        """
        answer: TokenItem = self.call("token_revoke", {"name": name, "request_id": request_id})
        return answer

    @by_name
    def verify(
        self,
        *,
        target: str | None = None,
        all: bool = False,
        heads: Sequence[str] = (),
        against: str | None = None,
        trust: Sequence[str] = (),
        checkpoint: str | None = None,
    ) -> Verified:
        """Tell whether anything is not as it was recorded: in a dialogue, an exported file, or the whole store.

        Args:
            target: A dialogue's id, or an exported file.
            all: The whole store: every entry, every table, every text.
            heads: Heads that were noted earlier, each ``STREAM:NUMBER:HASH``; without target and ``all``, their
                streams are verified.
            against: An earlier export, minutes, report or answer of verify, whose heads count like those in
                ``heads``.
            trust: For a bundle: keys that may have signed it, as ids or as files with public keys; a signature by
                any other is then a finding. Without any, those that this home trusts are told by name.
            checkpoint: For a bundle: a checkpoint's file, or a bundle, that was noted earlier.
        """
        answer: Verified = self.call(
            "verify",
            {
                "target": target,
                "all": all,
                "heads": heads,
                "against": against,
                "trust": trust,
                "checkpoint": checkpoint,
            },
        )
        return answer

    @by_name
    def watch_add(
        self,
        *,
        dialogue_id: str,
        verdict_id: str,
        watch: WatchIn | Mapping[str, Any],
        at: str | None = None,
        request_id: str | None = None,
    ) -> WatchAdded:
        """Bind a condition of a verdict to a gate or a date, so that its standing tells when it fails or falls due.

        Args:
            request_id: Unique per actor. Sent again, the first answer is given and nothing changes.
            at: When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells.
        """
        answer: WatchAdded = self.call(
            "watch_add",
            {"dialogue_id": dialogue_id, "verdict_id": verdict_id, "watch": watch, "at": at, "request_id": request_id},
        )
        return answer
