"""Goals (spec 4): progress in a window, and the wins that an event adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from guerdon.engine.codes import Reason
from guerdon.engine.decide.arithmetic import bit_count, has_bit
from guerdon.engine.decide.booking import refuse
from guerdon.engine.decide.layout import GOAL_ACHIEVEMENTS, GOAL_QUANTITY, GOAL_SPEND, GOAL_STREAK, GOAL_VISITS_BY_DAY
from guerdon.engine.decide.windows import slot_at, window_at

GOAL_NOT_REACHED = int(Reason.GOAL_NOT_REACHED)


def advance(d: Any, c: int, o: int, seq: int, day: int) -> int:
    """Move the offer's goals by this event and return the new wins."""
    offer = d.r_offer[o]
    turn(d, c, o, window_at(d, day, d.r_goal[offer.goal_first].window, seq))
    won = -1
    for g in range(offer.goal_first, offer.goal_first + offer.goal_count):
        done = _advance_goal(d, c, o, g, seq, day)
        if won < 0 or (done > won if offer.reach_any == 1 else done < won):
            won = done
    counted = d.s_slot[c, offer.wins_slot]
    d.w_offer[o].window = counted.window
    if offer.repeats == 0 and won > 1:
        won = 1
    wins = won - counted.wins
    if wins <= 0:
        return 0
    counted.wins += wins
    return wins


def turn(d: Any, c: int, o: int, window: int) -> None:
    """Turn the offer's goals to a window; with ``carry`` what is over the wins of the last one comes along."""
    offer = d.r_offer[o]
    won = whole_wins(d, c, o) if offer.carries == 1 else 0
    for g in range(offer.goal_first, offer.goal_first + offer.goal_count):
        goal = d.r_goal[g]
        slot = d.s_slot[c, goal.slot]
        if goal.kind == GOAL_STREAK or slot.window == window:
            continue
        rest = 0
        if offer.carries == 1:
            rest = slot.amount % goal.target if offer.reach_any == 1 else slot.amount - won * goal.target
        slot_at(d, c, goal.slot, window)
        slot.amount = rest


def whole_wins(d: Any, c: int, o: int) -> int:
    """How often all goals of the offer are done in the window on the desk, whether or not it repeats."""
    offer = d.r_offer[o]
    won = -1
    for g in range(offer.goal_first, offer.goal_first + offer.goal_count):
        goal = d.r_goal[g]
        amount = d.s_slot[c, goal.slot].amount
        done = amount // goal.target if amount > 0 else 0
        if won < 0 or done < won:
            won = done
    return won


def _advance_goal(d: Any, c: int, o: int, g: int, seq: int, day: int) -> int:
    """Move one goal and return how often it is done in its window."""
    goal = d.r_goal[g]
    if goal.kind == GOAL_STREAK:
        return _advance_streak(d, c, o, g, seq, day)
    slot = d.s_slot[c, goal.slot]
    if goal.kind == GOAL_ACHIEVEMENTS:
        return _note_class(d, c, o, g)
    if goal.kind == GOAL_VISITS_BY_DAY:
        slot_at(d, c, goal.extra_slot, day)
        visited = d.s_slot[c, goal.extra_slot]
        if visited.amount == 0:
            slot.amount += 1
        visited.amount += 1
    else:
        slot.amount += measured(d, o, goal.kind)
    return slot.amount // goal.target if slot.amount > 0 else 0


def measured(d: Any, o: int, kind: int) -> int:
    """What this event adds to a goal of the kind."""
    chosen = d.w_selected[d.r_offer[o].selector]
    if kind == GOAL_SPEND:
        return int(chosen.total)
    if kind == GOAL_QUANTITY:
        return int(chosen.quantity)
    return 1


def _note_class(d: Any, c: int, o: int, g: int) -> int:
    """An achievement has happened: 1 when all of the goal's classifications (with ``reach: any`` one) have."""
    goal = d.r_goal[g]
    slot = d.s_slot[c, goal.slot]
    code = d.w_head[0].class_code
    if code >= 0 and has_bit(goal.classes, code):
        slot.amount = slot.amount | (1 << code)
    seen = bit_count(np.uint64(slot.amount))
    if d.r_offer[o].reach_any == 1:
        return 1 if seen > 0 else 0
    return 1 if seen >= goal.target else 0


def _advance_streak(d: Any, c: int, o: int, g: int, seq: int, day: int) -> int:
    """Move a streak: its counter's window is the first of the running windows, its mark the last one completed."""
    goal = d.r_goal[g]
    window = window_at(d, day, goal.window, seq)
    run = d.s_slot[c, goal.slot]
    if run.mark != window and run.mark != window - 1:
        slot_at(d, c, goal.slot, window)
        run.mark = 0
        run.amount = 0
    slot_at(d, c, goal.extra_slot, window)
    inner = d.s_slot[c, goal.extra_slot]
    inner.amount += measured(d, o, goal.each_kind)
    if inner.amount >= goal.each_target and run.mark != window:
        run.amount += 1
        run.mark = window
    return int(run.amount // goal.target)


def first_spend_target(d: Any, o: int) -> int:
    """Target of the offer's first spend goal, in minor units of the currency; 0 without one."""
    offer = d.r_offer[o]
    for g in range(offer.goal_first, offer.goal_first + offer.goal_count):
        if d.r_goal[g].kind == GOAL_SPEND:
            return int(d.r_goal[g].target)
    return 0


def refuse_goal(d: Any, c: int, o: int, seq: int) -> None:
    """The goals are not reached: with target and progress of the first of them."""
    offer = d.r_offer[o]
    goal = d.r_goal[offer.goal_first]
    slot = d.s_slot[c, goal.slot]
    had = slot.amount - slot.wins * goal.target if offer.repeats == 1 and goal.kind != GOAL_STREAK else slot.amount
    refuse(d, seq, o, GOAL_NOT_REACHED, goal.target, had, 0, 0)
