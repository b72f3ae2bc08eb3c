"""One pass over a ledger's transfers for everybody who wants to add something up."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.cut import Cut
from guerdon.engine.settle.reports.transfers import transfer_pages


class Sums(Protocol):
    """What takes in pages of transfers."""

    def add(self, page: pl.DataFrame) -> None:
        """Take in one page."""


def gather(ledger: Ledger, cut: Cut, *sums: Sums) -> None:
    """Show every page to each of them."""
    for page in transfer_pages(ledger, cut):
        for each in sums:
            each.add(page)
