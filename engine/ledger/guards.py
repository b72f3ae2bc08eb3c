"""What is written stays: triggers that refuse UPDATE, DELETE and TRUNCATE on the log and the journals."""

from __future__ import annotations

from guerdon.engine.ledger import access_tables, tables

GUARDED = tuple(table.name for table in (*tables.APPEND_ONLY, *access_tables.APPEND_ONLY))


def guards(dialect: str, guarded: tuple[str, ...] = GUARDED) -> list[str]:
    """The statements that set the guards up."""
    return _postgresql(guarded) if dialect == "postgresql" else _sqlite(guarded)


def _sqlite(guarded: tuple[str, ...]) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in guarded
        for verb in ("UPDATE", "DELETE")
    ]


def _postgresql(guarded: tuple[str, ...]) -> list[str]:
    function = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"FOR EACH {'STATEMENT' if verb == 'TRUNCATE' else 'ROW'} EXECUTE FUNCTION refuse_change()"
        for table in guarded
        for verb in ("UPDATE", "DELETE", "TRUNCATE")
    ]
