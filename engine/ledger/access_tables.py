"""Tables beside the ledger that say who may call it, what was answered, and who did what. None of them moves money.

A key is stored as the hash of its secret. The audit trail is append-only and each entry holds the hash of the one
before, so that none can be changed, taken out or put in without breaking the chain.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from guerdon.engine.ledger.tables import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


api_key = Table(  # ``merchants`` and ``sources``: JSON lists, empty for any; instants in µs UTC, 0 for never
    "api_key", metadata, _text("id", key=True), _text("name"), _text("role"), _text("merchants"), _text("sources"),
    _text("contact"), _bytes("secret_hash"), _number("created_at"), _number("expires_at"), _number("revoked_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
request_answer = Table(  # what a request with an Idempotency-Key was answered
    "request_answer", metadata, _text("key_id", key=True), _text("request_key", key=True), _bytes("fingerprint"),
    Column("status", SmallInteger, nullable=False), _bytes("body"), _number("answered_at"),
    Index("request_answer_age", "answered_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
approval = Table(  # a command that waits for a second person; ``state``: open, approved, rejected
    "approval", metadata, _text("id", key=True), _text("asked_by"), _text("asker"), _text("event"), _text("state"),
    _text("decided_by"), _number("asked_at"), _number("decided_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
card_pin = Table(  # ``hash``: slow, and keyed with what is not in the database
    "card_pin", metadata, _text("card", key=True), _text("hash"), _number("set_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
audit_entry = Table(
    "audit_entry", metadata,
    Column(
        "number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False, nullable=False
    ),
    _number("at"), _text("request_id"), _text("key_id"), _text("actor"), _text("role"), _text("address"),
    _text("action"), _text("object"), _text("outcome"), _text("reason"), _bytes("chain"),
)  # fmt: skip

APPEND_ONLY = (audit_entry,)
