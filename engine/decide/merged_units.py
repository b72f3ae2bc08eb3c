"""In which tier counters the units of a purchase still are, whoever has become its contact's target since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guerdon.engine.decide.history import MERGED_RECORD

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


class Counted(NamedTuple):
    """What a merge found of its source's tier counters: since when they counted."""

    time: int  # of the merge: then its units came to the target
    climb_from: int
    keep_from: int
    keep_seq: int  # the upgrade from which ``keep`` counted; 0: none


def merges_after(decider: Decider, contact: int, seq: int) -> Iterator[tuple[int, Counted]]:
    """The merges by which what a contact had at ``seq`` came to others: the seq of each, and what it found."""
    while (record := decider.records.get(MERGED_RECORD, str(contact))) is not None:
        merges = [*record.fields["before"], [record.fields["at"], record.fields["into"]]]
        later = [(int(at), int(into)) for at, into in merges if at > seq]
        if not later:
            return
        seq, contact = min(later)
        yield seq, Counted(*record.fields["units"][str(seq)])


def keep_began(decider: Decider, c: int, periods: np.ndarray) -> int:
    """Seq of the upgrade that began the running window of a contact (row), from which ``keep`` counts; 0: none did.

    ``periods``: its tier history, see ``history.tiers_of``.
    """
    if decider.tables.arrays["r_head"]["tier_calendar"][0]:
        return 0
    began = periods["seq"][periods["starts_at"] == decider.desk.s_contact[c].tier_from]
    return int(began.max()) if len(began) else 0
