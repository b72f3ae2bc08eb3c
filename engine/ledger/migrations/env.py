"""Alembic's entry: migrates the connection that it is given. Ledgers are migrated by opening them."""

from __future__ import annotations

from alembic import context

from guerdon.engine.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's DDL is transactional too, once the transaction is begun by hand
)
with context.begin_transaction():
    context.run_migrations()
