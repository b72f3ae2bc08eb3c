"""What merchants owe or are owed by period, for case files: the columns of a statement straight from the transfers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from guerdon.engine.cases.readout import CURRENCY_UNIT, Row, Tables
from guerdon.engine.codes import OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.events.amounts import half_up
from guerdon.engine.events.times import DAY
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settling import (
    APPROVALS,
    CLOSING,
    COLUMNS,
    NETTED,
    PREPAID,
    PREPAID_KINDS,
    Span,
    closed_spans,
    closings_in,
    open_period,
    places_among,
)

OTHER = ""  # counts in the net alone


def settlement(tables: Tables) -> list[dict[str, Any]]:
    """One entry a merchant and period in which anything moved: the net over receivable and payable; prepaid beside it.

    Approvals are left out. Where the wallet holds points, a column is its units' worth, half up of the running total.
    """
    rows = [row for row in tables.rows["transfer"] if row["kind"] not in APPROVALS]
    units: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    money: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    period_of = _periods(tables)
    for row in rows:
        for account, sign in ((row["debit"], -1), (row["credit"], 1)):
            kind, owner, role = account_parts(account)
            column = _column(kind, role, TransferKind(row["kind"]))
            if column is None:
                continue
            sums = money if row.get("unit") == CURRENCY_UNIT else units
            merchant = tables.name_of("merchant", owner)
            sums[merchant, period_of(merchant, row)][column] += sign * row["amount"]
    found = []
    merchants = {merchant for merchant, _ in [*units, *money]}
    for key in sorted({(merchant, period_of(merchant, row)) for merchant in merchants for row in rows}):
        columns = {
            name: half_up(Fraction(units[key][name]) * tables.worth) + money[key][name]
            for name in dict.fromkeys([*units[key], *money[key]])
        }
        amounts = {name: decimal_of(minor, tables.currency_digits) for name, minor in columns.items() if name != OTHER}
        net = sum(minor for name, minor in columns.items() if name != PREPAID)
        entry = {"merchant": key[0], "period": key[1], "net": decimal_of(net, tables.currency_digits)}
        found.append({**entry, **amounts})
    return found


def _column(kind: int, role: int, transfer: TransferKind) -> str | None:
    """Where a transfer counts on the statement of the merchant whose account it touches; None: nowhere."""
    if kind != OwnerKind.MERCHANT:
        return None
    if role in NETTED:
        return COLUMNS.get(transfer, OTHER)
    return PREPAID if role == Role.BUDGET and transfer in PREPAID_KINDS else None


def _periods(tables: Tables) -> Callable[[str, Row], str]:
    """What tells the period of a transfer on the statements of a merchant."""
    ended = {row["seq"]: row["at_seq"] for row in tables.rows["resolved"]}
    records = [(row["id"], json.loads(row["fields"])) for row in tables.rows["record"] if row["kind"] == CLOSING]
    closings = closings_in(records)
    spans: dict[str, list[Span]] = {}

    def period_of(merchant: str, row: Row) -> str:
        own = spans.setdefault(merchant, closed_spans(closings, merchant))
        day = tables.local(row["effective_at"]) // DAY
        place = int(places_among(np.array([day]), np.array([ended.get(row["seq"], row["seq"])]), own)[0])
        return own[place].period if place < len(own) else open_period(day, own, tables.rhythm_of(merchant, day))

    return period_of
