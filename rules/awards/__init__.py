"""Every award form. To add one: a module, a line in ``FORMS``, a case, a paragraph in docs/writing-offers.md."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Tag

from guerdon.rules.awards import brackets, draw, fixed, multiply, per, percent, product
from guerdon.rules.awards.form import Form, FormSays

FORMS: dict[str, Form] = {
    "amount": fixed.FORM,
    "percent": percent.FORM,
    "per": per.FORM,
    "brackets": brackets.FORM,
    "multiply": multiply.FORM,
    "product": product.FORM,
    "draw": draw.FORM,
}


def form_of(award: Any) -> str | None:
    """The one form that an award's mapping names; None if it names none or several."""
    if isinstance(award, FormSays):
        return next(key for key, form in FORMS.items() if type(award) is form.says)
    named = [key for key in FORMS if key in award] if isinstance(award, dict) else []
    return named[0] if len(named) == 1 else None


def _tag(award: Any) -> str | None:
    key = form_of(award)
    return None if key is None else f"<{key}>"


if TYPE_CHECKING:
    AwardSays = FormSays
else:
    AwardSays = Annotated[
        reduce(or_, (Annotated[form.says, Tag(f"<{key}>")] for key, form in FORMS.items())), Discriminator(_tag)
    ]
