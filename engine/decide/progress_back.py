"""What a return takes off the progress of goals, and which wins fall with it (spec 4, 'Return and cancel')."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import Reason
from guerdon.engine.decide import counters, history, layout
from guerdon.engine.decide.arithmetic import bit_count
from guerdon.engine.decide.award_back import AwardBack
from guerdon.engine.decide.calendar import DAY, window_of
from guerdon.engine.decide.clawing import reverse_wins
from guerdon.engine.decide.counters import Cell
from guerdon.engine.decide.moved import moved
from guerdon.engine.events.amounts import half_up

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept

_GOALS_SPEND, _GOALS_QUANTITY = layout.GOAL_SPEND, layout.GOAL_QUANTITY
_DAYS, _STREAK, _ACHIEVEMENTS = layout.GOAL_VISITS_BY_DAY, layout.GOAL_STREAK, layout.GOAL_ACHIEVEMENTS
_COOLDOWN = int(Reason.COOLDOWN)


def progress_back(back: Back, kept: Kept, cancel: bool) -> None:
    """Take the purchase's part off every offer whose goals it moved."""
    arrays = kept.version.tables.arrays
    for place in range(len(kept.version.program.offers)):
        offer = arrays["r_offer"][place]
        noted = kept.taken.get("goals", {}).get(str(int(offer["number"])), {})
        if noted.get("gone"):
            continue
        if offer["form"] == layout.FORM_DRAW:
            _entry_back(back, kept, place, cancel)
        elif offer["goal_count"] and moved(back, kept, place):
            GoalBack(back, kept, place).take(cancel)


def _entry_back(back: Back, kept: Kept, place: int, cancel: bool) -> None:
    """A purchase that is gone is no entry of a lottery any more."""
    offer = kept.version.tables.arrays["r_offer"][place]
    number = int(offer["number"])
    if kept.event.time >= offer["draw_at"] or not moved(back, kept, place):
        return
    if cancel or not kept.still_meets(number):
        kept.taken.setdefault("goals", {})[str(number)] = {"gone": 1}
        key = kept.version.tables.slots.keys[int(offer["entry_slot"])]
        counters.add(back.decider, back.c, key, 0, -1)


@dataclass(slots=True)
class Win:
    """Wins that one event made: with the award they gave, or without (it was refused)."""

    seq: int
    n: int
    wins: int
    award: np.void | None


