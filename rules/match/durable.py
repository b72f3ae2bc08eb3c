"""The condition tree in durable_rules: one rule a condition, for one row at a time.

It is used only inside the limits in which it was found right: facts on one state that are asserted and taken back, at
most 50 rules a ruleset, whole numbers only (texts are numbered, what it can't compare is fed as 0 or 1), negation at
the leaves, actions that only note that they ran. A row on which it fails is tested in plain Python and counted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from guerdon.rules.condition import All, Condition, FieldType, NoneOf, Test, Value
from guerdon.rules.match.python import compile_test

RULES_A_SET = 50
RULES_AT_MOST = 200  # beyond that its compiler was seen never to return; the rest is tested in Python
LEAVES_AT_MOST = 24  # of one condition: a rule with more is tested in Python
_VALUES_AT_MOST = 4  # of one_of; more are fed as 0 or 1
_INT64 = 2**62
_STATE = "w"
_FACT = "k"  # what only facts have: a rule that its own record of the state fits feeds itself for ever
_OPPOSITE = {
    "equals": "not_equals", "not_equals": "equals", "one_of": "not_one_of", "not_one_of": "one_of",
    "exists": "missing", "missing": "exists",
}  # fmt: skip
_COMPARED = {"at_least": "$gte", "at_most": "$lte", "above": "$gt", "below": "$lt"}
_REVERSED = {"at_least": "$lt", "at_most": "$gt", "above": "$lte", "below": "$gte"}
_names = count(1)

Row = Mapping[str, "Value | None"]
Expression = dict[str, Any]


def compile_tests(conditions: Sequence[Condition]) -> Ruleset:
    """The rulesets of conditions. Raises ImportError where durable_rules is not installed."""
    return Ruleset(conditions)


class Ruleset:
    """Tests conditions together: one row, all answers. ``errors``: rows that Python tested in its place."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.errors = 0
        self.testing: Callable[[bool], None] = lambda now: None  # told when its C part begins and ends
        self.plain = [compile_test(condition) for condition in conditions]
        self._writer = _Writer()
        self._met: set[int] = set()
        self._facts = count(1)
        self._row: Row | None = None
        self._answers: list[bool] = []
        self._host = _host()
        self._sets: list[str] = []
        self._outside: list[int] = []  # conditions that durable_rules is not given
        rules: dict[int, Expression] = {}
        for number, condition in enumerate(conditions):
            written = self._writer.write(condition) if len(rules) < RULES_AT_MOST else None
            if written is None or _leaves(written) > LEAVES_AT_MOST:
                self._outside.append(number)
            else:
                rules[number] = written
        numbers = list(rules)
        for first in range(0, len(numbers), RULES_A_SET):
            self._register({number: rules[number] for number in numbers[first : first + RULES_A_SET]})

    def _register(self, rules: Mapping[int, Expression]) -> None:
        name = f"guerdon{next(_names)}"
        definition = {
            f"r{number}": {"all": [{"m": {"$and": [{_FACT: 1}, expression]}}], "run": self._noting(number)}
            for number, expression in rules.items()
        }
        self._host.set_rulesets({name: definition})
        self._sets.append(name)

    def _noting(self, number: int) -> Callable[[Any], None]:
        def note(closure: Any) -> None:
            self._met.add(number)

        return note

    def answers(self, row: Row) -> list[bool]:
        """Which of the conditions hold for a row (field name → value, absent or None where missing)."""
        try:
            fact = self._writer.fact(row)
            self._met = set()
            self.testing(True)
            for name in self._sets:
                self._test(name, {**fact, _FACT: 1, "id": next(self._facts), "sid": _STATE})
        except Exception:  # whatever its C part or its action loop raises: the event must be decided all the same
            self.errors += 1
            return [test(row) for test in self.plain]
        finally:
            self.testing(False)
        met = [number in self._met for number in range(len(self.plain))]
        for number in self._outside:
            met[number] = self.plain[number](row)
        return met

    def _test(self, name: str, fact: dict[str, Any]) -> None:
        from durable.engine import MessageNotHandledException

        try:
            self._host.assert_fact(name, fact)
        except MessageNotHandledException:
            return  # no rule matched, and nothing was kept
        self._host.retract_fact(name, fact)

    def tests(self) -> list[Callable[[Row], bool]]:
        """A function a condition; all of one row are answered when the first of them is asked."""

        def one(number: int) -> Callable[[Row], bool]:
            def test(row: Row) -> bool:
                if row is not self._row:
                    self._answers, self._row = self.answers(row), row
                return self._answers[number]

            return test

        return [one(number) for number in range(len(self.plain))]


