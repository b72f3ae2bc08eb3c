"""Profit and loss of each offer: what it gave, who bore it, what became of it, and what it cost of the sales it moved.

Products count at their value. The cost of an offer is what was given and neither came back nor expired; of the part
that is still outstanding, the whole.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from guerdon.engine.codes import OwnerKind, TransferKind, account_parts
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.checking import Check, hold
from guerdon.engine.settle.reports.cut import Cut, cut_of
from guerdon.engine.settle.reports.fates import FATES, Fates, fate_checks, lot_cohorts
from guerdon.engine.settle.reports.gathering import gather
from guerdon.engine.settle.reports.provenance import facts_of
from guerdon.engine.settle.reports.sales import purchases
from guerdon.engine.settle.reports.sheets import (
    AMOUNT,
    COUNT,
    SHARE,
    Chart,
    Column,
    Report,
    Row,
    Table,
    amounts,
    share,
)
from guerdon.engine.settle.reports.transfers import pages
from guerdon.engine.settle.reports.wallets import Flows, balance_checks, by_role
from guerdon.rules.program import Program

_K = TransferKind
_GIVEN: Final = (_K.AWARD, _K.PRODUCT)
_BACK: Final = (_K.AWARD_REVERSAL, _K.PRODUCT_REVERSAL)
_EXPIRED: Final = (_K.EXPIRY, _K.FORFEIT)
_FEES: Final = (_K.AWARD_FEE, _K.AWARD_FEE_REVERSAL)
_COUNTED: Final = tuple(int(kind) for kind in (*_GIVEN, *_BACK, *_EXPIRED, *_FEES))
BUSINESS: Final = 0


class Bearers:
    """Adds up who bore what of each offer over pages of transfers: by offer, kind, and the funder's side."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, page: pl.DataFrame) -> None:
        """Take in a page of transfers."""
        kind = pl.col("kind")
        mine = page.filter(pl.col("seen") & kind.is_in(_COUNTED))
        of_funder = pl.when(kind.is_in([int(k) for k in _GIVEN])).then("debit").otherwise("credit")
        # a fee is the merchant's on its debit side, its reversal's on the credit side
        side = pl.when(kind == int(_K.AWARD_FEE)).then("debit").otherwise(of_funder).alias("account")
        self._parts.append(mine.group_by("offer", "kind", side).agg(pl.col("amount").sum()))

    def rows(self) -> list[tuple[int, int, int, int]]:
        """(offer, kind, account, minor units), in order."""
        if not self._parts:
            return []
        whole = pl.concat(self._parts).group_by("offer", "kind", "account").agg(pl.col("amount").sum())
        return list(whole.sort("offer", "kind", "account").iter_rows())


@dataclass(slots=True)
class OfferResult:
    """One offer, minor units of the wallet; ``sales`` and ``base`` of the currency.

    By funder (number of a merchant, 0 the business): what it gave, what came back by reversal, by expiry.
    """

    awards: int = 0
    winners: int = 0
    awarded: int = 0
    products: int = 0  # of awarded
    given: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    reversed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    expired: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    fees: int = 0
    redeemed: int = 0
    outstanding: int = 0
    sales: int = 0
    base: int = 0

    def borne(self, funder: int) -> int:
        """What a funder bears in the end."""
        return self.given.get(funder, 0) - self.reversed.get(funder, 0) - self.expired.get(funder, 0)

    @property
    def cost(self) -> int:
        """What all funders bear."""
        return sum(self.borne(funder) for funder in {*self.given, *self.reversed, *self.expired})


def offers(ledger: Ledger, program: Program, as_of: date | None = None, known_at: date | None = None) -> Report:
    """Profit and loss at the end of ``as_of``. ReportMismatch, and no report, if its totals are not the ledger's."""
    cut = cut_of(ledger, program, as_of, known_at)
    program = cut.program
    fates, flows, bearers = Fates(lot_cohorts(ledger, cut)), Flows(cut.until), Bearers()
    gather(ledger, cut, fates, flows, bearers)
    fate, moved = fates.frame(), flows.frame()
    results = _results(ledger, cut, fate, bearers)
    checks = fate_checks(fate, by_role(moved, seen=True)) + balance_checks(ledger, cut, moved)
    hold([*checks, *_bearer_checks(bearers.rows(), results, fate)], ledger.place)
    names = {number: ledger.names.id("offer", number) or "(none)" for number in results}
    main = _main_table(program, results, names)
    funding = _funding_table(ledger, program, results, names)
    return Report(
        "offers",
        f"Profit and loss by offer of {program.business.name}, at the end of {cut.as_of.isoformat()}",
        facts_of(ledger, cut),
        (main, funding),
        _charts(main, program.business.unit.code),
        (
            "cost: what was given and neither came back nor expired; what is outstanding is in it.",
            "sales: totals of the purchases on which the offer gave something, as bought; base: what awards were "
            "worked out from.",
        ),
    )


def _results(ledger: Ledger, cut: Cut, fates: pl.DataFrame, bearers: Bearers) -> dict[int, OfferResult]:
    results: dict[int, OfferResult] = defaultdict(OfferResult)
    _count_awards(ledger, cut, results)
    kinds = {
        kind: name for name, group in (("given", _GIVEN), ("reversed", _BACK), ("expired", _EXPIRED)) for kind in group
    }
    for offer, kind, number, minor in bearers.rows():
        result = results[offer]
        if kind in _FEES:
            result.fees += minor if kind == _K.AWARD_FEE else -minor
            continue
        owner_kind, owner, _ = account_parts(number)
        funder = owner if owner_kind == OwnerKind.MERCHANT else BUSINESS
        getattr(result, kinds[_K(kind)])[funder] += minor
    grouped = fates.group_by("offer").agg(pl.col(*FATES).sum())
    for offer, granted, reversed_, redeemed, expired, adjusted in grouped.iter_rows():
        results[offer].redeemed = redeemed
        results[offer].outstanding = granted - reversed_ - redeemed - expired - adjusted
    return {offer: results[offer] for offer in sorted(results)}


