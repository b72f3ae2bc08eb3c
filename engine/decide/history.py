"""What earlier events did, in the ledger and in the chunk that is being decided, as one.

Rows of the ledger come first, those of this chunk after them; numbers throughout. An event that is found here is in
the log: it may have been posted, ignored, refused, or be waiting (``Told.outcome`` says which).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guerdon.engine.codes import Outcome, Reason, TransferKind
from guerdon.engine.events.body import decode
from guerdon.engine.events.event import Event
from guerdon.engine.events.present import NOWHERE

if TYPE_CHECKING:
    from guerdon.engine.decide.decider import Decider

CHUNKS_OPEN = 4  # of the log, decoded, at a time
MERGED_RECORD = "merged"  # kind of record, id the source's number: its last merge, those before, whether it has ended


class Told(NamedTuple):
    """One event of the log and how it ended. ``version``: number of the rule version that decided it."""

    event: Event  # with seq and contact_number
    outcome: Outcome
    reason: Reason
    version: int

    @property
    def seq(self) -> int:
        return self.event.seq


# ---- events


def event_of(decider: Decider, source: str, id: str) -> Told | None:
    """The event that owns (source, id), if it is decided already or in the log; None: no such event so far."""
    present = decider.event_of
    if present is not None:
        row = present.by_id(source, id)
        if row != NOWHERE:
            return _present(decider, row)
    number = decider.store.names.find("source", source)
    seq = decider.store.event_by_key(number, id) if number else 0
    return event_at(decider, seq) if seq else None


def events_named(decider: Decider, id: str) -> list[Told]:
    """The events of that id, one a source at most, in the order of the log."""
    found = []
    sources = decider.store.names.ids("source")
    for number in range(1, len(sources)):
        seq = decider.store.event_by_key(number, id)
        if seq and (told := event_at(decider, seq)) is not None:
            found.append(told)
    present = decider.event_of
    for row in present.by_name(id) if present is not None else []:
        told = _present(decider, row)
        if told is not None:
            found.append(told)
    return found


def event_by_reference(decider: Decider, merchant: str, series: str, reference: str) -> Told | None:
    """The posted event that holds a business key (merchant '' none; texts in their compared form), or None."""
    present = decider.event_of
    for row in reversed(present.by_reference(merchant, series, reference) if present is not None else []):
        told = _present(decider, row)
        if told is not None and told.outcome is Outcome.POSTED and told.event.type.name in ("PURCHASE", "ADJUST"):
            return told
    number = decider.store.names.find("merchant", merchant) if merchant else 0
    if merchant and not number:
        return None
    seq = decider.store.event_by_reference(number, series, reference)
    return event_at(decider, seq) if seq else None


def event_at(decider: Decider, seq: int) -> Told | None:
    """The event at a place in the log; None: it is not decided yet, or its content could not be read."""
    present = decider.event_of
    if present is not None and (row := present.row(seq)) != NOWHERE:
        return _present(decider, row)
    logged = decider.store.events([seq])
    chunk = decider.store.chunk_of(seq)
    if not logged or chunk is None:
        return None
    told = decider.opened.pop(chunk.number, None)
    if told is None:
        told = decode(chunk.body_format, chunk.body, decider.store.keyring).told
        while len(decider.opened) >= CHUNKS_OPEN:
            decider.opened.pop(next(iter(decider.opened)))
    decider.opened[chunk.number] = told
    places = np.flatnonzero(told.numbers("seq") == seq)
    if not len(places):
        return None
    row = logged[0]
    event = told.event(int(places[0]))
    event.seq, event.contact_number = row.seq, row.contact
    return Told(event, Outcome(row.outcome), Reason(row.reason), row.version)


def type_here(decider: Decider, seq: int) -> int:
    """The type of an event of the chunk that is being decided (``codes.EventType``); NOWHERE if it is not of it."""
    present = decider.event_of
    row = present.row(seq) if present is not None else NOWHERE
    return NOWHERE if present is None or row == NOWHERE else present.type(row)


def _present(decider: Decider, row: int) -> Told | None:
    """An event of this chunk, once it is decided."""
    assert decider.event_of is not None
    event = decider.event_of(row)
    ended = outcome_of(decider, event.seq)
    return None if ended is None else Told(event, *ended, int(decider.tables.arrays["r_head"]["version"][0]))


def outcome_of(decider: Decider, seq: int) -> tuple[Outcome, Reason] | None:
    """How an event of this chunk ended; None: it is not decided yet."""
    for end in decider.resolved:
        if end.seq == seq:
            return Outcome(end.outcome), Reason(end.reason)
    rows = _fresh(decider, "o_outcome", seq)
    return (Outcome(int(rows["outcome"][-1])), Reason(int(rows["reason"][-1]))) if len(rows) else None


# ---- journals


def transfers_of(decider: Decider, seq: int) -> np.ndarray:
    """Every transfer of an event, TRANSFER by n."""
    return _both(decider.store.transfers_of(seq), _fresh(decider, "o_transfer", seq))


def awards_of(decider: Decider, seq: int) -> np.ndarray:
    """Every award of an event and of what it derived, AWARD by n."""
    return _both(decider.store.awards_of(seq), _fresh(decider, "o_award", seq))


def refusals_of(decider: Decider, seq: int) -> np.ndarray:
    """The stored refusals of an event and of what it derived, REFUSAL."""
    return _both(decider.store.refusals_of(seq), _fresh(decider, "o_refusal", seq))


def award(decider: Decider, seq: int, n: int) -> np.void | None:
    """One award by its id, which is its lot's too; None: the lot is no award's."""
    for row in awards_of(decider, seq):
        if row["n"] == n:
            found: np.void = row
            return found
    return None


def transfers_of_lot(decider: Decider, contact: int, lot: tuple[int, int]) -> np.ndarray:
    """The history of a lot (seq, n), TRANSFER in the order of the log; ``contact``: who has or had it (not needed)."""
    fresh = _rows(decider, "o_transfer")
    mine = fresh[(fresh["lot_seq"] == lot[0]) & (fresh["lot_n"] == lot[1])]
    return _both(decider.store.transfers_of_lot(*lot), mine)


def expired_of_lot(decider: Decider, contact: int, lot: tuple[int, int]) -> int:
    """What of a lot's award has expired or was forfeited so far."""
    history = transfers_of_lot(decider, contact, lot)
    gone = np.isin(history["kind"], [int(TransferKind.EXPIRY), int(TransferKind.FORFEIT)])
    return int(history["amount"][gone].sum())


