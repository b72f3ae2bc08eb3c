"""From an admission and its journal to the chunk that one transaction commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from guerdon.engine.arrays import joined
from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide.journal import Journal
from guerdon.engine.erasing import left_of_erased
from guerdon.engine.events.admission import Admission, Aside, FeedMark
from guerdon.engine.events.body import encode
from guerdon.engine.events.event import Refused
from guerdon.engine.events.frames import Frames
from guerdon.engine.events.identity import CONFLICT, REPEAT, Identity
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.sealing import Seal
from guerdon.engine.ledger.chunk import HOLDER, LOG, RESOLVED, TOUCH, BusinessKeys, Chunk, Identifier, ProgrammeVersion
from guerdon.engine.ledger.store import as_list

if TYPE_CHECKING:
    from guerdon.engine.ledger.chunk import Texts
    from guerdon.engine.pipeline import Run

GUERDON = "guerdon"  # the source of the log's own events


def chunk_of(
    run: Run,
    admission: Admission,
    identity: Identity,
    seqs: np.ndarray,
    contacts: np.ndarray,
    journal: Journal,
    announced: list[ProgrammeVersion],
) -> Chunk:
    """The chunk: a row of the log for each event but repeats, their content, and what was decided."""
    size = len(admission.told)
    first, first_ids = _announced(run, admission, announced)
    _number_sources(run, admission, seqs)
    rows = np.flatnonzero(identity.status[:size] != REPEAT)
    kept = admission.told if len(rows) == size else admission.told.take(rows)
    log = _rows(run, kept, identity.status[rows] != CONFLICT, identity.keyed[rows], seqs[rows], contacts)
    _outcomes(log, journal)
    asides, aside_ids = _asides(run, admission, identity, seqs[size:])
    whole = joined([first, log, asides])
    order = np.argsort(whole["seq"], kind="stable")
    texts = _texts(kept, first_ids, aside_ids, order)
    form, body = encode(_stored(admission, identity, kept, seqs[rows]), _seal(run, log))
    left = left_of_erased(run.ledger, run.program, journal.erased, (form, body)) if len(journal.erased) else []
    return Chunk(
        log=whole[order],
        ids=texts[0],
        series=texts[1],
        references=texts[2],
        body=body,
        body_format=form,
        transfers=journal.transfers,
        awards=journal.awards,
        refusals=journal.refusals,
        tier_periods=journal.tier_periods,
        touched=_touched(journal, log),
        contacts=journal.contacts,
        lots=journal.lots,
        lots_gone=journal.lots_gone,
        counters=journal.counters,
        counters_gone=journal.counters_gone,
        counters_past=journal.counters_past,
        memberships=journal.memberships,
        profiles=journal.profiles,
        records=journal.records,
        resolved=_resolved(journal),
        identifiers=[Identifier(*key, number) for key, number in journal.identifiers.items()],
        erased=journal.erased,
        left=left,
        business_keys=_keys(log, kept),
        programmes=announced,
    )


def _seal(run: Run, log: np.ndarray) -> Seal:
    """Shuts what the events tell of their contacts under the contacts' keys.

    What is forwarded from a merged contact is told of the one that it became.
    """
    owners = log["contact"]
    if run.program.business.merge_forward and run.decider.batch is not None:
        events = run.decider.batch.events[run.decider.batch.events["contact"] >= 0]
        rows = np.flatnonzero((owners != 0) & np.isin(log["seq"], events["seq"]))
        became = events["contact"][np.searchsorted(events["seq"], log["seq"][rows])]
        owners = owners.copy()
        owners[rows] = run.decider.state.arrays["s_contact"]["number"][became]
    business = run.program.business
    told, of_lines = (*business.attributes_contact, *business.attributes_event), business.attributes_line
    personal = (frozenset(each.name for each in declared if each.personal) for declared in (told, of_lines))
    return Seal(run.ledger.keyring, owners, *personal)


def marks_before(marks: Sequence[FeedMark], events: int) -> list[FeedMark]:
    """How far its file is while the last ``events`` of a batch wait for the next chunk. Of several files nobody knows:
    what is read again then is told again.
    """
    if len(marks) != 1 or marks[0].whole:
        return []
    return [replace(marks[0], events=marks[0].events - events, done=False)]


def _rows(
    run: Run, told: Frames | EventList, fresh: np.ndarray, keyed: np.ndarray, seqs: np.ndarray, contacts: np.ndarray
) -> np.ndarray:
    """The log's rows of the events but their outcomes; those that are not ``fresh`` contradict an earlier one."""
    log = np.zeros(len(seqs), LOG)
    log["seq"] = seqs
    for name in ("time", "received_at", "type"):
        log[name] = told.numbers(name)
    log["contact"][fresh] = contacts
    log["content_hi"], log["content_lo"] = told.contents()
    for name in ("source", "merchant"):
        log[name] = _named(run, name, told.texts(name))
    log["version"] = run.version
    log["keyed"] = keyed
    log["outcome"][~fresh], log["reason"][~fresh] = Outcome.REFUSED, Reason.ID_CONFLICT
    return log


