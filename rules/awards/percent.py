"""``percent: 2.5``: of the matched lines, of the whole event, or of the progress that completed the goal."""

from __future__ import annotations

from typing import Literal

from guerdon.rules import figures
from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Percent as PercentText
from guerdon.rules.program import Percent


class PercentSays(FormSays):
    percent: PercentText
    of: Literal["lines", "event", "progress"] = "lines"


def build(says: PercentSays, digits: Digits) -> Percent:
    """The rate in lowest terms; points are worked out by their worth when it is applied."""
    return Percent(figures.percent(says.percent), says.of)


FORM = Form(PercentSays, build)
