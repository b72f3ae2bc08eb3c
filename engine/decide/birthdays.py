"""Birthdays: at local midnight of the date in ``birth_date``; those of 29 February on the 28th of other years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guerdon.engine.codes import Cause, EventType
from guerdon.engine.decide.calendar import DAY, civil, day_number, days_in_month, to_local, to_utc
from guerdon.engine.decide.derived import decide_derived
from guerdon.engine.decide.opening import status_of
from guerdon.engine.decide.profiles import CELEBRATED, profile_of
from guerdon.engine.decide.specials import Special
from guerdon.engine.decide.statuses import EARNS
from guerdon.engine.decide.step import clock_of
from guerdon.engine.rows import FOREVER

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider


def next_birthday(decider: Decider, c: int) -> int:
    """The first birthday after the contact's clock and after the one celebrated last."""
    k = decider.desk.s_contact[c]
    if k.birth_month == 0:
        return FOREVER
    celebrated = profile_of(decider, int(k.number)).get(CELEBRATED, 0)
    after = max(int(clock_of(decider.desk, c)), celebrated)
    year = civil(int(to_local(decider.desk, after)) // DAY)[0]
    at = birthday_in(decider, c, year)
    return at if at > after else birthday_in(decider, c, year + 1)


def birthday_in(decider: Decider, c: int, year: int) -> int:
    """The instant at which the contact's birthday of a year begins."""
    k = decider.desk.s_contact[c]
    month, day = int(k.birth_month), int(k.birth_day)
    day = min(day, days_in_month(year, month))
    return int(to_utc(decider.desk, day_number(year, month, day) * DAY))


def celebrate(decider: Decider, seq: int, c: int, at: int) -> None:
    """The birthday's offers are decided, unless the contact is shut out."""
    decider.state.set_profile(int(decider.desk.s_contact[c].number), {CELEBRATED: at})
    if status_of(decider, c) in EARNS and decider.tables.arrays["r_trigger"][EventType.BIRTHDAY].any():
        decide_derived(decider, seq, c, at, Cause.BIRTHDAY, EventType.BIRTHDAY)


BIRTHDAY = Special("birthday", False, next_birthday, celebrate)
