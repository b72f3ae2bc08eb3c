"""The rule versions of a ledger, compiled again when something of theirs comes back: a return, a lot put back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.decide.line_shares import LineShares
from guerdon.engine.decide.tables import Tables, build
from guerdon.engine.match.matcher import Matcher
from guerdon.rules import program_from_canonical
from guerdon.rules.program import Offer, Program

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

KEPT = 8  # versions compiled at a time


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version at work. ``place``: index of an offer by its number; ``rules``: its arrays ``r_...``."""

    number: int
    program: Program
    tables: Tables
    matcher: Matcher
    shares: LineShares
    place: dict[int, int]
    rules: dict[str, Any]  # r_ and zone_ arrays as records

    def offer(self, number: int) -> Offer:
        """The offer of a number."""
        return self.program.offers[self.place[number]]


def version_of(decider: Decider, number: int) -> RuleVersion:
    """The version of a number; that in force is not compiled again."""
    found = decider.versions.pop(number, None)
    if found is None:
        found = _compiled(decider, number)
    while len(decider.versions) >= KEPT:
        decider.versions.pop(next(iter(decider.versions)))
    decider.versions[number] = found
    return found


def has_forfeited(decider: Decider) -> bool:
    """Whether the rules in force, or any before them, let money of closed contacts be forfeited."""
    if decider.has_forfeited is None:
        before = (program_from_canonical(canonical) for _, canonical in decider.store.programmes().values())
        programs = [decider.program, *before]
        decider.has_forfeited = any(scheme.forfeit_after for program in programs for scheme in program.schemes)
    return decider.has_forfeited


def _compiled(decider: Decider, number: int) -> RuleVersion:
    if number == int(decider.tables.arrays["r_head"]["version"][0]):
        program, tables = decider.program, decider.tables
    else:
        program = program_from_canonical(decider.store.programmes()[number][1])
        tables = build(program, decider.store.names, number)
    matcher = Matcher(program)
    place = {int(offer): k for k, offer in enumerate(tables.arrays["r_offer"]["number"])}
    rules = {name: a.view(np.recarray) if a.dtype.names else a for name, a in tables.arrays.items()}
    return RuleVersion(number, program, tables, matcher, LineShares(program, matcher), place, rules)
