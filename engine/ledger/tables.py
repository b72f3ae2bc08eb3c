"""The ledger's tables, as SQLAlchemy knows them. Columns of records are the fields of their numpy dtypes.

Insert-only tables come first, then those that hold the present state. Every text column is NOT NULL with '' for
"none", every number too, so that a table of numbers can be read as one matrix.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from guerdon.engine import rows
from guerdon.engine.ledger.chunk import LOG, RESOLVED, TOUCH

metadata = MetaData()

# SQLite keeps a table in the order of its key when the key is its rowid, which is spelt INTEGER.
_KEY = BigInteger().with_variant(Integer, "sqlite")
_Kind = TypeEngine[int] | type[TypeEngine[int]]
_BY_SIZE: dict[int, type[TypeEngine[int]]] = {1: SmallInteger, 2: SmallInteger, 4: Integer, 8: BigInteger}


def _numbers(dtype: np.dtype[np.void], key: tuple[str, ...], leave_out: Iterable[str] = ()) -> list[Column[int]]:
    """A column per field of the record, the key's first and in the key's order."""
    names = [name for name in dtype.names or () if name not in set(leave_out)]
    ordered = [*key, *(name for name in names if name not in key)]
    single = key[0] if len(key) == 1 else None
    return [
        Column(
            name,
            _KEY if name == single else _BY_SIZE[dtype[name].itemsize],
            primary_key=name in key,
            autoincrement=False,
            nullable=False,
        )
        for name in ordered
    ]


def _number(name: str, type_: _Kind = BigInteger, *, key: bool = False) -> Column[int]:
    return Column(name, type_, primary_key=key, autoincrement=False, nullable=False)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


# ---- insert-only ----------------------------------------------------------------------------------------------------

event = Table("event", metadata, *_numbers(LOG, ("seq",), ["keyed"]), _text("id"), _text("series"), _text("reference"))
event_key = Table(
    "event_key", metadata, _number("source", Integer, key=True), _text("id", key=True), _number("seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
contact_event = Table("contact_event", metadata, *_numbers(TOUCH, ("contact", "seq")), sqlite_with_rowid=False)
resolved = Table("resolved", metadata, *_numbers(RESOLVED, ("seq",)))
transfer = Table(
    "transfer", metadata, *_numbers(rows.TRANSFER, ("seq", "n")),
    CheckConstraint("amount > 0", name="transfer_positive"),
    sqlite_with_rowid=False,
)  # fmt: skip
award = Table("award", metadata, *_numbers(rows.AWARD, ("seq", "n")), sqlite_with_rowid=False)
refusal = Table(  # n: 1.. within the event
    "refusal", metadata, _number("seq", key=True), _number("n", Integer, key=True),
    *_numbers(rows.REFUSAL, (), ["seq"]),
    sqlite_with_rowid=False,
)  # fmt: skip
tier_period = Table(  # n: 1.. within the contact's event
    "tier_period", metadata, _number("contact", key=True), _number("seq", key=True), _number("n", Integer, key=True),
    *_numbers(rows.TIER_PERIOD, (), ["contact", "seq"]),
    sqlite_with_rowid=False,
)  # fmt: skip
chunk = Table(
    "chunk", metadata, _number("number", _KEY, key=True), _number("first_seq"), _number("last_seq"),
    _number("body_format", SmallInteger), _number("recorded_at"),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),  # SHA-256 of the body as it was posted
    Column("digest", LargeBinary, nullable=False),  # the sums of row hashes, see digest.py
    Column("journal_hash", LargeBinary, nullable=False),  # SHA-256 of the rows
    Column("chain", LargeBinary, nullable=False),  # SHA-256 of all this and of the chain before
)  # fmt: skip
name = Table(
    "name", metadata, _number("kind", SmallInteger, key=True), _number("number", key=True), _text("id"),
    Index("name_by_id", "kind", "id"),
    sqlite_with_rowid=False,
)  # fmt: skip
programme = Table("programme", metadata, _number("number", _KEY, key=True), _text("version"), _text("canonical"))
in_force = Table("in_force", metadata, _number("seq", _KEY, key=True), _number("number", Integer))

# ---- state ----------------------------------------------------------------------------------------------------------

business_key = Table(  # the reference first: it alone finds the few rows that can be meant
    "business_key", metadata, _text("reference", key=True), _number("merchant", Integer, key=True),
    _text("series", key=True), _number("seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
contact = Table(
    "contact", metadata,
    *_numbers(rows.CONTACT, ("number",), set(rows.CONTACT.names or ()) - set(rows.PERSISTED_CONTACT)),
)  # fmt: skip
lot = Table(
    "lot", metadata, *_numbers(rows.LOT, ("contact", "seq", "n"), set(rows.LOT.names or ()) - set(rows.PERSISTED_LOT)),
    sqlite_with_rowid=False,
)  # fmt: skip
counter = Table("counter", metadata, *_numbers(rows.COUNTER, ("contact", "slot", "window")), sqlite_with_rowid=False)
counter_past = Table(  # of windows that left the desk, for late events and returns
    "counter_past", metadata, *_numbers(rows.COUNTER, ("contact", "slot", "window")), sqlite_with_rowid=False
)
membership = Table("membership", metadata, *_numbers(rows.MEMBERSHIP, ("contact", "scheme")), sqlite_with_rowid=False)
balance = Table(
    "balance", metadata, _number("account", key=True), _number("unit", SmallInteger, key=True), _number("minor"),
    sqlite_with_rowid=False,
)  # fmt: skip
identifier = Table(
    "identifier", metadata, _text("kind", key=True), _text("value", key=True), _number("contact"),
    sqlite_with_rowid=False,
)  # fmt: skip
profile = Table("profile", metadata, _number("contact", _KEY, key=True), _text("fields"))
# What has a state of its own and a few fields: open holds, tokens, cards, certificates, coupons, statements, events
# that wait. ``fields`` is JSON; ``due_at`` FOREVER: the clock changes nothing.
record = Table(
    "record", metadata, _text("kind", key=True), _text("id", key=True), _number("contact"), _number("due_at"),
    _text("fields"),
    Index("record_of_contact", "contact", "kind"), Index("record_due", "due_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
feed_file = Table(
    "feed_file", metadata, _text("sha256", key=True), _text("feed"), _text("name"), _number("events"),
    _number("done", SmallInteger),
    sqlite_with_rowid=False,
)  # fmt: skip
run = Table(
    "run", metadata, _number("number", _KEY, key=True),
    *(_number(part) for part in ("read", "posted", "ignored", "refused", "parked", "waiting", "unstored")),
)  # fmt: skip

# The database refuses UPDATE, DELETE and TRUNCATE on these.
APPEND_ONLY = (event, transfer, award, refusal, resolved, tier_period, chunk, in_force)

from guerdon.engine.ledger import access_tables as access_tables  # noqa: E402 - they stand on what is above
from guerdon.engine.ledger import bank_tables as bank_tables  # noqa: E402
from guerdon.engine.ledger import care_tables as care_tables  # noqa: E402
from guerdon.engine.ledger import delivery_tables as delivery_tables  # noqa: E402
