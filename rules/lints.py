"""Lints: what is allowed and hardly meant. A programme with lints runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guerdon.rules.funders import unfunded
from guerdon.rules.names import ANYWHERE
from guerdon.rules.offer_lints import in_doubt
from guerdon.rules.outranked import always_outranked
from guerdon.rules.problems import Problem
from guerdon.rules.program import Program
from guerdon.rules.source import Source
from guerdon.rules.view import Found, View

LINT_CODES = (
    "file-not-read",
    "no-terms",
    "unused-segment",
    "unused-pool",
    "unused-group",
    "never-wins",
    "always-outranked",
    "gives-nothing",
    "cap-below-award",
    "goal-above-cap",
    "missing-funder",
    "unreachable-tier",
    "no-birth-date",
)


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
    for offer in program.offers:
        found = places.get(offer.id)
        if found is not None:  # those of the default scheme are written nowhere
            for code, path, message, hint in in_doubt(offer, found, program):
                yield found.problem(code, message, hint, below=path, severity="lint")
    yield from _outranked(places, program)
    yield from _funders(view, places, program)


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


def _outranked(places: dict[str, Found], program: Program) -> Iterator[Problem]:
    modes = {group.id: group.mode for group in program.business.groups}
    for weak, strong in always_outranked(program):
        found = places.get(weak.id)
        if found is not None:
            first = modes[weak.group] == "first"
            why = "comes first" if first else "gives at least as much"
            message = f"{found.owner} never gives: '{strong.id}' wins whenever it could, and {why}"
            hint = f"{'give it a smaller priority' if first else 'raise its award'}, or put it into another group"
            below = ("group",) if "group" in found.value else ("award",)
            yield found.problem("always-outranked", message, hint, below=below, severity="lint")


def _funders(view: View, places: dict[str, Found], program: Program) -> Iterator[Problem]:
    schemes = {found.id: found for found in view.mappings("scheme")}
    for scheme, offer, why in unfunded(program):
        found = schemes.get(scheme.id) if offer is None else places.get(offer.id)
        if found is not None and "funding" in found.value:
            message = f"no merchant bears the funding of {found.owner}: {why}; the business pays"
            hint = "remove funding, or name the merchant that pays as owner"
            yield found.problem("missing-funder", message, hint, below=("funding",), severity="lint")
