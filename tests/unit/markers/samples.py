"""Short ways to read a text as Muffin of round 1, and what every reading must keep to."""

from __future__ import annotations

import re

from hansard.markers import Response, Span, Target, parse

DECORATION = re.compile(
    r"(?:[\s*_#+,;·&:>—–\ufeff\u200b\u200c\u200d\u2060-]|[0-9]{1,3}[.)]|\[[ \u00a0\u202fxX]\]|and )*", re.UNICODE
)
"""What may stand before or behind a marker and is nobody's words; rules are made of it too."""


def read(text: str, expert: str = "muffin", round_: int = 1) -> Response:
    """A response of Muffin's first round, unless told otherwise."""
    return parse(text, expert, round_)


def converges(response: Response) -> bool:
    """Whether the expert moved to converge."""
    return any(move.type == "converge" for move in response.moves)


def codes(response: Response) -> list[str]:
    """The codes of its diagnostics, in order."""
    return [note.code for note in response.diagnostics]


def forms(targets: tuple[Target, ...]) -> list[tuple[str, str]]:
    """Targets as text and form."""
    return [(target.text, target.form) for target in targets]


def spans(response: Response) -> list[Span]:
    """Every stretch of text that the response accounts for."""
    found = [item.span for item in response.prose]
    found += [span for entity in response.entities for span in (entity.span, entity.body_span)]
    found += [span for stance in response.stances for span in (stance.span, stance.body_span)]
    found += [span for verdict in response.verdicts for span in (verdict.span, verdict.body_span)]
    found += [span for note in response.annotations for span in (note.span, note.body_span)]
    found += [span for quotation in response.quotations for span in (quotation.span, quotation.body_span)]
    found += [span for reference in response.references for span in (reference.span, reference.context_span)]
    found += [span for move in response.moves for span in (move.span, move.context_span)]
    return found


def unaccounted(text: str, response: Response) -> list[str]:
    """Stretches of the text that stand in no marker, body or prose and are no mere decoration."""
    left: list[str] = []
    end = 0
    for span in sorted(spans(response), key=lambda span: span.start):
        if span.start > end:
            left.append(text[end : span.start])
        end = max(end, span.end)
    left.append(text[end:])
    return [piece for piece in left if not DECORATION.fullmatch(piece)]
