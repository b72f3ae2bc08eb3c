"""Offers and schemes that charge a merchant where none can be charged: the business pays, unasked (spec 6, Funding)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from guerdon.rules.program import Offer, Program, Scheme, Share

# Brought by the calendar or decided by itself, at no merchant.
_NOWHERE = ("birthday", "subscription_matured")


class Unfunded(NamedTuple):
    """Of an offer, or of a scheme (``offer`` is None): why no merchant bears its ``funding``."""

    scheme: Scheme
    offer: Offer | None
    why: str


def unfunded(program: Program) -> Iterator[Unfunded]:
    """Where the rules say that a merchant funds awards, and no merchant ever does."""
    offers: dict[str, list[Offer]] = {}
    for offer in program.offers:
        offers.setdefault(offer.scheme, []).append(offer)
    for scheme in program.schemes:
        mine = offers.get(scheme.id, [])
        if _charges(scheme.funding) and mine and all(_nowhere(offer, program) for offer in mine):
            yield Unfunded(scheme, None, _nowhere(mine[0], program))
        for offer in mine:
            why = _nowhere(offer, program)
            if _charges(offer.funding) and why:
                yield Unfunded(scheme, offer, why)


def _charges(funding: Share | None) -> bool:
    """Whether a merchant is to bear anything."""
    if funding is None:
        return False
    return funding.amount_minor != 0 if funding.rate is None else funding.rate.num != 0


def _nowhere(offer: Offer, program: Program) -> str:
    """Why the offer is never won at a merchant, in words; empty if it may be."""
    if offer.owner is not None:
        return ""
    if not program.merchants:
        return "this programme has no merchants"
    if offer.on in _NOWHERE:
        return f"{offer.on} happens at no merchant"
    merchants = {venue.id for merchant in program.merchants for venue in merchant.venues}
    if offer.venues and not offer.merchants and not merchants & set(offer.venues):
        return "its venues are the business's own"
    return ""
