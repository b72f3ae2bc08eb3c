"""The tests that many offers share, as words of 64 offers: triggers, standing, tiers, days, hours, selectors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from guerdon.engine.codes import EventType
from guerdon.rules.match.python import compile_test
from guerdon.rules.program import Program
from guerdon.rules.selection import Selection

U64 = np.uint64


def mask_of(words: int, indexes: Iterable[int]) -> np.ndarray:
    """A mask with the bits of the given offers."""
    mask = np.zeros(words, U64)
    for o in indexes:
        mask[o // 64] |= U64(1 << (o % 64))
    return mask


def masks(program: Program, words: int, selection: Selection) -> dict[str, np.ndarray]:
    """The arrays r_trigger, r_standing, r_tier_mask, r_selector_mask and r_scheme_mask."""
    offers = list(enumerate(program.offers))
    active = {s.id for s in program.schemes if s.active}
    trigger = np.zeros((max(EventType) + 1, words), U64)
    for kind in EventType:
        trigger[kind] = mask_of(words, (o for o, offer in offers if offer.on == kind.name.lower()))
    nothing: dict[str, str | int | bool | None] = {
        "total": 0,
        "net": 0,
        "tax": 0,
        "quantity": 0,
        "currency": program.business.currency,
    }
    bare = (o for o, offer in offers if offer.event is None or compile_test(offer.event)(nothing))
    standing = [
        mask_of(words, (o for o, offer in offers if offer.active)),
        mask_of(words, (o for o, offer in offers if offer.scheme in active)),
        mask_of(words, bare),
    ]
    ladder = [t.id for t in program.tiers.ladder] if program.tiers else []
    tiers = [mask_of(words, (o for o, offer in offers if not offer.tiers))]
    tiers += [mask_of(words, (o for o, offer in offers if not offer.tiers or t in offer.tiers)) for t in ladder]
    selectors = [
        mask_of(words, (o for o, _ in offers if selection.base[o] == s)) for s in range(-1, len(selection.selectors))
    ]
    return {
        "r_trigger": trigger,
        "r_standing": np.array(standing),
        "r_tier_mask": np.array(tiers),
        "r_selector_mask": np.array(selectors),
        "r_scheme_mask": np.array(
            [mask_of(words, (o for o, offer in offers if offer.scheme == s.id)) for s in program.schemes]
        ).reshape(-1, words),
    }


def days(program: Program, words: int) -> tuple[int, np.ndarray]:
    """First day and rows: before it, each day up to the last bound, which stands for all later ones too."""
    epoch = date(1970, 1, 1)
    bounds = [(_day(o.available_from, epoch), _day(o.available_until, epoch)) for o in program.offers]
    dated = [day for pair in bounds for day in pair if day is not None]
    first, last = (min(dated), max(dated)) if dated else (0, 0)
    days = np.arange(first - 1, last + 1)
    table = np.zeros((len(days), words), U64)
    for o, (since, until) in enumerate(bounds):
        holds = np.ones(len(days), bool)
        if since is not None:
            holds &= days >= since
        if until is not None:
            holds &= days < until
        table[holds, o // 64] |= U64(1 << (o % 64))
    return first, table


def _day(day: date | None, epoch: date) -> int | None:
    return None if day is None else (day - epoch).days


def minutes(program: Program, words: int) -> np.ndarray:
    """uint64[10080, W]: offers whose hours hold in each minute of the week, from Monday."""
    table = np.zeros((7 * 1440, words), U64)
    for o, offer in enumerate(program.offers):
        flag = U64(1 << (o % 64))
        if not offer.times:
            table[:, o // 64] |= flag
        for hours in offer.times:
            for weekday in hours.weekdays:
                minutes = (np.arange(hours.from_minute, hours.until_minute) + weekday * 1440) % (7 * 1440)
                table[minutes, o // 64] |= flag
    return table
