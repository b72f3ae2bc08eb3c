"""Compiles ahead what posting and reading run compiled, so that whoever waits can be told why."""

from __future__ import annotations

import numpy as np

from guerdon.engine import rows
from guerdon.engine.ledger.chunk import LOG, Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.matrices import GATHERED_ROWS


def warm() -> None:
    """Posts a bulk chunk into memory and reads it. Seconds the first time on a machine; afterwards some 50 ms."""
    log = np.zeros(GATHERED_ROWS, LOG)
    log["seq"] = np.arange(1, len(log) + 1)
    transfers = np.zeros(2, rows.TRANSFER)
    transfers["seq"], transfers["amount"], transfers["debit"], transfers["credit"] = (2, 1), 1, 1, 2
    with Ledger.open("sqlite://") as ledger:
        ledger.post(Chunk(log, [""] * len(log), b"", transfers=transfers))
        ledger.frame("event", ("seq",))
