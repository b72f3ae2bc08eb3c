"""Tables of what stands around the log: messages to subscribers, and leases on jobs and shards. None of it is money.

``outbox`` is written in the transaction of the chunk whose events its messages tell of; all others have transactions
of their own (``Ledger.change``).
"""

from __future__ import annotations

from sqlalchemy import Integer, SmallInteger, Table

from guerdon.engine.ledger.tables import _number, _text, metadata

# A message about one event, ``n`` from 1; ``payload`` is JSON. Rows go when every subscriber has passed them.
outbox = Table(
    "outbox", metadata, _number("seq", key=True), _number("n", Integer, key=True), _number("contact"), _text("kind"),
    _text("payload"),
    sqlite_with_rowid=False,
)  # fmt: skip
# How far a subscriber has been told: everything up to (``seq``, ``n``) was delivered or stands in ``delivery``.
subscriber = Table(
    "subscriber", metadata, _text("id", key=True), _number("seq"), _number("n", Integer),
    sqlite_with_rowid=False,
)  # fmt: skip
# A message that a subscriber did not take, or that waits behind one. ``dead`` 1: given up, kept to be looked at.
delivery = Table(
    "delivery", metadata, _text("subscriber", key=True), _number("seq", key=True), _number("n", Integer, key=True),
    _number("contact"), _number("attempts", Integer), _number("due_at"), _number("dead", SmallInteger), _text("error"),
    _text("payload"),
    sqlite_with_rowid=False,
)  # fmt: skip
# Who may do something: a shard of a feed, a slot of a job. ``epoch`` grows with each holder. ``done`` 1: for ever.
lease = Table(
    "lease", metadata, _text("name", key=True), _text("holder"), _number("epoch"), _number("until"),
    _number("done", SmallInteger),
    sqlite_with_rowid=False,
)  # fmt: skip
