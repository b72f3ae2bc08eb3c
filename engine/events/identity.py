"""The first two identity keys (spec 3): the same fact told twice, and the same purchase told by two.

What a look at keys alone can settle is settled here. A business key that is taken, or comes twice, depends on what
became of its holder: such events are marked *contested*, and whoever decides looks at them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.admission import Admission
from guerdon.engine.events.event import Refused
from guerdon.engine.events.keys import Found, FramedKeys, KnownKeys, ListedKeys, keys_of

FRESH, REPEAT, CONFLICT = 0, 1, 2


@dataclass(slots=True)
class Identity:
    """What the keys say of one admission. Rows first, then asides, each in its order."""

    status: np.ndarray  # int8[events + asides]: FRESH, REPEAT, CONFLICT
    first_seq: np.ndarray  # int64: of a repeat, the event that it repeats; 0 else
    keyed: np.ndarray  # bool: claims its (source, id)
    contested: np.ndarray  # bool[events]: its business key is taken or comes twice here, or it corrects another

    @staticmethod
    def unknown(claims: np.ndarray, events: int) -> Identity:
        """Every event as if its keys were new."""
        size = len(claims)
        return Identity(np.zeros(size, np.int8), np.zeros(size, np.int64), claims.copy(), np.zeros(events, bool))


def identify(admission: Admission, seqs: tuple[np.ndarray, np.ndarray], ledger: KnownKeys) -> Identity:
    """Tells fresh events from repeats and conflicts. ``seqs``: as ``Admission.seqs`` gave them."""
    keys, claims = keys_of(admission), _claims(admission)
    identity = Identity.unknown(claims, len(admission.told))
    if len(admission):
        _settle(identity, keys.known(ledger), claims)
        _within(identity, keys, np.concatenate(seqs), claims)
        _contest(identity, keys, admission, ledger)
    return identity


def _claims(admission: Admission) -> np.ndarray:
    """Which rows and asides claim their id, bool.

    Not those that may not be told, can't be read, or are answered without entering the log.
    """
    claims = np.ones(len(admission), dtype=bool)
    types = admission.told.numbers("type")
    for row in np.flatnonzero(types == EventType.ESTIMATE):
        claims[row] = "hold_for" in admission.told.event(int(row)).fields
    for place, aside in enumerate(admission.asides, len(types)):
        claims[place] = isinstance(aside.told, Refused) and aside.told.reason is not Reason.NOT_PERMITTED
    return claims


def _settle(identity: Identity, found: Found, claims: np.ndarray) -> None:
    """Ids that the ledger knows."""
    if not len(found.rows):
        return
    counts = claims[found.rows]
    rows, same, seqs = found.rows[counts], found.same[counts], found.seqs[counts]
    identity.status[rows] = np.where(same, REPEAT, CONFLICT)
    identity.first_seq[rows] = np.where(same, seqs, 0)
    identity.keyed[rows] = False


def _within(identity: Identity, keys: ListedKeys | FramedKeys, order: np.ndarray, claims: np.ndarray) -> None:
    """Ids that come twice in the admission itself: the first in log order claims it."""
    twice = np.flatnonzero(keys.twice() & claims)
    if not len(twice):
        return
    holders: dict[tuple[str, str], int] = {}
    for row in twice[np.argsort(order[twice], kind="stable")].tolist():
        if identity.status[row] != FRESH:
            continue
        holder = holders.setdefault(keys.key(row), row)
        if holder != row:
            same = keys.content(row) == keys.content(holder)
            identity.status[row] = REPEAT if same else CONFLICT
            identity.first_seq[row] = order[holder] if same else 0
            identity.keyed[row] = False


def _contest(identity: Identity, keys: ListedKeys | FramedKeys, admission: Admission, ledger: KnownKeys) -> None:
    """Business keys that are taken or come twice, and what corrects another."""
    told = admission.told
    claiming = told.given("reference") & (identity.status[: len(told)] == FRESH)
    if claiming.any():
        rows = np.flatnonzero(claiming & np.isin(told.numbers("type"), _HOLDERS))
        if len(rows):
            identity.contested[rows] = keys.contended(rows, ledger)
    identity.contested |= told.mentions("corrects")


_HOLDERS = (EventType.PURCHASE, EventType.ADJUST)