def _named(run: Run, kind: str, texts: Texts) -> np.ndarray:
    """Numbers of names, one an event; of a column each distinct name is looked up once."""
    if not isinstance(texts, pl.Series):
        return run.ledger.names.numbers(kind, texts)
    distinct = texts.unique(maintain_order=True)
    numbers = run.ledger.names.numbers(kind, distinct.to_list())
    return texts.replace_strict(distinct, pl.Series(numbers), return_dtype=pl.Int64).to_numpy()


def _texts(told: Frames | EventList, first: list[str], last: list[str], order: np.ndarray) -> Sequence[Texts]:
    """Ids, series and references of the log's rows, in the order of ``seq``."""
    columns: Sequence[Texts] = [told.texts(name) for name in ("id", "series", "reference_told")]
    if not first and not last:
        return columns
    around = [(first, last), *[([""] * len(first), [""] * len(last))] * 2]
    return [_between(before, column, after, order) for (before, after), column in zip(around, columns, strict=True)]


def _between(before: list[str], column: Texts, after: list[str], order: np.ndarray) -> Texts:
    """Texts with others before and after them, then arranged."""
    if isinstance(column, pl.Series):
        parts = (pl.Series(before, dtype=pl.String), column.cast(pl.String), pl.Series(after, dtype=pl.String))
        return pl.concat([part.alias("text") for part in parts]).gather(order)
    whole = [*before, *column, *after]
    return [whole[place] for place in order.tolist()]


def _stored(admission: Admission, identity: Identity, kept: Frames | EventList, seqs: np.ndarray) -> Admission:
    """What the log keeps of the admission: all but repeats, with its places."""
    size = len(admission.told)
    stays = identity.status[:size] != REPEAT
    before = np.concatenate([[0], np.cumsum(stays)])
    asides = [
        Aside(int(before[aside.before]), aside.told)
        for aside, status in zip(admission.asides, identity.status[size:].tolist(), strict=True)
        if status != REPEAT
    ]
    return Admission(kept.placed(seqs), asides)


def _number_sources(run: Run, admission: Admission, seqs: np.ndarray) -> None:
    """Sources get their numbers in the order of the log, wherever it is cut."""
    if admission.asides:
        told = [*as_list(admission.told.texts("source")), *(aside.told.source or "" for aside in admission.asides)]
        run.ledger.names.numbers("source", [told[place] for place in np.argsort(seqs, kind="stable")])


def _outcomes(log: np.ndarray, journal: Journal) -> None:
    """Outcome, reason and number of transfers of the events that were decided."""
    if not len(log):
        return
    seqs = journal.outcomes["seq"]
    place = np.searchsorted(log["seq"], seqs)
    here = (place < len(log)) & (log["seq"][np.minimum(place, len(log) - 1)] == seqs)
    for name in ("outcome", "reason", "transfers"):
        log[name][place[here]] = journal.outcomes[name][here]


