"""Lints: what is allowed and hardly meant. A programme with lints runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from guerdon.rules.contradiction import never_holds
from guerdon.rules.document import Path
from guerdon.rules.names import ANYWHERE
from guerdon.rules.problems import Problem
from guerdon.rules.program import Amount, Award, Brackets, Offer, Per, Percent, Program, Rate
from guerdon.rules.source import Source
from guerdon.rules.view import Found, View
from guerdon.rules.words import WINNING_EVENTS

LINT_CODES = (
    "file-not-read",
    "no-terms",
    "unused-segment",
    "unused-pool",
    "unused-group",
    "never-wins",
    "gives-nothing",
    "cap-below-award",
    "unreachable-tier",
    "no-birth-date",
)
_WITHOUT_LINES = tuple(event for event in WINNING_EVENTS if event != "purchase")


@dataclass(frozen=True)
class _Written:
    """A compiled offer and where it is written."""

    offer: Offer
    found: Found

    def lint(self, code: str, message: str, hint: str, *below: str | int) -> Problem:
        return self.found.problem(code, message, hint, below=below, severity="lint")


def lints(view: View, program: Program, source: Source) -> Iterator[Problem]:
    """Every lint of a programme without errors."""
    for name in source.unread():
        message = "this file is not read: rule files end in .yaml"
        yield Problem(name, 1, 1, "file-not-read", message, f"rename it to {name[:-4]}.yaml", severity="lint")
    yield from _merchants_without_terms(view, program)
    yield from _unused(view, program)
    yield from _tiers(view)
    yield from _birth_dates(view, program)
    places = {found.id: found for found in view.offers}
    rules: tuple[Callable[[_Written], Iterator[Problem]], ...] = (
        _availability, _contradictions, _events_without_lines, _nothing_to_give, _caps,
    )  # fmt: skip
    for offer in program.offers:
        if offer.id in places:  # those of the default scheme are written nowhere
            for rule in rules:
                yield from rule(_Written(offer, places[offer.id]))


def _merchants_without_terms(view: View, program: Program) -> Iterator[Problem]:
    agreed = {terms.merchant for terms in program.terms}
    for found in view.mappings("merchants.*"):
        if found.id not in agreed:
            message = f"merchant '{found.id}' has no terms: nothing is awarded or spent at it"
            yield found.problem("no-terms", message, "add an entry for it to terms:", below=("id",), severity="lint")


def _unused(view: View, program: Program) -> Iterator[Problem]:
    used: dict[str, set[str]] = {
        "segment": {segment for offer in program.offers for segment in offer.segments},
        "pool": {ANYWHERE} | {offer.pool for offer in program.offers},
        "group": {offer.group for offer in program.offers} | {group.parent or "" for group in program.business.groups},
    }
    patterns = {"segment": "segments.*", "pool": "pools.*", "group": "business.resolution.groups.*"}
    for kind, pattern in patterns.items():
        for found in view.mappings(pattern):
            if found.id not in used[kind]:
                message = f"no offer uses the {kind} '{found.id}'"
                hint = "remove it, or name it in an offer"
                yield found.problem(f"unused-{kind}", message, hint, below=("id",), severity="lint")


def _tiers(view: View) -> Iterator[Problem]:
    ladder = list(view.mappings("tiers.ladder.*"))
    for lower, upper in pairwise(ladder):
        if int(lower.value["needs"]) == int(upper.value["needs"]):
            message = f"nobody is ever in tier '{lower.id}': '{upper.id}' needs as much and is higher"
            yield upper.problem(
                "unreachable-tier", message, "give the higher tier a larger need", below=("needs",), severity="lint"
            )


def _birth_dates(view: View, program: Program) -> Iterator[Problem]:
    if any(attribute.name == "birth_date" for attribute in program.business.attributes_contact):
        return
    hint = "declare attributes: {contact: {birth_date: {type: date, personal: true}}} in business"
    for pattern in ("segments.*.contacts", "offers.*.who.contact"):
        for found in view.mappings(pattern):
            for key in ("birth_month", "birth_day"):
                if key in found.value:
                    message = f"'{key}' is read from the attribute birth_date, which contacts do not have"
                    yield found.problem("no-birth-date", message, hint, below=(key,), severity="lint")
    for found in view.offers:
        if found.value.get("type") == "birthday":
            message = "birthdays are read from the attribute birth_date, which contacts do not have"
            yield found.problem("no-birth-date", message, hint, below=("type",), severity="lint")


def _availability(written: _Written) -> Iterator[Problem]:
    start, end = written.offer.available_from, written.offer.available_until
    if start is not None and end is not None and start >= end:
        message = f"{written.found.owner} is never available: {end} is not after {start}"
        yield written.lint("never-wins", message, "'until' is exclusive: write a later date", "available", "until")


def _contradictions(written: _Written) -> Iterator[Problem]:
    offer = written.offer
    conditions: list[tuple[Path, bool]] = [
        (("event",), offer.event is not None and never_holds(offer.event)),
        (("lines",), offer.lines is not None and never_holds(offer.lines)),
        (("who", "contact"), offer.contact is not None and never_holds(offer.contact)),
    ]
    for at, matcher in enumerate(offer.needs.matchers if offer.needs is not None else ()):
        conditions.append((("needs", "all", at), never_holds(matcher)))
    for path, never in conditions:
        if never:
            message = f"nothing can meet these tests of {written.found.owner}: they exclude each other"
            yield written.lint("never-wins", message, "widen or remove one of them", *path)


def _events_without_lines(written: _Written) -> Iterator[Problem]:
    offer = written.offer
    if offer.on in _WITHOUT_LINES:
        for key in ("lines", "needs"):
            if key in written.found.value:
                message = f"{written.found.owner} waits for {offer.on}, which has no lines"
                yield written.lint("never-wins", message, f"remove {key}, or write on: purchase", key)


def _nothing_to_give(written: _Written) -> Iterator[Problem]:
    offer, award = written.offer, written.offer.award
    if _is_zero(award):
        yield written.lint("gives-nothing", f"the award of {written.found.owner} is zero", "give it an amount", "award")
    elif isinstance(award, Percent | Per | Brackets) and offer.on in _WITHOUT_LINES:
        message = f"{written.found.owner} waits for {offer.on}, whose total is 0: it gives nothing"
        yield written.lint("gives-nothing", message, "write award: {amount: 5.00}", "award")


def _is_zero(award: Award) -> bool:
    match award:
        case Amount(amount_minor=0) | Percent(rate=Rate(num=0)) | Per(give_minor=0):
            return True
        case Brackets(brackets=brackets):
            return all(bracket.rate.num == 0 for bracket in brackets)
    return False


def _caps(written: _Written) -> Iterator[Problem]:
    award = written.offer.award
    if not isinstance(award, Amount):
        return
    for at, cap in enumerate(written.offer.caps[: len(written.found.value.get("caps", ()))]):
        if cap.measure == "amount" and cap.limit < award.amount_minor:
            message = f"this cap of {written.found.owner} is smaller than one award: each is clipped"
            yield written.lint("cap-below-award", message, "raise the cap, or lower the award", "caps", at, "amount")
