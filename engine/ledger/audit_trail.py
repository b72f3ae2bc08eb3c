"""The audit trail: who did what through a door, denials included, as a chain that shows where it was tampered with.

An entry's link is SHA-256 over the link before and the entry's own content in canonical JSON. Whoever keeps the last
link elsewhere can tell that the end was not cut off either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from guerdon.engine.ledger.access import Rows
from guerdon.engine.ledger.access_tables import audit_entry

NO_LINK = bytes(32)


class Deed(NamedTuple):
    """One access that changed something or was denied. ``at`` in µs UTC; texts are empty for none."""

    at: int
    request_id: str
    key_id: str
    actor: str
    role: str
    address: str
    action: str
    object: str
    outcome: str
    reason: str


class Entry(NamedTuple):
    """A deed with its place in the trail and its link."""

    number: int
    deed: Deed
    chain: bytes

    def row(self) -> tuple[object, ...]:
        """It as a row of the table."""
        return (self.number, *self.deed, self.chain)


_COLUMNS = audit_entry.c
_LAST = select(_COLUMNS.number, _COLUMNS.chain).order_by(_COLUMNS.number.desc()).limit(1)
_AFTER = select(audit_entry).where(_COLUMNS.number > bindparam("after")).order_by(_COLUMNS.number)
_AFTER = _AFTER.limit(bindparam("limit"))
_COUNT = select(func.count()).select_from(audit_entry)


def chained(rows: Rows, deeds: Iterable[Deed]) -> list[Entry]:
    """Deeds as the next entries of the trail. They must be added in the same turn to write."""
    found = rows(_LAST)
    number, link = (int(found[0][0]), bytes(found[0][1])) if found else (0, NO_LINK)
    entries = []
    for deed in deeds:
        number += 1
        link = link_of(link, number, deed)
        entries.append(Entry(number, deed, link))
    return entries


def link_of(before: bytes, number: int, deed: Deed) -> bytes:
    """The link of an entry."""
    content = json.dumps([number, *deed], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(before + content.encode("utf-8", "surrogatepass")).digest()


def entries(rows: Rows, after: int = 0, limit: int = 1_000) -> list[Entry]:
    """Up to ``limit`` entries after a number, in their order."""
    found = rows(_AFTER, after=after, limit=limit)
    return [Entry(int(row[0]), Deed(*row[1:-1]), bytes(row[-1])) for row in found]


def _all(rows: Rows) -> Iterator[Entry]:
    after = 0
    while found := entries(rows, after):
        yield from found
        after = found[-1].number


def broken_links(rows: Rows) -> list[str]:
    """What is wrong with the trail, in words; empty: the chain holds from its first entry to its last."""
    wrong, number, link = [], 0, NO_LINK
    for entry in _all(rows):
        number += 1
        if entry.number != number:
            wrong.append(f"audit entries {number} to {entry.number - 1} are missing")
            number = entry.number
        elif link_of(link, number, entry.deed) != entry.chain:
            wrong.append(f"audit entry {number} doesn't hold its link")
        link = entry.chain
    return wrong


def count(rows: Rows) -> int:
    """How many entries there are."""
    return int(rows(_COUNT)[0][0])
