"""``python -m hansard.app.reference [FOLDER]`` writes the reference documents (``docs/reference``)."""

from __future__ import annotations

import sys
from pathlib import Path

import hansard
from hansard.app.assembly import all_operations
from hansard.app.settings import Settings
from hansard.surfaces.cli import exits
from hansard.surfaces.cli.application import helps
from hansard.surfaces.http.paths import PREFIX
from hansard.surfaces.render.reference import (
    commands_document,
    errors_document,
    operations_document,
    refusals,
    settings_document,
)

PACKAGE = Path(hansard.__file__).parent


def documents() -> dict[str, str]:
    """Each reference document by its file name."""
    with all_operations() as table:
        operations = operations_document(table, PREFIX)
    return {
        "operations.md": operations,
        "errors.md": errors_document(refusals(sources()), exits.BY_KIND, exits.MEANINGS),
        "commands.md": commands_document(helps()),
        "settings.md": settings_document(Settings.model_json_schema()),
    }


def sources() -> dict[str, str]:
    """The source of every module of the package, by module name."""
    return {
        ".".join(("hansard", *file.relative_to(PACKAGE).with_suffix("").parts)): file.read_text(encoding="utf-8")
        for file in sorted(PACKAGE.rglob("*.py"))
    }


def main(arguments: list[str]) -> int:
    """Write the documents; tell what changed."""
    folder = Path(arguments[0] if arguments else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"written: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
