"""What was bought: lines and totals told in part are completed, checked against each other and converted."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, NamedTuple

from guerdon.engine.codes import Reason
from guerdon.engine.events.amounts import BadAmount, currency_digits, half_up, money, quantity, rate, shares
from guerdon.engine.events.event import Line
from guerdon.engine.events.reading import Refusal, Unreadable, attribute, mapping, optional, sequence
from guerdon.engine.rows import SPEND_AMOUNT, SPEND_FULL, SPEND_MAX, SPEND_NONE
from guerdon.rules.program import Attribute, Business

MAX_LINES = 1000
PRODUCT = ("sku", "type", "family", "brand", "category")
_LINE = frozenset({*PRODUCT, "line", "quantity", "net", "tax", "total", "attributes"})
_SPENDS = {"max": SPEND_MAX, "full": SPEND_FULL}


class Figures(NamedTuple):
    """Total, net and tax as far as they were told, in the currency's minor units."""

    total: int | None
    net: int | None
    tax: int | None


class Bought(NamedTuple):
    """The figures of an event: sums of its lines, in minor units of the business's currency."""

    lines: tuple[Line, ...]
    total: int
    net: int
    tax: int
    quantity: int
    spend_kind: int
    spend_amount: int


class Basket:
    """Reads lines and totals of one event. The steps come in the order of the refusals they may end in."""

    def __init__(self, business: Business, attributes: Mapping[str, Attribute]) -> None:
        self.business = business
        self.attributes = attributes
        self.fields = _LINE | attributes.keys()

    def undeclared(self, record: Mapping[str, Any]) -> None:
        """Refuses a line that carries what nobody declared."""
        for number, told in enumerate(_lines(record), 1):
            for name in told:
                if name not in self.fields:
                    raise Refusal(Reason.UNDECLARED_FIELD, f"line {number}: {nearest(name, self.fields)}")
            for name in mapping(told.get("attributes") or {}, "attributes"):
                if name not in self.attributes:
                    raise Refusal(Reason.UNDECLARED_FIELD, f"line {number}: {nearest(name, self.attributes)}")

    def read(self, record: Mapping[str, Any], amount: int | None) -> Bought:
        """The completed figures. ``amount``: of an ad hoc return that tells nothing else."""
        currency = optional(record, "currency", 3)
        foreign = currency is not None and currency != self.business.currency
        digits = currency_digits(currency) if foreign and currency is not None else self.business.digits
        if digits is None:
            raise BadAmount(f"currency {currency!r} is not an ISO 4217 code")
        exact = None if record.get("rate") is None else rate(record["rate"])
        lines = [self._line(told, number, digits) for number, told in enumerate(_lines(record), 1)]
        told = _figures(record, digits, "")
        if not lines and told.total is None and amount is not None:
            told = Figures(amount, told.net, told.tax)
        spend_kind, spend_amount = _spend(record.get("spend"), digits)
        figures = _complete([figures for _, figures in lines], told)
        if foreign:
            if exact is None:
                raise Refusal(Reason.RATE_MISSING, f"{currency} needs a rate to {self.business.currency}")
            factor = exact * Fraction(10**self.business.digits, 10**digits)
            figures = [_converted(each, factor) for each in figures]
            spend_amount = half_up(spend_amount * factor)
        elif exact not in (None, 1):
            raise BadAmount(f"a rate makes no sense in {self.business.currency}")
        return _bought([line for line, _ in lines] or [Line(1)], figures, spend_kind, spend_amount)

    def _line(self, told: Mapping[str, Any], number: int, digits: int) -> tuple[Line, Figures]:
        name = f"line {number} "
        if told.get("line") not in (None, number, str(number)):
            raise Unreadable(f"line {number} calls itself {told['line']!r}; lines are numbered from 1")
        line = Line(number)
        line.sku, line.type, line.family, line.brand, line.category = (optional(told, field, 256) for field in PRODUCT)
        if told.get("quantity") is not None:
            line.quantity = quantity(told["quantity"], name + "quantity")
        figures = _figures(told, digits, name)
        if figures.total is None and figures.net is None:
            raise BadAmount(f"{name}has neither total nor net")
        for source in (told, told.get("attributes") or {}):
            for field, declared in self.attributes.items():
                if source.get(field) is not None and field not in _LINE:
                    line.attributes[field] = attribute(declared, source[field])
        return line, figures


