"""Finding a gift card by what somebody at the desk reads out: its whole code, its name, or the last four."""

from __future__ import annotations

import json
import re
from typing import Final

from sqlalchemy import bindparam, select

from guerdon.engine.decide.instruments.card import CARD_RECORD
from guerdon.engine.ledger import tables
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.rows import Record

MOST: Final = 50  # cards that share their last four
_FOUR: Final = re.compile(r"[0-9A-Z]{4}", re.ASCII)
_R = tables.record.c
_ENDING = (
    select(_R.kind, _R.id, _R.contact, _R.due_at, _R.fields)
    .where(_R.kind == CARD_RECORD, _R.id.like(bindparam("ending")))
    .order_by(_R.id)
    .limit(MOST)
)


def cards(ledger: Ledger, told: str, *, by_last_four: bool = True) -> list[Record]:
    """The card of a code or name; or else, with ``by_last_four``, up to ``MOST`` whose codes end in what was told."""
    one = ledger.records.one(CARD_RECORD, ledger.codes.named(told))
    ending = told.strip().upper()
    if one is not None or not by_last_four or _FOUR.fullmatch(ending) is None:
        return [] if one is None else [one]
    rows = ledger.store.rows(_ENDING, ending=f"%.{ending}")
    return [Record(kind, id, contact, due_at, json.loads(fields)) for kind, id, contact, due_at, fields in rows]
