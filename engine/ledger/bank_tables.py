"""Tables of what goes to the bank: accounts with who approved them, and the payouts of contacts in each bank file.

No money is moved by them: they say where it is sent, and what was sent in which message.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from guerdon.engine.ledger.tables import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, autoincrement=False, nullable=False)


# An account of bank.yaml as it counts since a place in the log; since FOREVER: a change that waits for approval.
bank_account = Table(
    "bank_account", metadata, _text("id", key=True), _number("since", key=True), _text("name"), _text("iban"),
    _text("bic"), _text("proposed_by"), _number("proposed_at"), _text("approved_by"), _number("approved_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
# A payout of a contact, by the seq of its event, that was put into a message to the bank. Each is sent once.
bank_payout = Table(
    "bank_payout", metadata, _number("seq", key=True), _text("message"), _text("end_to_end"), _number("amount"),
    sqlite_with_rowid=False,
)  # fmt: skip
bank_message = Table(
    "bank_message", metadata, _text("id", key=True), _number("made_at"),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
