"""A value of an attribute that no test of any programme tells from another: what may be known when that is forgotten.

It says as much as the outcomes of those tests, and nothing more: two values with the same outcomes have the same one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from guerdon.rules.condition import Condition, Test, Value
from guerdon.rules.match.patterns import tokens
from guerdon.rules.match.shortest import Shortest
from guerdon.rules.program import Program

BIRTH_DATE = "birth_date"  # its month and day are read by the engine, whatever is tested
_EPOCH = date(1970, 1, 1)
_LEAP_YEAR = 1904
_ONE = {"equals": "one_of", "not_equals": "not_one_of"}
_PATTERNS = ("like", "like_any_case")
_ON_A_DAY = ("this_month", "today")


def attribute_tests(programs: Iterable[Program]) -> tuple[Tests, Tests]:
    """The tests of attributes in all conditions of programmes: those of events and contacts, and those of lines."""
    found: dict[bool, dict[str, dict[Test, None]]] = {True: defaultdict(dict), False: defaultdict(dict)}
    for program in programs:
        for condition in _conditions(program):
            for test in _leaves(condition):
                if test.field.attribute:
                    found[test.field.scope == "line"][test.field.name][test] = None
    told, lines = ({name: Alike(name, tuple(tests)) for name, tests in found[line].items()} for line in (False, True))
    return told | ({} if BIRTH_DATE in told else {BIRTH_DATE: Alike(BIRTH_DATE, ())}), lines


@dataclass
class Alike:
    """The tests of one attribute; ``of(value)`` is the value that stands for all that they can't tell from it.

    >>> from guerdon.rules.condition import Field, FieldType
    >>> size = Field("contact", "size", FieldType.INTEGER, attribute=True)
    >>> alike = Alike("size", (Test(size, "at_least", (40,)), Test(size, "one_of", (42, 43))))
    >>> [alike.of(told) for told in (38, 41, 42, 44, 50)]
    [39, 40, 42, 40, 40]
    """

    name: str
    tests: tuple[Test, ...]
    _texts: Shortest | None = field(default=None, repr=False)

    def of(self, value: Value) -> Value:
        """The value for all like this one: itself only where a test names it."""
        if isinstance(value, str):
            return self._text(value)
        tests = [test for test in self.tests if _compares(test, value)]
        wanted = [_holds(test, value) for test in tests]
        by_day = self.name == BIRTH_DATE or any(test.op in _ON_A_DAY for test in self.tests)
        if isinstance(value, bool):
            others: Iterator[Value] = iter((False, True))
        else:
            bounds = sorted({int(bound) for test in tests for bound in test.values})
            others = _days(value, bounds) if by_day else _figures(bounds)
        return next((other for other in others if [_holds(test, other) for test in tests] == wanted), value)

    def _text(self, value: str) -> str:
        named = frozenset(
            bound for test in self.tests if test.op not in _PATTERNS for bound in test.values if isinstance(bound, str)
        )
        if value in named:
            return value
        if self._texts is None:
            patterns = [
                tuple(tokens(str(test.values[0]), any_case=test.op == "like_any_case"))
                for test in self.tests
                if test.op in _PATTERNS
            ]
            self._texts = Shortest(patterns, named)
        return self._texts.like(value)


Tests = dict[str, Alike]


def _conditions(program: Program) -> Iterator[Condition]:
    """Every condition that a programme decides by."""
    told = [segment.contacts for segment in program.segments] + [pool.lines for pool in program.pools]
    for offer in program.offers:
        told += [offer.contact, offer.event, offer.lines]
        yield from offer.needs.matchers if offer.needs is not None else ()
    yield from (condition for condition in told if condition is not None)


def _leaves(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
        return
    for child in condition.children:
        yield from _leaves(child)


def _compares(test: Test, value: Value) -> bool:
    """Whether the test can tell such a value from another: its bounds are of the same type."""
    return bool(test.values) and all(type(bound) is type(value) for bound in test.values)


def _holds(test: Test, value: Value) -> bool:
    assert not isinstance(value, str)
    match _ONE.get(test.op, test.op):
        case "one_of":
            return value in test.values
        case "not_one_of":
            return value not in test.values
        case "at_least":
            return value >= int(test.values[0])
        case "at_most":
            return value <= int(test.values[0])
        case "above":
            return value > int(test.values[0])
        case "below":
            return value < int(test.values[0])
    raise ValueError(f"no such test of a figure: {test.op}")


def _figures(bounds: Sequence[int]) -> Iterator[int]:
    """One of each span between bounds, and the bounds."""
    yield bounds[0] - 1 if bounds else 0
    for bound in bounds:
        yield bound
        yield bound + 1


def _days(value: int, bounds: Sequence[int]) -> Iterator[int]:
    """The day of the year of ``value`` in a leap year, and in all years in which a bound lies or that follow one."""
    day = _EPOCH + timedelta(days=value)
    near = {(_EPOCH + timedelta(days=bound)).year for bound in bounds}
    for year in (_LEAP_YEAR, *sorted(year + more for year in near for more in range(-8, 9))):
        try:
            yield (date(year, day.month, day.day) - _EPOCH).days
        except ValueError:  # 29 February, or a year beyond the calendar
            continue
