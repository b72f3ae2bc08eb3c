"""What is hardly meant in one offer: that nothing can win it, that it gives nothing, that its caps cut every award."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guerdon.rules.condition import All, Field, FieldType, Test
from guerdon.rules.contradiction import never_holds
from guerdon.rules.document import Path
from guerdon.rules.problems import Remark
from guerdon.rules.program import Amount, Award, Brackets, Draw, Multiply, Offer, Per, Percent, Program, Rate
from guerdon.rules.reachable import goals_in_doubt
from guerdon.rules.view import Found
from guerdon.rules.words import WINNING_EVENTS

_WITHOUT_LINES = tuple(event for event in WINNING_EVENTS if event != "purchase")
_NO_TOTAL = Test(Field("event", "total", FieldType.MONEY), "equals", (0,))


def in_doubt(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    """Every remark on one offer; ``found``: where it is written."""
    rules: tuple[Callable[[Offer, Found, Program], Iterator[Remark]], ...] = (
        _availability, _contradictions, _places, _segments, _without_lines, _nothing_to_give, _nothing_to_multiply,
        _caps,
    )  # fmt: skip
    for rule in rules:
        yield from rule(offer, found, program)
    yield from goals_in_doubt(offer, found.owner, program.business.unit.worth)


def _availability(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    start, end = offer.available_from, offer.available_until
    if start is not None and end is not None and start >= end:
        message = f"{found.owner} is never available: {end} is not after {start}"
        yield Remark("never-wins", ("available", "until"), message, "'until' is exclusive: write a later date")
    if isinstance(offer.award, Draw) and start is not None and offer.award.at <= start:
        message = f"{found.owner} is drawn on {offer.award.at} and takes no entries before {start}"
        yield Remark("never-wins", ("award", "draw", "at"), message, "draw it later, or make it available earlier")


def _contradictions(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    conditions: list[tuple[Path, bool]] = [
        (("event",), offer.event is not None and never_holds(offer.event)),
        (("lines",), offer.lines is not None and never_holds(offer.lines)),
        (("who", "contact"), offer.contact is not None and never_holds(offer.contact)),
    ]
    for at, matcher in enumerate(offer.needs.matchers if offer.needs is not None else ()):
        conditions.append((("needs", "all", at), never_holds(matcher)))
    for path, never in conditions:
        if never:
            message = f"nothing can meet these tests of {found.owner}: they exclude each other"
            yield Remark("never-wins", path, message, "widen or remove one of them")


def _places(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    """Merchants and venues that exclude each other; merchants whose terms let nobody be awarded by this scheme."""
    if not offer.merchants or "at" not in found.value:
        return
    venues = {venue.id for merchant in program.merchants if merchant.id in offer.merchants for venue in merchant.venues}
    if offer.venues and not venues & set(offer.venues):
        message = f"no venue of {found.owner} belongs to a merchant of it, and both must hold"
        yield Remark("never-wins", ("at", "venues"), message, "name the merchants, or the venues, alone")
    terms = [each for each in program.terms if each.merchant in offer.merchants]
    allowed = [
        each
        for each in terms
        if each.active
        and (each.award_own or each.award_others)
        and (each.schemes is None or offer.scheme in each.schemes)
    ]
    if terms and not allowed and {each.merchant for each in terms} == set(offer.merchants):
        message = f"the terms of the merchants of {found.owner} allow no award of it"
        yield Remark("never-wins", ("at", "merchants"), message, "change the terms, or name other merchants")


def _segments(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    empty = {segment.id for segment in program.segments if segment.members == ()}
    if offer.segments and set(offer.segments) <= empty:
        message = f"nobody is in the segments of {found.owner}: their lists are empty"
        yield Remark("never-wins", ("who", "segments"), message, "write contact ids into the list, one a line")


def _without_lines(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    if offer.on not in _WITHOUT_LINES:
        return
    for key in ("lines", "needs"):
        if key in found.value:
            message = f"{found.owner} waits for {offer.on}, which has no lines"
            yield Remark("never-wins", (key,), message, f"remove {key}, or write on: purchase")
    if offer.event is not None and not never_holds(offer.event) and never_holds(All((offer.event, _NO_TOTAL))):
        message = f"{found.owner} waits for {offer.on}, whose total is 0"
        yield Remark("never-wins", ("event",), message, "remove the test of the total, or write on: purchase")


def _nothing_to_give(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    if _is_zero(offer.award):
        yield Remark("gives-nothing", ("award",), f"the award of {found.owner} is zero", "give it an amount")
    elif isinstance(offer.award, Percent | Per | Brackets) and offer.on in _WITHOUT_LINES:
        message = f"{found.owner} waits for {offer.on}, whose total is 0: it gives nothing"
        yield Remark("gives-nothing", ("award",), message, "write award: {amount: 5.00}")


def _is_zero(award: Award) -> bool:
    match award:
        case Amount(amount_minor=0) | Percent(rate=Rate(num=0)) | Per(give_minor=0):
            return True
        case Brackets(brackets=brackets):
            return all(bracket.rate.num == 0 for bracket in brackets)
    return False


def _nothing_to_multiply(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    if not isinstance(offer.award, Multiply) or not offer.active:
        return
    running = {scheme.id for scheme in program.schemes if scheme.active}
    named = [each for each in program.offers if each.id in offer.award.offers]
    if not any(each.active and each.scheme in running and each.on == offer.on for each in named):
        message = f"{found.owner} multiplies offers that give nothing on the same event: they are not active"
        yield Remark("gives-nothing", ("award", "offers"), message, "name active offers on the same event")


def _caps(offer: Offer, found: Found, program: Program) -> Iterator[Remark]:
    least = _least_award(offer, program.business.unit.worth)
    for at, cap in enumerate(offer.caps[: len(found.value.get("caps", ()))]):
        if cap.measure == "amount" and cap.limit < least:
            message = f"this cap of {found.owner} is smaller than one award: each is clipped"
            yield Remark("cap-below-award", ("caps", at, "amount"), message, "raise the cap, or lower the award")


def _least_award(offer: Offer, worth: Rate) -> int:
    """What one award is at least, in minor units of the wallet, as far as the offer says it; 0 if it does not."""
    match offer.award:
        case Amount(amount_minor=amount) | Draw(amount_minor=amount):
            return amount
        case Percent(of="lines", rate=rate) if _needs_an_amount(offer) and not offer.less_spend and not offer.net:
            assert offer.needs is not None
            return offer.needs.threshold * rate.num * worth.den // (rate.den * worth.num)
    return 0


def _needs_an_amount(offer: Offer) -> bool:
    return offer.needs is not None and offer.needs.kind == "amount"
