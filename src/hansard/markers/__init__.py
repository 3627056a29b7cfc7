"""Markers: prose in, typed markers out.

``parse`` reads one expert's response in both dialects; ``lint`` tells the expert what to mend. The rules stand in
``docs/markers.md``, made from the tables of ``syntax``.
"""

from hansard.markers.linting import lint
from hansard.markers.model import (
    Annotation,
    Cited,
    Diagnostic,
    Dialect,
    Entity,
    Field,
    Item,
    Move,
    Prose,
    Quotation,
    Reference,
    Response,
    Severity,
    Span,
    Stance,
    Target,
    TargetForm,
    VerdictKind,
    VerdictNote,
)
from hansard.markers.reader import parse

__all__ = [
    "Annotation",
    "Cited",
    "Diagnostic",
    "Dialect",
    "Entity",
    "Field",
    "Item",
    "Move",
    "Prose",
    "Quotation",
    "Reference",
    "Response",
    "Severity",
    "Span",
    "Stance",
    "Target",
    "TargetForm",
    "VerdictKind",
    "VerdictNote",
    "lint",
    "parse",
]