def _asides(run: Run, admission: Admission, identity: Identity, seqs: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Rows of the events that were refused or parked before anything was decided."""
    size = len(admission.told)
    places = np.flatnonzero(identity.status[size:] != REPEAT)
    log = np.zeros(len(places), LOG)
    ids = []
    for row, place in zip(log, places.tolist(), strict=True):
        told = admission.asides[place].told
        conflict = identity.status[size + place] == CONFLICT
        refused = isinstance(told, Refused)
        row["seq"], row["time"], row["received_at"] = seqs[place], told.time, told.received_at
        row["source"] = run.ledger.names.number("source", told.source or "")
        row["version"] = run.version
        row["keyed"] = identity.keyed[size + place]
        row["outcome"] = Outcome.REFUSED if refused or conflict else Outcome.PARKED
        reason = told.reason if isinstance(told, Refused) else Reason.UNREADABLE
        row["reason"] = Reason.ID_CONFLICT if conflict else reason
        if isinstance(told, Refused):
            row["type"] = told.type or 0
            row["content_hi"], row["content_lo"] = np.frombuffer(told.content, np.int64)
        ids.append(told.id or "")
    return log, ids


def _announced(run: Run, admission: Admission, announced: list[ProgrammeVersion]) -> tuple[np.ndarray, list[str]]:
    """The row of the event by which the programme begins to count: at the time of what is admitted with it."""
    log = np.zeros(len(announced), LOG)
    for row, version in zip(log, announced, strict=True):
        told = admission.asides[0] if admission.asides else None
        first = told.told.time if told is not None and told.before == 0 else admission.told.numbers("time")[0]
        row["seq"], row["time"], row["received_at"] = version.seq, first, first
        row["type"], row["outcome"], row["version"] = EventType.PROGRAMME, Outcome.POSTED, version.number
        row["source"] = run.ledger.names.number("source", GUERDON)
        row["keyed"] = 1
    return log, [f"{version.version}@{version.seq}" for version in announced]


def _resolved(journal: Journal) -> np.ndarray:
    """The ends of the events that had waited."""
    rows = np.zeros(len(journal.resolved), RESOLVED)
    for row, end in zip(rows, journal.resolved, strict=True):
        row["seq"], row["at_seq"], row["transfers"] = end.seq, end.at_seq, end.transfers
        row["outcome"], row["reason"] = end.outcome, end.reason
    return rows


def _touched(journal: Journal, log: np.ndarray) -> np.ndarray:
    """Contacts that a journal touched beside the one its event names: all that a tick caught up, a referrer, ..."""
    transfers = journal.transfers
    accounts = np.concatenate([transfers["debit"], transfers["credit"]])
    mine = np.flatnonzero(accounts >> np.int64(56) == 2)
    every = np.zeros(len(mine), TOUCH)
    every["contact"] = (accounts[mine] >> np.int64(16)) & np.int64((1 << 40) - 1)
    every["seq"] = transfers["seq"][mine % max(1, len(transfers))]
    if len(log):  # most transfers are of the contact that their event names
        place = np.minimum(np.searchsorted(log["seq"], every["seq"]), len(log) - 1)
        every = every[(log["seq"][place] != every["seq"]) | (log["contact"][place] != every["contact"])]
    both = np.unique(every) if len(every) else every
    if journal.resolved:  # the event's own contact was noted when it came
        known = np.array([(r.contact, r.seq) for r in journal.resolved], TOUCH)
        both = both[~np.isin(both, known)]
    return both


def _keys(log: np.ndarray, told: Frames | EventList) -> BusinessKeys | None:
    """The business keys that the posted purchases and adjustments of the chunk hold."""
    claims = told.given("reference")
    if not claims.any():
        return None
    claims &= np.isin(log["type"], [EventType.PURCHASE, EventType.ADJUST]) & (log["outcome"] == Outcome.POSTED)
    rows = np.flatnonzero(claims)
    if not len(rows):
        return None
    holders = np.zeros(len(rows), HOLDER)
    holders["merchant"], holders["seq"] = log["merchant"][rows], log["seq"][rows]
    chosen = told.take(rows)
    return BusinessKeys(holders, chosen.texts("series"), chosen.texts("reference"))
