"""The importer of Argdown, as text or as Argdown's own program parses it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hansard.exchange import errors
from hansard.exchange.argdown.reading import looks_like_argdown, read_argdown, read_parsed
from hansard.exchange.document import utf8_text
from hansard.exchange.graph import Source, plan_graph
from hansard.exchange.importers import no_map
from hansard.exchange.looking import head_text, json_keys
from hansard.exchange.planning import Plan
from hansard.exchange.telling import Telling
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.clock import timestamp
from hansard.kernel.ids import slugify
from hansard.kernel.json_text import NotJsonError, json_value

PARSED_KEYS: Final = frozenset({"statements", "arguments", "relations"})


class ArgdownImporter:
    """Argdown, ours and others', and the file of ``argdown json``."""

    name = "argdown"

    def recognises(self, path: Path) -> bool:
        """Whether it is a text with a title and a relation under it, or the file of ``argdown json``."""
        head = head_text(path)
        if head is None:
            return False
        if head.lstrip()[:1] == "{":
            return (json_keys(path) or frozenset()) >= PARSED_KEYS
        return looks_like_argdown(head)

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of a file."""
        no_map(map_file)
        data = files.read_bytes(path)
        at = timestamp(datetime.fromtimestamp(int(path.stat().st_mtime), UTC))
        tell = Telling()
        slug = slugify(path.stem)
        if data.lstrip()[:1] == b"{":
            text = utf8_text(data, path.name)
            try:
                value = json_value(text)
            except NotJsonError as fault:
                raise errors.json_malformed(path.name, fault.line, fault.column, fault.why) from None
            for part, form in (("statements", dict), ("arguments", dict), ("relations", list)):
                if not isinstance(value, dict) or not isinstance(value.get(part), form):
                    raise errors.json_unfit(path.name, part, "is not what 'argdown json' writes")
            for part in ("statements", "arguments"):
                for title, element in value[part].items():
                    if not isinstance(element, dict) or not isinstance(element.get("members", []), list | None):
                        raise errors.json_unfit(path.name, f"{part}.{title}", "is not what 'argdown json' writes")
            if not all(isinstance(relation, dict) for relation in value["relations"]):
                raise errors.json_unfit(path.name, "relations", "holds what is no relation")
            found = read_parsed(value, path.name, slug, at, tell)
        else:
            text = files.utf8_text(data, path.name)
            found = read_argdown(text, path.name, slug, at, tell)
        if not found.graph.statements:
            raise errors.nothing_stated(path.name, "Argdown")
        source = Source(
            importer=self.name,
            form="Argdown",
            name=path.name,
            sha256=sha256_hex(data),
            text=None if found.ours else text,
        )
        return plan_graph(found.graph, source, tell)


IMPORTER: Final = ArgdownImporter()
