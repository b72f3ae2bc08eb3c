"""The bank files of statements: what a sending told the bank, drawn from the log again whenever it is asked for.

The event that sends a statement bears the id of its message. So the same file can be written again for ever, byte by
byte; a statement that failed and is issued again goes into a new message under its old end-to-end id.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from guerdon.engine.events.times import DAY, text
from guerdon.engine.periods import day_date
from guerdon.engine.settle.accounts import Account, account_at
from guerdon.engine.settle.pain import Message, Payment, end_to_end_id, pain_001
from guerdon.engine.settle.source import SettleError, Source
from guerdon.engine.settle.statement import Drawn, Statement


def message_id(source: Source, of: str) -> str:
    """A new message's id: no other message of any ledger has it. At most 35 signs."""
    last = source.ledger.last_seq
    chain = source.ledger.settlement.digest_at(last)[2] if last else ""
    unique = hashlib.sha256(f"{chain}/{last}/{of}".encode()).hexdigest()[:16]
    return f"GRD-{of}-{unique}"[:35]


def is_credited(statement: Statement) -> bool:
    """Whether a statement is paid by bank file: something is owed, and the merchant's terms name an account."""
    return statement.net_minor > 0 and statement.bank is not None


def check_payable(source: Source, statements: Sequence[Statement]) -> None:
    """Whether a bank file can be written for statements that are to be sent. SettleError: an account is missing."""
    credited = [statement for statement in statements if is_credited(statement)]
    for statement in credited:
        _account_of(source, statement)
    if credited:
        payer(source, source.ledger.last_seq + 1)


def payer(source: Source, seq: int) -> Account:
    """The account that the business pays from: the one of bank.yaml with the business's id."""
    found = account_at(source.ledger, source.business.id, seq)
    if found is None:
        place, hint = source.business.id, "add it to accounts in bank.yaml, under the id of the business"
        raise SettleError("there is no account to pay from", code="no-account", place=place, hint=hint)
    return found


def account_of(source: Source, statement: Statement) -> Account | None:
    """The account that a statement is paid to: what counted when it was closed; None: its terms name none."""
    if statement.bank is None:
        return None
    return account_at(source.ledger, statement.bank, _closed_by(source, statement))


def _account_of(source: Source, statement: Statement) -> Account:
    found = account_of(source, statement)
    if found is None:
        hint = "add it to accounts in bank.yaml"
        message = f"there is no account '{statement.bank}' to pay to"
        raise SettleError(message, code="no-account", place=statement.id, hint=hint)
    return found


def _closed_by(source: Source, statement: Statement) -> int:
    return next(span.seq for span in source.spans(statement.merchant) if span.period == statement.period)


def files_of(source: Source, drawn: Drawn) -> Iterator[tuple[str, bytes]]:
    """Message id and content of every bank file in which a statement of the period was sent."""
    sent: dict[str, list[tuple[Statement, dict[str, Any]]]] = defaultdict(list)
    for statement in drawn.statements:
        for step in source.steps(statement.id):
            if step["to"] == "sent" and step.get("note") and is_credited(statement):
                sent[step["note"]].append((statement, step))
    for id, statements in sorted(sent.items()):
        yield id, pain_001(_message(source, id, statements))


def _message(source: Source, id: str, sent: Sequence[tuple[Statement, dict[str, Any]]]) -> Message:
    time = max(step["time"] for _, step in sent)
    seq = min(step["seq"] for _, step in sent)
    today = day_date(source.zone.local(time) // DAY)
    due = [statement.due_on for statement, _ in sent if statement.due_on]
    return Message(
        id=id,
        made_at=text(time // 1_000_000 * 1_000_000),
        payer=source.business.name,
        account=payer(source, seq),
        execute_on=max(today, min(due)) if due else today,
        currency=source.business.currency,
        payments=tuple(
            Payment(
                end_to_end_id(statement.id),
                _account_of(source, statement),
                source.amount(statement.net_minor),
                f"Statement {statement.id}",
            )
            for statement, _ in sorted(sent, key=lambda pair: pair[0].id)
        ),
    )
