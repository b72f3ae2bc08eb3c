"""Where an event happened: merchant, venue and tap, looked up from each other."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

from guerdon.rules.program import Program


class UnknownPlace(Exception):
    """No such merchant, venue or tap, or they contradict each other."""


class Place(NamedTuple):
    """``merchant`` None: the business itself."""

    merchant: str | None
    venue: str | None
    tap: str | None


class Places:
    """The places of a programme."""

    def __init__(self, program: Program) -> None:
        self.own = None if program.business.venues is None else frozenset(program.business.venues)
        self.merchants = {merchant.id: index for index, merchant in enumerate(program.merchants)}
        self.venues: dict[str, str] = {}
        self.taps: dict[str, tuple[str, str]] = {}
        for merchant in program.merchants:
            for venue in merchant.venues:
                self.venues[venue.id] = merchant.id
                self.taps.update(dict.fromkeys(venue.taps, (venue.id, merchant.id)))
        self._seen: dict[tuple[str | None, str | None, str | None], Place | str] = {}

    def resolve(self, merchant: str | None, venue: str | None, tap: str | None) -> Place:
        """The full place of what was told. A merchant alone leaves its venue open. Raises ``UnknownPlace``."""
        key = (merchant, venue, tap)
        found = self._seen.get(key)
        if found is None:
            try:
                found = self._look_up(merchant, venue, tap)
            except UnknownPlace as problem:
                found = str(problem)
            if len(self._seen) < 100_000:
                self._seen[key] = found
        if isinstance(found, str):
            raise UnknownPlace(found)
        return found

    def _look_up(self, merchant: str | None, venue: str | None, tap: str | None) -> Place:
        if merchant is not None and merchant not in self.merchants:
            raise UnknownPlace(f"no merchant {merchant!r}{_nearest(merchant, self.merchants)}")
        if tap is not None and tap in self.taps:
            at, owner = self.taps[tap]
            if venue not in (None, at) or merchant not in (None, owner):
                raise UnknownPlace(f"tap {tap!r} is at venue {at!r} of merchant {owner!r}")
            return Place(owner, at, tap)
        if venue is not None and venue in self.venues:
            owner = self.venues[venue]
            if merchant not in (None, owner):
                raise UnknownPlace(f"venue {venue!r} is of merchant {owner!r}")
            if tap is not None:
                raise UnknownPlace(f"no tap {tap!r} at venue {venue!r}")
            return Place(owner, venue, None)
        if venue is not None:
            if merchant is not None or (self.own is not None and venue not in self.own):
                raise UnknownPlace(f"no venue {venue!r}{_nearest(venue, self.venues)}")
            return Place(None, venue, tap)
        if tap is not None:
            raise UnknownPlace(f"no tap {tap!r}{_nearest(tap, self.taps)}")
        return Place(merchant, None, None)


def _nearest(name: str, known: dict[str, object] | dict[str, int] | dict[str, str] | dict[str, tuple[str, str]]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; {near[0]!r} is the nearest" if near else ""
