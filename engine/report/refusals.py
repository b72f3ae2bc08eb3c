"""Every refusal of a run as a Parquet file; the ledger keeps only those that can't be worked out again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from guerdon.engine.codes import Cause, Reason
from guerdon.engine.decide.journal import Journal
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.journal import REQUESTS
from guerdon.engine.report.naming import derived_id
from guerdon.engine.rows import REFUSAL

# Refusals that depend on what is not in the contact's own log, and refused requests (spec 4).
STORED = frozenset(
    {Reason.COOLDOWN, Reason.CAP_REACHED, Reason.BUDGET_USED, Reason.OUTRANKED, Reason.AWARD_SHARE_REACHED}
)


class Refusals:
    """Collects all refusals of a run that keeps them, and lets those be posted that any run posts."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []

    def sift(self, journal: Journal) -> Journal:
        """For ``Run.sift``: the journal with the refusals that are stored."""
        self._parts.append(journal.refusals)
        stored = np.isin(journal.refusals["reason"], [int(reason) for reason in STORED]) | (
            journal.refusals["offer"] == 0
        )
        return journal._replace(refusals=journal.refusals[stored])

    def write(self, ledger: Ledger, path: Path) -> int:
        """Write them, one row each in log order, with the names that people use; returns how many."""
        rows = np.concatenate(self._parts) if self._parts else np.zeros(0, REFUSAL)
        events = ledger.frame("event").select("seq", "id", "time", "contact")
        frame = pl.DataFrame({name: rows[name] for name in REFUSAL.names or ()}).join(events, on="seq", how="left")
        named = ledger.names.id
        offers = _mapped(frame["offer"], lambda number: named("offer", number))
        winners = _mapped(frame["winner"], lambda number: named("offer", number))
        schemes = _mapped(frame["scheme"], lambda number: named("scheme", number))
        ids = [
            event if cause in _OF_CALENDAR else derived_id(event, cause, scheme, "", 0)
            for event, cause, scheme in zip(frame["id"], frame["cause"], schemes, strict=True)
        ]
        pl.DataFrame(
            {
                "seq": frame["seq"],
                "event": pl.Series(ids, dtype=pl.String),
                "time": frame["time"].cast(pl.Datetime("us", "UTC")),
                "contact": _mapped(frame["contact"], lambda number: named("contact", number)),
                "offer": offers,
                "request": _mapped(frame["request"], lambda number: REQUESTS.get(number, "")),
                "code": _mapped(frame["reason"], lambda number: Reason(number).name.lower()),
                "winner": winners,
                "needed": frame["needed"],
                "had": frame["had"],
                "lost": frame["lost"],
            }
        ).write_parquet(path)
        return len(rows)


_OF_CALENDAR = (Cause.SUBSCRIPTION_MATURED, Cause.BIRTHDAY)


def _mapped(numbers: pl.Series, name_of: Callable[[int], str]) -> pl.Series:
    """A column of numbers as names; none is null."""
    names = {number: name_of(number) or None for number in numbers.unique().to_list()}
    return numbers.replace_strict(names, return_dtype=pl.String)
