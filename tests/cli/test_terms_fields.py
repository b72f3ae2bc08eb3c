"""Every field of an offer that concerns a customer changes what the terms say; the others are named here."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.report.terms_examples import Examples
from guerdon.engine.report.terms_offers import OfferText
from guerdon.engine.report.terms_trials import open_to_all
from guerdon.engine.report.terms_words import Words, locale_named
from guerdon.rules import read_programme
from guerdon.rules.condition import Field, FieldType
from guerdon.rules.condition import Test as FieldTest
from guerdon.rules.program import Amount, Cap, Duration, Goal, Hours, Needs, Offer, Percent, Program, Rate, Validity

EVERYTHING = Path(__file__).parent.parent / "rules" / "everything"
BRAND = FieldTest(Field("line", "brand", FieldType.TEXT), "equals", ("Own",))
TOTAL = FieldTest(Field("event", "total", FieldType.MONEY), "at_least", (1234,))
REFERRED = FieldTest(Field("contact", "referred", FieldType.BOOLEAN), "equals", (True,))

# Names that customers do not see, what the form and the trigger already say, and what is between businesses.
NOT_TOLD = {"id", "title", "scheme", "active", "goal", "type", "priority", "funding", "after"}
CHANGES: dict[str, Any] = {
    "owner": "bakery",
    "on": "achievement",
    "available_from": date(2026, 3, 1),
    "available_until": date(2026, 4, 1),
    "times": (Hours((5, 6), 1140, 1560),),
    "merchants": ("bakery",),
    "venues": ("bakery-north",),
    "channels": ("web",),
    "tiers": ("gold",),
    "segments": ("students",),
    "contact": REFERRED,
    "event": TOTAL,
    "lines": BRAND,
    "needs": Needs("quantity", 2000, (), True),
    "goals": (Goal("visits_by_day", 3, "month"),),
    "award": Amount(123),
    "net": True,
    "less_spend": True,
    "rounding": "floor",
    "caps": (Cap("times", 3, "contact", "rolling", 7),),
    "cooldown": Duration(1, "mo"),
    "group": "basket",
    "pool": "coffee",
    "instant": True,
    "pending": Duration(14, "d"),
    "valid": Validity(until=date(2026, 12, 31)),
    "claw_back": "pending_only",
    "unlocked_by": ("spring-code",),
}
WITH_GOALS = {"reach": "any", "repeat": True, "carry": True}


@pytest.fixture(scope="module")
def program() -> Program:
    read = read_programme(EVERYTHING).program
    assert read is not None
    return read


def plain(program: Program) -> Offer:
    """An offer of the programme of which little is asked."""
    offer = next(offer for offer in program.offers if offer.id == "club-1")
    return replace(offer, award=Percent(Rate(1, 40), "lines"))


def text(offer: Offer, program: Program) -> str:
    return "\n".join(OfferText(offer, program, Words(program.business, locale_named("en"))).sentences())


def test_every_field_is_told_or_named_here() -> None:
    assert {field.name for field in fields(Offer)} == NOT_TOLD | set(CHANGES) | set(WITH_GOALS)


@pytest.mark.parametrize("name", CHANGES)
def test_a_field_changes_the_text(program: Program, name: str) -> None:
    offer = plain(program)
    assert text(replace(offer, **{name: CHANGES[name]}), program) != text(offer, program)


@pytest.mark.parametrize("name", WITH_GOALS)
def test_a_field_of_goals_changes_the_text(program: Program, name: str) -> None:
    goals = (Goal("spend", 5000, "month"), Goal("visits", 3, "month"))
    offer = replace(plain(program), goals=goals)
    assert text(replace(offer, **{name: WITH_GOALS[name]}), program) != text(offer, program)


def test_every_condition_form_and_goal_has_words(program: Program) -> None:
    for offer in program.offers:
        told = text(offer, program)
        assert told
        assert "None" not in told
        assert "Rate(" not in told


# What the made-up histories win; a draw is told and not played, `loyal` pays after a year without interruption.
PLAYED = {
    "base-earn": "A purchase of €25.00 gives €0.50.",
    "steps": "A purchase of €250.00 gives €5.00.",
    "triple": "A purchase of €25.00 gives €1.00.",
    "muffin": "A purchase of €25.00 gives MUFFIN free, worth €2.50.",
    "loyal": "An uninterrupted subscription gives €10.00.",
    "spent": "Of two purchases of €30.00 each, the 2nd gives €5.00.",
    "streak": "Of four purchases of €25.00 each, one in each week, the 4th gives €5.00.",
    "lottery": None,
}


@pytest.mark.parametrize("id_", PLAYED)
def test_examples_are_what_the_engine_gave(program: Program, id_: str) -> None:
    open_ = open_to_all(program, "everyday")
    offer = next(offer for offer in open_.offers if offer.id == id_)
    found = Examples(offer, open_, Words(open_.business, locale_named("en"))).sentences()
    assert (found[0] if found else None) == PLAYED[id_]
