"""Goals that no contact can reach in their window, and goals whose award their own caps never let through whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from guerdon.rules.problems import Remark
from guerdon.rules.program import Cap, Goal, Offer, Percent, Rate

# Days that a window has at most, and how often an event that the calendar brings can happen in it.
_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
_ORDER = ("event", "day", "week", "month", "quarter", "year", "lifetime")
_LEAST_DAYS = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}


def goals_in_doubt(offer: Offer, owner: str, worth: Rate) -> Iterator[Remark]:
    """What keeps an offer's goals from being won, or from giving what they say.

    ``owner``: the offer in words; ``worth``: of a minor unit of the wallet, in minor units of the currency.
    """
    asked = list(_unreachable(offer, owner))
    if offer.reach == "any" and len(asked) < len(offer.goals):
        asked = []
    yield from asked
    yield from _above_caps(offer, owner, worth)


def _unreachable(offer: Offer, owner: str) -> Iterator[Remark]:
    for at, goal in enumerate(offer.goals):
        most, why = _days(goal, offer)
        path = ("goals", "of", at)
        if goal.kind == "visits_by_day" and goal.target > most:
            message = f"{owner} asks for {goal.target} days with a visit, and {why} has {most}"
            yield Remark("never-wins", (*path, "visits"), message, "ask for fewer, or take a longer window")
        elif goal.kind == "visits" and offer.on == "birthday" and goal.target > 1 and goal.window != "lifetime":
            message = f"{owner} asks for {goal.target} birthdays in one {goal.window}"
            yield Remark("never-wins", (*path, "visits"), message, "write visits: 1")
        elif goal.kind == "streak" and goal.window in _LEAST_DAYS:
            yield from _streak(goal, offer, owner, path)


def _days(goal: Goal, offer: Offer) -> tuple[int, str]:
    """How many days the window has at most, or the time in which the offer is available."""
    window = _DAYS.get(goal.window, 1 << 30)
    start, end = offer.available_from, offer.available_until
    open_days = (end - start).days if start is not None and end is not None and end > start else 1 << 30
    return (window, f"a {goal.window}") if window <= open_days else (open_days, "the time in which it is available")


def _streak(goal: Goal, offer: Offer, owner: str, path: tuple[str | int, ...]) -> Iterator[Remark]:
    """A run of windows that is longer than the offer is available, and what each of them asks for."""
    start, end = offer.available_from, offer.available_until
    if start is not None and end is not None and end > start:
        windows = _windows_between(goal.window, start, end)
        if goal.target > windows:
            message = f"{owner} asks for {goal.target} {goal.window}s in a row and is available in {windows}"
            yield Remark("never-wins", (*path, "streak"), message, "ask for fewer, or make it available for longer")


def _windows_between(window: str, start: date, end: date) -> int:
    """How many calendar windows at most the days of [start, end) lie in."""
    days = (end - start).days
    return days if window == "day" else (days - 1) // _LEAST_DAYS[window] + 2


def _above_caps(offer: Offer, owner: str, worth: Rate) -> Iterator[Remark]:
    """Caps that cut every win of the goals, or let no second one through where the goals repeat."""
    if not offer.goals:
        return
    for at, cap in enumerate(offer.caps):
        if cap.measure == "amount" and isinstance(offer.award, Percent) and offer.award.of == "progress":
            target = next((goal.target for goal in offer.goals if goal.kind == "spend"), 0)
            rate = offer.award.rate
            if cap.limit * worth.num * rate.den < (target * rate.num - rate.den) * worth.den:
                message = f"reaching the goal of {owner} gives more than this cap: every award is clipped"
                yield Remark("goal-above-cap", ("caps", at, "amount"), message, "raise the cap, or lower the goal")
        elif cap.measure == "times" and cap.limit == 1 and offer.repeat and _covers(cap, offer.goals[0]):
            message = f"the goals of {owner} repeat, and this cap lets one win through"
            yield Remark("goal-above-cap", ("caps", at, "times"), message, "raise the cap, or remove repeat")


def _covers(cap: Cap, goal: Goal) -> bool:
    """Whether a cap counts in windows that hold those of the goal whole."""
    if cap.per != "contact" or cap.window not in _ORDER:
        return False
    if cap.window == "lifetime" or cap.window == goal.window:
        return True
    return goal.window != "week" and _ORDER.index(cap.window) >= _ORDER.index(goal.window)
