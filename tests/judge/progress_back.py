"""What a return takes off the progress of goals, and which wins fall with it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from . import goals
from .candidates import still_meets
from .clawback import reverse_wins
from .state import Brought, Happening, Win

if TYPE_CHECKING:
    from .judge import Judge


# For each line, the part returned and the quantity kept before this return.
Before = list[tuple[Fraction, Fraction]]


def take_progress_back(j: Judge, bought: Happening, before: Before, cancel: bool, back: Happening) -> None:
    j.state.draw_entries = [
        entry
        for entry in j.state.draw_entries
        if entry[3] != bought.name or not (cancel or not still_meets(j, j.rules.offers[entry[0]], bought))
    ]
    for brought in bought.brought:
        window = goals.win_window(j, brought.offer, brought.contact, brought.moment)
        whole = cancel or not still_meets(j, brought.offer, bought)
        if whole:
            brought.parts = [Fraction(0)] * len(brought.parts)
            brought.names = {}
        else:
            take_part(brought, bought, before)
        own = [w for w in goals.wins_in(j, brought.offer, brought.contact, window) if w.event == bought.name]
        if whole:
            for win in own:
                undo(j, win, win.wins, back)
        values = goals.progress(j, brought.offer, brought.contact, brought.moment)
        won = goals.won_with(j, brought.offer, values)
        own_first(j, brought, window, won, own, back)


def take_part(brought: Brought, bought: Happening, before: Before) -> None:
    """A spend goal loses what is returned of the matched lines, a quantity goal the pieces."""
    for index, goal in enumerate(brought.offer.goals):
        inner = goal.get("each", goal) if "streak" in goal else goal
        for number in brought.lines:
            line = bought.lines[number - 1]
            if "spend" in inner:
                brought.parts[index] -= line.total * (line.returned - before[number - 1][0])
            elif "quantity" in inner:
                brought.parts[index] -= before[number - 1][1] - line.kept_quantity


def own_first(j: Judge, brought: Brought, window: str, won: int, own: list[Win], back: Happening) -> None:
    """While more wins are counted than are won, the purchase's own go first, then the newest of the window."""
    too_many = goals.counted(j, brought.offer, brought.contact, window) - won
    others = [w for w in goals.wins_in(j, brought.offer, brought.contact, window) if w not in own]
    for win in [*reversed(own), *sorted(others, key=lambda win: win.seq, reverse=True)]:
        if too_many <= 0:
            return
        gone = min(too_many, win.wins)
        undo(j, win, gone, back)
        too_many -= gone


def undo(j: Judge, win: Win, wins: int, back: Happening) -> None:
    if wins <= 0:
        return
    win.wins -= wins
    if win.award is not None:
        reverse_wins(j, win.award, wins, back.name, back.at)
