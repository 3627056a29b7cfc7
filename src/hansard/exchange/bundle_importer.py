"""The importer of bundles: the record inside is our own export, and comes in as one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hansard.exchange import errors
from hansard.exchange.container import FIRST, LIMIT_BYTES, parts
from hansard.exchange.document import FILE_NAME, document_in
from hansard.exchange.importers import no_map
from hansard.exchange.looking import head_of
from hansard.exchange.planning import Plan, read_by
from hansard.exchange.restoring import plan_export
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex

_NAME_AT: Final = 30
"""Where the first name stands in a zip archive."""


class BundleImporter:
    """Bundles as ``hansard bundle`` writes them (docs/proof.md); what they prove beyond the record is verify's."""

    name = "bundle"

    def recognises(self, path: Path) -> bool:
        """Whether it is a zip archive that begins with a bundle's manifest."""
        head = head_of(path, _NAME_AT + len(FIRST))
        return head.startswith(b"PK\x03\x04") and head.endswith(FIRST.encode())

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of the record inside."""
        no_map(map_file)
        data = files.read_bytes(path, limit_bytes=LIMIT_BYTES)
        found = parts(data, path.name)
        if FILE_NAME not in found:
            raise errors.bundle_public(path.name)
        return read_by(plan_export(document_in(found[FILE_NAME], path.name), path.name, sha256_hex(data)), self.name)


IMPORTER: Final = BundleImporter()