_AWARD: Final = ("seq", "n", "offer", "contact", "pool", "amount", "earning", "earned_at")


def _count_awards(ledger: Ledger, cut: Cut, results: dict[int, OfferResult]) -> None:
    """Awards, winners, amounts, and the sales they were won on."""
    winners, won = [], []
    for page in pages(ledger, tables.award, _AWARD):
        seen = page.filter((pl.col("earned_at") < cut.until) & (pl.col("seq") <= cut.last_seq))
        products = pl.col("amount").filter(pl.col("pool") == 0).sum().alias("products")
        sums = seen.group_by("offer").agg(pl.len(), pl.col("amount", "earning").sum(), products)
        for offer, count, amount, base, product in sums.iter_rows():
            result = results[offer]
            result.awards += count
            result.awarded += amount
            result.products += product
            result.base += base
        winners.append(seen.select("offer", "contact").unique())
        won.append(seen.select("offer", "seq").unique())
    if not winners:
        return
    for offer, count in pl.concat(winners).unique().group_by("offer").len().iter_rows():
        results[offer].winners = count
    sold = pl.concat(won).unique().join(purchases(ledger, cut).select("seq", "total"), on="seq")
    for offer, total in sold.group_by("offer").agg(pl.col("total").sum()).iter_rows():
        results[offer].sales = total


def _bearer_checks(
    rows: list[tuple[int, int, int, int]], results: dict[int, OfferResult], fates: pl.DataFrame
) -> list[Check]:
    """What funders bore is what became of lots, and what the awards say; adjustments have no offer."""
    of_offers = fates.filter(pl.col("offer") != 0)
    by_kind: dict[int, int] = defaultdict(int)
    for offer, kind, _, minor in rows:
        by_kind[kind] += minor if offer else 0
    products = sum(result.products for result in results.values())
    return [
        Check("given by all funders", by_kind[_K.AWARD], int(of_offers["granted"].sum())),
        Check(
            "awarded by all offers", sum(result.awarded for result in results.values()) - products, by_kind[_K.AWARD]
        ),
        Check("back to all funders", by_kind[_K.AWARD_REVERSAL], int(of_offers["reversed"].sum())),
        Check("expired of all offers", by_kind[_K.EXPIRY] + by_kind[_K.FORFEIT], int(of_offers["expired"].sum())),
    ]


# ---- tables


def _main_table(program: Program, results: dict[int, OfferResult], names: dict[int, str]) -> Table:
    digits, business = program.business.unit.digits, program.business
    worth = Fraction(business.unit.worth.num, business.unit.worth.den)
    figures = (
        "awarded",
        "redeemed",
        "expired",
        "reversed",
        "outstanding",
        "cost",
        "of it business",
        "of it merchants",
        "fees",
    )
    columns = (
        Column("offer"),
        Column("awards", COUNT),
        Column("winners", COUNT, adds_up=False),
        *(Column(name, AMOUNT) for name in figures),
        Column("sales", AMOUNT, adds_up=False),
        Column("base", AMOUNT, adds_up=False),
        Column("cost of sales", SHARE),
    )
    rows: list[Row] = []
    for number, r in results.items():
        own = r.borne(BUSINESS)
        minors = (
            r.awarded, r.redeemed, sum(r.expired.values()), sum(r.reversed.values()), r.outstanding,
            r.cost, own, r.cost - own, r.fees,
        )  # fmt: skip
        money = amounts(business.digits, r.sales, r.base)
        rows.append(
            (names[number], r.awards, r.winners, *amounts(digits, *minors), *money, share(r.cost * worth, r.sales))
        )
    rows.sort(key=lambda row: str(row[0]))
    return Table("offers", "Profit and loss by offer", columns, tuple(rows), total=True)


def _funding_table(ledger: Ledger, program: Program, results: dict[int, OfferResult], names: dict[int, str]) -> Table:
    digits = program.business.unit.digits
    rows: list[Row] = []
    for number, r in results.items():
        for funder in {*r.given, *r.reversed, *r.expired}:
            minors = (*(side.get(funder, 0) for side in (r.given, r.reversed, r.expired)), r.borne(funder))
            name = ledger.names.id("merchant", funder) if funder else "business"
            rows.append((names[number], name, *amounts(digits, *minors)))
    rows.sort(key=lambda row: (str(row[0]), str(row[1])))
    columns = (
        Column("offer"),
        Column("funder"),
        *(Column(name, AMOUNT) for name in ("funded", "back by reversal", "back by expiry", "borne")),
    )
    return Table("funding", "Who bore what", columns, tuple(rows), total=True)


def _charts(main: Table, unit: str) -> tuple[Chart, ...]:
    labels = tuple(str(row[0]) for row in main.rows)

    def series(*places: int) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
        return tuple(
            (main.columns[place].name, tuple(Decimal(str(row[place] or 0)) for row in main.rows)) for place in places
        )

    return (
        Chart("What was awarded: redeemed, expired, reversed, outstanding", "bars", labels, series(4, 5, 6, 7), unit),
        Chart("Cost, by who bears it", "bars", labels, series(9, 10), unit),
        Chart("Cost, per cent of the sales that moved it", "bars", labels, series(14), "%"),
    )
