"""Runs the migrations with Alembic, on the ledger's own connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from guerdon.engine.ledger.store import Store

FOLDER = Path(__file__).parent / "migrations"


def configuration(connection: Connection | None = None) -> Any:
    """Alembic's configuration; with a connection its commands use that one."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


def upgrade(store: Store, to: str = "head") -> None:
    """Brings the schema up to a revision in one transaction, which Alembic commits."""
    from alembic import command

    with store.connect() as connection:
        store.begin()
        try:
            command.upgrade(configuration(connection), to)
        except BaseException:
            store.rollback()
            raise
