"""Operations on the life of a dialogue: it is given up, taken up again, tagged."""

from __future__ import annotations

from hansard.database.journal import Entry
from hansard.dialogue import answers, requests, store
from hansard.dialogue.door import Door, refuse, time_of
from hansard.dialogue.model import Dialogue
from hansard.dialogue.rules import life
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Call, operation


class Life(Door):
    """Steps that no round and no verdict tells; each is a row of the record and an entry of the journal."""

    @operation(writes=True)
    def dialogue_abandon(self, request: requests.DialogueAbandon, call: Call) -> answers.DialogueStep:
        """Give a dialogue up that comes to no verdict, with the reason; what was said stays on record."""
        with self._journal.entry("dialogue_abandon", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.DialogueStep(**entry.answer)
            now = self._now(entry, request)
            return self._taken(entry, now.dialogue, life.abandon(now, request.by, request.reason))

    @operation(writes=True)
    def dialogue_reopen(self, request: requests.DialogueReopen, call: Call) -> answers.DialogueStep:
        """Take an abandoned or converged dialogue up again, with the reason.

        A final verdict that stood stays on record; the next final verdict must name it in ``supersedes``. The dialogue
        is open until its next round is registered, whatever the last one says of the gate.
        """
        with self._journal.entry("dialogue_reopen", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.DialogueStep(**entry.answer)
            now = self._now(entry, request)
            return self._taken(entry, now.dialogue, life.reopen(now, request.by, request.reason))

    @operation(writes=True, idempotent=True)
    def dialogue_tag(self, request: requests.DialogueTag, call: Call) -> answers.DialogueStep:
        """Add tags to a dialogue and remove others, in any status; tags it has already are left as they are."""
        with self._journal.entry("dialogue_tag", request, call, [store.stream(request.dialogue_id)]) as entry:
            if entry.answer is not None:
                return answers.DialogueStep(**entry.answer)
            now = self._now(entry, request)
            return self._taken(entry, now.dialogue, life.tag(now, request.by, request.add, request.remove))

    def _now(self, entry: Entry, request: requests.DialogueWrite) -> life.Now:
        dialogue = self._dialogue(entry.connection, request.dialogue_id)
        return life.Now(
            dialogue=dialogue,
            rounds=store.completed_rounds(entry.connection, dialogue.dialogue_id),
            verdicts=store.verdict_count(entry.connection, dialogue.dialogue_id),
            events=store.dialogue_event_count(entry.connection, dialogue.dialogue_id),
            time=time_of(dialogue, entry, request.at, unless_told=entry.time),
        )

    def _taken(
        self, entry: Entry, dialogue: Dialogue, step: life.Step | list[HansardError] | None
    ) -> answers.DialogueStep:
        """Write a step that the rules let pass, or raise why not."""
        if isinstance(step, list):
            refuse(step, "dialogue", dialogue.dialogue_id)
        event = None
        if step is not None:
            dialogue, event = step
            store.update(entry, [dialogue])
            store.insert(entry, [event])
        return entry.finish(
            answers.DialogueStep(
                dialogue_id=dialogue.dialogue_id,
                dialogue_status=dialogue.status,
                tags=dialogue.tags,
                event=None
                if event is None
                else answers.LifeEvent(
                    seq=event.seq,
                    type=event.type,
                    by=event.actors,
                    reason=event.reason,
                    detail=event.detail or {},
                    at=event.created_at,
                ),
            )
        )
