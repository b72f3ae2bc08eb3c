"""Conditions in words: what `event`, `lines`, `who.contact` and segments ask for, as customers read it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from guerdon.engine.report.terms_words import Words, each, either
from guerdon.rules.condition import All, AnyOf, Condition, FieldType, NoneOf, Test, Value

_EPOCH = date(1970, 1, 1)
_NAMES = {
    "sku": "article",
    "unit_price": "price of one piece",
    "email_domain": "e-mail domain",
    "birth_month": "month of birth",
    "birth_day": "day of birth",
    "registered_on": "day of registration",
    "referred": "sent by a friend",
    "tax": "tax",
    "net": "amount before tax",
    "total": "total",
    "id": "customer number",
    "type": "type",
}
_BOUNDS = {"at_least": "at least", "at_most": "at most", "above": "more than", "below": "less than"}


def in_words(condition: Condition, words: Words) -> str:
    """A condition as a phrase that follows "where": ``the brand is Own and the total is at least €20.00``."""
    match condition:
        case Test():
            return _test(condition, words)
        case All(children=()):
            return "anything will do"
        case All(children=children):
            return each([_nested(child, words) for child in children])
        case AnyOf(children=()):
            return "nothing will do"
        case AnyOf(children=children):
            return either([_nested(child, words) for child in children])
        case NoneOf(children=children):
            return "none of this holds: " + either([_nested(child, words) for child in children])


def _nested(condition: Condition, words: Words) -> str:
    """A part of a longer phrase, set apart where it has parts of its own."""
    text = in_words(condition, words)
    several = not isinstance(condition, Test) and len(condition.children) > 1
    return f"({text})" if several or isinstance(condition, NoneOf) else text


def _test(test: Test, words: Words) -> str:
    name = _NAMES.get(test.field.name, test.field.name.replace("_", " "))
    if test.field.attribute:
        name = test.field.name.replace("_", " ")
    if test.field.type is FieldType.BOOLEAN and test.op in ("equals", "not_equals"):
        holds = bool(test.values[0]) == (test.op == "equals")
        return f"{'you are' if test.field.scope == 'contact' else 'it is'} {'' if holds else 'not '}{name}"
    values = [_value(value, test, words) for value in test.values]
    subject = f"the {name}"
    match test.op:
        case "equals" | "one_of":
            return f"{subject} is {either(values)}"
        case "not_equals" | "not_one_of":
            return f"{subject} is not {either(values)}"
        case "like" | "like_any_case":
            small = " in capitals or small letters" if test.op == "like_any_case" else ""
            return f"{subject} fits the pattern {either(values)}{small} (* stands for any text, ? for one character)"
        case "exists":
            return f"there is {_article(name)} {name}"
        case "missing":
            return f"there is no {name}"
        case "this_month":
            return f"the {name} is the month of the purchase" if name != "birth date" else "your birthday is this month"
        case "today":
            return f"the {name} is the day of the purchase" if name != "birth date" else "your birthday is today"
    return f"{subject} is {_BOUNDS[test.op]} {values[0]}"


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


def _value(value: Value, test: Test, words: Words) -> str:
    """One value of a test as it is written for people."""
    match test.field.type:
        case FieldType.MONEY | FieldType.UNIT_PRICE:
            return words.money(int(value))
        case FieldType.QUANTITY:
            return words.quantity(int(value))
        case FieldType.DECIMAL:
            return words.number((Decimal(int(value)) / 1_000_000).normalize() + 0)
        case FieldType.DATE:
            return words.date(_EPOCH + timedelta(days=int(value)))
        case FieldType.BOOLEAN:
            return "yes" if value else "no"
        case FieldType.INTEGER:
            return str(value)
    return f"“{value}”"
