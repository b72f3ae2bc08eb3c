"""One-time codes and recoveries: what a site asks for by mail, with one answer for known and unknown addresses."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Executable, bindparam, select

from guerdon.engine.care.mails.box import Mail, changed, mails, put
from guerdon.engine.decide.instruments.certificates import CERTIFICATE_RECORD
from guerdon.engine.events.code_names import last_four
from guerdon.engine.ledger.care_tables import mail as mail_table
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

ANSWER = "If this address is known to us, a mail is on its way."
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # what nobody mistakes for another
_LENGTH = 8  # 40 bits, good once
USED = "used"
HOUR = 3_600_000_000
AN_HOUR = 3  # recoveries for one address
_RECOVERIES = select(mail_table.c.address).where(
    mail_table.c.kind == "recovery", mail_table.c.made_at > bindparam("since")
)


class Code(NamedTuple):
    """A one-time code: ``shown`` goes into the mail, ``told`` (its hash) into the events."""

    shown: str
    told: str


def a_code() -> Code:
    """A new code."""
    shown = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return Code(shown, told(shown))


def code_from(digest: bytes) -> Code:
    """The code that goes with a keyed hash of 32 bytes."""
    number = int.from_bytes(digest, "big")
    shown = "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(_LENGTH))
    return Code(shown, told(shown))


def told(shown: str) -> str:
    """A code as events tell it; what people type in lower case or with spaces is the same.

    >>> told("k7-w 2") == told("K7W2")
    True
    """
    plain = "".join(sign for sign in shown.upper() if sign.isalnum())
    return sha256(plain.encode()).hexdigest()[:32]


def verification(ledger: Ledger, program: Program, scheme: str, address: str, now: int) -> Code:
    """Queue the mail that verifies an address for a scheme; its code's ``told`` goes into ``sign_up``."""
    code = a_code()
    ledger.change(*verifying(program, scheme, address, code, now))
    return code


def verifying(program: Program, scheme: str, address: str, code: Code, now: int) -> list[Executable]:
    """The statements that queue the mail with a code for a scheme."""
    text = f"Your code for {scheme} is {code.shown}. It is good once.\n\n{program.business.name}\n"
    mail = Mail(f"verify/{code.told}", 0, 0, "verification", address, f"Your code for {scheme}", text, made_at=now)
    return put(mail)


def recover(ledger: Ledger, program: Program, site: str, address: str, now: int) -> str:
    """Somebody forgot a certificate's id: the answer is the same for every address; a mail goes to a known one."""
    ledger.change(*recovery(ledger, program, site, address, now))
    return ANSWER


def recovery(ledger: Ledger, program: Program, site: str, address: str, now: int) -> list[Executable]:
    """The statements that queue the mail for whoever claimed at a site with an address, three an hour at most.

    For an unknown address there are as many, which change nothing: it takes as long.
    """
    wanted = ledger.codes.holder(address)
    says = (json.loads(entry) for of, entry in program.instruments if of == "certificates")
    kinds = {entry["id"] for entry in says if entry["site"] == site}
    found = [
        last_four(record.id)
        for record in ledger.records.of_kind(CERTIFICATE_RECORD)
        if record.fields["holder"] == wanted and record.fields["url"] and record.fields["kind"] in kinds
    ]
    asked = (ledger.codes.holder(each) for (each,) in ledger.store.rows(_RECOVERIES, since=now - HOUR))
    lately = [each for each in asked if each == wanted]
    token = a_code()
    text = (
        f"You claimed certificates that end in {', '.join(sorted(found))}.\n"
        f"With the code {token.shown} and this address you see them, once.\n\n{program.business.name}\n"
    )
    mail = Mail(f"recover/{token.told}", 0, 0, "recovery", address, "Your certificates", text, made_at=now)
    return put(mail) if found and len(lately) < AN_HOUR else [changed(mail.id, reason=USED)] * 2


def recovered(ledger: Ledger, shown: str, address: str, now: int) -> bool:
    """Whether a recovery code is good for an address, within the hour; it is used up by being right."""
    id = f"recover/{told(shown)}"
    found = [mail for mail in mails(ledger) if mail.id == id]
    if not found or found[0].reason == USED or found[0].made_at <= now - HOUR:
        return False
    if not secrets.compare_digest(ledger.codes.holder(found[0].address), ledger.codes.holder(address)):
        return False
    ledger.change(changed(id, reason=USED))
    return True
