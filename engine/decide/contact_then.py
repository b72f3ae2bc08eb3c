"""A contact as it stood when an earlier purchase was decided: memberships, tier, audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.decide import history
from guerdon.engine.decide.audience import Audience
from guerdon.engine.decide.calendar import civil, days_in_month
from guerdon.engine.decide.rule_versions import RuleVersion

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept


class ContactThen(NamedTuple):
    """``tier``: id, '' none; ``merchant`` and ``owner``: numbers, 0 none."""

    schemes: frozenset[str]
    held_out: frozenset[str]
    tier: str
    fields: Mapping[str, Any]
    birth: tuple[int, int]  # month and day; 0 unknown
    unlocked: frozenset[str]
    merchant: int
    owner: int

    def audience(self, version: RuleVersion, place: int, day: int) -> bool:
        """Whether the contact was of the offer's audience on a local day."""
        audience = Audience(version.program, version.tables.words)
        if audience.tests_nothing:
            return True
        bits = audience.bits(self.fields, self.unlocked)[_birthday_row(self.birth, day)]
        return bool((int(bits[place // 64]) >> (place % 64)) & 1)


def contact_then(back: Back, kept: Kept) -> ContactThen:
    """The contact of a purchase at the moment at which it was decided; one return looks it up once."""
    if kept.seq not in back.contacts_then:
        back.contacts_then[kept.seq] = _looked_up(back, kept)
    return back.contacts_then[kept.seq]


def _looked_up(back: Back, kept: Kept) -> ContactThen:
    decider = back.decider
    number = kept.event.contact_number
    row = decider.row(number)
    state = decider.state
    k = state.arrays["s_contact"][row]
    names = decider.store.names
    schemes, held_out = _schemes(back, kept, number, row)
    return ContactThen(
        schemes,
        held_out,
        _tier(back, kept, number),
        state.fields(number),
        (int(k["birth_month"]), int(k["birth_day"])),
        state.unlocked.get(number, frozenset()),
        names.find("merchant", kept.event.merchant) if kept.event.merchant else 0,
        int(k["owner"]),
    )


def _schemes(back: Back, kept: Kept, number: int, row: int) -> tuple[frozenset[str], frozenset[str]]:
    """Schemes of which it was a member then: those of now, with every later joining and leaving undone."""
    decider = back.decider
    member = decider.state.arrays["s_member"][row]
    ids = [scheme.id for scheme in decider.program.schemes]
    now = {id for k, id in enumerate(ids) if int(member[0]) >> k & 1}
    held = {id for k, id in enumerate(ids) if int(member[1]) >> k & 1}
    for membership in decider.store.load_contacts(np.array([number], np.int64)).memberships:
        id = decider.store.names.id("scheme", int(membership["scheme"]))
        if id not in ids:  # of rules no longer in force: as it stood with them
            now |= {id} if membership["member"] else set()
            held |= {id} if membership["holdout"] else set()
    for told in _later(back, kept, number):
        scheme = told.event.fields.get("scheme")
        kind = told.event.type
        if kind is EventType.SIGN_OUT and scheme:
            now.add(str(scheme))
        elif kind in (EventType.UNENROL, EventType.CLOSE, EventType.MERGE):
            now |= {id for k, id in enumerate(ids) if int(member[2]) >> k & 1}
        elif kind in (EventType.SIGN_UP, EventType.SIGN_UP_VERIFIED) and scheme:
            now.discard(str(scheme))
    return frozenset(now), frozenset(held)


_MEMBER_EVENTS = {
    int(kind)
    for kind in (
        EventType.SIGN_UP,
        EventType.SIGN_UP_VERIFIED,
        EventType.SIGN_OUT,
        EventType.UNENROL,
        EventType.CLOSE,
        EventType.MERGE,
    )
}


def _later(back: Back, kept: Kept, number: int) -> list[history.Told]:
    """Posted events of the contact after the purchase that change memberships, the latest first."""
    decider = back.decider
    seqs = history.seqs_of_contact(decider, number)
    seqs = seqs[(seqs > kept.seq) & (seqs < back.seq)]
    stored = {event.seq: event for event in decider.store.events(seqs)} if len(seqs) else {}
    found = []
    for seq in seqs[::-1].tolist():
        kind = stored[seq].type if seq in stored else history.type_here(decider, seq)
        if kind in _MEMBER_EVENTS:
            told = history.event_at(decider, seq)
            if told is not None and told.outcome is Outcome.POSTED:
                found.append(told)
    return found


def _tier(back: Back, kept: Kept, number: int) -> str:
    """The tier that the purchase was judged by."""
    tiers = kept.version.program.tiers
    if tiers is None:
        return ""
    ladder = [tier.id for tier in tiers.ladder]
    names = back.decider.store.names
    found = ladder[0] if tiers.ladder[0].needs_minor <= 0 else ""
    for row in history.tiers_of(back.decider, number):
        id = names.id("tier", int(row["tier"]))
        rises = id in ladder and (found not in ladder or ladder.index(id) > ladder.index(found))
        before = row["seq"] < kept.seq or (row["seq"] == kept.seq and not rises)
        if before and row["starts_at"] <= kept.event.time:
            found = id
    return found


def _birthday_row(birth: tuple[int, int], day: int) -> int:
    """Which of the audience's rows holds on a local day: other months, the month of birth, the day of birth."""
    year, month, of_month = civil(day)
    if birth[0] == 0 or month != birth[0]:
        return 0
    return 2 if of_month == min(birth[1], days_in_month(year, month)) else 1
