"""``finance.yaml``: what finance has decided that the ledger can't know. No part of a programme's version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from guerdon.rules import figures
from guerdon.rules.document import Document, read_document
from guerdon.rules.model.complaints import problems_of
from guerdon.rules.model.values import DateText, Decimal, Part, PartOfWhole, Text
from guerdon.rules.problems import Problem

FILE = "finance.yaml"
ACCOUNTS = ("revenue", "contract_liability", "points_revenue", "breakage_revenue")


class PriceSays(Part):
    price: Decimal
    from_: DateText | None = Field(default=None, alias="from")


class ExpectedSays(Part):
    rate: PartOfWhole
    from_: DateText | None = Field(default=None, alias="from")


class AccountsSay(Part):
    """What the journals call the accounts."""

    revenue: Text = "revenue"
    contract_liability: Text = "contract liability"
    points_revenue: Text = "revenue from points"
    breakage_revenue: Text = "revenue from points"


class DeferredRevenueSays(Part):
    stand_alone_price: tuple[PriceSays, ...] = ()
    expected_redemption: tuple[ExpectedSays, ...]
    sales: Literal["own", "all"] = "own"
    accounts: AccountsSay = AccountsSay()


class FinanceSays(Part):
    """``finance.yaml``."""

    deferred_revenue: DeferredRevenueSays


@dataclass(frozen=True, slots=True)
class ByDate:
    """A figure that changes over time; the first entry counts from the beginning."""

    entries: tuple[tuple[date, Fraction], ...]

    def at(self, day: date) -> Fraction:
        """The figure on a day."""
        found = self.entries[0][1]
        for since, figure in self.entries:
            if since <= day:
                found = figure
        return found


@dataclass(frozen=True, slots=True)
class Finance:
    """``price``: of one whole unit of the wallet, in the currency; None: what the unit is worth. ``own``: sales of the
    business itself alone. ``accounts``: in the order of ACCOUNTS."""

    price: ByDate | None
    expected: ByDate
    own: bool = True
    accounts: tuple[str, ...] = ("revenue", "contract liability", "revenue from points", "revenue from points")


@dataclass(slots=True)
class Finances:
    """What a file says, and what is wrong with it."""

    finance: Finance | None
    problems: list[Problem] = field(default_factory=list)


def read_finance(path: Path) -> Finances:
    """Read a ``finance.yaml``; all its problems at once, each with its place and a hint."""
    return parse_finance(path.name, path.read_bytes())


def parse_finance(name: str, text: bytes | str) -> Finances:
    """What a text says; see ``read_finance``."""
    document = read_document(name, text)
    problems = list(document.problems)
    if document.data is None:
        return Finances(None, problems)
    try:
        says = FinanceSays.model_validate(document.data)
    except ValidationError as error:
        return Finances(None, sorted({*problems, *problems_of(document, error, FinanceSays)}))
    given = says.deferred_revenue
    problems += _order(document, "stand_alone_price", [each.from_ for each in given.stand_alone_price])
    problems += _order(document, "expected_redemption", [each.from_ for each in given.expected_redemption])
    if not given.expected_redemption:
        path = ("deferred_revenue", "expected_redemption")
        problems.append(
            document.problem("missing-field", path, "no rate is given", "add an entry, such as {rate: 80%}")
        )
    if problems:
        return Finances(None, sorted(set(problems)))
    prices = [(each.from_, Fraction(each.price)) for each in given.stand_alone_price]
    rates = [(each.from_, _fraction(each.rate)) for each in given.expected_redemption]
    accounts = tuple(getattr(given.accounts, account) for account in ACCOUNTS)
    return Finances(Finance(by_date(prices) if prices else None, by_date(rates), given.sales == "own", accounts))


def by_date(entries: Sequence[tuple[str | None, Fraction]]) -> ByDate:
    """Entries of (ISO date or None for the beginning, figure), in the order of time."""
    return ByDate(tuple((date.fromisoformat(since) if since else date.min, figure) for since, figure in entries))


def _fraction(percentage: str) -> Fraction:
    rate = figures.percent(percentage)
    return Fraction(rate.num, rate.den)


def _order(document: Document, key: str, dates: list[str | None]) -> list[Problem]:
    """Every entry but the first has a date, and they ascend."""
    problems = []
    for place in range(1, len(dates)):
        path = ("deferred_revenue", key, place)
        since, before = dates[place], dates[place - 1]
        if since is None:
            message = "this entry does not say from when on it counts"
            problems.append(document.problem("missing-field", path, message, "add from: and a date"))
        elif before is not None and since <= before:
            message = f"{since} is not after {before}"
            problems.append(
                document.problem("bad-date", (*path, "from"), message, "put the entries in the order of time")
            )
    return problems
