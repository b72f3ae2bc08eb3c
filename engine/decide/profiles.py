"""What events tell of a contact: identifiers, e-mail, payment method, attributes; and who is named by them.

A profile is a mapping of JSON values. Declared attributes and the fields that contact tests know stand under their own
names; what only the engine reads stands under names that begin with ``@``, which no attribute can have.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from guerdon.engine.decide.state import ACTIVE_POOLS, OPEN_ENTRIES
from guerdon.engine.events.event import Event
from guerdon.engine.events.fields import IDENTIFIERS

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

IDENTIFIED, PAYMENT, EMAIL_OFF = "@identifiers", "@payment_method", "@email_off"
FORFEITS, KEEPS = "@forfeits", "@keeps"
MATURED, CELEBRATED = "@matured", "@celebrated"
LIMITS, ENTRIES, POOLS = "@limits", OPEN_ENTRIES, ACTIVE_POOLS
WATCHED = (LIMITS, ENTRIES)  # with one of these, the contact's purchases are for the handler
_EPOCH = date(1970, 1, 1)


def profile_of(decider: Decider, number: int) -> dict[str, Any]:
    """The profile of a contact whose row is loaded; don't change it."""
    return decider.state.profiles.get(number, {})


def names_another(decider: Decider, number: int, event: Event) -> bool:
    """Whether an identifier that the event tells already names another contact."""
    return any(
        decider.identifiers.number(kind, str(event.fields[kind])) not in (0, number)
        for kind in IDENTIFIERS
        if kind in event.fields
    )


def tell(decider: Decider, c: int, number: int, event: Event) -> None:
    """Keep what the event tells of its contact, and work out again which offers it is an audience of."""
    told: dict[str, Any] = {}
    before = profile_of(decider, number)
    names = dict(before.get(IDENTIFIED, {}))
    for kind in IDENTIFIERS:
        if kind in event.fields:
            name = str(event.fields[kind])
            if names.get(kind) not in (None, name):
                decider.identifiers.put(kind, names[kind], 0)
            names[kind] = name
            decider.identifiers.put(kind, name, number)
    if names != before.get(IDENTIFIED, {}):
        told[IDENTIFIED] = names
    if "email" in event.fields:
        told["email_domain"] = str(event.fields["email"]).rpartition("@")[2]
    if "payment_method" in event.fields:
        told[PAYMENT] = event.fields["payment_method"]
        decider.desk.s_contact[c].payment_method = 1
    told |= _attributes(decider, c, event)
    if told:
        decider.state.set_profile(number, told)
    decider.state.refresh(c, number, int(event.time))
    decider.desk.s_contact[c].dirty = 1


def _attributes(decider: Decider, c: int, event: Event) -> dict[str, Any]:
    declared = {each.name for each in decider.program.business.attributes_contact}
    told: dict[str, Any] = {name: value for name, value in event.attributes.items() if name in declared}
    born = told.get("birth_date")
    if isinstance(born, int):
        day = _EPOCH + timedelta(days=born)
        told |= {"birth_month": day.month, "birth_day": day.day}
        k = decider.desk.s_contact[c]
        k.birth_month, k.birth_day = day.month, day.day
    return told


class Identifiers:
    """Which contact an identifier names; what this chunk changed lies over what the ledger holds."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._changed: dict[tuple[str, str], int] = {}

    def number(self, kind: str, name: str) -> int:
        """Number of the contact that the identifier names; 0: none."""
        key = (kind, name)
        return self._changed[key] if key in self._changed else int(self._store.contact_by_identifier(kind, name))

    def put(self, kind: str, name: str, number: int) -> None:
        """The identifier names a contact from now on; 0: nobody."""
        self._changed[kind, name] = number

    def take(self) -> dict[tuple[str, str], int]:
        """What was changed since the last call, by (kind, name)."""
        changed, self._changed = self._changed, {}
        return dict(sorted(changed.items()))

    def snapshot(self) -> dict[tuple[str, str], int]:
        """What ``restore`` takes the identifiers back to."""
        return dict(self._changed)

    def restore(self, snapshot: dict[tuple[str, str], int]) -> None:
        """Undo what was put since the snapshot."""
        self._changed = dict(snapshot)
