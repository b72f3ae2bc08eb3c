"""How far contacts are with the goals of offers: the counters of a ledger in the terms of the rule files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guerdon.engine.decide.calendar import DAY, WINDOWS, window_of
from guerdon.engine.report.naming import decimal_of
from guerdon.rules.program import Goal, Offer, Program

QUANTITY_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """One goal of one contact. ``goal`` counts from 1; ``at`` and ``target`` in the goal's own measure."""

    contact: str
    offer: str
    goal: int
    at: Decimal
    target: Decimal


def progress_of(
    program: Program,
    counters: Iterable[Mapping[str, Any]],
    name_of: Callable[[str, int], str],
    local: int,
    seq: int,
) -> list[Progress]:
    """The progress of every contact in the windows that hold a local time (µs) and the event ``seq``.

    ``counters`` are rows of the ledger's counters; those of other windows are left out.
    """
    rows: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for counter in counters:
        rows.setdefault((counter["contact"], name_of("slot", counter["slot"])), []).append(counter)
    found = []
    contacts = sorted({contact for contact, _ in rows if contact})
    for offer in program.offers:
        keys = [f"{offer.id}|goal{place}|{goal.kind}|{goal.window}" for place, goal in enumerate(offer.goals, 1)]
        for contact in contacts:
            if not any((contact, key) in rows for key in keys):
                continue
            held = [
                _in_window(rows.get((contact, key), []), goal, local, seq)
                for key, goal in zip(keys, offer.goals, strict=True)
            ]
            if held[0] is None and offer.carry:
                held = _carried(offer, [rows.get((contact, key), []) for key in keys])
            wins = int(held[0]["wins"]) if held[0] is not None else 0
            for place, (goal, row) in enumerate(zip(offer.goals, held, strict=True), 1):
                at = _shown(offer, goal, int(row["amount"]) if row is not None else 0, wins)
                name = name_of("contact", contact)
                found.append(
                    Progress(name, offer.id, place, _measured(program, goal, at), _measured(program, goal, goal.target))
                )
    return found


def _in_window(rows: list[Mapping[str, Any]], goal: Goal, local: int, seq: int) -> Mapping[str, Any] | None:
    """The counter that holds now; a streak's bears the window in which its run began, and a run can be over."""
    window = window_of(local // DAY, WINDOWS[goal.window], seq)
    if goal.kind == "streak":
        runs = [row for row in rows if row["mark"] >= window - 1]
        return max(runs, key=lambda row: int(row["window"]), default=None)
    return next((row for row in rows if row["window"] == window), None)


def _carried(offer: Offer, rows: list[list[Mapping[str, Any]]]) -> list[Mapping[str, Any] | None]:
    """What the last window leaves to one in which nothing has happened yet."""
    last = [max(of_goal, key=lambda row: int(row["window"]), default=None) for of_goal in rows]
    amounts = [int(row["amount"]) if row is not None else 0 for row in last]
    won = min(max(amount, 0) // goal.target for amount, goal in zip(amounts, offer.goals, strict=True))
    held: list[Mapping[str, Any] | None] = []
    for goal, amount in zip(offer.goals, amounts, strict=True):
        rest = amount % goal.target if offer.reach == "any" else amount - won * goal.target
        held.append({"amount": rest, "wins": 0})
    return held


def _shown(offer: Offer, goal: Goal, amount: int, wins: int) -> int:
    if goal.kind == "achievements":
        return amount.bit_count()
    if not offer.repeat:
        return amount
    return amount % goal.target if offer.reach == "any" else amount - wins * goal.target


def _measured(program: Program, goal: Goal, value: int) -> Decimal:
    if goal.kind == "spend":
        return decimal_of(value, program.business.digits)
    if goal.kind == "quantity":
        return decimal_of(value, QUANTITY_DIGITS)
    return Decimal(value)
