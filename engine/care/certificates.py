"""Certificates for those who gave them away, and for those who hold one: reports, lookup, proof of a claim.

A distributor sees its own certificates and no others, by the query itself, and can only look. A holder proves a claim
by its code and the address of the claim; only who has proved it can ask anything (``tickets``). Certificates go by
their names here: a door makes a name of the code that it was told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select

from guerdon.engine.decide.instruments.certificates import CERTIFICATE_RECORD
from guerdon.engine.decide.instruments.transitions import CertificateState
from guerdon.engine.events.code_names import last_four
from guerdon.engine.events.times import zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of, local_text
from guerdon.engine.rows import Record
from guerdon.rules.program import Program

PAGE = 50
_R = tables.record.c
_AFTER = (
    select(_R.kind, _R.id, _R.contact, _R.due_at, _R.fields)
    .where(_R.kind == CERTIFICATE_RECORD, _R.id > bindparam("after"))
    .order_by(_R.id)
    .limit(bindparam("most"))
)


class NotVerified(Exception):
    """Neither code nor address is told to be right: the answer is the same for both."""

    code = "not_verified"

    def __init__(self) -> None:
        super().__init__("no claim with this code and this address")
        self.message, self.hint = str(self), "both are as they were at the claim"


@dataclass(frozen=True, slots=True)
class Given:
    """One certificate as its distributor sees it: its name, the last four of its code, no address."""

    certificate: str
    last_four: str
    kind: str
    state: str
    value: Decimal
    site: str
    url: str
    terms: str
    expires: str | None

    def as_json(self) -> dict[str, Any]:
        """One row of the report."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a report; ``after`` is where the next one begins, '' after the last."""

    rows: tuple[Given, ...]
    after: str


def report(
    ledger: Ledger, program: Program, distributor: str, *, email: str = "", name: str = "", state: str = "",
    after: str = "", most: int = PAGE, instant: Callable[[int], str] | None = None,
) -> Page:  # fmt: skip
    """The certificates of one distributor, by name; ``state``: those in it, ``email``: claimed or reserved with it.

    ``instant``: µs UTC as text, if not as local time.
    Rows that come meanwhile neither move nor repeat others: a page begins after the last name of the one before.
    """
    number = ledger.names.find("merchant", distributor)
    wanted = ledger.codes.holder(email) if email else ""
    local = zone(program.business.time_zone).local
    said = instant or (lambda time: local_text(local(time)))
    rows: list[Given] = []
    for record in _records(ledger, after) if number else ():
        fields = record.fields
        mine = int(fields["distributor"]) == number
        if not mine or (wanted and fields["holder"] != wanted) or (state and fields["status"] != state):
            continue
        if name and record.id != name:
            continue
        if len(rows) == most:
            return Page(tuple(rows), after)
        rows.append(_given(program, record, said))
        after = record.id
    return Page(tuple(rows), "")


def holds(ledger: Ledger, name: str, email: str) -> Record:
    """The claimed certificate of that name and address. NotVerified: there is none, whatever the reason."""
    record = ledger.records.one(CERTIFICATE_RECORD, name)
    claimed = (CertificateState.CLAIMED, CertificateState.FULFILLED)
    if (
        record is None
        or record.fields["status"] not in claimed
        or record.fields["holder"] != ledger.codes.holder(email)
    ):
        raise NotVerified
    return record


def claimed_with(
    ledger: Ledger, program: Program, email: str, instant: Callable[[int], str] | None = None
) -> tuple[Given, ...]:
    """What was claimed with an address, by name: for whoever has proved that it is theirs."""
    wanted = ledger.codes.holder(email)
    local = zone(program.business.time_zone).local
    said = instant or (lambda time: local_text(local(time)))
    mine = (record for record in _records(ledger, "") if record.fields["holder"] == wanted and record.fields["url"])
    return tuple(_given(program, record, said) for record in mine)


def _records(ledger: Ledger, after: str) -> Iterator[Record]:
    while found := ledger.store.rows(_AFTER, after=after, most=500):
        for kind, id, contact, due_at, fields in found:
            yield Record(kind, id, contact, due_at, json.loads(fields))
        after = found[-1][1]


def _given(program: Program, record: Record, said: Callable[[int], str]) -> Given:
    fields = record.fields
    says = (json.loads(text) for of, text in program.instruments if of == "certificates")
    kind: dict[str, Any] = next((entry for entry in says if entry["id"] == fields["kind"]), {})
    expires = int(fields["expires_at"])
    return Given(
        certificate=record.id,
        last_four=last_four(record.id),
        kind=fields["kind"],
        state=fields["status"],
        value=Decimal(kind.get("value", decimal_of(int(fields["worth"]), program.business.digits))),
        site=str(kind.get("site", "")),
        url=fields["url"],
        terms=fields["terms"],
        expires=said(expires) if expires < 1 << 60 else None,
    )
