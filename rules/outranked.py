"""Offers that another of their resolution group outranks on every event that they could win."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guerdon.rules.implication import implies
from guerdon.rules.program import Amount, Offer, Per, Percent, Program, Scheme


def always_outranked(program: Program) -> Iterator[tuple[Offer, Offer]]:
    """Pairs (offer, the one that takes every award from it), in the order of the offers."""
    modes = {group.id: group.mode for group in program.business.groups}
    schemes = {scheme.id: scheme for scheme in program.schemes}
    fought = [
        offer
        for offer in program.offers
        if modes.get(offer.group, "all") != "all" and _runs(offer, schemes) and _takes_part(offer)
    ]
    strong: dict[object, list[Offer]] = {}
    for offer in fought:
        if _always_there(offer):
            strong.setdefault(_rivalry(offer), []).append(offer)
    for offer in fought:
        rivals = strong.get(_rivalry(offer), ())
        winner = next((rival for rival in rivals if _outranks(rival, offer, modes[offer.group])), None)
        if winner is not None:
            yield offer, winner


def _rivalry(offer: Offer) -> object:
    """What two offers must have in common for one to be a sure rival of the other."""
    return offer.group, offer.scheme, offer.on, offer.owner, offer.funding


def _always_there(offer: Offer) -> bool:
    """Whether nothing that was given or collected before can keep it from winning."""
    limited = offer.goals or offer.caps or offer.unlocked_by
    return not limited and offer.cooldown is None and not offer.less_spend


def _runs(offer: Offer, schemes: dict[str, Scheme]) -> bool:
    return offer.active and schemes[offer.scheme].active


def _takes_part(offer: Offer) -> bool:
    """Whether its award is of a form that can be compared here."""
    return isinstance(offer.award, Amount | Percent | Per)


def _outranks(strong: Offer, weak: Offer, mode: str) -> bool:
    if strong.id == weak.id or not _wins_whenever(strong, weak):
        return False
    first = (strong.priority, strong.id) < (weak.priority, weak.id)
    if mode == "first":
        return first and (_is_something(strong) or _gives_as_much(strong, weak))
    return _gives_as_much(strong, weak) and (first or _gives_more(strong, weak))


def _wins_whenever(strong: Offer, weak: Offer) -> bool:
    """Whether ``strong`` meets its tests on every event on which ``weak`` does."""
    return (
        _lies_within(weak, strong)
        and all(
            _narrower(mine, its)
            for mine, its in (
                (weak.merchants, strong.merchants), (weak.venues, strong.venues), (weak.channels, strong.channels),
                (weak.tiers, strong.tiers), (weak.segments, strong.segments),
            )
        )
        and (not strong.times or strong.times == weak.times)
        and implies(weak.contact, strong.contact)
        and implies(weak.event, strong.event)
        and implies(weak.lines, strong.lines)
        and (strong.needs is None or (strong.needs == weak.needs and strong.lines == weak.lines))
    )  # fmt: skip


def _lies_within(weak: Offer, strong: Offer) -> bool:
    start, end = strong.available_from, strong.available_until
    begins = start is None or (weak.available_from is not None and weak.available_from >= start)
    return begins and (end is None or (weak.available_until is not None and weak.available_until <= end))


def _narrower(mine: Sequence[str], its: Sequence[str]) -> bool:
    """Whether a list of which one is enough admits no more than another; an empty one is no test."""
    return not its or (bool(mine) and set(mine) <= set(its))


def _gives_as_much(strong: Offer, weak: Offer) -> bool:
    """Whether it gives at least as much on each such event, caps apart (they only make ``weak`` smaller)."""
    several = weak.needs is not None and weak.needs.each
    match strong.award, weak.award:
        case Amount(amount_minor=mine), Amount(amount_minor=its):
            return mine >= its > 0 and not weak.goals and (not several or _wins_often(strong))
        case Percent(rate=mine_rate), Percent(rate=its_rate):
            same = strong.rounding == weak.rounding and strong.net == weak.net
            return same and _base_covers(strong, weak) and mine_rate.num * its_rate.den >= its_rate.num * mine_rate.den
        case Per(), Per():
            return strong.award == weak.award and strong.net == weak.net and strong.lines == weak.lines
    return False


def _wins_often(strong: Offer) -> bool:
    """Whether it wins once per multiple too (its ``needs`` are those of the other)."""
    return strong.needs is not None and strong.needs.each


def _base_covers(strong: Offer, weak: Offer) -> bool:
    """Whether its base is at least the other's, as long as no line is below zero."""
    match strong.award, weak.award:
        case Percent(of="event"), Percent(of="event" | "lines"):
            return True
        case Percent(of="lines"), Percent(of="lines"):
            bundles = any(offer.needs is not None and offer.needs.kind == "all" for offer in (strong, weak))
            return strong.lines == weak.lines if bundles else True
    return False


def _is_something(offer: Offer) -> bool:
    """Whether each award of it is above zero, whatever the base."""
    return isinstance(offer.award, Amount) and offer.award.amount_minor > 0


def _gives_more(strong: Offer, weak: Offer) -> bool:
    match strong.award, weak.award:
        case Amount(amount_minor=mine), Amount(amount_minor=its):
            return mine > its
        case Percent(rate=mine_rate), Percent(rate=its_rate):
            return mine_rate.num * its_rate.den > its_rate.num * mine_rate.den
    return False
