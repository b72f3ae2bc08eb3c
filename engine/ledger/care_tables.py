"""Tables beside the ledger for care: how far each pass over the log has come, alerts, mails. None of them moves money.

They follow from the log but for what people did with them (an alert acknowledged, a mail sent).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table, Text

from guerdon.engine.ledger.tables import metadata


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _key(name: str) -> Column[int]:
    type_ = BigInteger().with_variant(Integer, "sqlite")
    return Column(name, type_, primary_key=True, autoincrement=False, nullable=False)


def _number(name: str, type_: type[BigInteger | Integer | SmallInteger] = BigInteger) -> Column[int]:
    return Column(name, type_, nullable=False)


care_mark = Table(  # everything up to ``seq`` has been looked at by a pass
    "care_mark", metadata, _text("pass", key=True), _number("seq"), sqlite_with_rowid=False
)
# What of the log lies in the running window of a rule of alerts; ``fields`` is JSON, ``newest`` the latest time in it.
alert_window = Table(
    "alert_window", metadata, _text("rule", key=True), _text("key", key=True), _number("newest"), _text("fields"),
    sqlite_with_rowid=False,
)  # fmt: skip
# ``seq``: the event that raised it; ``fields``: JSON of its figures and of what its action is to touch.
alert = Table(
    "alert", metadata, _text("id", key=True), _text("rule"), _text("key"), _number("seq"), _number("raised_at"),
    _text("state"), _number("acted", SmallInteger), _text("by"), _number("changed_at"), _text("fields"),
    Index("alert_by_state", "state"),
    sqlite_with_rowid=False,
)  # fmt: skip
# ``contact``: number, 0 for none; ``address`` and ``text`` are emptied when the contact is erased. ``due_at``: of the
# next attempt. ``alert``: the alert that it tells of, '' none;
# ``by``: who had it sent again.
mail = Table(
    "mail", metadata, _text("id", key=True), _number("seq"), _number("contact"), _text("kind"), _text("address"),
    _text("subject"), _text("text"), _text("state"), _text("reason"), _number("attempts", Integer), _number("due_at"),
    _number("made_at"), _number("sent_at"), _text("alert"), _text("by"),
    Index("mail_of_contact", "contact"), Index("mail_by_state", "state", "due_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
# An address that takes no mail, and why; ``address`` is a hash of it.
mail_block = Table(
    "mail_block", metadata, _text("address", key=True), _text("reason"), _number("since"), sqlite_with_rowid=False
)
# A question of a verified holder of a certificate; ``state``: open, waiting, answered, closed; ``answer``: the last.
ticket = Table(
    "ticket", metadata, _text("id", key=True), _text("certificate"), _text("subject"), _text("state"),
    _number("opened_at"), _number("due_at"), _text("by"), _number("changed_at"), _text("answer"),
    Index("ticket_of_certificate", "certificate"), Index("ticket_by_state", "state", "due_at"),
    sqlite_with_rowid=False,
)  # fmt: skip
# The key that opens what the log holds of a person (hex); ``owner``: number of a contact, 0 the ledger's secret, below
# 0 a month. A row that goes is what erases.
contact_key = Table("contact_key", metadata, _key("owner"), _text("key"))
# What is left of a part of an erased contact beside the log: values that no test of any programme tells from those that
# were told. ``part``: the mark of what is shut; ``fields``: JSON. See engine/erasing.py.
contact_left = Table(
    "contact_left", metadata, _key("owner"), _text("part", key=True), _text("fields"), sqlite_with_rowid=False
)
