"""The database itself: which one it is, how much it holds, and whether its schema is this program's."""

from __future__ import annotations

from hansard.custody import store
from hansard.database.engine import HEAD, REVISIONS, Database
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Shape


class DatabaseStatus(Shape):
    """Ask which database holds the record."""


class DatabaseState(Shape):
    """The database that holds the record."""

    kind: str
    """SQLite or PostgreSQL."""
    location: str
    """The file's name, or the server's address without its password."""
    revision: str | None
    """The schema's revision; ``null`` where no store is made yet."""
    program_revision: str
    """The revision that this program reads and writes."""
    pending: list[str]
    """Revisions that the store is to be brought through; the next use does it."""
    size_bytes: int | None
    """What the store takes; ``null`` where none is made yet."""
    dialogues: int | None
    """How many dialogues it holds; ``null`` before the schema is this program's."""
    entries: int | None
    """How many entries the journal has; ``null`` before the schema is this program's."""


class DatabaseMigrate(Shape):
    """Ask for the store to be brought to this program's schema."""

    dry_run: bool = False
    """Tell what would be done, and do nothing."""


class Migrated(Shape):
    """What was done, or would be."""

    before: str | None
    """The revision that was found; ``null`` where there was no store."""
    after: str
    """The revision that the store has now, or would have."""
    revisions: list[str]
    """The steps between the two."""
    dry_run: bool
    """Whether nothing was done."""
    statements: str | None
    """The statements that would run; only in a dry run."""
    statement_count: int | None
    """How many they are."""
    creates: list[str]
    """Tables that they make."""
    alters: list[str]
    """Tables that stand already and get columns."""
    copy_hint: str
    """A command that copies the store, for those who want to before."""


class DatabaseCare:
    """Looks after the database."""

    _database: Database

    @operation(path="/database", store=False, tools="proof")
    def database_status(self, request: DatabaseStatus, call: Call) -> DatabaseState:  # noqa: ARG002
        """Tell which database holds the record, its schema's revision, and how much is in it."""
        database = self._database
        revision = database.revision()
        size = dialogues = entries = None
        if revision is not None:
            with database.reading() as connection:
                size = database.dialect.size(connection)
                if revision == HEAD:
                    dialogues, entries = store.extent(connection)
        return DatabaseState(
            kind=database.dialect.name,
            location=database.location,
            revision=revision,
            program_revision=HEAD,
            pending=_pending(revision),
            size_bytes=size,
            dialogues=dialogues,
            entries=entries,
        )

    @operation(writes=True, store=False, tools="proof", scope="admin", idempotent=True)
    def database_migrate(self, request: DatabaseMigrate, call: Call) -> Migrated:  # noqa: ARG002
        """Bring the store to this program's schema, or tell what that would do; every use of a store does it too."""
        database = self._database
        before = database.revision()
        pending = _pending(before)
        told = extent = None
        if request.dry_run:
            from hansard.database import migrations  # Alembic takes 0.1 s to import

            told = migrations.statements(database.dialect.sql_name, before) if pending else ""
            extent = migrations.extent(told)
        else:
            database.migrate()
        return Migrated(
            before=before,
            after=HEAD,
            revisions=pending,
            dry_run=request.dry_run,
            statements=told,
            statement_count=extent.statements if extent else None,
            creates=extent.creates if extent else [],
            alters=extent.alters if extent else [],
            copy_hint=database.dialect.copy_hint(database.place),
        )


def _pending(revision: str | None) -> list[str]:
    return list(REVISIONS if revision is None else REVISIONS[REVISIONS.index(revision) + 1 :])
