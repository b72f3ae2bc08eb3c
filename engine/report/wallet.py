"""A contact's wallet: balances by pool, and the open lots with their last instants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from guerdon.engine.codes import OwnerKind, Role, Status
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import decimal_of, local_text
from guerdon.engine.rows import FOREVER
from guerdon.rules.program import Program

ROLES = {
    Role.PENDING: "pending",
    Role.OPEN: "open",
    Role.OPEN_PAYABLE: "payable",
    Role.HELD: "held",
    Role.PAYOUT: "payout",
    Role.DEBT: "debt",
}


class UnknownContact(Exception):
    """No contact of that name has appeared in the log."""

    code = "unknown-contact"

    def __init__(self, contact: str) -> None:
        super().__init__(f"there is no contact '{contact}' in this ledger")


@dataclass(frozen=True, slots=True)
class OpenLot:
    """What is left of one award. ``expires`` and ``usable`` are local times; None: never, at once."""

    award: str
    offer: str
    pool: str
    amount: Decimal
    usable: str | None
    expires: str | None


@dataclass(frozen=True, slots=True)
class Wallet:
    """The wallet of one contact as it stands in the ledger."""

    contact: str
    status: str
    tier: str | None
    member_of: tuple[str, ...]
    spend_blocked: bool
    balances: dict[str, Decimal]
    pools: dict[str, Decimal]
    lots: tuple[OpenLot, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``wallet --json`` prints."""
        whole = {name: getattr(self, name) for name in self.__slots__}
        whole["lots"] = [{name: getattr(lot, name) for name in OpenLot.__slots__} for lot in self.lots]
        return whole


def contact_number(ledger: Ledger, contact: str) -> int:
    """The contact's number. UnknownContact: there is none."""
    number = ledger.names.find("contact", contact)
    if not number:
        raise UnknownContact(contact)
    return number


def wallet_of(ledger: Ledger, program: Program, contact: str) -> Wallet:
    """The wallet of a contact by id. Lots stand in the order in which they are consumed."""
    number = contact_number(ledger, contact)
    digits = program.business.unit.digits
    state = ledger.load_contacts(np.array([number], np.int64))
    row = state.contacts[0] if len(state.contacts) else None
    balances = {name: Decimal(0).scaleb(-digits) for name in ("commerce", *ROLES.values())}
    pools: dict[str, Decimal] = {}
    for (role, unit), minor in sorted(ledger.balances(number, OwnerKind.CONTACT).items()):
        if unit != 0:
            continue
        if role >= Role.COMMERCE:
            pools[ledger.names.id("pool", role - Role.COMMERCE)] = decimal_of(minor, digits)
            balances["commerce"] += decimal_of(minor, digits)
        else:
            balances[ROLES[Role(role)]] = decimal_of(minor, digits)
    tiers = program.tiers.ladder if program.tiers else ()
    place = int(row["tier"]) if row is not None else -1
    members = state.memberships[state.memberships["member"] == 1]
    return Wallet(
        contact=contact,
        status=(Status(int(row["status"])) if row is not None else Status.NEW).name.lower(),
        tier=tiers[place].id if 0 <= place < len(tiers) else None,
        member_of=tuple(ledger.names.id("scheme", int(scheme)) for scheme in members["scheme"]),
        spend_blocked=bool(row["spend_blocked"]) if row is not None else False,
        balances=balances,
        pools=pools,
        lots=_lots(ledger, program, number, digits),
    )


def _lots(ledger: Ledger, program: Program, number: int, digits: int) -> tuple[OpenLot, ...]:
    local = zone(program.business.time_zone).local
    found = ledger.open_lots(number)
    ordered = found[np.argsort(found, order=("expires_at", "earned_at", "seq", "n"))]
    return tuple(
        OpenLot(
            award=f"{lot['seq']}:{lot['n']}",
            offer=ledger.names.id("offer", int(lot["offer"])),
            pool=ledger.names.id("pool", int(lot["pool"])),
            amount=decimal_of(int(lot["remaining"]), digits),
            usable=local_text(local(int(lot["usable_at"]))) if lot["pending"] else None,
            expires=None if lot["expires_at"] == FOREVER else local_text(local(int(lot["expires_at"]))),
        )
        for lot in ordered
    )
