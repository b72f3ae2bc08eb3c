"""What is kept of a purchase after its returns, to the line and exactly, and which offers it still meets (spec 4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import Reason
from guerdon.engine.decide.history import Told
from guerdon.engine.decide.rule_versions import RuleVersion, version_of
from guerdon.engine.events.amounts import half_up, shares
from guerdon.engine.events.event import Line
from guerdon.engine.match.matcher import event_values, line_values
from guerdon.engine.rows import Batch
from guerdon.rules.condition import All, AnyOf, Condition, FieldType, NoneOf, Test
from guerdon.rules.match.python import compile_test
from guerdon.rules.program import Offer

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

RETURNED = "returned"  # kind of record: what came back of a purchase and what was taken back for it
_FALLING = {"at_most", "below", "not_equals", "not_one_of"}  # a fall of the value can't end these
_AMOUNTS = {FieldType.MONEY, FieldType.QUANTITY, FieldType.UNIT_PRICE}
_NOTHING, _WHOLE = Fraction(0), Fraction(1)


class Kept:
    """A purchase of the log, as far as it was not returned.

    ``returned``: line → part returned, 0 to 1. ``pieces``: line → quantity returned, thousandths. ``taken``: what
    earlier returns took back, as ``returns`` and its like keep it; JSON values.
    """

    def __init__(self, decider: Decider, told: Told) -> None:
        self.told, self.event, self.seq = told, told.event, told.seq
        self.version: RuleVersion = version_of(decider, told.version)
        self.batch: Batch = self.version.matcher.events([told.event])
        record = decider.records.get(RETURNED, str(told.seq))
        self._before = json.dumps(dict(record.fields) if record is not None else {}, sort_keys=True)
        self.taken: dict[str, Any] = json.loads(self._before)
        lines = self.taken.get("lines", {})
        self.returned = {line.number: Fraction(*lines.get(str(line.number), (0, 1))[:2]) for line in self.event.lines}
        self.pieces = {line.number: int(lines.get(str(line.number), (0, 1, 0))[2]) for line in self.event.lines}
        self.shares: dict[int, dict[int, int]] | None = None  # offer number → line → minor units, once worked out

    @property
    def cancelled(self) -> bool:
        return bool(self.taken.get("cancelled"))

    def keep(self, decider: Decider) -> None:
        """Note all of it for the returns to come, if anything changed."""
        self.taken["lines"] = {
            str(n): [part.numerator, part.denominator, self.pieces[n]] for n, part in self.returned.items() if part
        }
        told = {name: value for name, value in ((name, _filled(value)) for name, value in self.taken.items()) if value}
        if json.dumps(told, sort_keys=True) != self._before:
            decider.records.put(RETURNED, str(self.seq), told, self.event.contact_number)

    # ---- what comes back

    def cancel(self) -> None:
        """All of it is gone."""
        self.taken["cancelled"] = 1
        self.return_rest()

    def return_rest(self) -> None:
        """Everything that is left comes back."""
        self.returned = dict.fromkeys(self.returned, _WHOLE)

    def give_back(self, fields: Mapping[str, Any]) -> Reason:
        """Note what a return brings: ``lines`` or ``amount`` of its fields, all that is left without either."""
        if "lines" in fields:
            return self._lines(fields["lines"])
        if "amount" in fields:
            return self._amount(int(fields["amount"]))
        self.return_rest()
        return Reason.NONE

    def _lines(self, told: Iterable[Mapping[str, int]]) -> Reason:
        by_number = {line.number: line for line in self.event.lines}
        for each in told:
            line = by_number.get(each["line"])
            if line is None:
                return Reason.RETURNS_TOO_MUCH
            if "quantity" in each:
                self.pieces[line.number] += each["quantity"]
                self.returned[line.number] += Fraction(each["quantity"], line.quantity) if line.quantity > 0 else 2
            else:
                self.returned[line.number] += Fraction(each["total"], line.total) if line.total > 0 else 2
            if self.returned[line.number] > 1:
                return Reason.RETURNS_TOO_MUCH
        return Reason.NONE

    def _amount(self, amount: int) -> Reason:
        """Spread over what is not yet returned of the lines, in proportion, by largest remainder."""
        back = {line.number: half_up(line.total * self.returned[line.number]) for line in self.event.lines}
        rests = {line.number: line.total - back[line.number] for line in self.event.lines}
        whole = sum(rests.values())
        if amount > whole:
            return Reason.RETURNS_TOO_MUCH
        if amount == whole:
            self.return_rest()
            return Reason.NONE
        parts = shares(amount, list(rests.values()))
        for line, part in zip(self.event.lines, parts, strict=True):
            if part and part == rests[line.number]:
                self.returned[line.number] = _WHOLE
            elif part:
                self.returned[line.number] = min(_WHOLE, self.returned[line.number] + Fraction(part, line.total))
        return Reason.NONE

    # ---- how much is back and how much is left

    def part(self) -> Fraction:
        """How much of the purchase's total is returned, 0 to 1."""
        if all(part == 1 for part in self.returned.values()):
            return _WHOLE
        total = self.event.total
        back = sum((line.total * self.returned[line.number] for line in self.event.lines), _NOTHING)
        return Fraction(back) / total if total else _NOTHING

    def net_back(self) -> Fraction:
        """How much of the purchase's net is returned, minor units."""
        return sum((line.net * self.returned[line.number] for line in self.event.lines), _NOTHING)

    def quantity_left(self, line: Line) -> int:
        """Thousandths of a line that count as kept."""
        return 0 if self.returned[line.number] == 1 else line.quantity - self.pieces[line.number]

    def line_left(self, line: Line) -> dict[str, Any]:
        """The fields of what is kept of a line, as line tests see them."""
        left = 1 - self.returned[line.number]
        amounts = {"total": line.total * left, "net": line.net * left, "tax": line.tax * left}
        return {**line_values(line), **amounts, "quantity": self.quantity_left(line)}

    def still_meets(self, number: int) -> bool:
        """Whether what is kept meets the ``event``, ``lines`` and ``needs`` of an offer (number) that it once met."""
        place = self.version.place[number]
        offer = self.version.program.offers[place]
        if offer.event is not None and not met(offer.event, self._event_left()):
            return False
        left = [line for line in self.event.lines if self.returned[line.number] < 1]
        if offer.needs is not None and offer.needs.kind == "all":
            return self._bundle_left(offer, place, left)
        first = dict(zip((line.number for line in self.event.lines), self._matched(place).tolist(), strict=True))
        left = [
            line
            for line in left
            if first[line.number] and (offer.lines is None or met(offer.lines, self.line_left(line)))
        ]
        if not left:
            return False
        if offer.needs is None:
            return True
        if offer.needs.kind == "quantity":
            return sum(self.quantity_left(line) for line in left) >= offer.needs.threshold
        return sum(line.total * (1 - self.returned[line.number]) for line in left) >= offer.needs.threshold

    def matched_lines(self, number: int) -> list[Line]:
        """The lines that an offer (number) matched when they were bought."""
        chosen = self._matched(self.version.place[number]).tolist()
        return [line for line, is_in in zip(self.event.lines, chosen, strict=True) if is_in]

    def _matched(self, place: int) -> np.ndarray:
        return self.version.shares.matched(place, self.batch)

    def _bundle_left(self, offer: Offer, place: int, left: list[Line]) -> bool:
        assert offer.needs is not None
        for matcher, selector in zip(offer.needs.matchers, self.version.tables.selection.bundle[place], strict=True):
            word = self.batch.line_selectors[:, selector // 64] >> np.uint64(selector % 64)
            first = {line.number for line, bit in zip(self.event.lines, word.tolist(), strict=True) if bit & 1}
            if not any(line.number in first and met(matcher, self.line_left(line)) for line in left):
                return False
        return True

    def _event_left(self) -> dict[str, Any]:
        lines = [self.line_left(line) for line in self.event.lines]
        sums = {name: sum(values[name] for values in lines) for name in ("total", "net", "tax", "quantity")}
        return {**event_values(replace(self.event), self.version.program.business.currency), **sums}


def _filled(value: Any) -> Any:
    """What a record says without what is empty."""
    if not isinstance(value, dict):
        return value
    filled = {name: _filled(inner) for name, inner in value.items()}
    return {name: inner for name, inner in filled.items() if inner not in ({}, 0)}


_TESTS: dict[Condition, Any] = {}


def met(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether a condition holds of what is kept, tests that a fall of amounts could newly pass taken as met."""
    if condition not in _TESTS:
        if len(_TESTS) > 4096:
            _TESTS.clear()
        _TESTS[condition] = compile_test(as_it_stood(condition))
    return bool(_TESTS[condition](values))


def as_it_stood(condition: Condition, positive: bool = True) -> Condition:
    """The condition with each test of an amount that a return could newly pass replaced by what it was: passed.

    >>> from guerdon.rules.condition import Field
    >>> total = Field("event", "total", FieldType.MONEY)
    >>> as_it_stood(Test(total, "at_most", (100,)))
    All(children=())
    >>> as_it_stood(NoneOf((Test(total, "at_least", (100,)),)))
    NoneOf(children=(AnyOf(children=()),))
    """
    if isinstance(condition, Test):
        if condition.field.type not in _AMOUNTS or condition.field.attribute or condition.op in ("exists", "missing"):
            return condition
        if positive:
            return All(()) if condition.op in _FALLING else condition
        return condition if condition.op in _FALLING else AnyOf(())
    children = condition.children
    if isinstance(condition, NoneOf):
        return NoneOf(tuple(as_it_stood(child, not positive) for child in children))
    return type(condition)(tuple(as_it_stood(child, positive) for child in children))
