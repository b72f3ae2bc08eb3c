"""Which caps are budgets, and what is left of a programme without them."""

from __future__ import annotations

from guerdon.rules import read_programme
from guerdon.rules.budgets import without_budgets

FILES = {
    "business.yaml": "business: {id: corner, currency: EUR, time_zone: Europe/Nicosia}",
    "everyday.yaml": """
scheme: {id: everyday}
offers:
  - id: x
    goal: spend
    award: {percent: 10}
    caps:
      - {amount: 7.00, per: offer}
      - {times: 5, per: offer, each: day}
      - {amount: 2.00, per: contact, each: month}
      - {times: 1, per: contact, each: day}
""",
}


def test_only_an_amount_for_all_contacts_together_is_a_budget() -> None:
    program = read_programme(None, FILES).program
    assert program is not None
    (offer,) = without_budgets(program).offers
    assert [(cap.measure, cap.per) for cap in offer.caps] == [
        ("times", "offer"), ("amount", "contact"), ("times", "contact")
    ]  # fmt: skip