def nearest(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    """The unknown name, with the nearest known one."""
    near = get_close_matches(name, sorted(known), 1)
    return f"{name!r} is not declared" + (f"; did you mean {near[0]!r}?" if near else "")


def _lines(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    told = record.get("lines")
    if told is None:
        return []
    lines = sequence(told, "lines")
    if len(lines) > MAX_LINES:
        raise Unreadable(f"{len(lines)} lines are more than {MAX_LINES:,}")
    return [mapping(line, "a line") for line in lines]


def _figures(told: Mapping[str, Any], digits: int, prefix: str) -> Figures:
    total, net, tax = (
        None if told.get(name) is None else money(told[name], digits, prefix + name) for name in ("total", "net", "tax")
    )
    return Figures(total, net, tax)


def _spend(told: object, digits: int) -> tuple[int, int]:
    if told is None:
        return SPEND_NONE, 0
    if isinstance(told, str):
        if told not in _SPENDS:
            raise Unreadable("spend must be max, full or {amount: ...}")
        return _SPENDS[told], 0
    request = mapping(told, "spend")
    if set(request) != {"amount"}:
        raise Unreadable("spend must be max, full or {amount: ...}")
    amount = money(request["amount"], digits, "spend amount")
    if amount <= 0:
        raise BadAmount("spend amount must be above zero")
    return SPEND_AMOUNT, amount


def _complete(lines: list[Figures], told: Figures) -> list[tuple[int, int, int]]:
    """Total, net and tax of every line; an event without lines is one line."""
    if not lines:
        if told.total is None and told.net is None:
            raise BadAmount("neither lines nor a total")
        figures = [_filled(told, "")]
    else:
        figures = [_filled(each, f"line {number}: ") for number, each in enumerate(lines, 1)]
        if all(each.net is None and each.tax is None for each in lines):
            figures = _taxed(figures, told)
        for name, place in (("total", 0), ("net", 1), ("tax", 2)):
            value, added = told[place], sum(each[place] for each in figures)
            if value is not None and value != added:
                raise Refusal(Reason.AMOUNTS_DISAGREE, f"{name} is {value}, the lines add up to {added} (minor units)")
    total = sum(each[0] for each in figures)
    if total < 0:
        raise BadAmount("the total is below zero")
    money(total, 0, "the sum of the lines")
    return figures


def _filled(told: Figures, place: str) -> tuple[int, int, int]:
    total, net, tax = told
    if total is None:
        assert net is not None
        total = net + (tax or 0)
    if net is None:
        net = total - (tax or 0)
    if tax is None:
        tax = total - net
    if total != net + tax:
        raise Refusal(Reason.AMOUNTS_DISAGREE, f"{place}total {total} is not net {net} + tax {tax} (minor units)")
    return total, net, tax


def _taxed(figures: list[tuple[int, int, int]], told: Figures) -> list[tuple[int, int, int]]:
    """Lines that are silent about tax share out what the event tells of it, in proportion to their totals."""
    whole = sum(total for total, _, _ in figures)
    tax = told.tax if told.tax is not None else (whole - told.net if told.net is not None else 0)
    if tax == 0 or whole <= 0:
        return figures
    parts = shares(tax, [total for total, _, _ in figures])
    return [(total, total - part, part) for (total, _, _), part in zip(figures, parts, strict=True)]


def _converted(figures: tuple[int, int, int], factor: Fraction) -> tuple[int, int, int]:
    """Total and net half up, tax the difference."""
    total, net = half_up(figures[0] * factor), half_up(figures[1] * factor)
    money(total, 0, "the converted total")
    return total, net, total - net


def _bought(lines: list[Line], figures: list[tuple[int, int, int]], spend_kind: int, spend_amount: int) -> Bought:
    for line, (total, net, tax) in zip(lines, figures, strict=True):
        line.total, line.net, line.tax = total, net, tax
    sums = [sum(each[place] for each in figures) for place in range(3)]
    money(sums[0], 0, "the total")
    return Bought(
        tuple(lines), sums[0], sums[1], sums[2], sum(line.quantity for line in lines), spend_kind, spend_amount
    )
