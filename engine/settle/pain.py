"""Bank files: ISO 20022 credit transfers (pain.001.001.09), written so that the same payments give the same bytes.

The texts of a bank file are Latin letters, figures and a few signs; others are written in Latin letters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree

from guerdon.engine.settle.accounts import Account

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
ID_LENGTH, NAME_LENGTH, TEXT_LENGTH = 35, 70, 140
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


@dataclass(frozen=True, slots=True)
class Payment:
    """One credit. ``end_to_end`` is the same whenever this debt is paid again."""

    end_to_end: str
    account: Account
    amount: Decimal
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """What one bank file tells the bank to do. ``id`` is unique for ever; ``made_at`` RFC 3339 in UTC."""

    id: str
    made_at: str
    payer: str
    account: Account
    execute_on: date
    currency: str
    payments: tuple[Payment, ...]


def latin(text: str, length: int) -> str:
    """A text in the signs that banks take, cut to a length.

    >>> latin("Φούρνος & Café", 70)
    'Foyrnos + Cafe'
    """
    from anyascii import anyascii

    plain = _NOT_ALLOWED.sub(" ", anyascii(text.replace("&", "+")))
    return " ".join(plain.split())[:length].strip() or "?"


def end_to_end_id(id: str) -> str:
    """The name of a payment at the bank: the statement's or payout's own, or as much of it as fits and a hash.

    >>> end_to_end_id("bakery/2026-03"), len(end_to_end_id("a" * 64 + "/2026-03"))
    ('bakery/2026-03', 35)
    """
    plain = latin(id, len(id))
    if plain == id and len(id) <= ID_LENGTH and "//" not in id and not id.startswith("/") and not id.endswith("/"):
        return id
    digest = hashlib.sha256(id.encode()).hexdigest()[:12]
    return f"{re.sub('[^A-Za-z0-9-]', '-', plain)[: ID_LENGTH - 13]}-{digest}"


def pain_001(message: Message) -> bytes:
    """The bank file."""
    root = ElementTree.Element("Document", {"xmlns": NAMESPACE})
    body = _in(root, "CstmrCdtTrfInitn")
    header = _in(body, "GrpHdr")
    _in(header, "MsgId", message.id)
    _in(header, "CreDtTm", message.made_at)
    _totals(header, message.payments)
    _in(_in(header, "InitgPty"), "Nm", latin(message.payer, NAME_LENGTH))
    batch = _in(body, "PmtInf")
    _in(batch, "PmtInfId", message.id)
    _in(batch, "PmtMtd", "TRF")
    _totals(batch, message.payments)
    if message.currency == "EUR":
        _in(_in(_in(batch, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _in(_in(batch, "ReqdExctnDt"), "Dt", message.execute_on.isoformat())
    _in(_in(batch, "Dbtr"), "Nm", latin(message.payer, NAME_LENGTH))
    _account(batch, "DbtrAcct", message.account)
    _agent(batch, "DbtrAgt", message.account)
    _in(batch, "ChrgBr", "SLEV" if message.currency == "EUR" else "SHAR")
    for payment in message.payments:
        _credit(batch, payment, message.currency)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'.encode()


def _totals(parent: ElementTree.Element, payments: Sequence[Payment]) -> None:
    _in(parent, "NbOfTxs", str(len(payments)))
    _in(parent, "CtrlSum", f"{sum((payment.amount for payment in payments), Decimal(0)):f}")


def _credit(batch: ElementTree.Element, payment: Payment, currency: str) -> None:
    credit = _in(batch, "CdtTrfTxInf")
    _in(_in(credit, "PmtId"), "EndToEndId", payment.end_to_end)
    _in(_in(credit, "Amt"), "InstdAmt", f"{payment.amount:f}").set("Ccy", currency)
    if payment.account.bic:
        _agent(credit, "CdtrAgt", payment.account)
    _in(_in(credit, "Cdtr"), "Nm", latin(payment.account.name, NAME_LENGTH))
    _account(credit, "CdtrAcct", payment.account)
    _in(_in(credit, "RmtInf"), "Ustrd", latin(payment.text, TEXT_LENGTH))


def _account(parent: ElementTree.Element, tag: str, account: Account) -> None:
    _in(_in(_in(parent, tag), "Id"), "IBAN", account.iban)


def _agent(parent: ElementTree.Element, tag: str, account: Account) -> None:
    institution = _in(_in(parent, tag), "FinInstnId")
    if account.bic:
        _in(institution, "BICFI", account.bic)
    else:
        _in(_in(institution, "Othr"), "Id", "NOTPROVIDED")


def _in(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text
    return child
