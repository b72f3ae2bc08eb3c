"""What one transaction of the ledger commits: events, journals, and every counter they moved.

All names are numbers of the registry. ``Texts`` are a list of strings or a polars Series of them, one per row; an
empty one stands for "all of them empty".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine import rows

if TYPE_CHECKING:
    import polars as pl

    Texts = Sequence[str] | pl.Series

# One event of the log. ``outcome`` is the one given when the event was admitted: an event that had to wait stays
# WAITING here, even if what it waits for comes in the same chunk, and its end is a row of RESOLVED.
LOG = np.dtype(
    [
        ("seq", "i8"),
        ("time", "i8"),  # µs UTC
        ("received_at", "i8"),  # µs UTC; in no digest
        ("contact", "i8"),  # number; 0: none
        ("content_hi", "i8"),  # 128 bits of a hash of the event's content, to tell a repeat from a conflict
        ("content_lo", "i8"),
        ("source", "i4"),  # number
        ("merchant", "i4"),  # number; 0: the business
        ("version", "i4"),  # number of the programme version in force
        ("transfers", "i4"),  # how many its journal has at its own seq, when it was admitted
        ("type", "i2"),  # codes.EventType
        ("outcome", "i2"),  # codes.Outcome
        ("reason", "i2"),  # codes.Reason
        ("keyed", "i1"),  # 1: this row owns (source, id). Not stored; the table event_key says it
    ],
    align=True,
)

# The end of an event that had been waiting: decided right after the event ``at_seq``.
RESOLVED = np.dtype(
    [("seq", "i8"), ("at_seq", "i8"), ("transfers", "i4"), ("outcome", "i2"), ("reason", "i2")], align=True
)

# (contact, seq): an event that touched a contact beside the one it names (a referrer, the other side of a merge).
TOUCH = np.dtype([("contact", "i8"), ("seq", "i8")], align=True)

# Who holds the business key (merchant, series, reference): the event at ``seq``.
HOLDER = np.dtype([("merchant", "i4"), ("seq", "i8")], align=True)

# Which lot.
LOT_KEY = np.dtype([("contact", "i8"), ("seq", "i8"), ("n", "i4")], align=True)


def empty(dtype: np.dtype[np.void], count: int = 0) -> np.ndarray:
    """``count`` rows of zeros.

    >>> empty(LOG).shape
    (0,)
    """
    return np.zeros(count, dtype)


class BusinessKeys(NamedTuple):
    """Business keys that the chunk claims; a key that is held passes to the new event. Texts are normalised."""

    rows: np.ndarray  # HOLDER[n]
    series: Texts
    references: Texts


class ProgrammeVersion(NamedTuple):
    """A programme begins to count with the event ``seq``; ``number`` is that of the kind ``version``."""

    seq: int
    number: int
    version: str
    canonical: str


class FeedFile(NamedTuple):
    """How far a file was processed. ``sha256`` in hex; ``events`` of it are in the ledger; ``done``: to its end."""

    sha256: str
    feed: str
    name: str
    events: int
    done: bool


class RunCounts(NamedTuple):
    """The counts of one run so far. ``unstored`` of ``ignored`` left no row of their own (repeats)."""

    number: int
    read: int
    posted: int
    ignored: int
    refused: int
    parked: int  # unreadable ones
    waiting: int
    unstored: int


class Message(NamedTuple):
    """What subscribers are told of an event: the ``n``-th message about it. ``payload`` is JSON."""

    seq: int
    n: int
    contact: int  # number; 0: none. Messages of one contact are delivered in their order
    kind: str
    payload: str


class Identifier(NamedTuple):
    """A registered identifier of a contact (card, e-mail, phone, ...); contact 0 takes it away."""

    kind: str
    value: str
    contact: int


@dataclass(slots=True)
class Chunk:
    """What ``Ledger.post`` writes in one transaction. Arrays may come in any order; ``log`` ascends by seq.

    ``lots`` are the touched lots as they stand at the end of the chunk: those with money left get a row, those
    without lose it. ``contacts``, ``counters`` and ``memberships`` likewise are rows as they stand at the end.
    """

    log: np.ndarray  # LOG[n]
    ids: Texts  # the events' ids
    body: bytes  # the events' content, see events/body.py
    body_format: int = 0
    series: Texts = ()
    references: Texts = ()  # as given, for display
    transfers: np.ndarray = field(default_factory=lambda: empty(rows.TRANSFER))
    awards: np.ndarray = field(default_factory=lambda: empty(rows.AWARD))
    refusals: np.ndarray = field(default_factory=lambda: empty(rows.REFUSAL))
    tier_periods: np.ndarray = field(default_factory=lambda: empty(rows.TIER_PERIOD))
    resolved: np.ndarray = field(default_factory=lambda: empty(RESOLVED))
    touched: np.ndarray = field(default_factory=lambda: empty(TOUCH))
    contacts: np.ndarray = field(default_factory=lambda: empty(rows.CONTACT))
    lots: np.ndarray = field(default_factory=lambda: empty(rows.LOT))
    lots_gone: np.ndarray = field(default_factory=lambda: empty(LOT_KEY))  # lots that lose their row, by key alone
    counters: np.ndarray = field(default_factory=lambda: empty(rows.COUNTER))
    counters_gone: np.ndarray = field(default_factory=lambda: empty(rows.COUNTER))  # off the desk; only the key counts
    counters_past: np.ndarray = field(default_factory=lambda: empty(rows.COUNTER))  # of windows that left the desk
    memberships: np.ndarray = field(default_factory=lambda: empty(rows.MEMBERSHIP))
    business_keys: BusinessKeys | None = None
    programmes: Sequence[ProgrammeVersion] = ()
    files: Sequence[FeedFile] = ()
    run: RunCounts | None = None
    identifiers: Sequence[Identifier] = ()
    erased: Sequence[int] = ()  # contacts whose names are taken out of the registry
    profiles: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)  # fields by contact; none take them away
    records: Sequence[rows.Record] = ()
    outbox: Sequence[Message] = ()
    keys: Sequence[tuple[int, str]] = ()  # (owner, key) of what its body is shut under, if the ledger has none yet
    left: Sequence[tuple[int, str, str]] = ()  # of parts of those erased: (owner, mark, JSON of what is left of it)
    recorded_at: int | None = None  # µs UTC; None: now
    # New rows of tables beside the ledger that commit with it, by table: tuples in the order of the table's columns.
    beside: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
