"""The first two identity keys (spec 3): the same fact told twice, and the same purchase told by two.

What a look at keys alone can settle is settled here. A business key that is taken, or comes twice, depends on what
became of its holder: such events are marked *contested*, and whoever decides looks at them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.admission import Admission
from guerdon.engine.events.event import Refused
from guerdon.engine.events.frames import Frames

FRESH, REPEAT, CONFLICT = 0, 1, 2

# Keys (source, id) → those known to the ledger: row (of the keys), seq, content_a, content_b.
KnownIds = Callable[[pl.DataFrame], pl.DataFrame]
# Keys (merchant, series, reference; "" where there is none) → the rows of those that a posted event holds.
TakenKeys = Callable[[pl.DataFrame], np.ndarray]


@dataclass(slots=True)
class Identity:
    """What the keys say of one admission. Rows first, then asides, each in its order."""

    status: np.ndarray  # int8[events + asides]: FRESH, REPEAT, CONFLICT
    first_seq: np.ndarray  # int64: of a repeat, the event that it repeats; 0 else
    keyed: np.ndarray  # bool: claims its (source, id)
    contested: np.ndarray  # bool[events]: its business key is taken or comes twice here, or it corrects another


def identify(admission: Admission, seqs: tuple[np.ndarray, np.ndarray], known: KnownIds, taken: TakenKeys) -> Identity:
    """Tells fresh events from repeats and conflicts. ``seqs``: as ``Admission.seqs`` gave them."""
    keys, claims = _keys(admission)
    order = np.concatenate(seqs)
    status = np.zeros(len(order), dtype=np.int8)
    first_seq = np.zeros(len(order), dtype=np.int64)
    keyed = claims.copy()
    found = known(keys.select("source", "id")) if keys.height else None
    if found is not None and found.height:
        rows = found["row"].to_numpy().astype(np.int64)
        same = _same(keys[rows], found)
        _settle(rows, same, found["seq"].to_numpy(), claims, (status, first_seq, keyed))
    _within(keys, order, claims, (status, first_seq, keyed))
    return Identity(status, first_seq, keyed, _contested(admission.frames, status, taken))


def _keys(admission: Admission) -> tuple[pl.DataFrame, np.ndarray]:
    """source, id and content of rows and asides, and which of them claim their id.

    Not those that may not be told, can't be read, or are answered without entering the log.
    """
    names = ["source", "id", "content_a", "content_b"]
    keys = admission.frames.events.select(names)
    claims = np.ones(len(admission), dtype=bool)
    types = admission.frames.events["type"].to_numpy()
    for row in np.flatnonzero(types == EventType.ESTIMATE):
        claims[row] = "hold_for" in admission.frames.event(int(row)).fields
    if admission.asides:
        told = []
        for place, aside in enumerate(admission.asides):
            refused = aside.told if isinstance(aside.told, Refused) else None
            claims[len(types) + place] = refused is not None and refused.reason is not Reason.NOT_PERMITTED
            content = refused.content if refused is not None else bytes(16)
            told.append(
                (
                    aside.told.source or "",
                    aside.told.id or "",
                    int.from_bytes(content[:8], "little"),
                    int.from_bytes(content[8:], "little"),
                )
            )
        keys = pl.concat([keys, pl.DataFrame(told, schema=keys.schema, orient="row")])
    return keys, claims


def _same(keys: pl.DataFrame, found: pl.DataFrame) -> np.ndarray:
    same = (keys["content_a"] == found["content_a"]) & (keys["content_b"] == found["content_b"])
    return same.to_numpy()


def _settle(
    rows: np.ndarray,
    same: np.ndarray,
    seqs: np.ndarray,
    claims: np.ndarray,
    out: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    status, first_seq, keyed = out
    counts = claims[rows]
    rows, same, seqs = rows[counts], same[counts], seqs[counts]
    status[rows] = np.where(same, REPEAT, CONFLICT)
    first_seq[rows] = np.where(same, seqs, 0)
    keyed[rows] = False


def _within(
    keys: pl.DataFrame, order: np.ndarray, claims: np.ndarray, out: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Ids that come twice in the admission itself: the first in log order claims it."""
    ids = keys["id"]
    if ids.n_unique() == len(ids):
        return
    status, first_seq, keyed = out
    twice = np.flatnonzero(keys.select(pl.struct("source", "id").is_duplicated()).to_series().to_numpy() & claims)
    holders: dict[tuple[str, str], int] = {}
    for row in twice[np.argsort(order[twice], kind="stable")]:
        if status[row] != FRESH:
            continue
        source, name, *content = keys.row(int(row))
        holder = holders.setdefault((source, name), int(row))
        if holder != row:
            same = tuple(content) == keys.row(holder)[2:]
            status[row] = REPEAT if same else CONFLICT
            first_seq[row] = order[holder] if same else 0
            keyed[row] = False


def _contested(frames: Frames, status: np.ndarray, taken: TakenKeys) -> np.ndarray:
    events = frames.events
    contested = np.zeros(len(frames), dtype=bool)
    references = events["reference"]
    if references.null_count() < len(references):
        claiming = events["type"].is_in([int(EventType.PURCHASE), int(EventType.ADJUST)]) & references.is_not_null()
        rows = np.flatnonzero(claiming.to_numpy() & (status[: len(frames)] == FRESH))
        keys = events.select(pl.col("merchant").fill_null(""), pl.col("series").fill_null(""), pl.col("reference"))[
            rows
        ]
        contested[rows] = keys.is_duplicated().to_numpy()
        if len(rows):
            contested[rows[taken(keys)]] = True
    rest = events["rest"]
    if rest.null_count() < len(rest):
        contested |= rest.str.contains('"corrects":', literal=True).fill_null(False).to_numpy()
    return contested
