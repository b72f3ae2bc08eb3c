"""A contact's status: who may do what in it, and the forfeit of a closed contact's money."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .ledger import balance, commerce, move
from .state import Contact, Ignored, Refused

if TYPE_CHECKING:
    from .judge import Judge

SHUT = {
    "on_hold": "contact_on_hold",
    "closed_by_agent": "contact_closed",
    "closed_by_member": "contact_closed",
    "merged": "contact_merged",
}
WALLET_ROLES = ("open", "open:payable")


def must_earn(contact: Contact) -> None:
    """A purchase or an event of a member who is shut out is ignored."""
    if contact.status in SHUT:
        raise Ignored(SHUT[contact.status])


def must_be_served(contact: Contact) -> None:
    """A request of a contact that is shut out is refused."""
    if contact.status in SHUT:
        raise Refused(SHUT[contact.status])


def close(j: Judge, contact: Contact, status: str, at: datetime) -> None:
    contact.status = status
    contact.closed_at = at
    contact.was_member = list(contact.members)
    contact.members = {}
    contact.forfeited = []


def forfeit_after(j: Judge, scheme: str) -> str | None:
    closing: Any = j.rules.schemes[scheme].get("on_close", "keep")
    return closing["forfeit_after"] if isinstance(closing, dict) else None


def forfeits_due(j: Judge, contact: Contact) -> list[tuple[datetime, str]]:
    if contact.closed_at is None:
        return []
    due = []
    for scheme in contact.was_member:
        after = forfeit_after(j, scheme)
        if after is not None and scheme not in contact.forfeited:
            due.append((j.rules.clock.after(contact.closed_at, after), scheme))
    return due


def forfeit(j: Judge, contact: Contact, at: datetime, scheme: str) -> None:
    """A scheme's lots go to breakage; with the last scheme all that has none goes too, unless one keeps."""
    contact.forfeited.append(scheme)
    all_gone = all(each in contact.forfeited for each in contact.was_member)
    for lot in j.state.lots:
        if lot.contact != contact.name or lot.remaining == 0:
            continue
        if (lot.offer is not None and lot.offer.scheme["id"] == scheme) or (lot.offer is None and all_gone):
            move(j, commerce(lot), "business/breakage", lot.remaining, at, "forfeit")
            if lot.funding is not None:
                lot.funding.live = max(0, lot.funding.live - lot.remaining)
            lot.remaining = 0
    if all_gone:
        for role in WALLET_ROLES:
            move(j, f"{contact.name}/{role}", "business/breakage", balance(j, f"{contact.name}/{role}"), at, "forfeit")
        owed = -balance(j, f"{contact.name}/debt")
        move(j, "business/bad_debt", f"{contact.name}/debt", owed, at, "forfeit")
