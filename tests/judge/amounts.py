"""How much an offer gives: its base, its form, its caps."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .candidates import Candidate, No
from .money import decimal, percent, rounded, split
from .rules import Offer
from .state import Award, Contact, Happening, Usage

if TYPE_CHECKING:
    from .judge import Judge


def line_bases(j: Judge, candidate: Candidate, h: Happening) -> dict[int, Fraction]:
    """The base of the award on each line: total or net of the matched lines, or of all with `of: event`."""
    award = candidate.offer.award
    numbers = [line.number for line in h.lines] if award.get("of") == "event" else list(candidate.base)
    bases = {}
    for number in numbers:
        line = h.lines[number - 1]
        base = Fraction(line.net if award.get("base") == "net" else line.total)
        if award.get("less_spend") == "true":
            base -= h.less.get(number, 0)
        bases[number] = base
    return bases


def give(j: Judge, candidate: Candidate, h: Happening, contact: Contact) -> None:
    """Cut the wins, work out the amount, clip it by the caps; raises `No`."""
    offer = candidate.offer
    candidate.wins = wins_left(j, offer, h, contact, candidate.wins)
    left = amount_left(j, offer, h, contact)
    if left is not None and left <= 0:
        raise No("cap_reached")
    if budget_is_used(j, candidate, h):
        raise No("budget_used")
    amount = rounded(exact_amount(j, candidate, h), offer.get("round", "half_up"))
    if amount <= 0:
        raise No("rounds_to_zero")
    candidate.amount = amount if left is None else min(amount, left)


def budget_is_used(j: Judge, candidate: Candidate, h: Happening) -> bool:
    from .funding import budget_left, funding_of

    funding = funding_of(j, candidate.offer, h, 1_000_000)
    if funding.merchant is None or funding.rate == 0 or funding.amount == 0:
        return False
    left = budget_left(j, funding.merchant, h)
    return left is not None and left <= 0


def exact_amount(j: Judge, candidate: Candidate, h: Happening) -> Fraction:
    """The award in minor units of the wallet before rounding; leaves the base on the candidate."""
    award, worth = candidate.offer.award, j.rules.worth
    if "multiply" in award:
        given: dict[int, Fraction] = {}
        for named in candidate.named:
            for number, share in named.lines.items():
                given[number] = given.get(number, Fraction(0)) + share
        candidate.base = given
        return (decimal(award["multiply"]) - 1) * sum(named.amount for named in candidate.named)
    candidate.base = line_bases(j, candidate, h)
    base = sum(candidate.base.values(), Fraction(0))
    if "amount" in award:
        return Fraction(j.rules.units(award["amount"]) * candidate.wins)
    if "product" in award:
        return Fraction(j.rules.money(award["product"]["value"])) / worth * candidate.wins
    if award.get("of") == "progress":
        goal = next(goal for goal in candidate.offer.goals if "spend" in goal)
        return percent(award["percent"]) * candidate.wins * j.rules.money(goal["spend"]) / worth
    if "percent" in award:
        return percent(award["percent"]) * base / worth
    if "per" in award:
        return Fraction(int(base // j.rules.money(award["per"])) * j.rules.units(award["give"]))
    if "brackets" in award:
        return marginal(j, award["brackets"], base) / worth
    raise No("rounds_to_zero")


def marginal(j: Judge, brackets: list[dict[str, Any]], base: Fraction) -> Fraction:
    """Each part of the base at the rate of its own bracket."""
    total, start = Fraction(0), Fraction(0)
    for bracket in brackets:
        end = Fraction(j.rules.money(bracket["to"])) if "to" in bracket else base
        part = max(Fraction(0), min(base, end) - start)
        total += part * percent(bracket["percent"])
        start = end
    return total


def shares(candidate: Candidate, amount: int) -> dict[int, int]:
    """The award's cents on the lines of its base that have a positive one."""
    positive = {number: base for number, base in candidate.base.items() if base > 0}
    if not positive:
        return {min(candidate.base): amount} if candidate.base else {}
    return {number: share for number, share in split(amount, positive).items() if share}


def spend_off_the_base(j: Judge, h: Happening, contact: Contact, open_money: int) -> dict[int, int]:
    """What `less_spend` takes off each line."""
    request = h.fields.get("spend")
    if request is None or contact.blocked:
        return {}
    money = rounded(open_money * j.rules.worth, "floor")
    asked = j.rules.money(request["amount"]) if isinstance(request, dict) else h.total
    off = min(asked, money, h.total)
    return split(off, {line.number: line.total for line in h.lines}) if off > 0 else {}


# Caps


def caps_of(offer: Offer) -> list[dict[str, Any]]:
    """The caps as written, and the one that membership offers have by default."""
    caps = list(offer.caps)
    if any("times" in cap and cap.get("per", "contact") == "contact" for cap in caps):
        return caps
    if offer.trigger in ("sign_up", "profile_completed", "tier_reached"):
        caps.append({"times": "1", "per": "contact", "each": "lifetime", "tier": "same"})
    if offer.trigger == "birthday":
        caps.append({"times": "1", "per": "contact", "each": "year"})
    return caps


def used(j: Judge, cap: dict[str, Any], offer: Offer, h: Happening, contact: Contact) -> list[Usage]:
    """What earlier awards took from a cap in the window of this event."""
    if cap.get("per") == "event":
        return []
    each = cap.get("each", "lifetime")
    found = []
    for usage in j.state.usages:
        if usage.offer != offer.id or (cap.get("per", "contact") == "contact" and usage.contact != contact.name):
            continue
        if cap.get("tier") == "same" and usage.tier != h.tier:
            continue
        if each == "event" and usage.event != h.name:
            continue
        if in_window(j, each, usage, h):
            found.append(usage)
    return found


def in_window(j: Judge, each: Any, usage: Usage, h: Happening) -> bool:
    clock = j.rules.clock
    if isinstance(each, dict):
        days = int(str(each["rolling"]).removesuffix("d"))
        return 0 <= (clock.day(h.moment) - clock.day(usage.moment)).days < days
    return each == "event" or clock.window(each, usage.moment) == clock.window(each, h.moment)


def wins_left(j: Judge, offer: Offer, h: Happening, contact: Contact, wins: int) -> int:
    for cap in caps_of(offer):
        if "times" in cap:
            left = int(cap["times"]) - sum(usage.times for usage in used(j, cap, offer, h, contact))
            wins = min(wins, left)
    if wins <= 0:
        raise No("cap_reached")
    return wins


def amount_left(j: Judge, offer: Offer, h: Happening, contact: Contact) -> int | None:
    """What the tightest cap on the amount has left; None without one."""
    lefts = [
        j.rules.units(cap["amount"]) - sum(usage.amount for usage in used(j, cap, offer, h, contact))
        for cap in caps_of(offer)
        if "amount" in cap
    ]
    return min(lefts, default=None)


def take_from_caps(j: Judge, candidate: Candidate, h: Happening, award: Award) -> None:
    usage = Usage(candidate.offer.id, h.contact, h.moment, h.name, h.tier, candidate.wins, award.amount, merchant=None)
    award.usage = usage
    j.state.usages.append(usage)
