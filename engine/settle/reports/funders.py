"""Who bore an award, for whole columns of awards: the rules that decided it say by which share (spec 4, 6)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from guerdon.engine.decide import funding, layout
from guerdon.engine.decide.tables import build
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.rows import FOREVER, NEVER
from guerdon.rules import program_from_canonical


class Bearing(NamedTuple):
    """``funder``: number of the merchant that bears num ÷ den of any running total. ``fixed``: its part was an amount,
    so that each award's own figures are the share."""

    funder: int
    num: int
    den: int
    fixed: bool


NOBODY = Bearing(0, 0, 0, False)
_TOLD: Final = {"funder": pl.Int64, "num": pl.Int64, "den": pl.Int64, "fixed": pl.Boolean}


class Funders:
    """Looks rules up once for each version, offer, merchant and stretch of time in which terms do not change."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._begun = ledger.in_force()
        self._rules: dict[int, _Rules] = {}

    def of(self, awards: pl.DataFrame) -> pl.DataFrame:
        """Awards (lot_seq, offer, merchant, amount, merchant_part, earned_at) with funder, part_num and part_den."""
        seqs = np.array([seq for seq, _ in self._begun], np.int64)
        numbers = np.array([number for _, number in self._begun], np.int64)
        place = np.searchsorted(seqs, awards["lot_seq"].to_numpy(), side="right") - 1
        awards = awards.with_columns(version=pl.Series(numbers[place] if len(awards) else numbers[:0], dtype=pl.Int64))
        parts = [self._of_version(part) for part in awards.partition_by("version", maintain_order=True) if len(part)]
        if parts:
            return pl.concat(parts)
        return awards.with_columns(pl.lit(0, pl.Int64).alias(name) for name in ("funder", "part_num", "part_den"))

    def _of_version(self, awards: pl.DataFrame) -> pl.DataFrame:
        number = int(awards["version"][0])
        if number not in self._rules:
            self._rules[number] = _Rules(self._ledger, number)
        rules = self._rules[number]
        stretch = np.searchsorted(rules.bounds, awards["earned_at"].to_numpy(), side="right")
        awards = awards.with_columns(stretch=pl.Series(stretch, dtype=pl.Int64))
        groups = awards.group_by("offer", "merchant", "stretch").agg(pl.col("earned_at").first())
        found = [rules.bearing(*row) for row in groups.select("offer", "merchant", "earned_at").iter_rows()]
        told = pl.DataFrame(found, schema=_TOLD, orient="row")
        both = awards.join(
            groups.drop("earned_at").hstack(told),
            on=("offer", "merchant", "stretch"),
            how="left",
            maintain_order="left",
        )
        return both.with_columns(
            part_num=pl.when("fixed").then("merchant_part").otherwise("num"),
            part_den=pl.when("fixed").then("amount").otherwise("den"),
        ).drop("num", "den", "fixed", "stretch")


class _Rules:
    """The funding side of one rule version."""

    def __init__(self, ledger: Ledger, version: int) -> None:
        program = program_from_canonical(ledger.programmes()[version][1])
        arrays = build(program, ledger.names, version).arrays
        views: dict[str, Any] = {name: a.view(np.recarray) if a.dtype.names else a for name, a in arrays.items()}
        work = np.zeros(len(program.offers), layout.WORK).view(np.recarray)
        self._d = SimpleNamespace(**views, w_offer=work)
        self._offers = {int(number): place for place, number in enumerate(arrays["r_offer"]["number"])}
        self._merchants = {int(number): place for place, number in enumerate(arrays["r_merchant"]["number"])}
        terms = arrays["r_terms"]
        bounds = {int(t[side]) for t in terms for side in ("since", "until")} - {NEVER, FOREVER}
        self.bounds = np.array(sorted(bounds), np.int64)

    def bearing(self, offer: int, merchant: int, earned_at: int) -> Bearing:
        """Who bears what an offer (number) gave at a merchant (number, 0 none) at an instant."""
        place = self._offers.get(offer)
        if place is None:
            return NOBODY
        at = self._merchants.get(merchant, -1)
        terms = funding.terms_at(self._d, at, earned_at) if at >= 0 else funding.NO_TERMS
        funding.set_funder(self._d, place, at, terms)
        work = self._d.w_offer[place]
        if work.funder < 0 or work.part_kind == layout.SHARE_NONE:
            return NOBODY
        funder = int(self._d.r_merchant[work.funder].number)
        return Bearing(funder, int(work.part_num), int(work.part_den), work.part_kind == layout.SHARE_AMOUNT)


def part(of: pl.Expr) -> pl.Expr:
    """The merchant's part of a running total, from the columns part_num and part_den: half_down(x × num ÷ den).

    In 128 bits: 10^12 minor units × 10^9 is beyond 64.
    """
    num, den = pl.col("part_num").cast(pl.Int128), pl.col("part_den").cast(pl.Int128)
    whole = (2 * of.cast(pl.Int128) * num + den - 1) // (2 * den)
    return pl.when((pl.col("part_den") == 0) | (of <= 0)).then(0).otherwise(whole).cast(pl.Int64)