def _host() -> Any:
    """durable_rules without its threads. On Python 3.13 it names a function that is gone, and never calls it."""
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        from durable.engine import Host
    finally:
        sys.setdlopenflags(flags)

    class Quiet(Host):  # type: ignore[misc]
        """A host that starts no timers."""

        def _run(self) -> None:
            pass

    return Quiet()


class _Writer:
    """Writes conditions as expressions of durable_rules, and rows as facts that they read."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}  # field → its name in facts
        self._texts: dict[str, dict[str, int]] = {}  # field → text that some rule names → its number
        self._fed: dict[str, Callable[[Row], bool]] = {}  # name in facts → test in Python
        self._of_test: dict[Test, str] = {}

    def write(self, condition: Condition, *, holds: bool = True) -> Expression | None:
        """The expression, or that of its contrary; None where it is the same for every row."""
        if isinstance(condition, Test):
            return self._test(condition, holds)
        children = condition.children
        inner = holds if not isinstance(condition, NoneOf) else not holds
        written = [self.write(child, holds=inner) for child in children]
        if not written or any(each is None for each in written):
            return None
        every = isinstance(condition, All) == holds if not isinstance(condition, NoneOf) else holds
        return written[0] if len(written) == 1 else {"$and" if every else "$or": written}

    def _test(self, test: Test, holds: bool) -> Expression:
        if not _is_native(test):
            name = self._of_test.setdefault(test, f"b{len(self._fed)}")
            self._fed.setdefault(name, compile_test(test))
            return {name: int(holds)}
        op = test.op if holds else _OPPOSITE.get(test.op, test.op)
        name = self._fields.setdefault(test.field.name, f"f{len(self._fields)}")
        if op in ("exists", "missing"):
            return {"$ex" if op == "exists" else "$nex": {name: 1}}
        if op in ("equals", "one_of"):
            return _any([{name: self._number(test, value)} for value in test.values])
        if op in ("not_equals", "not_one_of"):
            others = [{"$neq": {name: self._number(test, value)}} for value in test.values]
            return _any([{"$nex": {name: 1}}, others[0] if len(others) == 1 else {"$and": others}])
        bound = self._number(test, test.values[0])
        if holds:
            return {_COMPARED[op]: {name: bound}}
        return _any([{"$nex": {name: 1}}, {_REVERSED[op]: {name: bound}}])

    def _number(self, test: Test, value: Value) -> int:
        if isinstance(value, str):
            known = self._texts.setdefault(test.field.name, {})
            return known.setdefault(value, len(known) + 1)
        return int(value)

    def fact(self, row: Row) -> dict[str, int]:
        """What rules read of a row; a text that no rule names is 0."""
        fact = {}
        for field, name in self._fields.items():
            value = row.get(field)
            if isinstance(value, str):
                fact[name] = self._texts.get(field, {}).get(value, 0)
            elif value is not None:
                fact[name] = int(value)
        return fact | {name: int(test(row)) for name, test in self._fed.items()}


def _is_native(test: Test) -> bool:
    """Whether durable_rules can compare it: a few whole numbers or texts of one field."""
    if test.field.type is FieldType.UNIT_PRICE or test.op in ("like", "like_any_case", "this_month", "today"):
        return False
    small = all(isinstance(value, str) or -_INT64 < value < _INT64 for value in test.values)
    return small and len(test.values) <= _VALUES_AT_MOST and (test.op in ("exists", "missing") or len(test.values) > 0)


def _any(children: list[Expression]) -> Expression:
    return children[0] if len(children) == 1 else {"$or": children}


def _leaves(expression: Expression) -> int:
    inner = [each for word in ("$and", "$or") for each in expression.get(word, [])]
    return sum(map(_leaves, inner)) if inner else 1
