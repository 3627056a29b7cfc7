"""Documents that an assistant reads by their address: ``hansard://dialogues/{dialogue_id}/minutes`` and the like.

Operations say in their mark at which path their answer stands. A document in an answer (a field with a media type) is
given as such, any other answer as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, unquote

from hansard.surfaces.mcp import errors
from hansard.surfaces.mcp.results import plain, text_of

if TYPE_CHECKING:
    from hansard.kernel.operations import Operation, Scope
    from hansard.kernel.shapes import Shape

SCHEME: Final = "hansard:/"

_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Document(NamedTuple):
    """A kind of resource."""

    template: str
    operation: Operation

    @property
    def parameters(self) -> list[str]:
        """The names in its template."""
        return _PARAMETER.findall(self.template)

    @property
    def media_type(self) -> str:
        """What it is given as."""
        found = _document(self.operation.answer)
        return found[1] if found else "application/json"

    def address(self, values: Mapping[str, str]) -> str:
        """The address of one such resource."""
        return _PARAMETER.sub(lambda found: quote(values[found[1]], safe=""), self.template)

    def matched(self, address: str) -> dict[str, str] | None:
        """The values that an address has for the template's names."""
        pattern = "([^/?#]+)".join(re.escape(part) for part in _PARAMETER.split(self.template)[::2])
        found = re.fullmatch(pattern, address)
        return dict(zip(self.parameters, map(unquote, found.groups()), strict=True)) if found else None


def documents(table: Mapping[str, Operation], scope: Scope) -> list[Document]:
    """Every kind of resource that a caller with this scope may read."""
    return [
        Document(f"{SCHEME}{one.mark.resource}", one)
        for one in table.values()
        if one.mark.resource is not None and one.open_to(scope)
    ]


def meant(address: str, known: Iterable[Document]) -> tuple[Document, dict[str, str]]:
    """The kind of resource that stands at an address, and the request for it.

    Raises:
        HansardError: ``unknown_resource``.
    """
    known = list(known)
    for document in known:
        if (values := document.matched(address)) is not None:
            return document, values
    raise errors.unknown_resource(address, [document.template for document in known])


def text(answer: Shape) -> str:
    """What a resource holds."""
    found = _document(type(answer))
    data: Any = plain(answer)
    return str(data[found[0]]) if found else text_of(data)


def _document(answer: type[Shape]) -> tuple[str, str] | None:
    """The field of an answer that is a document, and its media type."""
    for name, field in answer.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "contentMediaType" in extra:
            return name, str(extra["contentMediaType"])
    return None


def collection(table: Mapping[str, Operation], document: Document, parameter: str) -> Operation | None:
    """The operation that lists what a name of a template can stand for: it stands one step above in the paths."""
    above = document.template.removeprefix(SCHEME).partition(f"/{{{parameter}}}")[0]
    return next((one for one in table.values() if one.mark.path == above), None)


def values(answer: Shape, parameter: str) -> list[str]:
    """The values of a name in a list's answer."""
    for entries in plain(answer).values():
        if isinstance(entries, list) and entries and isinstance(entries[0], dict) and parameter in entries[0]:
            return [str(entry[parameter]) for entry in entries]
    return []