def awards_in_window(decider: Decider, contact: int, offer: int, window: int) -> np.ndarray:
    """The awards of a contact by an offer with goals in one window, AWARD in the order of the log."""
    fresh = decider.outputs.of_contact("o_award", contact)
    found = _both(decider.store.rows_of_offer("award", contact, offer), fresh[fresh["offer"] == offer])
    return np.asarray(found[found["window"] == window])


def refusals_of_offer(decider: Decider, contact: int, offer: int) -> np.ndarray:
    """The stored refusals of an offer for a contact, REFUSAL in the order of the log."""
    fresh = _of_events(decider, "o_refusal", seqs_of_contact(decider, contact))
    return _both(decider.store.rows_of_offer("refusal", contact, offer), fresh[fresh["offer"] == offer])


def seqs_of_contact(decider: Decider, contact: int) -> np.ndarray:
    """Places in the log of the events that name or touch a contact, ascending int64; of this chunk what names it."""
    stored = decider.store.events_of_contact(contact)
    present = decider.event_of
    if present is None:
        return np.asarray(stored, np.int64)
    return np.unique(np.concatenate([stored, present.of_contact(contact)])).astype(np.int64)


def _of_events(decider: Decider, name: str, seqs: np.ndarray) -> np.ndarray:
    """The rows of an output that belong to some events (places in the log, ascending), in the order of the log."""
    rows = _rows(decider, name)
    if decider.out_of_order:
        return np.asarray(rows[np.isin(rows["seq"], seqs)])
    first, last = (np.searchsorted(rows["seq"], seqs, side=side) for side in ("left", "right"))
    spans = [np.arange(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True) if a < b]
    return np.asarray(rows[np.concatenate(spans)]) if spans else rows[:0]