class GoalBack:
    """One offer with goals, in the window of the purchase."""

    def __init__(self, back: Back, kept: Kept, place: int) -> None:
        self.back, self.kept = back, kept
        tables = kept.version.tables
        self.offer = tables.arrays["r_offer"][place]
        self.number = int(self.offer["number"])
        first = int(self.offer["goal_first"])
        self.goals = tables.arrays["r_goal"][first : first + int(self.offer["goal_count"])]
        self.keys = [tables.slots.keys[int(goal["slot"])] for goal in self.goals]
        self.extra = [tables.slots.keys[k] if k >= 0 else "" for k in self.goals["extra_slot"].tolist()]
        self.day = int(tables.zone.local(kept.event.time)) // DAY
        self.window = window_of(self.day, int(self.goals["window"][0]), kept.seq)
        self.noted: dict[str, Any] = kept.taken.setdefault("goals", {}).setdefault(str(self.number), {})
        self.lines = kept.matched_lines(self.number)

    # ---- progress

    def take(self, cancel: bool) -> None:
        """Progress first; then the wins that it no longer carries."""
        whole = cancel or not self.kept.still_meets(self.number)
        before = self._rests(self.window)
        for g, goal in enumerate(self.goals):
            self._take_goal(g, int(goal["kind"]), whole)
        if whole:
            self.noted["gone"] = 1
        self._wins_fall(whole)
        if self.offer["carries"]:
            self._carry_on(before)

    def _take_goal(self, g: int, kind: int, whole: bool) -> None:
        measure = int(self.goals["each_kind"][g]) if kind == _STREAK else kind
        parts = self.noted.setdefault("parts", {})
        less = self._due(measure, whole) - int(parts.get(str(g), 0))
        parts[str(g)] = int(parts.get(str(g), 0)) + less
        if kind == _ACHIEVEMENTS or less == 0:
            return
        if kind == _DAYS:
            day = self._moved(self.extra[g], self.day, -1)
            less = 1 if day.amount == 0 else 0
        if kind == _STREAK:
            self._streak(g, less)
        elif less:
            self._moved(self.keys[g], self.window, -less)

    def _due(self, measure: int, whole: bool) -> int:
        """What should be off this goal by now, of all that the purchase brought."""
        if measure == _GOALS_SPEND:
            if whole:
                return sum(line.total for line in self.lines)
            return sum(half_up(line.total * self.kept.returned[line.number]) for line in self.lines)
        if measure == _GOALS_QUANTITY:
            if whole:
                return sum(line.quantity for line in self.lines)
            return sum(line.quantity - self.kept.quantity_left(line) for line in self.lines)
        return 1 if whole else 0

    def _moved(self, key: str, window: int, amount: int) -> Cell:
        cell = counters.read(self.back.decider, self.back.c, key, window)
        cell = cell._replace(amount=cell.amount + amount)
        counters.write(self.back.decider, self.back.c, key, window, cell)
        return cell

    # ---- streaks

    def _streak(self, g: int, less: int) -> None:
        """A window that no longer has what the streak asks of it falls out of its run; what follows is another run."""
        inner = self._moved(self.extra[g], self.window, -less)
        target = int(self.goals["each_target"][g])
        if inner.amount >= target or inner.amount + less < target:
            return
        first, run = self._run(g)
        if run is None:
            return
        decider, c, key = self.back.decider, self.back.c, self.keys[g]
        if self.window < run.mark:
            counters.write(decider, c, key, self.window + 1, Cell(run.mark - self.window, 0, run.mark))
        left = self.window - first
        counters.write(decider, c, key, first, Cell(left, run.wins, self.window - 1 if left else 0))
        self.window_of_run = first

    def _run(self, g: int) -> tuple[int, Cell | None]:
        """First window and cell of the run that holds the purchase's window."""
        for first in reversed(counters.windows(self.back.decider, self.back.c, self.keys[g])):
            cell = counters.read(self.back.decider, self.back.c, self.keys[g], first)
            if first <= self.window <= max(cell.mark, first):
                return first, cell
        return self.window, None

    # ---- wins

    def _wins_window(self) -> int:
        """The window in which wins are counted: of a streak its run's first."""
        if self.goals["kind"][0] != _STREAK:
            return self.window
        for first in reversed(counters.windows(self.back.decider, self.back.c, self.keys[0])):
            if first <= self.window:
                return first
        return self.window

    def _wins_fall(self, whole: bool) -> None:
        window = self._wins_window()
        cell = counters.read(self.back.decider, self.back.c, self.keys[0], window)
        wins = self._wins(window, cell.wins)
        own = [win for win in wins if win.seq == self.kept.seq]
        others = [win for win in wins if win.seq != self.kept.seq]
        counted = cell.wins
        if whole:
            for win in own:
                counted -= self._undo(win, win.wins)
        too_many = counted - self._won(window)
        for win in [*reversed(own), *sorted(others, key=lambda win: (win.seq, win.n), reverse=True)]:
            if too_many <= 0:
                break
            gone = self._undo(win, min(too_many, win.wins))
            counted, too_many = counted - gone, too_many - gone
        cell = counters.read(self.back.decider, self.back.c, self.keys[0], window)
        counters.write(self.back.decider, self.back.c, self.keys[0], window, cell._replace(wins=counted))

    def _won(self, window: int) -> int:
        """How often the goals are won by the progress that is left."""
        won = -1
        for g, goal in enumerate(self.goals):
            at = window if goal["kind"] == _STREAK else self.window
            amount = counters.read(self.back.decider, self.back.c, self.keys[g], at).amount
            if goal["kind"] == _ACHIEVEMENTS:
                seen = bit_count(np.uint64(amount & (1 << 64) - 1))
                done = (1 if seen > 0 else 0) if self.offer["reach_any"] else (1 if seen >= goal["target"] else 0)
            else:
                done = max(0, amount // int(goal["target"]))
            if won < 0 or (done > won if self.offer["reach_any"] else done < won):
                won = done
        return min(won, 1) if not self.offer["repeats"] else won

    def _wins(self, window: int, counted: int) -> list[Win]:
        """The events whose wins are counted in the window, in the order of the log; those refused gave no award."""
        decider, found = self.back.decider, []
        for contact in history.merged_from(decider, self.back.number):
            for award in history.awards_in_window(decider, contact, self.number, window):
                if award["cause"] == 0:
                    seq, n = int(award["seq"]), int(award["n"])
                    gone = self.back.taken(seq).get("awards", {}).get(str(n), {}).get("wins", 0)
                    found.append(Win(seq, n, int(award["wins"]) - int(gone), award))
        known = sum(win.wins for win in found)
        for seq in self._refused(window):
            if known < counted and all(win.seq != seq for win in found):
                found.append(Win(seq, 0, 1, None))
                known += 1
        found.sort(key=lambda win: (win.seq, win.n))
        if known < counted and found:
            found[0].wins += counted - known  # wins beyond what a cap let through
        return [win for win in found if win.wins > 0]

    def _refused(self, window: int) -> list[int]:
        """Events of the window whose win was used up without an award."""
        decider = self.back.decider
        seqs: set[int] = set()
        for contact in history.merged_from(decider, self.back.number):
            rows = history.refusals_of_offer(decider, contact, self.number)
            used_up = (rows["reason"] >= _COOLDOWN) & (rows["cause"] == 0) & (rows["request"] == 0)
            seqs |= set(rows["seq"][used_up].tolist())
        kind, zone = int(self.goals["window"][0]), self.kept.version.tables.zone
        kept = []
        for seq in sorted(seqs):
            told = history.event_at(decider, seq)
            if told is None or self.back.taken(seq).get("goals", {}).get(str(self.number), {}).get("lost"):
                continue
            own = window_of(int(zone.local(told.event.time)) // DAY, kind, seq)
            if own == window or self.goals["kind"][0] == _STREAK:
                kept.append(seq)
        return kept

    def _undo(self, win: Win, wins: int) -> int:
        """Undo wins of one event, with what they gave."""
        if wins <= 0:
            return 0
        bought = self.back.purchase(win.seq)
        if win.award is None:
            bought.taken.setdefault("goals", {}).setdefault(str(self.number), {})["lost"] = 1
        else:
            award = AwardBack(self.back, bought, win.award)
            reverse_wins(self.back, award, min(wins, award.wins_left))
        win.wins -= wins
        return wins

    # ---- what is carried on

    def _rests(self, window: int) -> list[int]:
        """What a window carries on of each goal: what is over its whole wins, whether or not the offer repeats."""
        targets = [int(target) for target in self.goals["target"]]
        amounts = [counters.read(self.back.decider, self.back.c, key, window).amount for key in self.keys]
        if self.offer["reach_any"]:
            return [amount % target for amount, target in zip(amounts, targets, strict=True)]
        won = min(max(amount, 0) // target for amount, target in zip(amounts, targets, strict=True))
        return [amount - won * target for amount, target in zip(amounts, targets, strict=True)]

    def _carry_on(self, before: list[int]) -> None:
        """Later windows of the chain lose what was carried to them and is gone."""
        now = self._rests(self.window)
        less = [was - left for was, left in zip(before, now, strict=True)]
        decider, c = self.back.decider, self.back.c
        windows = {window for key in self.keys for window in counters.windows(decider, c, key)}
        for window in sorted(later for later in windows if later > self.window):
            if not any(less):
                return
            was = self._rests(window)
            for g, goal in enumerate(self.goals):
                if goal["kind"] != _STREAK and less[g]:
                    self._moved(self.keys[g], window, -less[g])
            less = [old - new for old, new in zip(was, self._rests(window), strict=True)]
