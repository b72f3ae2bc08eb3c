"""The ledger's side: what was posted with an invoice number, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl
from sqlalchemy import bindparam, or_, select

from guerdon.engine.care.reconcile.extract import COLUMNS, compared
from guerdon.engine.care.reconcile.matching import NEAR_DAYS
from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.events.body import decode
from guerdon.engine.events.times import zone
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger

_KIND = {
    EventType.PURCHASE: "purchase",
    EventType.RETURN: "return",
    EventType.CARD_ACTIVATED: "card_load",
    EventType.CARD_RELOADED: "card_load",
    EventType.CARD_SPENT: "card_spend",
}
_E = tables.event.c
_POSTED = (
    select(_E.seq, _E.type, _E.merchant, _E.series, _E.reference, _E.time, _E.id)
    .where(
        _E.seq.between(bindparam("first"), bindparam("last")),
        or_(*(_E.type == int(kind) for kind in _KIND)),
        _E.outcome == int(Outcome.POSTED),
        _E.reference != "",
        _E.time.between(bindparam("since"), bindparam("until")),
    )
    .order_by(_E.seq)
)
_DAY = 86_400_000_000


def booked(ledger: Ledger, time_zone: str, days: tuple[date, date]) -> Iterator[pl.DataFrame]:
    """What the ledger holds of these local days and those around them, at every merchant ('' the business), COLUMNS."""
    local = zone(time_zone)
    epoch = date(1970, 1, 1)
    first, last = (days[0] - epoch).days - NEAR_DAYS, (days[1] - epoch).days + NEAR_DAYS
    since, until = (local.utc(day * _DAY) for day in (first, last + 1))
    for chunk in ledger.chunks():
        rows = ledger.store.rows(_POSTED, first=chunk.first_seq, last=chunk.last_seq, since=since, until=until - 1)
        if not rows:
            continue
        told = decode(chunk.body_format, chunk.body).told
        seqs = told.numbers("seq")
        places = np.searchsorted(seqs, [row[0] for row in rows])
        amounts = _amounts(told.take(places), [EventType(row[1]) for row in rows])
        moments = np.array([row[5] for row in rows], np.int64)
        found = pl.DataFrame(
            {
                "line": [row[0] for row in rows],
                "kind": [_KIND[EventType(row[1])] for row in rows],
                "merchant": [ledger.names.id("merchant", row[2]) for row in rows],
                "series": [row[3] for row in rows],
                "reference": [row[4] for row in rows],
                "day": pl.Series((local.locals(moments) // _DAY).astype(np.int32)).cast(pl.Date),
                "amount": amounts,
                "event": [row[6] for row in rows],
            },
            schema=COLUMNS,
        )
        found = found.with_columns(
            reference=compared(pl.col("reference")), series=compared(pl.col("series")).fill_null("")
        )
        yield found.filter(pl.col("reference").is_not_null())


def _amounts(told: object, kinds: list[EventType]) -> list[int]:
    """Minor units of the currency: what was bought or given back, what was loaded or spent."""
    totals = told.numbers("total").tolist()  # type: ignore[attr-defined]
    if all(kind == EventType.PURCHASE for kind in kinds):
        return [int(total) for total in totals]
    events = told.to_events()  # type: ignore[attr-defined]
    return [
        int(total if kind == EventType.PURCHASE else event.fields.get("amount", event.total))
        for kind, total, event in zip(kinds, totals, events, strict=True)
    ]
