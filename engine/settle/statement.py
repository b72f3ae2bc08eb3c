"""A statement: what one merchant owes or is owed for a period, by kind, with its net; and the business's, their mirror.

The sums of a statement are checked, when it is drawn up, against what its closing fixed and what an approval posts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from guerdon.engine.codes import TransferKind, account_parts
from guerdon.engine.periods import Period, day_date
from guerdon.engine.settle.lines import KINDS, read_lines
from guerdon.engine.settle.source import CURRENCY_UNIT, Due, SettleError, Source
from guerdon.engine.settling import PREPAID, Closing
from guerdon.rules.program import Duration

BUSINESS = "business"  # whose mirror statement it is, where merchants are named


@dataclass(frozen=True, slots=True)
class Statement:
    """Amounts are minor units of the currency, above 0 where the merchant is owed.

    ``opening_minor``: what was open between merchant and business before the period, shown only. ``totals_minor``: by
    kind, in the order of KINDS, those that occur. ``due_on``: None where the terms say nothing.
    """

    id: str
    merchant: str
    name: str
    period: str
    first_day: date
    last_day: date
    opening_minor: int
    totals_minor: dict[str, int]
    prepaid_minor: int
    net_minor: int
    due_on: date | None
    bank: str | None  # the key of the merchant's account in bank.yaml
    lines: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """The statements of a period with their lines. ``business`` mirrors them; all nets add up to zero."""

    period: Period
    closing: Closing
    statements: tuple[Statement, ...]
    business: Statement
    lines: pl.DataFrame
    _by_statement: dict[str, pl.DataFrame] = field(default_factory=dict)

    def lines_of(self, statement: Statement) -> pl.DataFrame:
        """The lines of one merchant's statement."""
        if not self._by_statement and len(self.lines):
            parts = self.lines.partition_by("statement", as_dict=True, maintain_order=True)
            self._by_statement.update({str(key[0]): part for key, part in parts.items()})
        return self._by_statement.get(statement.id, self.lines.clear())


def draw(source: Source, wanted: Period) -> Drawn:
    """Draw up every statement whose period ends within a closed period. SettleError: the ledger contradicts itself."""
    closing = source.closed_by(wanted)
    due = source.due(wanted)
    lines = read_lines(source, due)
    sums = _sums(lines)
    openings = _openings(source, due)
    statements = tuple(_statement(source, each, sums.get(each.id, _Sums({}, 0, 0)), openings[each.id]) for each in due)
    _check_records(source, statements)
    drawn = Drawn(wanted, closing, statements, _mirror(source, wanted, statements), lines)
    _check_zero(drawn)
    return drawn


class _Sums(NamedTuple):
    totals: dict[str, int]
    prepaid: int
    lines: int


def _sums(lines: pl.DataFrame) -> dict[str, _Sums]:
    """By statement: totals by kind, prepaid, and how many lines."""
    found: dict[str, _Sums] = {}
    grouped = lines.group_by("statement", "kind").agg(pl.col("amount", "prepaid").sum(), pl.len().alias("count"))
    order = {kind: place for place, kind in enumerate(KINDS)}
    for id, kind, amount, prepaid, count in sorted(grouped.iter_rows(), key=lambda row: (row[0], order[row[1]])):
        before = found.get(id, _Sums({}, 0, 0))
        totals = before.totals if kind == PREPAID.upper() else {**before.totals, kind: amount}
        found[id] = _Sums(totals, before.prepaid + prepaid, before.lines + count)
    return found


def _statement(source: Source, due: Due, sums: _Sums, opening: int) -> Statement:
    program = source.program_at(due.span.seq)
    name = next((merchant.name for merchant in program.merchants if merchant.id == due.merchant), due.merchant)
    last_day = day_date(due.span.until - 1)
    own = [terms for terms in program.terms if terms.merchant == due.merchant]
    now = [
        terms
        for terms in own
        if (terms.effective_from is None or terms.effective_from <= last_day)
        and (terms.effective_until is None or last_day < terms.effective_until)
    ]
    terms = (now or own)[-1] if own else None
    return Statement(
        id=due.id,
        merchant=due.merchant,
        name=name,
        period=due.span.period,
        first_day=day_date(due.span.since),
        last_day=last_day,
        opening_minor=opening,
        totals_minor=sums.totals,
        prepaid_minor=sums.prepaid,
        net_minor=sum(sums.totals.values()),
        due_on=_later(day_date(due.span.until), terms.due) if terms and terms.due else None,
        bank=terms.bank if terms else None,
        lines=sums.lines,
    )


