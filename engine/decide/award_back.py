"""Facts of an award that may come back: who bore it, what is live of it, what was taken back before (spec 4, 5)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.codes import TransferKind
from guerdon.engine.decide import funding, history, layout
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.lot_records import lot_row
from guerdon.engine.decide.rule_versions import RuleVersion, has_forfeited
from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept

_AWARD, _PRODUCT, _FEE = int(TransferKind.AWARD), int(TransferKind.PRODUCT), int(TransferKind.AWARD_FEE)


class Funders(NamedTuple):
    """``funder``: number of the merchant, 0 none; it bears part_num ÷ part_den of any running total."""

    funder: int
    part_num: int
    part_den: int
    prepaid: int
    expiry_business: int
    budget: int  # row of the terms whose budget bears it; -1 none

    def part(self, x: int) -> int:
        """The merchant's part of a running total."""
        return funding.merchant_part(x, self.part_num, self.part_den)


def funders_of(version: RuleVersion, award: np.void) -> Funders:
    """Who bore an award, by the rules that gave it."""
    o = version.place[int(award["offer"])]
    work = np.zeros(len(version.program.offers), layout.WORK).view(np.recarray)
    d = SimpleNamespace(**version.rules, w_offer=work)
    at = int(award["earned_at"])
    merchant = merchant_index(version, int(award["merchant"]))
    terms = funding.terms_at(d, merchant, at) if merchant >= 0 else funding.NO_TERMS
    funding.set_funder(d, o, merchant, terms)
    w = work[o]
    if w.funder < 0:
        return Funders(0, 0, 0, 0, 0, -1)
    own = funding.terms_at(d, int(w.funder), at)
    num, den = int(w.part_num), int(w.part_den)
    if w.part_kind == layout.SHARE_AMOUNT:
        num, den = int(award["merchant_part"]), int(award["amount"])
    elif w.part_kind == layout.SHARE_NONE:
        num, den = 0, 0
    number = int(version.tables.arrays["r_merchant"]["number"][w.funder])
    if own == funding.NO_TERMS:
        return Funders(number, num, den, 0, 0, -1)
    t = version.tables.arrays["r_terms"][own]
    return Funders(number, num, den, int(t["prepaid"]), int(t["expiry_business"]), own if t["has_budget"] else -1)


def merchant_index(version: RuleVersion, number: int) -> int:
    """Index of a merchant's number in a version; -1 for none."""
    found = np.flatnonzero(version.tables.arrays["r_merchant"]["number"] == number) if number else np.zeros(0, np.int64)
    return int(found[0]) if len(found) else -1


def award_fee(version: RuleVersion, award: np.void, x: int) -> int:
    """The fee that the merchant where the award was won pays on ``x`` of it."""
    merchant = merchant_index(version, int(award["merchant"]))
    if merchant < 0 or x <= 0:
        return 0
    terms = funding.terms_at(SimpleNamespace(**version.rules), merchant, int(award["earned_at"]))
    if terms == funding.NO_TERMS:
        return 0
    t = version.tables.arrays["r_terms"][terms]
    if t["award_fee"] == layout.SHARE_NONE:
        return 0
    if t["award_fee"] == layout.SHARE_AMOUNT:
        return muldiv(int(t["award_fee_num"]), x, int(award["amount"]), HALF_UP)
    return funding.fee_part(x, int(t["award_fee_num"]), int(t["award_fee_den"]))


