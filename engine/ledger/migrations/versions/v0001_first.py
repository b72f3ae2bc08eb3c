"""The first schema: the log, the journals, and the state of contacts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from guerdon.engine.ledger.guards import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
BIG, INT, SMALL, TEXT, BYTES = sa.BigInteger, sa.Integer, sa.SmallInteger, sa.Text, sa.LargeBinary

GUARDED = (
    "event", "transfer", "award", "refusal", "resolved", "tier_period", "chunk", "in_force", "audit_entry",
)  # fmt: skip


def _table(
    name: str, key: str, columns: list[tuple[Any, str]], *checks: sa.CheckConstraint, rowid: bool = False
) -> None:
    """A table of columns grouped by type; ``key`` names those of its primary key."""
    keys = key.split()
    made: list[Any] = [
        sa.Column(column, type_, primary_key=column in keys, autoincrement=False, nullable=False)
        for type_, names in columns
        for column in names.split()
    ]
    op.create_table(name, *made, *checks, **({} if rowid else {"sqlite_with_rowid": False}))


def upgrade() -> None:
    """Makes everything."""
    _log()
    _journals()
    _around()
    _state()
    _delivery()
    _access()
    _bank()
    _care()
    for statement in guards(op.get_bind().dialect.name, GUARDED):
        op.execute(statement)


def _log() -> None:
    """The events and where to find them."""
    _table(
        "event", "seq",
        [
            (KEY, "seq"), (BIG, "time received_at contact content_hi content_lo"),
            (INT, "source merchant version transfers"), (SMALL, "type outcome reason"), (TEXT, "id series reference"),
        ], rowid=True,
    )  # fmt: skip
    _table("event_key", "source id", [(INT, "source"), (TEXT, "id"), (BIG, "seq")])
    _table("contact_event", "contact seq", [(BIG, "contact seq")])
    _table(
        "resolved", "seq",
        [
            (KEY, "seq"), (BIG, "at_seq"), (INT, "transfers"), (SMALL, "outcome reason"),
        ], rowid=True,
    )  # fmt: skip
    _table(
        "chunk", "number",
        [
            (KEY, "number"), (BIG, "first_seq last_seq"), (SMALL, "body_format"), (BIG, "recorded_at"),
            (BYTES, "body body_hash digest journal_hash chain"),
        ], rowid=True,
    )  # fmt: skip


def _journals() -> None:
    """What events did."""
    _table(
        "transfer", "seq n",
        [
            (BIG, "seq"), (INT, "n"), (SMALL, "kind unit"), (BIG, "debit credit amount lot_seq"),
            (INT, "lot_n offer"), (BIG, "reverses_seq"), (INT, "reverses_n line"), (BIG, "effective_at"),
        ], sa.CheckConstraint("amount > 0", name="transfer_positive"),
    )  # fmt: skip
    _table(
        "award", "seq n",
        [
            (BIG, "seq"), (INT, "n offer"), (BIG, "contact"), (INT, "merchant pool"), (SMALL, "cause clipped_by"),
            (INT, "scheme"),
            (BIG, "amount merchant_part clipped earning wins window debt_repaid earned_at usable_at expires_at"),
        ],
    )  # fmt: skip
    _table(
        "refusal", "seq n",
        [
            (BIG, "seq"), (INT, "n offer"), (SMALL, "reason request cause scheme"), (INT, "winner"),
            (BIG, "needed had lost"),
        ],
    )  # fmt: skip
    _table("tier_period", "contact seq n", [(BIG, "contact seq"), (INT, "n tier"), (BIG, "starts_at ends_at")])


def _around() -> None:
    """Names, rule versions, feeds."""
    _table("name", "kind number", [(SMALL, "kind"), (BIG, "number"), (TEXT, "id")])
    op.create_index("name_by_id", "name", ["kind", "id"])
    _table("programme", "number", [(KEY, "number"), (TEXT, "version canonical")], rowid=True)
    _table("in_force", "seq", [(KEY, "seq"), (INT, "number")], rowid=True)
    _table("feed_file", "sha256", [(TEXT, "sha256 feed name"), (BIG, "events"), (SMALL, "done")])
    _table("run", "number", [(KEY, "number"), (BIG, "read posted ignored refused parked waiting unstored")], rowid=True)
    _table("identifier", "kind value", [(TEXT, "kind value"), (BIG, "contact")])
    _table("profile", "contact", [(KEY, "contact"), (TEXT, "fields")], rowid=True)
    _table("record", "kind id", [(TEXT, "kind id"), (BIG, "contact due_at"), (TEXT, "fields")])
    op.create_index("record_of_contact", "record", ["contact", "kind"])
    op.create_index("record_due", "record", ["due_at"])
    _table(
        "business_key", "reference merchant series",
        [
            (TEXT, "reference"), (INT, "merchant"), (TEXT, "series"), (BIG, "seq"),
        ],
    )  # fmt: skip


def _state() -> None:
    """What stands now; all of it follows from the log."""
    _table(
        "contact", "number",
        [
            (KEY, "number"), (BIG, "clock due_at registered_at open payable held payout debt climb keep"),
            (BIG, "lifetime window_from tier_from tier_until"), (INT, "tier owner"),
            (SMALL, "status spend_blocked payment_method"), (BIG, "subscribed_at special_at"),
            (SMALL, "birth_month birth_day referred erased"), (BIG, "pools_active"),
        ], rowid=True,
    )  # fmt: skip
    _table(
        "lot", "contact seq n",
        [
            (BIG, "contact seq"), (INT, "n pool"), (BIG, "remaining live earned_at usable_at expires_at"),
            (INT, "offer version funder"), (BIG, "part_num part_den"),
            (SMALL, "prepaid expiry_business instant pending"),
        ],
    )  # fmt: skip
    _table("counter", "contact slot window", [(BIG, "contact"), (INT, "slot"), (BIG, "window amount wins mark")])
    _table("counter_past", "contact slot window", [(BIG, "contact"), (INT, "slot"), (BIG, "window amount wins mark")])
    _table(
        "membership", "contact scheme",
        [
            (BIG, "contact"), (INT, "scheme"), (SMALL, "member holdout"), (BIG, "since"),
        ],
    )  # fmt: skip
    _table("balance", "account unit", [(BIG, "account"), (SMALL, "unit"), (BIG, "minor")])


def _delivery() -> None:
    """Messages to subscribers, leases."""
    _table("outbox", "seq n", [(BIG, "seq"), (INT, "n"), (BIG, "contact"), (TEXT, "kind payload")])
    _table("subscriber", "id", [(TEXT, "id"), (BIG, "seq"), (INT, "n")])
    _table(
        "delivery", "subscriber seq n",
        [
            (TEXT, "subscriber"), (BIG, "seq"), (INT, "n"), (BIG, "contact"), (INT, "attempts"), (BIG, "due_at"),
            (SMALL, "dead"), (TEXT, "error payload"),
        ],
    )  # fmt: skip
    _table("lease", "name", [(TEXT, "name holder"), (BIG, "epoch until"), (SMALL, "done")])


def _access() -> None:
    """Who may call, what was answered, who did what."""
    _table(
        "api_key", "id",
        [
            (TEXT, "id name role merchants sources contact"), (BYTES, "secret_hash"),
            (BIG, "created_at expires_at revoked_at"),
        ],
    )  # fmt: skip
    _table(
        "request_answer", "key_id request_key",
        [
            (TEXT, "key_id request_key"), (BYTES, "fingerprint"), (SMALL, "status"), (BYTES, "body"),
            (BIG, "answered_at"),
        ],
    )  # fmt: skip
    op.create_index("request_answer_age", "request_answer", ["answered_at"])
    _table("card_pin", "card", [(TEXT, "card hash"), (BIG, "set_at")])
    _table("approval", "id", [(TEXT, "id asked_by asker event state decided_by"), (BIG, "asked_at decided_at")])
    _table(
        "audit_entry", "number",
        [
            (KEY, "number"), (BIG, "at"), (TEXT, "request_id key_id actor role address action object outcome reason"),
            (BYTES, "chain"),
        ], rowid=True,
    )  # fmt: skip


def _bank() -> None:
    """Accounts that money is sent to, and what was sent."""
    _table(
        "bank_account", "id since",
        [
            (TEXT, "id"), (BIG, "since"), (TEXT, "name iban bic proposed_by"), (BIG, "proposed_at"),
            (TEXT, "approved_by"), (BIG, "approved_at"),
        ],
    )  # fmt: skip
    _table("bank_payout", "seq", [(BIG, "seq"), (TEXT, "message end_to_end"), (BIG, "amount")])
    _table("bank_message", "id", [(TEXT, "id"), (BIG, "made_at"), (BYTES, "body")])


def _care() -> None:
    """Passes over the log, alerts, mails."""
    _table("care_mark", "pass", [(TEXT, "pass"), (BIG, "seq")])
    _table("alert_window", "rule key", [(TEXT, "rule key"), (BIG, "newest"), (TEXT, "fields")])
    _table(
        "alert", "id",
        [
            (TEXT, "id rule key"), (BIG, "seq raised_at"), (TEXT, "state"), (SMALL, "acted"), (TEXT, "by"),
            (BIG, "changed_at"), (TEXT, "fields"),
        ],
    )  # fmt: skip
    op.create_index("alert_by_state", "alert", ["state"])
    _table(
        "mail", "id",
        [
            (TEXT, "id"), (BIG, "seq contact"), (TEXT, "kind address subject text state reason"), (INT, "attempts"),
            (BIG, "due_at made_at sent_at"), (TEXT, "alert by"),
        ],
    )  # fmt: skip
    op.create_index("mail_of_contact", "mail", ["contact"])
    op.create_index("mail_by_state", "mail", ["state", "due_at"])
    _table("mail_block", "address", [(TEXT, "address reason"), (BIG, "since")])
    _table(
        "ticket", "id",
        [
            (TEXT, "id certificate subject state"), (BIG, "opened_at due_at"), (TEXT, "by"), (BIG, "changed_at"),
            (TEXT, "answer"),
        ],
    )  # fmt: skip
    op.create_index("ticket_of_certificate", "ticket", ["certificate"])
    op.create_index("ticket_by_state", "ticket", ["state", "due_at"])
    _table("contact_key", "owner", [(KEY, "owner"), (TEXT, "key")], rowid=True)
    _table("contact_left", "owner part", [(KEY, "owner"), (TEXT, "part fields")])
