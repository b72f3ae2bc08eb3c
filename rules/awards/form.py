"""What all award forms have in common: what a form says, how it is compiled, which ids it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Boolean, Part
from guerdon.rules.program import Award


class FormSays(Part):
    """The keys that stand beside every form."""

    base: Literal["total", "net"] = "total"
    less_spend: Boolean = False


@dataclass(frozen=True, slots=True)
class Form:
    """One award form. ``build`` turns what an offer says into the compiled award.

    ``references`` are (path inside ``award``, kind of id); ``of_base`` tells whether it is worked out from a sum of
    money, so that ``base`` and ``less_spend`` mean something.
    """

    says: type[FormSays]
    build: Callable[[Any, Digits], Award]
    references: tuple[tuple[str, str], ...] = ()
    of_base: bool = True