# ---- contacts


def merged_into(decider: Decider, contact: int, seq: int | None = None) -> int:
    """Number of the contact that holds a contact's wallet now, after merges; its own without one.

    ``seq``: the wallet as of that event, whatever its contact became later: one that is enrolled again after a merge
    starts at zero, and what it did before is still the target's.
    """
    while (record := decider.records.get(MERGED_RECORD, str(contact))) is not None:
        if seq is None:
            if record.fields["ended"]:
                return contact
            contact = int(record.fields["into"])
            continue
        merges = [*record.fields["before"], [record.fields["at"], record.fields["into"]]]
        later = [(int(at), int(into)) for at, into in merges if at > seq]
        if not later:
            return contact
        seq, contact = min(later)
    return contact


def note_merge(decider: Decider, source: int, target: int, at: int, counted: Sequence[int]) -> None:
    """Note that a contact was merged into another (numbers) by the event ``at`` (its seq); see ``merged_units``."""
    earlier = decider.records.get(MERGED_RECORD, str(source))
    before, units = [], {}
    if earlier is not None:
        before = [*earlier.fields["before"], [earlier.fields["at"], earlier.fields["into"]]]
        units = earlier.fields["units"]
        decider.records.put(MERGED_RECORD, f"{source}@{earlier.fields['at']}", {"into": 0}, earlier.contact)
    fields = {"into": target, "at": at, "before": before, "ended": 0, "units": {**units, str(at): list(counted)}}
    decider.records.put(MERGED_RECORD, str(source), fields, target)


def end_merge(decider: Decider, source: int) -> None:
    """A merged contact is enrolled again: what it does from now on is its own."""
    record = decider.records.get(MERGED_RECORD, str(source))
    if record is not None:
        decider.records.put(MERGED_RECORD, record.id, {**record.fields, "ended": 1}, record.contact)


def merged_from(decider: Decider, contact: int) -> list[int]:
    """Numbers of the contacts whose wallets a contact holds: its own and those merged into it, however far."""
    found = [contact]
    for number in found:
        sources = [int(r.id.partition("@")[0]) for r in decider.records.of_contact(MERGED_RECORD, number)]
        found += [source for source in sources if source not in found]
    return found


def tiers_of(decider: Decider, contact: int) -> np.ndarray:
    """The tier history of a contact, TIER_PERIOD in the order in which it came about."""
    stored = decider.store.load_contacts(np.array([contact], np.int64)).tiers
    fresh = decider.outputs.arrays["o_tier"][: int(decider.outputs.head["tiers"][0])]
    return _both(stored, fresh[fresh["contact"] == contact])


# ---- rows


def _rows(decider: Decider, name: str) -> np.ndarray:
    """The rows of an output so far."""
    head = {"o_transfer": "transfers", "o_award": "awards", "o_refusal": "refusals", "o_outcome": "outcomes"}[name]
    return decider.outputs.arrays[name][: int(decider.outputs.head[head][0])]


def _fresh(decider: Decider, name: str, seq: int) -> np.ndarray:
    """The rows of one event. They ascend by seq, unless an event that waited has been decided in this chunk."""
    rows = _rows(decider, name)
    if decider.out_of_order:
        return np.asarray(rows[rows["seq"] == seq])
    first, last = np.searchsorted(rows["seq"], [seq, seq + 1])
    return np.asarray(rows[first:last])


def _both(stored: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    if not len(fresh):
        return stored
    return np.concatenate([stored, fresh]) if len(stored) else fresh.copy()
