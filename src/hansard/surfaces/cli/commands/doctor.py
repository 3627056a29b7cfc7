"""``hansard doctor``."""

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.frame import Frame


def run(frame: Frame) -> int:
    """Check that this machine and this store are in order; exit code 1 when something is not."""
    from hansard.surfaces.render.custody import diagnosis

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "doctor", {})
    frame.answer(answer, diagnosis)
    return exits.OK if answer.ok else exits.FOUND
