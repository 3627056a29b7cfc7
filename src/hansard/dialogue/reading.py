"""Operations that read: context, progress, citations, lists, search."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from typing import Any

import msgspec

from hansard.dialogue import answers, contexts, errors, model, requests, similar, store, views
from hansard.dialogue.door import Door
from hansard.dialogue.exhibits.looking import Looking
from hansard.dialogue.model import Record
from hansard.dialogue.names import own_names
from hansard.dialogue.rules.lifecycle import judged_id
from hansard.dialogue.rules.panel import everybody
from hansard.kernel.errors import HansardError, invalid_field, missing_field
from hansard.kernel.files import read_text
from hansard.kernel.ids import MAX_ROUND
from hansard.kernel.operations import Call, operation
from hansard.markers.names import name_slug


class Reading(Door):
    """The half of the room that answers questions and changes nothing."""

    @operation(
        path="/dialogues/{dialogue_id}/context",
        tools="dialogue",
        shorter="Ask for one earlier round at a time ('rounds'), give a 'budget_tokens', or have it written into a "
        "file ('dialogue_context_write')",
    )
    def dialogue_round_context(self, request: requests.RoundContext, call: Call) -> answers.RoundContextGiven:
        """Give the context of a round's whole panel: all earlier rounds in full, each expert's situation."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection, verbatim=False)
        found = contexts.asked_for(record, request)
        return answers.RoundContextGiven(
            **found.body,
            notes=found.notes,
            tokens=found.tokens,
            suggested_panel=contexts.suggested_panel(found),
        )

    @operation(path="/dialogues/{dialogue_id}/progress", aliases=("get_dialogue_progress",), tools="dialogue")
    def dialogue_progress(self, request: requests.DialogueQuery, call: Call) -> answers.Progress:
        """Tell how far a dialogue is: figures of each round, open tensions, leaderboard, what blocks a verdict."""
        with self._journal.reading(call) as connection:
            return views.progress(self.record(request.dialogue_id, connection, verbatim=False))

    @operation(path="/dialogues/{dialogue_id}/citations", aliases=("expand_citations",), tools="dialogue")
    def dialogue_expand_citations(self, request: requests.ExpandCitations, call: Call) -> answers.CitationsExpanded:
        """Tell what citations such as P0001 stand for; an unknown one tells its own error."""
        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            found = {entity.id: entity for entity in store.read_entities(connection, dialogue.dialogue_id, request.ids)}
            earlier = store.display_ids(connection, dialogue.dialogue_id, request.ids, MAX_ROUND + 1)
            citations = []
            for index, text in enumerate(request.ids):
                entity = found.get(text)
                if entity is not None:
                    citations.append(views.citation(entity))
                    continue
                fault = judged_id(f"ids[{index}]", text, earlier)
                if not isinstance(fault, HansardError):
                    fault = errors.target_not_found(f"ids[{index}]", text, dialogue.dialogue_id, found)
                citations.append(answers.Citation(id=text, error=fault.as_dict()))
            names = own_names(dialogue, store.read_experts(connection, dialogue.dialogue_id).values())
            return answers.CitationsExpanded(dialogue_id=dialogue.dialogue_id, citations=citations, names=names)

    @operation(path="/dialogues", tools="dialogue", shorter="Give a smaller 'limit', a 'status' or 'tags'")
    def dialogue_list(self, request: requests.DialogueList, call: Call) -> answers.DialogueListed:
        """List dialogues, newest first."""
        with self._journal.reading(call) as connection:
            last = None if request.after is None else self._dialogue(connection, request.after)
            found, total = store.summaries(connection, request.status, request.limit + 1, request.tags, last)
            more, found = found[request.limit :], found[: request.limit]
            today = date.fromisoformat(self._journal.now()[:10])
            fallen = Looking(connection, self.folder).many([one.dialogue_id for one in found], today)
            told = [one.model_copy(update={"standing": fallen.get(one.dialogue_id)}) for one in found]
            onward = told[-1].dialogue_id if more else None
            return answers.DialogueListed(dialogues=told, total=total, next=onward)

    @operation(
        path="/dialogues/{dialogue_id}",
        resource="/dialogues/{dialogue_id}/record",
        shorter="Have it written into a file ('dialogue_export'), or ask for one entity ('dialogue_entity')",
    )
    def dialogue_get(self, request: requests.DialogueQuery, call: Call) -> answers.DialogueGot:
        """Give a dialogue whole: experts, rounds, entities with events and references, verdicts, figures."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
            return answers.DialogueGot(
                dialogue=views.whole(record) | {"output_dir": str(self.folder(record.dialogue))},
                figures=views.figures_view(record),
                head=self.head(request.dialogue_id, connection),
            )

    @operation(path="/dialogues/{dialogue_id}/entities/{id}", resource="/dialogues/{dialogue_id}/entities/{id}")
    def dialogue_entity(self, request: requests.EntityQuery, call: Call) -> answers.EntityGot:
        """Give one entity whole: its words and where they were said, references both ways, its moves and its life."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection)
        return views.entity_whole(record, _entity(record, request.id))

    @operation(path="/search", shorter="Give a smaller 'limit'")
    def dialogue_search(self, request: requests.DialogueSearch, call: Call) -> answers.Searched:
        """Search the words of all dialogues; best places first."""
        if (fault := similar.query_fault(request.query)) is not None:
            raise fault
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
            if request.words is not None and (fault := similar.words_fault(request.words)) is not None:
                raise fault
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

    @operation(path="/dialogues/{dialogue_id}/parse", tools="dialogue")
    def dialogue_parse_response(self, request: requests.ParseResponse, call: Call) -> answers.ResponseParsed:
        """Read a response without registering anything: what it holds, and what its expert should mend."""
        from hansard.markers import lint, parse
        from hansard.markers.model import Target

        with self._journal.reading(call) as connection:
            dialogue = self._dialogue(connection, request.dialogue_id)
            if (request.text is None) == (request.path is None):
                raise (
                    missing_field("text", "Give the response as 'text', or the 'path' of its file")
                    if request.text is None
                    else invalid_field("path", request.path, "is given beside 'text'", suggestion="Give one of the two")
                )
            text = request.text
            if request.path is not None:
                text = read_text(self._given(dialogue, request.path), name=request.path).text
            assert text is not None
            if request.round > MAX_ROUND:
                raise errors.id_space_exhausted("round", f"round {request.round}")
            slug = name_slug(request.expert)
            if not slug:
                known_experts = store.read_experts(connection, dialogue.dialogue_id)
                raise errors.expert_not_found("expert", request.expert, known_experts)
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
            exhibits = store.exhibit_ids(connection, dialogue.dialogue_id)

            def known(target: Target) -> bool:
                if target.form == "global":
                    return target.text in present
                if target.form == "expert":
                    return target.text.removeprefix("@") in experts
                if target.form == "local":
                    return target.text in own or (target.expert or "") in experts
                return True

            mend = lint(response, known, exhibits)
            seats = store.read_panel(connection, dialogue.dialogue_id, request.round)
            return answers.ResponseParsed(
                expert_slug=slug,
                round=request.round,
                response_path=request.path,
                summary=response.summary()["summary"],
                diagnostics=[msgspec.to_builtins(entry) for entry in response.diagnostics if entry not in mend],
                lint=[msgspec.to_builtins(entry) for entry in mend],
                warnings=_unfit(response, slug, experts, everybody(dialogue, experts), seats),
            )


def _unfit(
    response: Any, slug: str, experts: Container[str], known: Container[str], seats: list[model.PanelMember]
) -> list[answers.Warned]:
    """What does not fit the dialogue about a response as a whole."""
    found = []
    if slug not in known:
        found.append(("expert_not_found", f"'{slug}' is neither an expert of this dialogue nor in its pool"))
    elif slug not in experts:
        found.append(("expert_not_in_panel", f"'{slug}' is in the pool of this dialogue, and no panel had it"))
    elif seats and slug not in {seat.slug for seat in seats}:
        found.append(("expert_not_in_panel", f"'{slug}' is not seated in round {response.round}"))
    if not response.has_markers:
        found.append(("no_marker", "the response holds no marker: nothing of it can be registered but its words"))
    return [answers.Warned(type=type_, message=message, expert=slug) for type_, message in found]


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
