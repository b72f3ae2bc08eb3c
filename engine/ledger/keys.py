"""Which identity keys of many events a ledger knows already: (source, id), and the business key of a purchase."""

from __future__ import annotations

from struct import Struct
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import bindparam, select

from guerdon.engine.events.keys import Owner
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger

_KEY, _EVENT, _HELD = tables.event_key.c, tables.event.c, tables.business_key.c
_FOUND = {"row": pl.Int64, "seq": pl.Int64, "content_a": pl.UInt64, "content_b": pl.UInt64}
_ONE = (
    select(_KEY.seq, _EVENT.content_hi, _EVENT.content_lo)
    .join(tables.event, _EVENT.seq == _KEY.seq)
    .where(_KEY.source == bindparam("source"), _KEY.id == bindparam("id"))
)
_CONTENT = Struct("<qq")
_SEEN_BITS = 1 << 26  # 8 MiB a source; a million ids leave some 2% to ask the ledger about


class Keys:
    """Looks up keys, many at once or one. A source that never spoke, and a ledger without references, cost nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        store = ledger.store
        self._ids = (
            select(_KEY.id, _KEY.seq, _EVENT.content_hi, _EVENT.content_lo)
            .join(tables.event, _EVENT.seq == _KEY.seq)
            .where(_KEY.source == bindparam("source"), store.among(_KEY.id, "ids"))
        )
        self._fresh: dict[str, _Seen] = {}  # sources that had not spoken when this process first met them
        self._references = select(_HELD.merchant, _HELD.series, _HELD.reference).where(
            store.among(_HELD.reference, "ids")
        )

    def known(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Of the keys (source, id) those that an event owns: row of ``keys``, its seq and its content's hash."""
        parts = []
        for (source,), rows in keys.with_row_index("row").group_by("source", maintain_order=True):
            number = self.ledger.names.find("source", str(source))
            if not number:
                self._fresh[str(source)] = _Seen()
            seen = self._fresh.get(str(source))
            asked = rows if seen is None else rows.filter(seen.perhaps(rows["id"]))
            if number and len(asked):
                parts.append(self._of_source(number, asked))
        return pl.concat(parts) if parts else pl.DataFrame(schema=_FOUND)

    def known_one(self, source: str, id: str) -> Owner | None:
        """The event that owns one key (source, id)."""
        number = self.ledger.names.find("source", source)
        self._fresh.pop(source, None)  # what comes one by one is not noted
        found = self.ledger.store.rows(_ONE, source=number, id=id) if number else []
        return Owner(found[0][0], _CONTENT.pack(*found[0][1:])) if found else None

    def is_taken(self, merchant: str, series: str, reference: str) -> bool:
        """Whether an event holds one business key."""
        number = self.ledger.names.find("merchant", merchant)
        known = number > 0 or not merchant
        return known and self.ledger.event_by_reference(number, series, reference) > 0

    def _of_source(self, source: int, rows: pl.DataFrame) -> pl.DataFrame:
        ids = rows["id"].unique().to_list()
        found = self.ledger.store.rows(self._ids, source=source, ids=self.ledger.store.texts(ids))
        told = pl.DataFrame(
            {
                "id": [row[0] for row in found],
                "seq": np.array([row[1] for row in found], np.int64),
                "content_a": np.array([row[2] for row in found], np.int64).view(np.uint64),
                "content_b": np.array([row[3] for row in found], np.int64).view(np.uint64),
            },
            schema={"id": pl.String, "seq": pl.Int64, "content_a": pl.UInt64, "content_b": pl.UInt64},
        )
        joined = rows.select(pl.col("row").cast(pl.Int64), "id").join(told, on="id", how="inner", maintain_order="left")
        return joined.select(*_FOUND)

    def taken(self, keys: pl.DataFrame) -> np.ndarray:
        """The rows of ``keys`` (merchant, series, reference) that an event holds."""
        if self.ledger.last_seq == 0:
            return np.zeros(0, np.int64)
        found: list[Any] = self.ledger.store.rows(
            self._references, ids=self.ledger.store.texts(keys["reference"].unique().to_list())
        )
        held = {(self.ledger.names.id("merchant", row[0]), row[1], row[2]) for row in found}
        return np.array([k for k, key in enumerate(keys.iter_rows()) if key in held], np.int64)


class _Seen:
    """Which ids a source has used, as far as bits can tell: what was never seen need not be asked of the ledger."""

    def __init__(self) -> None:
        self._bits = np.zeros(_SEEN_BITS >> 3, np.uint8)

    def perhaps(self, ids: pl.Series) -> pl.Series:
        """Which ids may have been seen before; all of them are from now on."""
        places = (ids.hash(seed=7).to_numpy() & np.uint64(_SEEN_BITS - 1)).astype(np.int64)
        flags = np.uint8(1) << (places & 7).astype(np.uint8)
        found = pl.Series((self._bits[places >> 3] & flags) != 0)
        np.bitwise_or.at(self._bits, places >> 3, flags)
        return found