class AwardBack:
    """One award of a purchase, with what was taken back of it so far.

    ``undone``: what counts as returned of it, by line where it lies on lines (``lines_undone``); ``gone``: what of
    that was live when it was taken back or given up; ``wins_gone``: wins that fell; ``repaid_back``: put back as debt.
    """

    def __init__(self, back: Back, kept: Kept, award: np.void) -> None:
        self.kept, self.award = kept, award
        self.n, self.amount, self.offer = int(award["n"]), int(award["amount"]), int(award["offer"])
        self.lot = (int(award["seq"]), self.n)
        self.is_product = int(award["pool"]) == 0
        self.funders = funders_of(kept.version, award)
        found = kept.taken.setdefault("awards", {}).setdefault(str(self.n), {})
        self.noted: dict[str, Any] = found
        self.lines = self._lines(back)

    def _lines(self, back: Back) -> dict[int, int]:
        """Where the award lies."""
        if int(self.award["cause"]) != 0:
            return {}
        return line_shares(back, self.kept).get(self.offer, {})

    def get(self, name: str) -> int:
        """One figure of what was noted: undone, gone, wins, repaid, excess."""
        return int(self.noted.get(name, 0))

    def move(self, name: str, amount: int) -> None:
        """Move one of those figures."""
        if amount:
            self.noted[name] = self.get(name) + amount

    def line_undone(self, line: int) -> int:
        """What counts as returned of the award's share of a line."""
        return int(self.noted.get("lines", {}).get(str(line), 0))

    def undo_line(self, line: int, amount: int) -> None:
        """Count more of a line's share as returned."""
        if amount:
            lines = self.noted.setdefault("lines", {})
            lines[str(line)] = self.line_undone(line) + amount
            self.move("undone", amount)

    @property
    def wins_left(self) -> int:
        return int(self.award["wins"]) - self.get("wins")

    def live(self, back: Back) -> int:
        """What has neither expired nor been reversed or given up."""
        row = NOWHERE if self.is_product else lot_row(back.decider, back.c, self.lot)
        if row != NOWHERE:
            return int(back.decider.desk.s_lot[row].live)
        expired = 0
        if not self.is_product and (int(self.award["expires_at"]) < back.now or has_forfeited(back.decider)):
            expired = history.expired_of_lot(back.decider, back.number, self.lot) - self.get("excess")
        return max(0, self.amount - self.get("gone") - expired)

    def transfers(self, back: Back) -> np.ndarray:
        """The transfers that gave it, TRANSFER by n."""
        rows = back.journal(self.kept.seq)
        if self.is_product:
            mine = (rows["kind"] == _PRODUCT) & (rows["offer"] == self.offer) & (rows["n"] >= self.n)
            mine &= rows["n"] < self.n + 2
        else:
            mine = (rows["kind"] == _AWARD) & (rows["lot_seq"] == self.lot[0]) & (rows["lot_n"] == self.n)
        return np.asarray(rows[mine])

    def fee(self, back: Back) -> tuple[int, int]:
        """Name (seq, n) of the transfer of its fee; (0, 0) without one."""
        rows = back.journal(self.kept.seq)
        found = rows[(rows["kind"] == _FEE) & (rows["lot_seq"] == self.lot[0]) & (rows["lot_n"] == self.n)]
        return (int(found["seq"][0]), int(found["n"][0])) if len(found) else (0, 0)


def line_shares(back: Back, kept: Kept) -> dict[int, dict[int, int]]:
    """Offer number → line → what the offer gave there on the purchase itself."""
    if kept.shares is None:
        rows = history.awards_of(back.decider, kept.seq)
        rows = rows[rows["cause"] == 0]
        ids = [kept.version.offer(int(row["offer"])).id for row in rows]
        amounts = {id: int(row["amount"]) for id, row in zip(ids, rows, strict=True)}
        earnings = {id: int(row["earning"]) for id, row in zip(ids, rows, strict=True)}
        split = kept.version.shares.of(kept.event, amounts, earnings)
        kept.shares = {int(row["offer"]): split[id] for id, row in zip(ids, rows, strict=True)}
    return kept.shares


def lot_again(back: Back, award: np.void, version: int, live: int) -> dict[str, int]:
    """The fields of an award's lot that had been used up, as LOT has them, with nothing in it yet."""
    from guerdon.engine.decide.rule_versions import version_of

    funders = funders_of(version_of(back.decider, version), award)
    fields = dict.fromkeys(LOT.names or (), 0)
    for name in ("seq", "n", "pool", "earned_at", "usable_at", "expires_at", "offer"):
        fields[name] = int(award[name])
    fields |= {"contact": back.number, "live": live, "version": version, "funder": funders.funder}
    fields |= {"part_num": funders.part_num, "part_den": funders.part_den}
    fields |= {"prepaid": funders.prepaid, "expiry_business": funders.expiry_business}
    return fields
