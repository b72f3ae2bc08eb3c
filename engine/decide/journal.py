"""What was decided, ready for posting: rows of transfers, awards and refusals, and the state they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from guerdon.engine.decide import saving
from guerdon.engine.decide.desk import Outputs
from guerdon.engine.decide.records import Records
from guerdon.engine.decide.state import State
from guerdon.engine.rows import Record


class Resolved(NamedTuple):
    """The end of an event that had waited: decided right after the event ``at_seq``. ``contact``: the one it names."""

    seq: int
    at_seq: int
    transfers: int
    outcome: int
    reason: int
    contact: int


class Journal(NamedTuple):
    """Rows to be posted in one transaction; numbers throughout. ``lots`` are open, ``lots_gone`` are used up."""

    transfers: np.ndarray
    awards: np.ndarray
    refusals: np.ndarray
    outcomes: np.ndarray
    tier_periods: np.ndarray
    memberships: np.ndarray
    contacts: np.ndarray
    lots: np.ndarray
    lots_gone: np.ndarray  # CLOSED_LOT
    counters: np.ndarray
    counters_gone: np.ndarray
    counters_past: np.ndarray
    refused: np.ndarray  # int64[offers, reasons]
    profiles: dict[int, dict[str, Any]]
    records: list[Record]
    resolved: Sequence[Resolved] = ()
    # (kind, name) → number of the contact that the identifier names from now on; 0 nobody
    identifiers: Mapping[tuple[str, str], int] = MappingProxyType({})
    erased: Sequence[int] = ()  # contacts whose names are gone


def take(state: State, outputs: Outputs, records: Records) -> Journal:
    """The journal of what has been decided since the last one."""
    dirty = saving.dirty_rows(state)
    past = outputs.taken("o_past")
    own = past["contact"] > 0
    past["slot"][own] = state.slot_numbers[past["slot"][own]]
    past["slot"][~own] = state.shared_numbers[past["slot"][~own]]
    lot_rows = saving.dirty_lots(state, dirty)
    lots = state.arrays["s_lot"][lot_rows]
    journal = Journal(
        outputs.handed("o_transfer"),
        outputs.handed("o_award"),
        outputs.handed("o_refusal"),
        outputs.handed("o_outcome"),
        outputs.taken("o_tier"),
        outputs.taken("o_member"),
        state.arrays["s_contact"][dirty],
        lots,
        _used_up(outputs.taken("o_closed"), lots),
        saving.changed_counters(state, dirty),
        saving.counters_gone(state, dirty),
        _latest(past),
        outputs.refused.copy(),
        state.take_profiles(),
        records.take(),
    )
    saving.saved(state, dirty, lot_rows)
    outputs.clear()
    return journal


def _used_up(closed: np.ndarray, open_lots: np.ndarray) -> np.ndarray:
    """The lots that were closed; not those that a return has put back since."""
    if not len(closed):
        return closed
    stand = np.isin(_award_of(closed), _award_of(open_lots))
    if stand.any():  # put back, or the same award's money with another contact
        key = ["contact", "seq", "n"]
        stands = set(open_lots[key].tolist())
        stand[stand] = [lot in stands for lot in closed[stand][key].tolist()]
    gone: np.ndarray = closed[~stand]
    return gone


def _award_of(lots: np.ndarray) -> np.ndarray:
    """The award (seq, n) of each lot as one number; n stays far below 2**20."""
    return lots["seq"] * (1 << 20) + lots["n"]


def _latest(counters: np.ndarray) -> np.ndarray:
    """Of several rows of one counter and window the last."""
    if len(counters) < 2:
        return counters
    order = np.lexsort((np.arange(len(counters)), counters["window"], counters["slot"], counters["contact"]))
    rows = counters[order]
    last = np.ones(len(rows), bool)
    same = (rows["contact"][1:] == rows["contact"][:-1]) & (rows["slot"][1:] == rows["slot"][:-1])
    last[:-1] = ~(same & (rows["window"][1:] == rows["window"][:-1]))
    return rows[last]
