"""The days of a ledger on which each offer gave most, and each merchant bore most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from guerdon.engine.events.times import zone
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.budgets import Day, LargestDays
from guerdon.rules.program import Program

_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)


def largest_days(ledger: Ledger, program: Program) -> LargestDays:
    """Awards as given, before any reversal, by the business's local days. One look at every award."""
    columns = ["offer", "merchant", "amount", "merchant_part", "earned_at"]
    awards = ledger.frame("award", columns)
    local = zone(program.business.time_zone).local
    owners = {offer.id: offer.owner for offer in program.offers}
    given: Counter[tuple[str, int]] = Counter()
    borne: Counter[tuple[str, int]] = Counter()
    for number, merchant, amount, part, earned_at in awards.select(columns).iter_rows():
        offer = ledger.names.id("offer", number)
        day = int(local(earned_at)) // _DAY
        given[offer, day] += amount
        if part:
            borne[owners.get(offer) or ledger.names.id("merchant", merchant), day] += part
    return LargestDays(_largest(given), _largest(borne))


def _largest(sums: Mapping[tuple[str, int], int]) -> dict[str, Day]:
    """Of each name its largest day, of equal ones the first."""
    found: dict[str, Day] = {}
    for (name, day), minor in sorted(sums.items()):
        if name not in found or minor > found[name].minor:
            found[name] = Day(_EPOCH + timedelta(days=day), minor)
    return found
