"""Alembic's way into the open transaction that ``upgrade`` gives it."""

from __future__ import annotations

from alembic import context

if context.is_offline_mode():  # the statements are told, and nothing is done
    context.configure(dialect_name=context.config.attributes["dialect"], as_sql=True, literal_binds=True)
else:
    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
