"""How many events a run has read, and how they ended."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from guerdon.engine.codes import Outcome, Reason
from guerdon.engine.ledger.chunk import RunCounts


@dataclass(slots=True)
class Counts:
    """Events read and how they ended; the outcomes add up to what was read."""

    read: int = 0
    posted: int = 0
    ignored: int = 0
    refused: int = 0
    parked: int = 0
    waiting: int = 0
    repeats: int = 0
    estimates: int = 0  # of those ignored: asked without a hold, not kept in the log
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, ended: np.ndarray, repeats: int) -> None:
        """Count events by how they ended: int16[n, 2] of ``codes.Outcome`` and ``codes.Reason``."""
        self.read += len(ended)
        self.repeats += repeats
        outcomes, reasons = (np.bincount(column) for column in ended.T)
        for outcome in np.flatnonzero(outcomes).tolist():
            name = Outcome(outcome).name.lower()
            setattr(self, name, getattr(self, name) + int(outcomes[outcome]))
        for reason in np.flatnonzero(reasons).tolist():
            if reason != Reason.NONE:
                key = Reason(reason).name.lower()
                self.reasons[key] = self.reasons.get(key, 0) + int(reasons[reason])

    def row(self, number: int) -> RunCounts:
        """The counts of the run of that number, as a ledger keeps them."""
        unstored = self.repeats + self.estimates
        return RunCounts(
            number, self.read, self.posted, self.ignored, self.refused, self.parked, self.waiting, unstored
        )
