"""Budgets: the caps ``per: offer`` and the merchants' ceilings, and what a day of a history would have taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from guerdon.rules.canonical import program_from_canonical
from guerdon.rules.check import check
from guerdon.rules.problems import Problem
from guerdon.rules.program import Program
from guerdon.rules.source import Source


@dataclass(frozen=True, slots=True)
class Day:
    """A local day and what was given or borne on it, in minor units of the wallet."""

    date: date
    minor: int


@dataclass(frozen=True, slots=True)
class LargestDays:
    """Of each offer the day on which it gave most, of each merchant the day on which it bore most."""

    offers: Mapping[str, Day] = field(default_factory=dict)
    merchants: Mapping[str, Day] = field(default_factory=dict)


def without_budgets(program: Program) -> Program:
    """The same programme with no budget in it; prepaid ones stay, since only events fill them."""
    said = json.loads(program.canonical)
    for scheme in said["schemes"]:
        for offer in scheme.get("offers", ()):
            if "caps" in offer:
                offer["caps"] = [cap for cap in offer["caps"] if not _is_budget(cap)]
    for terms in said.get("terms", ()):
        settle = terms.get("settle", {})
        if settle.get("mode", "post_paid") == "post_paid":
            settle.pop("budget", None)
    return program_from_canonical(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _is_budget(cap: Mapping[str, Any]) -> bool:
    return cap.get("per") == "offer" and "amount" in cap


def budget_lints(folder: Path, program: Program, days: LargestDays) -> Iterator[Problem]:
    """The budgets of a programme without errors that one day of a history would have used up.

    ``days`` are those of ``without_budgets(program)``.
    """
    view = check(Source(folder, {})).view
    business = program.business
    places = {found.id: found for found in view.offers}
    for offer in program.offers:
        day, found = days.offers.get(offer.id), places.get(offer.id)
        for at, cap in enumerate(offer.caps):
            if day is None or found is None or (cap.per, cap.measure) != ("offer", "amount") or day.minor <= cap.limit:
                continue
            given = _shown(day.minor, business.unit.digits)
            message = f"{found.owner} would have given {given} on {day.date} alone: more than this budget"
            yield found.problem(
                "budget-below-a-day", message, "raise the budget, or lower the award", below=("caps", at, "amount"),
                severity="lint",
            )  # fmt: skip
    worth = business.unit.worth
    for found in view.mappings("terms.*"):
        terms = next((each for each in program.terms if each.merchant == found.text("merchant")), None)
        day = days.merchants.get(found.text("merchant"))
        if terms is None or terms.budget_minor is None or terms.prepaid or day is None:
            continue
        if day.minor * worth.num > terms.budget_minor * worth.den:
            borne = _shown(day.minor, business.unit.digits)
            message = f"'{terms.merchant}' would have borne {borne} on {day.date} alone: more than its budget"
            yield found.problem(
                "budget-below-a-day", message, "raise the budget, or lower its share", below=("settle", "budget"),
                severity="lint",
            )  # fmt: skip


def _shown(minor: int, digits: int) -> str:
    return f"{Decimal(minor).scaleb(-digits):,f}"
