"""``per: 1.00, give: 0.02``: so much for every whole step of the sum of the matched lines."""

from __future__ import annotations

from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import PositiveMoney, Units
from guerdon.rules.program import Per


class PerSays(FormSays):
    per: PositiveMoney
    give: Units


def build(says: PerSays, digits: Digits) -> Per:
    """The step in the currency, what it gives in the unit of the wallet."""
    return Per(digits.money(says.per), digits.units(says.give))


FORM = Form(PerSays, build)
