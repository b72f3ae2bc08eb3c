"""The forms of an award in words."""

from __future__ import annotations

from collections.abc import Iterator

from guerdon.engine.report.terms_words import Words, count, each
from guerdon.rules.program import (
    Amount,
    Brackets,
    Draw,
    Multiply,
    Offer,
    Per,
    Percent,
    Product,
    Program,
)

_ROUNDING = {
    "half_up": "to the nearest unit, a half upwards",
    "half_even": "to the nearest unit, a half to the even one",
    "floor": "down",
    "ceil": "up",
}
_ROUNDED = (Percent, Brackets, Multiply)


def award_in_words(offer: Offer, program: Program, words: Words) -> Iterator[str]:
    """What a win gives, and of what it is counted."""
    match offer.award:
        case Amount(amount_minor=amount):
            yield f"you get {words.reward(amount)}"
        case Percent(rate=rate, of=of):
            yield f"you get {words.rate(rate)} of {_base(offer, of)}"
        case Per(step_minor=step, give_minor=give):
            yield f"you get {words.reward(give)} for every whole {words.money(step)} of {_base(offer, 'lines')}"
        case Brackets():
            yield f"you get {_brackets(offer.award, words)} of {_base(offer, 'lines')}"
        case Multiply(factor=factor, offers=named):
            titles = [f"“{other.title}”" for other in program.offers if other.id in named]
            yield f"what {each(titles)} gave on the same event is multiplied by {words.factor(factor)}"
        case Product(sku=sku, quantity=quantity, value_minor=value):
            yield f"you get {count(quantity, 'piece')} of the article {sku} free (worth {words.money(value)})"
        case Draw():
            yield from _draw(offer.award, words)
    if isinstance(offer.award, _ROUNDED):
        yield f"the award is rounded {_ROUNDING[offer.rounding]}"
    if offer.net:
        yield "amounts are counted before tax"
    if offer.less_spend:
        yield "what you pay with reward money is not counted"


def _base(offer: Offer, of: str) -> str:
    if of == "progress":
        return "the purchases that reached the goal"
    if of == "event" or (offer.lines is None and (offer.needs is None or offer.needs.kind != "all")):
        return "the whole purchase"
    return "the articles that count"


def _brackets(award: Brackets, words: Words) -> str:
    parts, below = [], 0
    for bracket in award.brackets:
        rate = words.rate(bracket.rate)
        if bracket.to_minor is None:
            parts.append(f"{rate} of what is above {words.money(below)}" if below else rate)
        elif below:
            parts.append(f"{rate} of what lies between {words.money(below)} and {words.money(bracket.to_minor)}")
        else:
            parts.append(f"{rate} of the first {words.money(bracket.to_minor)}")
        below = bracket.to_minor or below
    return each(parts)


def _draw(draw: Draw, words: Words) -> Iterator[str]:
    yield (
        f"on {words.date(draw.at)} we draw {count(draw.winners, 'winner')} of {words.reward(draw.amount_minor)}"
        f"{' each' if draw.winners > 1 else ''}"
    )
    entries = count(draw.entries, "entry", "entries")
    yield f"you are in the draw with at least {entries} before that day; each event that meets these terms is one entry"
