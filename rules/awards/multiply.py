"""``multiply: 3, offers: [...]``: so many times what other offers finally gave on the same event."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from guerdon.rules import figures
from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Factor, Ids
from guerdon.rules.program import Multiply


class MultiplySays(FormSays):
    multiply: Factor
    offers: Annotated[Ids, Field(min_length=1)]


def build(says: MultiplySays, digits: Digits) -> Multiply:
    """The factor as a fraction, and whose awards it is of."""
    return Multiply(figures.rate(says.multiply), tuple(says.offers))


FORM = Form(MultiplySays, build, references=(("offers.*", "offer"),), of_base=False)
