"""Payouts of contacts to their bank accounts: those on their way that no bank file has yet go into a new one.

A payout goes into one message, once, ever: which one is written down together with the message itself, so that the
same file can be had again and a crash loses neither. A contact is paid on the IBAN of its payment method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sqlalchemy import bindparam, func, insert, select

from guerdon.engine.codes import TransferKind, account_parts
from guerdon.engine.decide.payouts import PAYOUT
from guerdon.engine.decide.profiles import PAYMENT
from guerdon.engine.events.times import DAY, text
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.bank_tables import bank_message, bank_payout
from guerdon.engine.periods import day_date
from guerdon.engine.settle.accounts import checked
from guerdon.engine.settle.bank_files import message_id, payer
from guerdon.engine.settle.pain import Message, Payment, pain_001
from guerdon.engine.settle.source import SettleError, Source

_T = tables.transfer.c
_SENT_OUT = (
    select(_T.seq, func.min(_T.credit), func.sum(_T.amount))
    .where(_T.kind == int(TransferKind.PAYOUT))
    .group_by(_T.seq)
    .order_by(_T.seq)
)
_TOLD = select(bank_payout).order_by(bank_payout.c.seq)
_MESSAGE = select(bank_message.c.body).where(bank_message.c.id == bindparam("id"))


class OnItsWay(NamedTuple):
    """A payout that has not ended: its event, whose it is, and what of it is out, in units of the wallet."""

    seq: int
    contact: int
    units: int


class Told(NamedTuple):
    """A payout as the bank was told of it; ``amount`` in minor units of the currency."""

    seq: int
    message: str
    end_to_end: str
    amount: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A new bank file. ``left_out``: why payouts are not in it. ``message`` '' and no content: there is none to pay."""

    message: str
    content: bytes
    payouts: tuple[Told, ...]
    left_out: tuple[str, ...]


def on_their_way(source: Source) -> list[OnItsWay]:
    """The payouts that neither came nor failed, in the order of the log. One pass over the transfers."""
    records = {int(record.id): record for record in source.ledger.records.of_kind(PAYOUT)}
    found = []
    for seq, credit, units in source.ledger.store.rows(_SENT_OUT):
        record = records.get(int(seq))
        left = int(units) - (int(record.fields["ended"]) if record else 0)
        if left:
            contact = record.contact if record else account_parts(int(credit))[1]
            found.append(OnItsWay(int(seq), contact, left))
    return found


def told_payouts(source: Source) -> list[Told]:
    """Every payout that was put into a bank file."""
    rows = source.ledger.store.rows(_TOLD)
    return [Told(int(seq), str(message), str(name), int(amount)) for seq, message, name, amount in rows]


def pay_out(source: Source, now: int) -> Batch:
    """Put the payouts that no bank file has into a new one; written down before it is returned."""
    told = {each.seq for each in told_payouts(source)}
    payments, payouts, left_out = [], [], []
    for payout in on_their_way(source):
        if payout.seq in told:
            continue
        end_to_end, minor = f"payout/{payout.seq}", source.money(payout.units)
        try:
            payments.append(_payment(source, payout, end_to_end, minor))
            payouts.append((payout.seq, end_to_end, minor))
        except SettleError as error:
            left_out.append(f"{error.place}: {error.message}")
    if not payments:
        return Batch("", b"", (), tuple(left_out))
    return _written(source, now, payments, payouts, left_out)


def _written(
    source: Source, now: int, payments: list[Payment], payouts: list[tuple[int, str, int]], left_out: list[str]
) -> Batch:
    day = day_date(source.zone.local(now) // DAY)
    message = Message(
        id=message_id(source, f"P{len(told_payouts(source)) + 1}"),
        made_at=text(now // 1_000_000 * 1_000_000),
        payer=source.business.name,
        account=payer(source, source.ledger.last_seq + 1),
        execute_on=day,
        currency=source.business.currency,
        payments=tuple(payments),
    )
    content = pain_001(message)
    rows = [Told(seq, message.id, end_to_end, minor) for seq, end_to_end, minor in payouts]
    source.ledger.change(
        insert(bank_message).values(id=message.id, made_at=now, body=content),
        insert(bank_payout).values([row._asdict() for row in rows]),
    )
    return Batch(message.id, content, tuple(rows), tuple(left_out))


def message_again(source: Source, id: str) -> bytes:
    """The content of a bank file of payouts, as it was first written. SettleError: there is none of that id."""
    found = source.ledger.store.rows(_MESSAGE, id=id)
    if not found:
        raise SettleError("no bank file has this id", code="unknown-message", place=id)
    return bytes(found[0][0])


def _payment(source: Source, payout: OnItsWay, end_to_end: str, minor: int) -> Payment:
    """The credit of a payout. SettleError: its contact has no IBAN, or it is worth nothing."""
    contact = source.ledger.names.id("contact", payout.contact) or f"#{payout.contact}"
    state = source.ledger.load_contacts(np.array([payout.contact], np.int64))
    method = state.profiles.get(payout.contact, {}).get(PAYMENT)
    reference = str((method or {}).get("reference", "")) if isinstance(method, dict) else ""
    if not reference:
        raise SettleError("the contact has no payment method any more", code="no-account", place=contact)
    if minor <= 0:
        raise SettleError("it is worth less than a cent", code="no-money", place=contact)
    account = checked(contact, reference, "", contact)
    return Payment(end_to_end, account, source.amount(minor), f"Payout {end_to_end.rpartition('/')[2]}")
