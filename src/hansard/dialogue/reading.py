"""Operations that read: context, progress, citations, lists, search."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from hansard.dialogue import answers, contexts, errors, model, requests, similar, store, views
from hansard.dialogue.door import Door
from hansard.dialogue.exhibits.looking import Looking
from hansard.dialogue.folder import write_into
from hansard.dialogue.model import Record
from hansard.dialogue.rules.lifecycle import judged_id
from hansard.kernel.errors import HansardError, invalid_field, missing_field, path_outside
from hansard.kernel.files import read_text
from hansard.kernel.ids import MAX_ROUND, expert_slug
from hansard.kernel.operations import Call, operation


class Reading(Door):
    """The half of the room that answers questions and changes nothing."""

    @operation(path="/dialogues/{dialogue_id}/context")
    def dialogue_round_context(self, request: requests.RoundContext, call: Call) -> answers.RoundContextGiven:
        """Give the context of a round's whole panel: all earlier rounds in full, each expert's situation.

        Where it has over 40,000 characters and ``experts`` does not narrow it, it is written into
        ``round-N/context.json`` below the dialogue's folder, and the answer refers to the file.
        """
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection, verbatim=False)
        found = contexts.round_context(
            record,
            request.round,
            experts=request.experts,
            own_words=request.round_contexts,
            budget_tokens=request.budget_tokens,
        )
        last = [member for member in record.panel_members if member.round == found.round - 1]
        seated = {member.slug for member in record.panel_members if member.round < found.round}
        experts = {expert.slug: expert for expert in record.experts}
        suggested = views.suggested_panel(record.dialogue, experts, seated, last, found.round)
        told: dict[str, Any] = {"notes": found.notes, "suggested_panel": suggested, "tokens": found.tokens}
        if not self._goes_into_a_file(request, found):
            return answers.RoundContextGiven(**found.body, **told)
        folder = self.writable_folder(record.dialogue)
        whole = {**found.body, "notes": found.notes}
        data = msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"
        written = write_into(folder, f"round-{found.round}/context.json", data)
        brief = {
            name: value for name, value in found.body["dialogue"].items() if name not in ("question", "background")
        }
        return answers.RoundContextGiven(
            dialogue=brief, prior_rounds=[], active_tensions=[], experts={}, folder=str(folder), files=[written], **told
        )

    def _goes_into_a_file(self, request: requests.RoundContext, found: contexts.Context) -> bool:
        if request.in_files is not None:
            return request.in_files
        if request.experts or found.tokens * contexts.BYTES_PER_TOKEN <= contexts.INLINE_LIMIT:
            return False
        return len(msgspec.json.encode(found.body).decode()) > contexts.INLINE_LIMIT

    @operation(path="/dialogues/{dialogue_id}/progress", aliases=("get_dialogue_progress",))
    def dialogue_progress(self, request: requests.DialogueQuery, call: Call) -> answers.Progress:
        """Tell how far a dialogue is: figures of each round, open tensions, leaderboard, what blocks a verdict."""
        with self._journal.reading(call) as connection:
            return views.progress(self.record(request.dialogue_id, connection, verbatim=False))

    @operation(path="/dialogues/{dialogue_id}/citations", aliases=("expand_citations",))
    def dialogue_expand_citations(self, request: requests.ExpandCitations, call: Call) -> answers.CitationsExpanded:
        """Tell what citations such as P0001 stand for; an unknown one tells its own error."""
        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            found = {entity.id: entity for entity in store.read_entities(connection, dialogue.dialogue_id, request.ids)}
            citations = []
            for index, text in enumerate(request.ids):
                entity = found.get(text)
                if entity is not None:
                    citations.append(views.citation(entity))
                    continue
                fault = judged_id(f"ids[{index}]", text)
                if not isinstance(fault, HansardError):
                    fault = errors.target_not_found(f"ids[{index}]", text, dialogue.dialogue_id, found)
                citations.append(answers.Citation(id=text, error=fault.as_dict()))
            return answers.CitationsExpanded(dialogue_id=dialogue.dialogue_id, citations=citations)

    @operation(path="/dialogues")
    def dialogue_list(self, request: requests.DialogueList, call: Call) -> answers.DialogueListed:
        """List dialogues, newest first."""
        with self._journal.reading(call) as connection:
            found, total = store.summaries(connection, request.status, request.limit, request.tags)
            today = date.fromisoformat(self._journal.now()[:10])
            fallen = Looking(connection, self.folder).many([one.dialogue_id for one in found], today)
            told = [one.model_copy(update={"standing": fallen.get(one.dialogue_id)}) for one in found]
            return answers.DialogueListed(dialogues=told, total=total)

    @operation(path="/dialogues/{dialogue_id}")
    def dialogue_get(self, request: requests.DialogueQuery, call: Call) -> answers.DialogueGot:
        """Give a dialogue whole: experts, rounds, entities with events and references, verdicts, figures."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            return answers.DialogueGot(
                dialogue=views.whole(record),
                figures=views.figures_view(record),
                head=self.head(request.dialogue_id, connection),
            )

    @operation(path="/dialogues/{dialogue_id}/entities/{id}")
    def dialogue_entity(self, request: requests.EntityQuery, call: Call) -> answers.EntityGot:
        """Give one entity whole: its words and where they were said, references both ways, its moves and its life."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
        return views.entity_whole(record, _entity(record, request.id))

    @operation(path="/search")
    def dialogue_search(self, request: requests.DialogueSearch, call: Call) -> answers.Searched:
        """Search the words of all dialogues; best places first."""
        with self._journal.reading(call) as connection:
            if request.dialogue_id is not None:
                self._dialogue(connection, request.dialogue_id)
            hits = store.search(connection, request.query, request.dialogue_id, request.limit)
            return answers.Searched(query=request.query, hits=hits)

    @operation(path="/similar", aliases=("find_similar_dialogues",))
    def dialogue_similar(self, request: requests.DialogueSimilar, call: Call) -> answers.SimilarFound:
        """Find dialogues about the same matter, by titles, questions, labels and contents; the nearest first."""
        with self._journal.reading(call) as connection:
            if (request.words is None) == (request.dialogue_id is None):
                raise (
                    missing_field("words")
                    if request.words is None
                    else invalid_field("words", request.words, "is given beside 'dialogue_id'", suggestion="Give one")
                )
            if request.dialogue_id is None:
                words = similar.words_of([request.words or ""])
                without = []
            else:
                words = similar.own_words(self.record(request.dialogue_id, connection, verbatim=False))
                without = [request.dialogue_id]
            hits = store.similar(connection, " ".join(words), similar.PLACES, without=without) if words else []
            found = similar.by_dialogue(hits)[: request.limit]
            status = store.statuses(connection, [one[0].dialogue_id for one in found])
        return answers.SimilarFound(
            words=words,
            dialogues=[
                answers.SimilarDialogue(
                    dialogue_id=places[0].dialogue_id,
                    title=places[0].title,
                    status=status[places[0].dialogue_id],
                    rank=places[0].rank,
                    places=places[: similar.PLACES_SHOWN],
                )
                for places in found
            ],
        )

    @operation(path="/stats", aliases=("get_cross_dialogue_stats",))
    def dialogue_stats(self, request: requests.DialogueStats, call: Call) -> answers.DialogueStatistics:
        """Count over all dialogues, or some tagged ones: statuses, kinds, averages, experts, rounds to a verdict."""
        with self._journal.reading(call) as connection:
            return views.statistics(store.statistics(connection, request.tags), request.tags, request.top)

    @operation(path="/dialogues/{dialogue_id}/parse")
    def dialogue_parse_response(self, request: requests.ParseResponse, call: Call) -> answers.ResponseParsed:
        """Read a response without registering anything: what it holds, and what its expert should mend."""
        from hansard.markers import lint, parse
        from hansard.markers.model import Target

        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            if (request.text is None) == (request.path is None):
                raise (
                    missing_field("text")
                    if request.text is None
                    else invalid_field("path", request.path, "is given beside 'text'", suggestion="Give one of the two")
                )
            text = request.text
            if request.path is not None:
                path = Path(request.path)
                if not path.is_absolute():
                    path = self.folder(dialogue) / path
                if not self._may_read(path) and not path.resolve().is_relative_to(self.folder(dialogue).resolve()):
                    raise path_outside(request.path, "the dialogue's folder")
                text = read_text(path, name=request.path).text
            assert text is not None
            if request.round > MAX_ROUND:
                raise errors.id_space_exhausted("round", f"round {request.round}")
            slug = expert_slug(request.expert)
            response = parse(text, slug, request.round)
            own = {entity.local_id for entity in response.entities}
            experts = store.read_experts(connection, dialogue.dialogue_id)
            present = {
                entity.id
                for entity in store.read_entities(
                    connection,
                    dialogue.dialogue_id,
                    [target.text for target in _targets(response) if target.form == "global"],
                )
            }

            exhibits = [one.id for one in store.of_dialogue(connection, model.Exhibit, dialogue.dialogue_id)]

            def known(target: Target) -> bool:
                if target.form == "global":
                    return target.text in present
                if target.form == "expert":
                    return target.text.removeprefix("@") in experts
                if target.form == "local":
                    return target.text in own or (target.expert or "") in experts
                return True

            return answers.ResponseParsed(
                expert_slug=slug,
                round=request.round,
                response_path=request.path,
                summary=response.summary()["summary"],
                diagnostics=[msgspec.to_builtins(entry) for entry in response.diagnostics],
                lint=[msgspec.to_builtins(entry) for entry in lint(response, known, exhibits)],
            )


def _entity(record: Record, text: str) -> model.Entity:
    """The entity of a display id, or of a local id that was merged into it.

    Raises:
        HansardError: ``target_not_found``.
    """
    for entity in record.entities:
        if text == entity.id or text in entity.local_ids:
            return entity
    known = [entity.id for entity in record.entities]
    raise errors.target_not_found("id", text, record.dialogue.dialogue_id, known)


def _targets(response: Any) -> Iterator[Any]:
    for reference in response.references:
        yield reference.target
    for move in response.moves:
        yield from move.targets
    for annotation in response.annotations:
        yield from annotation.targets
