"""A report is held against the ledger before anybody sees it; if they differ there is no report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Check(NamedTuple):
    """A total of a report and what the ledger holds, minor units."""

    name: str
    reported: int
    stored: int


class ReportMismatch(Exception):
    """What a report adds up to is not what the ledger holds."""

    code = "report-mismatch"
    hint = "run guerdon verify on this ledger; nothing was written"

    def __init__(self, wrong: Sequence[Check], place: str) -> None:
        shown = "; ".join(f"{check.name} {check.reported}, the ledger {check.stored}" for check in wrong[:5])
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        super().__init__(f"the report and the ledger differ, in minor units: {shown}{more}")
        self.message = str(self)
        self.place = place


def hold(checks: Sequence[Check], place: str) -> None:
    """ReportMismatch, with the figures, unless every check holds."""
    wrong = [check for check in checks if check.reported != check.stored]
    if wrong:
        raise ReportMismatch(wrong, place)
