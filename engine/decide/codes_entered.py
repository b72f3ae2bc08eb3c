"""Codes that contacts enter (spec 7b, Codes): an entry opens an offer until the event that gives its award."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.decide.addressing import watch
from guerdon.engine.decide.joining import enter, may_enter
from guerdon.engine.decide.opening import ignored, open_event, refused, win
from guerdon.engine.decide.profiles import ENTRIES, profile_of
from guerdon.engine.events.event import Event
from guerdon.rules.source import kept_code

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

ENTERED = "code"  # kind of record: entries of a code over all contacts
NUMBER = "code_number"  # kind of record: a number of a unique code that was entered


def entering(decider: Decider, i: int, event: Event) -> None:
    """``code_entered``."""
    o = open_event(decider, i)
    if not may_enter(decider, o, event):
        return
    code = codes(decider).get(event.fields.get("code", ""))
    if code is None:
        refused(decider, o, Reason.CODE_UNKNOWN)
        return
    open_entries = profile_of(decider, o.number).get(ENTRIES, [])
    if code["id"] in open_entries:
        ignored(decider, o, Reason.NOTHING_TO_DO)
        return
    number = _number(code, event)
    why = _why_not(decider, code, number)
    if why is not Reason.NONE:
        refused(decider, o, why)
        return
    decider.records.put(ENTERED, code["id"], {"entries": _entries(decider, code) + 1})
    if number is not None:
        decider.records.put(NUMBER, f"{code['id']}|{number}", {"seq": o.seq}, o.number)
    enter(decider, o, event)
    _set_entries(decider, o.c, o.number, sorted([*open_entries, code["id"]]))
    win(decider, o)


def codes(decider: Decider) -> dict[str, dict[str, Any]]:
    """The programme's codes by id."""
    entries = [json.loads(text) for kind, text in decider.program.instruments if kind == "codes"]
    return {entry["id"]: entry for entry in entries}


def _number(code: dict[str, Any], event: Event) -> str | None:
    """The hash of a unique code's number, however it was told; None for a shared code."""
    if code["kind"] != "unique":
        return None
    return kept_code(str(event.fields.get("number", "")))


def _why_not(decider: Decider, code: dict[str, Any], number: str | None) -> Reason:
    if number is not None and number not in (code.get("numbers") or []):
        return Reason.CODE_UNKNOWN
    if number is not None and decider.records.get(NUMBER, f"{code['id']}|{number}") is not None:
        return Reason.CODE_USED
    most = code.get("maximum_usage")
    return Reason.CODE_USED if most is not None and _entries(decider, code) >= int(most) else Reason.NONE


def _entries(decider: Decider, code: dict[str, Any]) -> int:
    record = decider.records.get(ENTERED, code["id"])
    return int(record.fields["entries"]) if record is not None else 0


def _set_entries(decider: Decider, c: int, number: int, entries: list[str]) -> None:
    decider.state.set_profile(number, {ENTRIES: entries or None})
    decider.state.unlocked[number] = frozenset(entries)
    decider.state.refresh(c, number, int(decider.desk.s_contact[c].registered_at))
    decider.desk.s_contact[c].dirty = 1
    if entries:
        watch(decider, c)


def use_up_entries(decider: Decider, first: int) -> None:
    """Close the entries that opened an offer which has given an award; ``first``: row of the first new award."""
    locked = decider.state.audience.locked
    if not locked:
        return
    place = {int(decider.tables.arrays["r_offer"]["number"][o]): o for o in locked}
    rows = decider.outputs.arrays["o_award"][first : int(decider.outputs.head["awards"][0])]
    for offer, number in [(int(row["offer"]), int(row["contact"])) for row in rows if int(row["offer"]) in place]:
        entries = list(profile_of(decider, number).get(ENTRIES, []))
        used = next((code for code in entries if code in locked[place[offer]]), None)
        if used is not None:
            entries.remove(used)
            _set_entries(decider, decider.row(number), number, entries)


HANDLERS = {EventType.CODE_ENTERED: entering}
