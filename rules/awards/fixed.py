"""``amount: 5.00``: a fixed amount for each win."""

from __future__ import annotations

from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Units
from guerdon.rules.program import Amount


class AmountSays(FormSays):
    amount: Units


def build(says: AmountSays, digits: Digits) -> Amount:
    """The amount in the unit of the wallet."""
    return Amount(digits.units(says.amount))


FORM = Form(AmountSays, build, of_base=False)
