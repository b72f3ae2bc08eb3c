"""Controls of the programme on loads of cards: they refuse, or let through only with a second person (spec 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Reason
from guerdon.engine.decide.calendar import DAY, MINUTE, WINDOWS, to_local, window_of
from guerdon.engine.decide.instruments.acting import Act
from guerdon.engine.decide.instruments.kinds import Control, kinds_of

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

CARD_LOAD = "card_load"  # stands for activation and reload
COUNT = "control_count"  # kind of record: how often in a window what a control counts was let through
MANUAL = "manual"  # the channel of what was typed in by hand


def why_controlled(act: Act, amount: int, on: str = CARD_LOAD) -> Reason:
    """NONE, or why the controls on this kind of event stop it."""
    for control in _met(act, amount, on):
        if control.then == "refuse":
            return Reason.LIMIT_REACHED
        if act.event.approver is None or act.event.approver == act.event.actor:
            return Reason.EXCEEDS_AUTHORITY
    return Reason.NONE


def count_controlled(act: Act, amount: int, on: str = CARD_LOAD) -> None:
    """What was let through counts for the controls that say how often it may be."""
    for control in kinds_of(act.decider).controls:
        if control.times is not None and _concerns(control, act, amount, on):
            decider, id = act.decider, _count_id(control, act)
            decider.records.put(COUNT, id, {"window": _window(control, act), "count": _count(control, act) + 1})


def _met(act: Act, amount: int, on: str) -> list[Control]:
    return [
        control
        for control in kinds_of(act.decider).controls
        if _concerns(control, act, amount, on) and (control.times is None or _count(control, act) >= control.times)
    ]


def _concerns(control: Control, act: Act, amount: int, on: str) -> bool:
    """Whether all that the control tests of the event itself holds; it says nothing of activation delays."""
    event, bounds = act.event, control.amount
    return (
        control.on == on
        and control.delay is None
        and control.role in (None, event.role)
        and control.merchant in (None, event.merchant)
        and (not control.manual or event.channel == MANUAL)
        and amount >= bounds.get("min", amount)
        and amount <= bounds.get("max", amount)
        and amount > bounds.get("above", amount - 1)
        and amount < bounds.get("below", amount + 1)
        and _within_hours(control, act.decider, act.at)
    )


def _within_hours(control: Control, decider: Decider, at: int) -> bool:
    if control.hours is None:
        return True
    minute = to_local(decider.desk, at) % DAY // MINUTE
    start, end = control.hours.from_minute, control.hours.until_minute
    return bool(start <= minute < end or start <= minute + 1440 < end)


def _count_id(control: Control, act: Act) -> str:
    """Counted for each merchant by itself."""
    return f"{control.id}|{act.event.merchant or ''}"


def _count(control: Control, act: Act) -> int:
    record = act.decider.records.get(COUNT, _count_id(control, act))
    if record is None or record.fields["window"] != _window(control, act):
        return 0
    return int(record.fields["count"])


def _window(control: Control, act: Act) -> int:
    day = int(to_local(act.decider.desk, act.at)) // DAY
    return int(window_of(day, WINDOWS[control.each], 0))