def _later(day: date, step: Duration) -> date:
    """A day and a calendar step after it; steps below a day are none.

    >>> _later(date(2026, 1, 31), Duration(1, "mo")), _later(date(2026, 2, 1), Duration(15, "d"))
    (datetime.date(2026, 2, 28), datetime.date(2026, 2, 16))
    """
    if step.unit in ("d", "w"):
        return date.fromordinal(day.toordinal() + step.n * (7 if step.unit == "w" else 1))
    months = {"mo": 1, "q": 3, "y": 12}.get(step.unit, 0) * step.n
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day.day, (following - date(year, month, 1)).days))


# ---- what was open before


def _openings(source: Source, due: Sequence[Due]) -> dict[str, int]:
    """By statement: the nets of the merchant's earlier periods less what was paid of them before its closing."""
    paid = _payments(source)
    found = {}
    for each in due:
        units: dict[int, int] = defaultdict(int)
        for span in each.spans[: each.place]:
            record = source.records.get(f"{each.merchant}/{span.period}")
            for unit, minor in net_units(record.fields if record else {}).items():
                units[unit] += minor
        for place, unit, minor in paid.get(each.merchant, ()):
            if place < each.span.seq:
                units[unit] -= minor
        found[each.id] = source.money(units[0], units[CURRENCY_UNIT])
    return found


def net_units(fields: Mapping[str, Any]) -> dict[int, int]:
    """What the closing fixed for a statement: its net by unit, from the fields of its record."""
    found: dict[int, int] = defaultdict(int)
    for side in ("receivable", "payable"):
        for unit, minor in fields.get(side, {}).items():
            found[int(unit)] += int(minor)
    return found


def _payments(source: Source) -> dict[str, list[tuple[int, int, int]]]:
    """By merchant: (place in the log, unit, minor units that went to it) of every payment of a statement."""
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for kind, unit, debit, credit, amount, _, place in source.ledger.settlement.approvals().tolist():
        if kind == TransferKind.STATEMENT_PAID:
            owner, other = account_parts(debit), account_parts(credit)
            sign, number = (1, owner[1]) if owner[1] else (-1, other[1])
            found[source.ledger.names.id("merchant", number)].append((place, unit, sign * amount))
    return found


# ---- the business's side, and what must hold


def _mirror(source: Source, wanted: Period, statements: Sequence[Statement]) -> Statement:
    """The business's own statement: what all merchants' add up to, seen from the other side."""
    totals: dict[str, int] = defaultdict(int)
    openings: dict[str, int] = {}
    for statement in statements:
        openings.setdefault(statement.merchant, statement.opening_minor)  # of the merchant's first in the period
        for kind, minor in statement.totals_minor.items():
            totals[kind] -= minor
    return Statement(
        id=f"{BUSINESS}/{wanted.text}",
        merchant=BUSINESS,
        name=source.business.name,
        period=wanted.text,
        first_day=day_date(wanted.first_day),
        last_day=day_date(wanted.end_day - 1),
        opening_minor=-sum(openings.values()),
        totals_minor={kind: totals[kind] for kind in KINDS if kind in totals},
        prepaid_minor=-sum(statement.prepaid_minor for statement in statements),
        net_minor=sum(totals.values()),
        due_on=None,
        bank=None,
        lines=sum(statement.lines for statement in statements),
    )


def _check_zero(drawn: Drawn) -> None:
    """The nets of all merchants, from their lines, and the business's, from its totals, add up to zero."""
    total = sum(statement.net_minor for statement in drawn.statements) + drawn.business.net_minor
    lines = int(drawn.lines["amount"].sum() or 0) + drawn.business.net_minor
    if total or lines:
        raise SettleError(f"the nets of {drawn.period.text} add up to {total} minor units", code="nets-not-zero")


def _check_records(source: Source, statements: Sequence[Statement]) -> None:
    """Each net is what the closing fixed, and so what an approval posts."""
    for statement in statements:
        record = source.records.get(statement.id)
        units = net_units(record.fields if record else {})
        fixed = source.money(units[0], units[CURRENCY_UNIT])
        exact = source.worth == 1  # of points each kind is rounded by itself
        if (fixed != statement.net_minor) if exact else abs(fixed - statement.net_minor) > len(KINDS):
            message = (
                f"its lines add up to {source.amount(statement.net_minor)}, its closing fixed {source.amount(fixed)}"
            )
            raise SettleError(message, code="statement-disagrees", place=statement.id, hint="run guerdon verify")
