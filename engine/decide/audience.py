"""Which offers a contact is an audience of: segments and contact tests, worked out when the contact changes.

A test on the date of birth depends on the event's date too, so there are three rows of bits: for other months, for
the month of birth, and for the day of birth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guerdon.rules.condition import Condition
from guerdon.rules.match.python import compile_test
from guerdon.rules.program import Offer, Program

ROWS = 3
_OTHER, _MONTH, _DAY = range(ROWS)
_ANY_YEAR = 2024


class Audience:
    """The contact tests of a programme."""

    def __init__(self, program: Program, words: int) -> None:
        self._words = words
        tests = {id(c): compile_test(c) for c in _conditions(program)}
        listed = {s.id: frozenset(s.members) for s in program.segments if s.members is not None}
        self._segments: dict[str, Callable[[Mapping[str, Any]], bool]] = {}
        for segment in program.segments:
            if segment.contacts is not None:
                self._segments[segment.id] = tests[id(segment.contacts)]
            else:
                self._segments[segment.id] = _member_of(listed.get(segment.id, frozenset()))
        self._tested = [(o, offer) for o, offer in enumerate(program.offers) if offer.segments or offer.contact]
        self._tests = tests
        self._untested = np.zeros(words, np.uint64)
        for o, offer in enumerate(program.offers):
            if not offer.segments and not offer.contact:
                self._untested[o // 64] |= np.uint64(1 << (o % 64))
        self._holdouts = [
            (k, scheme.id, scheme.holdout) for k, scheme in enumerate(program.schemes) if scheme.holdout is not None
        ]
        # Codes that unlock an offer are entered by contacts; an offer with one is shut to everybody else.
        self.locked = {o: offer.unlocked_by for o, offer in enumerate(program.offers) if offer.unlocked_by}

    @property
    def tests_nothing(self) -> bool:
        """Whether every contact is an audience of every offer."""
        return not self._tested and not self.locked

    def bits(self, fields: Mapping[str, Any], unlocked: frozenset[str] = frozenset()) -> np.ndarray:
        """The rows of bits, uint64[3, W], of a contact with these fields (``id`` among them) and open code entries."""
        rows = np.tile(self._untested, (ROWS, 1))
        month, day = fields.get("birth_month") or 0, fields.get("birth_day") or 0
        dates = (
            (_ANY_YEAR, month % 12 + 1, 15),
            (_ANY_YEAR, month or 1, 30 if day != 30 else 29),
            (_ANY_YEAR, month or 1, day),
        )
        for row, (year, of_month, of_day) in enumerate(dates):
            told = {**fields, "_year": year, "_month": of_month, "_day": of_day}
            for o, offer in self._tested:
                if self._holds(offer, told):
                    rows[row, o // 64] |= np.uint64(1 << (o % 64))
        for o, codes in self.locked.items():
            if not unlocked.intersection(codes):
                rows[:, o // 64] &= ~np.uint64(1 << (o % 64))
        return rows

    def holdout_bits(self, contact: str) -> int:
        """Schemes, as bits by index, that this contact is held out of (spec 4, settled questions)."""
        bits = 0
        for k, scheme, rate in self._holdouts:
            first = hashlib.sha256(f"{scheme}|{contact}".encode()).digest()[:8]
            if int.from_bytes(first, "big") % 10_000 * rate.den < rate.num * 10_000:
                bits |= 1 << k
        return bits

    def _holds(self, offer: Offer, told: Mapping[str, Any]) -> bool:
        if offer.segments and not any(self._segments[s](told) for s in offer.segments):
            return False
        return offer.contact is None or self._tests[id(offer.contact)](told)


def _member_of(members: frozenset[str]) -> Callable[[Mapping[str, Any]], bool]:
    return lambda told: told.get("id") in members


def _conditions(program: Program) -> list[Condition]:
    of_segments = [s.contacts for s in program.segments if s.contacts is not None]
    return of_segments + [o.contact for o in program.offers if o.contact is not None]
