"""Working out again why offers gave nothing: a contact's own log, decided anew by the plain, uncompiled step, with
every refusal kept (spec 4).

What other contacts used up (caps of an offer, merchants' budgets) is not in that log. Refusals that depend on it are
stored, and so are awards; they are taken from the ledger, everything before them in the order of tests from the replay.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.events.admission import admit
from guerdon.engine.events.body import decode
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import LoggedEvent
from guerdon.engine.pipeline import Run
from guerdon.engine.report.refusals import STORED
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.rows import REFUSAL

if TYPE_CHECKING:
    from guerdon.engine.events.event import Event


def every_refusal(ledger: Ledger, event: LoggedEvent) -> np.ndarray:
    """All refusals of an event, REFUSAL: the stored ones, and those that a replay of its contact's log works out.

    Costs about a millisecond for each event of the contact, and the reading of the chunks in which they lie.
    """
    stored = ledger.refusals_of(event.seq)
    if not event.contact or event.outcome not in (Outcome.POSTED, Outcome.WAITING):
        return stored
    settled = {int(row["offer"]) for row in stored if row["offer"] and not row["cause"]}
    settled |= {int(row["offer"]) for row in ledger.awards_of(event.seq) if not row["cause"]}
    again = _replayed(ledger, event)
    rest = [row for row in again if not row["request"] and (row["cause"] or int(row["offer"]) not in settled)]
    derived = {(int(row["offer"]), int(row["cause"])) for row in stored if row["cause"]}
    derived |= {(int(row["offer"]), int(row["cause"])) for row in ledger.awards_of(event.seq) if row["cause"]}
    rest = [row for row in rest if not row["cause"] or (int(row["offer"]), int(row["cause"])) not in derived]
    rest = [row for row in rest if Reason(int(row["reason"])) not in STORED]
    return np.concatenate([stored, np.array(rest, REFUSAL)]) if rest else stored


def _replayed(ledger: Ledger, event: LoggedEvent) -> np.ndarray:
    """The refusals of the event in a ledger in memory that holds its contact's log; offers numbered as here."""
    seqs = ledger.events_of_contact(event.contact)
    logged = [found for found in ledger.events(seqs[seqs <= event.seq]) if _counts(found)]
    told = dict(_told(ledger, [found.seq for found in logged]))
    with Ledger.open("sqlite://") as again:
        last = 0
        for version, group in groupby(logged, key=lambda found: found.version):
            run = Run.open(program_numbered(ledger, version), again, keep_refusals=True, plain=True)
            admitted = run.admit(admit([told[found.seq] for found in group if found.seq in told], sort=False))
            last = int(admitted.seqs[-1]) if len(admitted.seqs) else last
        refusals = again.refusals_of(last).copy()
        for row in refusals:
            for field, kind in (("offer", "offer"), ("winner", "offer"), ("scheme", "scheme")):
                row[field] = ledger.names.find(kind, again.names.id(kind, int(row[field])))
    return refusals


def _counts(found: LoggedEvent) -> bool:
    """Whether an event moved anything: what was refused or ignored moves nothing."""
    return found.outcome == Outcome.POSTED and found.type != EventType.PROGRAMME


def _told(ledger: Ledger, seqs: list[int]) -> Iterator[tuple[int, Event]]:
    """The events of some seqs as they were told, from the bodies of their chunks."""
    wanted = iter(sorted(seqs))
    seq = next(wanted, None)
    while seq is not None:
        chunk = ledger.chunk_of(seq)
        if chunk is None:
            return
        logged = decode(chunk.body_format, chunk.body, ledger.keyring).told
        places = {number: row for row, number in enumerate(logged.numbers("seq").tolist())}
        while seq is not None and seq <= chunk.last_seq:
            if seq in places:
                yield seq, logged.event(places[seq])
            seq = next(wanted, None)
