"""``hansard progress``."""

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame


def run(frame: Frame, dialogue_id: DialogueId) -> None:
    """Tell how far a dialogue is: figures, gate, scores, and what stands in the way of a verdict."""
    from hansard.surfaces.render.dialogues import progress

    with frame.parts() as parts:
        answer = frame.ask(parts, "dialogue_progress", {"dialogue_id": parts.dialogues.resolve_id(dialogue_id)})
    frame.answer(answer, progress)
