"""What merchants owe or are owed by period, for case files: the columns of a statement straight from the transfers."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np

from guerdon.engine.cases.readout import CURRENCY_UNIT, Tables
from guerdon.engine.codes import OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.events.amounts import half_up
from guerdon.engine.report.naming import decimal_of
from guerdon.engine.settling import (
    APPROVALS,
    CLOSING,
    COLUMNS,
    NETTED,
    PREPAID,
    PREPAID_KINDS,
    Closing,
    months_of,
    period_number,
    period_text,
    periods_of,
)

OTHER = ""  # counts in the net alone


def settlement(tables: Tables) -> list[dict[str, Any]]:
    """One entry a merchant and month in which anything moved: the net over receivable and payable; prepaid beside it.

    Approvals are left out. Where the wallet holds points, a column is its units' worth, half up of the running total.
    """
    rows = [row for row in tables.rows["transfer"] if row["kind"] not in APPROVALS]
    periods = _periods(tables, rows)
    units: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    money: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row, period in zip(rows, periods, strict=True):
        for account, sign in ((row["debit"], -1), (row["credit"], 1)):
            kind, owner, role = account_parts(account)
            column = _column(kind, role, TransferKind(row["kind"]))
            if column is None:
                continue
            sums = money if row.get("unit") == CURRENCY_UNIT else units
            sums[tables.name_of("merchant", owner), period_text(period)][column] += sign * row["amount"]
    found = []
    merchants = sorted({merchant for merchant, _ in [*units, *money]})
    for key in ((merchant, period_text(period)) for merchant in merchants for period in sorted(set(periods))):
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


def _periods(tables: Tables, rows: list[Any]) -> list[int]:
    """The period of each transfer."""
    ended = {row["seq"]: row["at_seq"] for row in tables.rows["resolved"]}
    locals = np.array([tables.local(row["effective_at"]) for row in rows], np.int64)
    places = np.array([ended.get(row["seq"], row["seq"]) for row in rows], np.int64)
    closings = [
        Closing(period_number(row["id"]), int(json.loads(row["fields"])["seq"]))
        for row in tables.rows["record"]
        if row["kind"] == CLOSING
    ]
    return [int(period) for period in periods_of(months_of(locals), places, sorted(closings, key=lambda c: c.seq))]
