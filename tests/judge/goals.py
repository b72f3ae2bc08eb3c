"""Progress towards goals: what each event brought to a window, how often the goals are done there, and the wins."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .money import decimal
from .rules import Offer
from .state import Brought, Happening, Line, Win

if TYPE_CHECKING:
    from .judge import Judge


def period(offer: Offer) -> str:
    return str(offer.goals[0]["per"])


def is_streak(offer: Offer) -> bool:
    return any("streak" in goal for goal in offer.goals)


def target(j: Judge, goal: dict[str, Any]) -> Fraction:
    """What the goal needs: minor units of the currency, or a number."""
    if "spend" in goal:
        return Fraction(j.rules.money(goal["spend"]))
    for name in ("quantity", "visits", "streak"):
        if name in goal:
            return decimal(goal[name])
    return Fraction(1)


def brought_by(j: Judge, offer: Offer, h: Happening, lines: list[Line]) -> Brought:
    """What this event adds to each goal of the offer."""
    window = j.rules.clock.window(period(offer), h.moment)
    names: dict[str, int] = {}
    parts = []
    for goal in offer.goals:
        inner = goal.get("each", goal) if "streak" in goal else goal
        if "spend" in inner:
            parts.append(Fraction(sum(line.total for line in lines)))
        elif "quantity" in inner:
            parts.append(sum((line.quantity for line in lines), Fraction(0)))
        elif "achievements" in inner:
            done = h.fields.get("classification")
            if done in inner["achievements"]:
                names[str(done)] = 1
            parts.append(Fraction(0))
        else:
            again = inner.get("distinct") == "day" and day_counted(j, offer, h, window, len(parts))
            parts.append(Fraction(0 if again else 1))
    numbers = [line.number for line in lines]
    return Brought(offer, h.name, h.seq, h.contact, h.moment, window, parts, names, numbers)


def day_counted(j: Judge, offer: Offer, h: Happening, window: str, index: int) -> bool:
    day = j.rules.clock.day(h.moment)
    return any(j.rules.clock.day(b.moment) == day and b.parts[index] > 0 for b in entries(j, offer, h.contact, window))


def entries(j: Judge, offer: Offer, contact: str, window: str) -> list[Brought]:
    return [b for b in j.state.brought if b.offer.id == offer.id and b.contact == contact and b.window == window]


def progress(j: Judge, offer: Offer, contact: str, moment: datetime) -> list[Fraction]:
    """The progress of each goal in the window that holds the moment, with what was carried into it."""
    own = entries(j, offer, contact, j.rules.clock.window(period(offer), moment))
    values = [
        Fraction(len(run(j, offer, contact, moment))) if "streak" in goal else collected(offer, goal, index, own)
        for index, goal in enumerate(offer.goals)
    ]
    return plus(values, carried_into(j, offer, contact, moment)) if offer.carries else values


def collected(offer: Offer, goal: dict[str, Any], index: int, own: list[Brought]) -> Fraction:
    if "achievements" in goal:
        return Fraction(achieved(offer, goal, own))
    return sum((b.parts[index] for b in own), Fraction(0))


def plus(values: list[Fraction], more: list[Fraction]) -> list[Fraction]:
    return [a + b for a, b in zip(values, more, strict=True)]


def achieved(offer: Offer, goal: dict[str, Any], own: list[Brought]) -> int:
    counts = [sum(b.names.get(name, 0) for b in own) for name in goal["achievements"]]
    return min(counts) if offer.reach == "all" else sum(counts)


def carried_into(j: Judge, offer: Offer, contact: str, moment: datetime) -> list[Fraction]:
    """The rests of the windows before this one, each with what was carried into it; empty windows hand them on."""
    this = j.rules.clock.window(period(offer), moment)
    mine = [b for b in j.state.brought if b.offer.id == offer.id and b.contact == contact]
    carried = [Fraction(0)] * len(offer.goals)
    for window in sorted({b.window for b in mine if b.window < this}):
        own = [b for b in mine if b.window == window]
        values = [collected(offer, goal, index, own) for index, goal in enumerate(offer.goals)]
        carried = rests(j, offer, plus(values, carried))
    return carried


def rests(j: Judge, offer: Offer, values: list[Fraction]) -> list[Fraction]:
    won = won_with(j, offer, values)
    targets = [target(j, goal) for goal in offer.goals]
    if offer.reach == "any":
        return [value % aim for value, aim in zip(values, targets, strict=True)]
    return [value - won * aim for value, aim in zip(values, targets, strict=True)]


def won_with(j: Judge, offer: Offer, values: list[Fraction]) -> int:
    """How often the goals are won with this progress: the slowest goal counts with `all`, the fastest with `any`."""
    done = [int(value // target(j, goal)) for value, goal in zip(values, offer.goals, strict=True)]
    return max(0, min(done) if offer.reach == "all" else max(done))


# Streaks: the window of wins is the run of windows


def run(j: Judge, offer: Offer, contact: str, moment: datetime) -> list[str]:
    """The consecutive windows, ending with this one or the one before, in which the streak's own goal was met."""
    names: list[str] = []
    at: datetime | None = moment
    while at is not None:
        window = j.rules.clock.window(period(offer), at)
        if met(j, offer, contact, window):
            names.append(window)
        elif at is not moment:
            break
        at = j.rules.clock.window_before(period(offer), at)
    return names[::-1]


def met(j: Judge, offer: Offer, contact: str, window: str) -> bool:
    own = entries(j, offer, contact, window)
    for index, goal in enumerate(offer.goals):
        if "streak" in goal and sum((b.parts[index] for b in own), Fraction(0)) < target(j, goal["each"]):
            return False
    return bool(own)


def win_window(j: Judge, offer: Offer, contact: str, moment: datetime) -> str:
    """The window in which wins are counted."""
    if is_streak(offer):
        windows = run(j, offer, contact, moment)
        return "run " + (windows[0] if windows else j.rules.clock.window(period(offer), moment))
    return j.rules.clock.window(period(offer), moment)


def counted(j: Judge, offer: Offer, contact: str, window: str) -> int:
    return sum(w.wins for w in wins_in(j, offer, contact, window))


def wins_in(j: Judge, offer: Offer, contact: str, window: str) -> list[Win]:
    return [w for w in j.state.wins if w.offer == offer.id and w.contact == contact and w.window == window]


def advance(j: Judge, offer: Offer, h: Happening, lines: list[Line]) -> Win | None:
    """Add what the event brings; the win it makes, if any, counts from now on whatever becomes of it."""
    brought = brought_by(j, offer, h, lines)
    j.state.brought.append(brought)
    h.brought.append(brought)
    values = progress(j, offer, h.contact, h.moment)
    window = win_window(j, offer, h.contact, h.moment)
    before = counted(j, offer, h.contact, window)
    wins = won_with(j, offer, values) - before
    if not offer.repeats:
        wins = min(wins, 1 - before)
    if wins <= 0:
        return None
    win = Win(offer.id, h.contact, window, h.name, h.seq, wins)
    j.state.wins.append(win)
    return win


def shown(j: Judge, offer: Offer, contact: str, moment: datetime) -> list[Fraction]:
    """The progress as shown: what is not yet won with `repeat`, else all of it."""
    values = progress(j, offer, contact, moment)
    return rests(j, offer, values) if offer.repeats else values
