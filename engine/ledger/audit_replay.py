"""V10 and V14: a ledger against the replay of its own log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import polars as pl

from guerdon.engine.ledger import tables
from guerdon.engine.ledger.audit import Finding

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger

_STATE: Final = (
    "contact", "counter", "counter_past", "membership", "profile", "record", "lot", "tier_period", "balance",
    "business_key",
)  # fmt: skip


def state(ledger: Ledger, again: Ledger) -> Iterator[Finding]:
    """V10: progress, tiers, memberships and wallets are what the log makes of them.

    Where a contact was erased, the replay knows all contacts by what is left of them only: profiles are left out.
    """
    for name in _STATE if not ledger.erased_contacts() else [name for name in _STATE if name != "profile"]:
        table = tables.metadata.tables[name]
        key = [column.name for column in table.primary_key.columns]
        values = [column.name for column in table.columns if column.name not in key]
        stored, replayed = ledger.frame(name), again.frame(name)
        if stored.equals(replayed):
            continue
        both = stored.join(replayed, on=key, how="full", coalesce=True, suffix="_again")
        same = pl.all_horizontal(pl.col(value).eq_missing(pl.col(f"{value}_again")) for value in values)
        for row in both.filter(~same).sort(key).iter_rows(named=True):
            where = f"{name} " + ", ".join(f"{column} {row[column]}" for column in key)
            for value in values:
                if row[value] != row[f"{value}_again"]:
                    yield Finding("V10", value, where, str(row[f"{value}_again"]), str(row[value]))


def digest(ledger: Ledger, again: Ledger) -> Iterator[Finding]:
    """V14: the replay has the same digest; if not, the first event that differs is named."""
    if ledger.digest() == again.digest():
        return
    yield Finding("V14", "digest", _first_difference(ledger, again), again.digest(), ledger.digest())


def _first_difference(ledger: Ledger, again: Ledger) -> str:
    for name, left_out in (("event", ["received_at"]), ("transfer", []), ("award", []), ("refusal", [])):
        stored, replayed = ledger.frame(name).drop(left_out), again.frame(name).drop(left_out)
        if stored.equals(replayed):
            continue
        differing = pl.concat([stored.join(replayed, on=stored.columns, how="anti", nulls_equal=True),
                               replayed.join(stored, on=stored.columns, how="anti", nulls_equal=True)])  # fmt: skip
        if len(differing):
            return f"{name} of seq {min(differing['seq'].to_list())}"
    return "tier history or waiting events"
