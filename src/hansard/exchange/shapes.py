"""What the exporting operations take and give."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from hansard.dialogue.answers import Head, Warned
from hansard.dialogue.requests import DialogueId
from hansard.kernel.shapes import NOT_FOR_TOOLS, Shape, any_case, for_tools

Markdown = Annotated[str, Field(json_schema_extra={"contentMediaType": "text/markdown"})]
"""A document in Markdown."""

Format = Literal["json", "markdown", "adr", "aif", "argdown", "parquet"]


class DialogueExport(Shape):
    """Write a dialogue's record into a file."""

    dialogue_id: Annotated[DialogueId | None, for_tools(description="", needed=True)] = None
    """Which one; all of them where left out, in Parquet alone."""
    output_path: Annotated[str | None, for_tools(description="In the dialogue's folder when left out")] = None
    """The file, or Parquet's folder; in the dialogue's own folder when left out. Missing folders are made."""
    format: Annotated[Format, any_case(*get_args(Format)), for_tools(description="markdown: minutes; adr: MADR 4")] = (
        "json"
    )
    """``dialogue.json``, the minutes in Markdown, a decision record (MADR 4), AIF, Argdown, or tables in Parquet."""
    journal: Annotated[bool, NOT_FOR_TOOLS] = True
    """Whether ``dialogue.json`` carries its stream of the journal, so that it can be verified anywhere."""


class ExportStats(Shape):
    """How much the record holds."""

    rounds: int
    """Completed rounds."""
    experts: int
    perspectives: int
    recommendations: int
    tensions: int
    evidence: int
    claims: int
    totalAlignment: int  # noqa: N815  # the specification's spelling


class DialogueExported(Shape):
    """Where the export stands, and what a reader of it should know."""

    status: str = "success"
    path: str
    stats: ExportStats | None
    """Of one dialogue in one file."""
    warnings: list[Warned]
    digest: str | None
    """SHA-256 over the record (docs/record.md): the same in every home that it is taken to. Nothing for Parquet."""
    head: Head | None
    """Where the dialogue's stream stood; nothing where all dialogues were exported."""
    rows: dict[str, int] | None = None
    """Of Parquet: the number of rows of each table."""


class Minutes(Shape):
    """A dialogue's minutes."""

    dialogue_id: str
    markdown: Markdown
    head: Head


class Report(Shape):
    """A dialogue word for word."""

    dialogue_id: str
    markdown: Markdown
    head: Head
