"""``draw``: a lottery: events are entries, a later ``draw`` event picks the winners."""

from __future__ import annotations

from guerdon.rules import figures
from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Count, DateText, Part, PositiveUnits, Text
from guerdon.rules.program import Draw


class DrawItself(Part):
    at: DateText
    winners: Count = 1
    amount: PositiveUnits
    entries: Count = 1
    seed: Text


class DrawSays(FormSays):
    draw: DrawItself


def build(says: DrawSays, digits: Digits) -> Draw:
    """The draw, its prize in the unit of the wallet."""
    draw = says.draw
    return Draw(figures.local_date(draw.at), draw.winners, digits.units(draw.amount), draw.entries, draw.seed)


FORM = Form(DrawSays, build, of_base=False)
