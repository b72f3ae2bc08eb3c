"""Matchers: a mapping of field to test → the typed condition tree.

Fields and the types of their values are those of the scope (event, line, contact) and of the declared attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from guerdon.rules import figures
from guerdon.rules.condition import All, AnyOf, Condition, Field, FieldType, NoneOf, Test, Value
from guerdon.rules.document import Path
from guerdon.rules.problems import did_you_mean, nearest
from guerdon.rules.words import ATTRIBUTE_TYPES, FIELDS

# Where matchers stand in a programme, and over which fields they are.
MATCHERS: tuple[tuple[str, str], ...] = (
    ("segments.*.contacts", "contact"),
    ("pools.*.lines", "line"),
    ("offers.*.event", "event"),
    ("offers.*.lines", "line"),
    ("offers.*.who.contact", "contact"),
    ("offers.*.needs.all.*", "line"),
)
Complain = Callable[[Path, str, str, str], None]  # path inside the matcher, code, message, hint

_EPOCH = date(1970, 1, 1).toordinal()
_ORDERED = {"min": "at_least", "max": "at_most", "above": "above", "below": "below"}
_TEXT_ONLY = ("like", "like_any_case")
_OPS = (*_ORDERED, "not", "not_in", *_TEXT_ONLY, "exists")
_JOINS: dict[str, type[AnyOf] | type[NoneOf]] = {"any_of": AnyOf, "none_of": NoneOf}
_DIGITS = {FieldType.INTEGER: 0, FieldType.QUANTITY: 3, FieldType.DECIMAL: 6}
_PLACES = {
    "tier": "test tiers with who.tiers",
    "tiers": "test tiers with who.tiers",
    "merchant": "test places with at",
    "venue": "test places with at",
    "time": "test times with times",
    "weekday": "test times with times",
}


@dataclass(frozen=True)
class Vocabulary:
    """The fields that matchers may name, by scope, and the digits of the currency."""

    fields: Mapping[str, Mapping[str, Field]]
    currency_digits: int


def vocabulary(attributes: Mapping[str, Any], currency_digits: int) -> Vocabulary:
    """Built-in fields and the declared ``attributes`` (scope → name → type, or a mapping with ``type``)."""
    fields = {scope: {name: Field(scope, name, kind) for name, kind in own.items()} for scope, own in FIELDS.items()}
    for scope, own in fields.items():
        declared = attributes.get(scope)
        for name, says in declared.items() if isinstance(declared, dict) else ():
            kind = says.get("type") if isinstance(says, dict) else says
            if isinstance(kind, str) and kind in ATTRIBUTE_TYPES and name not in own:
                own[name] = Field(scope, name, ATTRIBUTE_TYPES[kind], attribute=True)
    return Vocabulary(fields, currency_digits)


def read_matcher(data: Mapping[str, Any], scope: str, words: Vocabulary, complain: Complain) -> Condition | None:
    """The condition that ``data`` says; None for an empty matcher, which holds always.

    Whatever is wrong is told to ``complain`` and left out. The order of keys and of alternatives does not matter:
    equal matchers give equal conditions.
    """
    return _Reader(scope, words, complain).matcher(data, ())


class _Reader:
    def __init__(self, scope: str, words: Vocabulary, complain: Complain) -> None:
        self.scope = scope
        self.words = words
        self.fields = words.fields[scope]
        self.complain = complain

    def matcher(self, data: Mapping[str, Any], path: Path) -> Condition | None:
        children: list[Condition] = []
        for key, value in data.items():
            if key in _JOINS:
                children += self.joined(key, value, (*path, key))
            elif key in self.fields:
                children += self.tests(self.fields[key], value, (*path, key))
            else:
                self.complain((*path, key), "unknown-attribute", *self.unknown(key))
        if not children:
            return None
        distinct = sorted(dict.fromkeys(children), key=repr)
        return distinct[0] if len(distinct) == 1 else All(tuple(distinct))

    def unknown(self, key: str) -> tuple[str, str]:
        a_scope = f"{'an' if self.scope == 'event' else 'a'} {self.scope}"
        message = f"'{key}' is neither a field of {a_scope} nor a declared attribute of one"
        if key in _PLACES:
            return message, _PLACES[key]
        elsewhere = [scope for scope, fields in self.words.fields.items() if key in fields]
        if elsewhere and not nearest(key, self.fields):
            return message, f"'{key}' is a field of the {elsewhere[0]}"
        return message, did_you_mean(key, self.fields, what="fields")

    def joined(self, key: str, value: Any, path: Path) -> list[Condition]:
        if not isinstance(value, list) or not value:
            self.complain(path, "wrong-type", f"'{key}' is a list of matchers", f"write {key}: [{{brand: Own}}, ...]")
            return []
        inner: list[Condition] = []
        for at, each in enumerate(value):
            if isinstance(each, dict):
                inner.append(self.matcher(each, (*path, at)) or All(()))
            else:
                message = "a matcher is a mapping of field to test"
                self.complain((*path, at), "wrong-type", message, "write {brand: Own}")
        if not inner:
            return []
        distinct = tuple(sorted(dict.fromkeys(inner), key=repr))
        if key == "any_of" and len(distinct) == 1:
            return [distinct[0]]
        return [_JOINS[key](distinct)]

    def tests(self, field: Field, value: Any, path: Path) -> list[Condition]:
        if isinstance(value, dict):
            if not value:
                self.complain(path, "wrong-type", f"this test of '{field.name}' says nothing", self.test_hint(field))
            return [test for op, bound in value.items() for test in self.operation(field, op, bound, (*path, op))]
        if value in ("this_month", "today") and (birth := self.birth(field, value, path)):
            return [birth]
        if isinstance(value, list):
            return self.several(field, "one_of", value, path)
        single = self.value(field, value, path)
        return [] if single is None else [Test(field, "equals", (single,))]

    def operation(self, field: Field, op: str, bound: Any, path: Path) -> list[Condition]:
        if op == "exists":
            if not isinstance(bound, bool):
                self.complain(path, "wrong-type", "'exists' is true or false", "write exists: true")
                return []
            return [Test(field, "exists" if bound else "missing")]
        if op == "not_in":
            if not isinstance(bound, list):
                self.complain(path, "wrong-type", "'not_in' is a list", "write not_in: [A, B], or not: A")
                return []
            return self.several(field, "not_one_of", bound, path)
        if op not in _OPS:
            hint = did_you_mean(op, _OPS, what="tests")
            self.complain(path, "unknown-field", f"there is no test '{op}'", hint)
            return []
        if not self.fits(field, op, path):
            return []
        single = self.value(field, bound, path)
        name = _ORDERED.get(op, "not_equals" if op == "not" else op)
        return [] if single is None else [Test(field, name, (single,))]

    def fits(self, field: Field, op: str, path: Path) -> bool:
        if op in _ORDERED and field.type in (FieldType.TEXT, FieldType.BOOLEAN):
            message = f"'{op}' compares figures and dates; '{field.name}' is {_a(field)}"
            self.complain(path, "type-mismatch", message, self.test_hint(field))
            return False
        if op in _TEXT_ONLY and field.type is not FieldType.TEXT:
            message = f"'{op}' is for texts; '{field.name}' is {_a(field)}"
            self.complain(path, "type-mismatch", message, self.test_hint(field))
            return False
        return True

    def several(self, field: Field, op: str, values: list[Any], path: Path) -> list[Condition]:
        if not values:
            self.complain(path, "wrong-type", "this list is empty", "name at least one value")
            return []
        read = [self.value(field, value, (*path, at)) for at, value in enumerate(values)]
        known = sorted({value for value in read if value is not None}, key=lambda value: (str(type(value)), value))
        if not known:
            return []
        if len(known) == 1:
            op = {"one_of": "equals", "not_one_of": "not_equals"}[op]
        return [Test(field, op, tuple(known))]

    def birth(self, field: Field, value: str, path: Path) -> Test | None:
        """``this_month`` and ``today`` are tests for dates of birth; elsewhere they are texts like any other."""
        fits = {"birth_month": value == "this_month", "birth_day": value == "today"}
        if field.scope == "contact" and fits.get(field.name, field.type is FieldType.DATE):
            return Test(field, value)
        return None

    def value(self, field: Field, given: Any, path: Path) -> Value | None:
        """The value in the representation of the field; None after a complaint."""
        if isinstance(given, list | dict):
            hint = "write not_in: [...]" if path and path[-1] == "not" else self.test_hint(field)
            self.complain(path, "type-mismatch", f"a single {_noun(field)} is wanted here", hint)
        elif field.type is FieldType.BOOLEAN:
            if isinstance(given, bool):
                return given
            self.mismatch(field, given, path)
        elif isinstance(given, bool):
            self.mismatch(field, str(given).lower(), path)
        elif field.type is FieldType.TEXT:
            return str(given)
        else:
            return self.figure(field, str(given), path)
        return None

    def figure(self, field: Field, given: str, path: Path) -> int | None:
        try:
            if field.type is FieldType.DATE:
                return figures.local_date(given).toordinal() - _EPOCH
            figures.plain_decimal(given)
        except figures.NoFigure as error:
            if "calendar" in str(error):
                self.complain(path, "bad-date", str(error), error.hint)
            else:
                self.mismatch(field, given, path)
            return None
        digits = _DIGITS.get(field.type, self.words.currency_digits)
        try:
            return figures.minor(given, digits, of=f"'{field.name}'")
        except figures.NoFigure as error:
            self.complain(path, "bad-amount", str(error), error.hint)
            return None

    def mismatch(self, field: Field, given: str, path: Path) -> None:
        message = f"'{field.name}' is {_a(field)} and is compared with '{given}'"
        self.complain(path, "type-mismatch", message, self.test_hint(field))

    def test_hint(self, field: Field) -> str:
        return {
            FieldType.TEXT: f'write {field.name}: COFFEE, a list of texts, or {{like: "COF*"}}; put true in quotes',
            FieldType.BOOLEAN: f"write {field.name}: true or {field.name}: false",
            FieldType.DATE: f"write {field.name}: 2026-03-01 or {field.name}: {{min: 2026-03-01}}",
        }.get(field.type, f"write {field.name}: 5 or {field.name}: {{min: 5}}")


def _noun(field: Field) -> str:
    nouns = {FieldType.TEXT: "text", FieldType.BOOLEAN: "true or false", FieldType.DATE: "date"}
    return nouns.get(field.type, "figure")


def _a(field: Field) -> str:
    return _noun(field) if field.type is FieldType.BOOLEAN else f"a {_noun(field)}"
