"""What a round's panel is told, as prompts and as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hansard.dialogue import answers, contexts, requests
from hansard.dialogue.door import Door
from hansard.dialogue.folder import write_into
from hansard.dialogue.prompts import briefs, markdown
from hansard.kernel.ids import shown_name
from hansard.kernel.operations import Call, operation


class Prompting(Door):
    """Prompts for a round's panel, and contexts in files."""

    @operation(writes=True)
    def dialogue_context_write(self, request: requests.RoundContext, call: Call) -> answers.ContextWritten:
        """Write the context of a round's panel into ``round-N/context.json`` below the dialogue's folder."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection, verbatim=False)
        found = contexts.asked_for(record, request)
        folder = self.writable_folder(record.dialogue)
        data = contexts.file_bytes(found.body, found.notes)
        own = found.body["dialogue"]
        return answers.ContextWritten(
            dialogue={name: own[name] for name in own if name not in ("question", "background")},
            notes=found.notes,
            tokens=found.tokens,
            folder=str(folder),
            file=write_into(folder, f"round-{found.round}/context.json", data),
            suggested_panel=contexts.suggested_panel(found),
        )

    @operation(
        writes=True, shorter="Have them written into files ('write'), or give a 'budget_tokens' or some 'experts'"
    )
    def dialogue_prompts(self, request: requests.DialoguePrompts, call: Call) -> answers.PromptsGiven:
        """Make the prompts of a round's panel, with a brief for whoever is new; write them where that is asked."""
        with self._journal.reading(call) as connection:
            record = self.record(request.dialogue_id, connection, verbatim=False)
        _, seats, _ = contexts.panel_of(record, request.round)
        members = {seat.slug for seat in seats}
        named = contexts.slugs("words.{}", request.words, members, record)
        words = dict(zip(named, request.words.values(), strict=True))
        found = contexts.round_context(
            record,
            request.round,
            experts=request.experts,
            own_words={slug: own.round_context for slug, own in words.items() if own.round_context},
            budget_tokens=request.budget_tokens,
        )
        folder = self.writable_folder(record.dialogue) if request.write else self.folder(record.dialogue)
        earlier = markdown.earlier_rounds(found.body["prior_rounds"])
        prompts: list[answers.PromptGiven] = []
        for number, seat in enumerate(found.seats):
            call.progress(number, len(found.seats), f"prompt for {seat.slug}")
            own = words.get(seat.slug, requests.PromptWords())
            view = found.body["experts"][seat.slug]
            given = {} if own.brief is None else own.brief.plain()
            fresh = briefs.is_fresh(seat)
            brief = briefs.brief(found, seat, given) if fresh or own.brief is not None else None
            text = markdown.prompt(found, seat, earlier, brief=brief, task=own.task, instructions=own.instructions)
            prompt_file = context_file = None
            if request.write:
                place = f"round-{found.round}"
                prompt_file = write_into(folder, f"{place}/prompt-{seat.slug}.md", text.encode())
                context_file = write_into(
                    folder, f"{place}/context-{seat.slug}.json", _context_bytes(found, view, brief)
                )
            prompts.append(
                answers.PromptGiven(
                    expert=seat.slug,
                    name=view.get("name") or shown_name(seat.slug),
                    role=view["role"],
                    source=seat.source,
                    fresh=fresh,
                    tokens=contexts.text_tokens(text),
                    prompt=None if request.write else text,
                    brief=None if request.write else brief,
                    prompt_file=prompt_file,
                    context_file=context_file,
                )
            )
        return answers.PromptsGiven(
            dialogue_id=record.dialogue.dialogue_id,
            round=found.round,
            folder=str(folder),
            prompts=prompts,
            notes=found.notes,
            warnings=list(_replaced(prompts)),
        )


def _context_bytes(found: contexts.Context, view: dict[str, Any], brief: dict[str, Any] | None) -> bytes:
    """What a prompt was made of: the shared parts, this expert's own, and the brief."""
    shared = {name: part for name, part in found.body.items() if name != "experts"}
    return contexts.file_bytes({**shared, "expert": view, "brief": brief}, found.notes)


def _replaced(prompts: list[answers.PromptGiven]) -> Iterator[answers.Warned]:
    for prompt in prompts:
        for file in (prompt.prompt_file, prompt.context_file):
            if file is not None and file.replaced is not None:
                yield answers.Warned(
                    type="file_replaced",
                    message=f"{file.path} held another content (SHA-256 {file.replaced}), which is gone",
                    expert=prompt.expert,
                )
