"""Laying the desk: rule tables, state, one batch, scratch and outputs in one ``Desk``; outputs grow here."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.codes import Reason
from guerdon.engine.decide import layout
from guerdon.engine.decide.tables import Tables
from guerdon.engine.rows import AWARD, COUNTER, MEMBERSHIP, OUTCOME, REFUSAL, TIER_PERIOD, TRANSFER, Batch

_OUTPUTS: dict[str, tuple[str, Any, int]] = {
    "o_transfer": ("transfers", TRANSFER, 8),
    "o_award": ("awards", AWARD, 2),
    "o_refusal": ("refusals", REFUSAL, 2),
    "o_outcome": ("outcomes", OUTCOME, 1),
    "o_past": ("past", COUNTER, 1),
    "o_tier": ("tiers", TIER_PERIOD, 1),
    "o_member": ("members", MEMBERSHIP, 1),
    "o_closed": ("closed", layout.CLOSED_LOT, 1),
}


_FEW_ROWS = 4096


class _ByContact:
    """Which rows bear which contact's number."""

    def __init__(self) -> None:
        self.size = 0
        self.rows: dict[int, list[int]] = {}

    def add(self, numbers: np.ndarray) -> None:
        """The contacts of the rows that follow."""
        for row, number in enumerate(numbers.tolist(), self.size):
            self.rows.setdefault(number, []).append(row)
        self.size += len(numbers)


class Outputs:
    """The arrays that collect decisions, reused from chunk to chunk."""

    def __init__(self, offers: int, rows: int) -> None:
        self.head = np.zeros(1, layout.OUT_HEAD)
        self.refused = np.zeros((max(1, offers), max(Reason) + 1), np.int64)
        self.arrays = {name: _room(rows * factor + 4096, dtype) for name, (_, dtype, factor) in _OUTPUTS.items()}
        self._resting: dict[str, np.ndarray] = {}
        self._by_contact: dict[str, _ByContact] = {}

    def expect(self, events: int) -> None:
        """Have room for what so many events usually give."""
        for name, (_, _, factor) in _OUTPUTS.items():
            if len(self.arrays[name]) < events * factor:
                self.arrays[name] = self._grown(name, events * factor + 4096)

    def clear(self) -> None:
        """Forget what was collected."""
        self.head[:] = 0
        self.refused[:] = 0
        self._by_contact.clear()

    def put_back(self, head: np.ndarray, refused: np.ndarray) -> None:
        """Forget the rows that were added since the counts were these."""
        self.head[:] = head
        self.refused[:] = refused
        self._by_contact.clear()

    def of_contact(self, name: str, number: int) -> np.ndarray:
        """A copy of the rows of one output that bear a contact's number, in their order.

        What was found before is kept: a chunk full of returns asks for thousands of contacts among as many rows.
        """
        rows = self.arrays[name][: int(self.head[_OUTPUTS[name][0]][0])]
        index = self._by_contact.setdefault(name, _ByContact())
        index.add(rows["contact"][index.size :])
        return np.asarray(rows[np.array(index.rows.get(number, ()), np.intp)])

    def grow(self, all_of_them: bool = False) -> bool:
        """Double the outputs of which more than half is used, or all; False if there were none."""
        grew = False
        for name, old in self.arrays.items():
            used = int(self.head[_OUTPUTS[name][0]][0])
            if 2 * used < len(old) and not all_of_them:
                continue
            self.arrays[name] = self._grown(name, 2 * len(old))
            grew = True
        return grew

    def _grown(self, name: str, size: int) -> np.ndarray:
        used = int(self.head[_OUTPUTS[name][0]][0])
        grown = _room(size, self.arrays[name].dtype)
        grown[:used] = self.arrays[name][:used]
        return grown

    def taken(self, name: str) -> np.ndarray:
        """A copy of the rows of one output."""
        return self.arrays[name][: int(self.head[_OUTPUTS[name][0]][0])].copy()

    def handed(self, name: str) -> np.ndarray:
        """The rows of one output, to be read until the next but one is handed out: two arrays take turns.

        A few rows are copied instead, so that the desk of single events need not be laid anew.
        """
        rows = self.arrays[name][: int(self.head[_OUTPUTS[name][0]][0])]
        if len(rows) < _FEW_ROWS:
            return rows.copy()
        resting = self._resting.get(name)
        if resting is None or len(resting) < len(self.arrays[name]):
            resting = _room(len(self.arrays[name]), rows.dtype)
        self._resting[name], self.arrays[name] = self.arrays[name], resting
        return rows


def _room(size: int, dtype: Any) -> np.ndarray:
    """Rows to be written, as the memory comes: the step writes every field of a row."""
    return np.empty(size, dtype)


class Scratch:
    """One event's work."""

    def __init__(self, tables: Tables) -> None:
        offers, words = max(1, len(tables.program.offers)), tables.words
        self.arrays: dict[str, np.ndarray] = {
            "w_head": np.zeros(1, layout.WORK_HEAD),
            "w_offer": np.zeros(offers, layout.WORK),
            "w_list": np.zeros(offers, np.int32),
            "w_group": np.zeros(max(1, len(tables.arrays["r_group"])), layout.GROUP_WORK),
            "w_mask": np.zeros((2, words), np.uint64),
            "w_selected": np.zeros(len(tables.selection.selectors) + 1, layout.SELECTED),
            "w_bucket": np.zeros(1024, layout.BUCKET_WORK),
            "w_share": np.zeros(2048, np.int64),
            "w_used": np.zeros(max(1, len(tables.program.merchants)), np.int64),
            "w_queue": np.zeros(256, layout.QUEUED),
            "w_window": np.zeros(8, np.int64),
        }
        self.arrays["w_head"]["tier_view"] = layout.TIER_NOW
        self.arrays["w_head"]["class_code"] = -1
        self.arrays["w_head"]["own_spend"] = self.arrays["w_head"]["own_payout"] = layout.NO_OWN_LIMIT
        self.arrays["w_head"]["day"] = -(1 << 40)
        self.arrays["w_head"]["share_stamp"] = -1
        self.arrays["w_head"]["step_unit"] = -1


def arrays_of(
    tables: Tables, state: dict[str, np.ndarray], batch: Batch, scratch: Scratch, outputs: Outputs
) -> dict[str, np.ndarray]:
    """What lies on the desk, by name."""
    return {
        **tables.arrays,
        **state,
        "b_event": batch.events,
        "b_selector": batch.selectors,
        "b_bucket": batch.buckets,
        "b_line": batch.lines,
        "b_line_selectors": batch.line_selectors,
        "b_event_mask": batch.event_masks,
        "b_place_mask": batch.place_masks,
        **scratch.arrays,
        "o_head": outputs.head,
        **outputs.arrays,
        "o_refused": outputs.refused,
    }
