"""``brackets``: marginal rates over the sum of the matched lines, rounded once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from guerdon.rules import figures
from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Part, Percent, PositiveMoney
from guerdon.rules.program import Bracket, Brackets


class BracketSays(Part):
    to: PositiveMoney | None = None
    percent: Percent


class BracketsSay(FormSays):
    brackets: Annotated[tuple[BracketSays, ...], Field(min_length=1)]


def build(says: BracketsSay, digits: Digits) -> Brackets:
    """The brackets, their bounds in the currency."""
    return Brackets(
        tuple(
            Bracket(None if bracket.to is None else digits.money(bracket.to), figures.percent(bracket.percent))
            for bracket in says.brackets
        )
    )


FORM = Form(BracketsSay, build)
