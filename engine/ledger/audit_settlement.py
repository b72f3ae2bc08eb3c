"""V11: a statement is the sum of its transfers, each of which stands on one statement of a merchant, and is settled.

Which transfers a statement has is worked out anew, one by one, from the closings; what its closing fixed must agree
with that, and what approval, payment and failure posted with its net.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role, account_parts
from guerdon.engine.events.times import DAY, zone
from guerdon.engine.ledger.audit import Finding, Frames
from guerdon.engine.settling import (
    APPROVALS,
    CLOSING,
    NETTED,
    STATEMENT,
    closed_spans,
    closings_in,
    places_among,
    statement_id,
)

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger

_COLUMNS = ("seq", "kind", "unit", "debit", "credit", "amount", "effective_at")
_ROLE, _OWNER = (1 << OWNER_SHIFT) - 1, (1 << (KIND_SHIFT - OWNER_SHIFT)) - 1
_SIGN = {"approved": 1, "paid": -1, "failed": -1}  # what a step does to settled, as a part of the net
Sums = dict[tuple[str, int], int]  # (receivable or payable, unit) → minor units, credits less debits


def is_settled(ledger: Ledger) -> bool:
    """Whether any period was closed, so that there is something to check."""
    return bool(ledger.records.of_kind(CLOSING) or ledger.records.of_kind(STATEMENT))


def statements(tables: Frames, ledger: Ledger) -> Iterator[Finding]:
    """V11 over every statement of every merchant."""
    records = {record.id: record.fields for record in ledger.records.of_kind(STATEMENT)}
    transfers = tables.frame("transfer", _COLUMNS)
    expected, closed = _drawn_up(ledger, transfers)
    for id in sorted({*expected, *records}):
        if id not in closed:
            yield Finding("V11", "its period", f"statement {id}", "closed", "open")
            continue
        fixed = _fixed(records.get(id, {}))
        for key in sorted({*expected.get(id, {}), *fixed}):
            worked_out, found = expected.get(id, {}).get(key, 0), fixed.get(key, 0)
            if worked_out != found:
                what = key[0] + (" in the currency" if key[1] else "")
                yield Finding("V11", what, f"statement {id}", str(worked_out), str(found))
    yield from _steps(ledger, transfers, records)


def _drawn_up(ledger: Ledger, transfers: pl.DataFrame) -> tuple[dict[str, Sums], set[str]]:
    """By statement: what its transfers moved; and the names of all statements that were closed."""
    closings = closings_in((record.id, record.fields) for record in ledger.records.of_kind(CLOSING))
    local = zone(_time_zone(ledger)).locals
    netted = transfers.filter(~pl.col("kind").is_in([int(kind) for kind in APPROVALS]))
    posted_at = netted.join(ledger.frame("resolved", ("seq", "at_seq")), on="seq", how="left")
    places = posted_at.select(pl.coalesce("at_seq", "seq"))["at_seq"].to_numpy()
    days = local(netted["effective_at"].to_numpy()) // DAY
    sides = pl.concat([_side(netted, side, sign) for side, sign in (("debit", -1), ("credit", 1))])
    sides = sides.with_columns(day=np.tile(days, 2), posted_at=np.tile(places, 2)).filter(pl.col("owner") > 0)
    by_owner = {int(str(key[0])): part for key, part in sides.partition_by("owner", as_dict=True).items()}
    found: dict[str, Sums] = {}
    closed: set[str] = set()
    for number, merchant in enumerate(ledger.names.ids("merchant")):
        spans = closed_spans(closings, merchant) if number else []
        names = [statement_id(merchant, span.period) for span in spans]
        closed.update(names)
        if spans and number in by_owner:
            own = by_owner[number]
            standing = places_among(own["day"].to_numpy(), own["posted_at"].to_numpy(), spans)
            summed = own.with_columns(place=standing).group_by("place", "role", "unit").agg(pl.col("minor").sum())
            told = summed.filter((pl.col("place") < len(spans)) & (pl.col("minor") != 0))
            for place, role, unit, minor in told.iter_rows():
                found.setdefault(names[place], {})[Role(role).name.lower(), unit] = minor
    return found, closed


def _side(transfers: pl.DataFrame, side: str, sign: int) -> pl.DataFrame:
    """Of each transfer's one side: owner (0: no receivable or payable of a merchant), role, unit, signed amount."""
    accounts = transfers[side].to_numpy()
    role = accounts & _ROLE
    is_netted = (accounts >> KIND_SHIFT == OwnerKind.MERCHANT) & np.isin(role, [int(each) for each in NETTED])
    owner = np.where(is_netted, (accounts >> OWNER_SHIFT) & _OWNER, 0)
    return pl.DataFrame({"owner": owner, "role": role, "unit": transfers["unit"], "minor": sign * transfers["amount"]})


def _time_zone(ledger: Ledger) -> str:
    from guerdon.rules import program_from_canonical

    canonical = ledger.programmes()[ledger.in_force()[-1][1]][1]
    return str(program_from_canonical(canonical).business.time_zone)


def _fixed(fields: Mapping[str, Any]) -> Sums:
    sides = ("receivable", "payable")
    return {(side, int(unit)): int(minor) for side in sides for unit, minor in fields.get(side, {}).items()}


def _steps(ledger: Ledger, transfers: pl.DataFrame, records: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What each step posted on settled is the statement's net, and nothing else was posted so."""
    posted: dict[int, Sums] = defaultdict(lambda: defaultdict(int))
    kinds = transfers.filter(pl.col("kind").is_in([int(kind) for kind in APPROVALS]))
    for seq, debit, credit, unit, amount in kinds.select("seq", "debit", "credit", "unit", "amount").iter_rows():
        for account, sign in ((debit, -1), (credit, 1)):
            _, owner, role = account_parts(account)
            if role == Role.SETTLED:
                posted[seq][ledger.names.id("merchant", owner), unit] += sign * amount
    for id, fields in sorted(records.items()):
        merchant = id.rpartition("/")[0]
        nets: dict[int, int] = defaultdict(int)
        for (_, unit), minor in _fixed(fields).items():
            nets[unit] += minor
        for step in fields.get("steps", ()):
            moved = posted.pop(step["seq"], {})
            for unit, net in nets.items():
                expected = _SIGN.get(step["to"], 0) * net
                if moved.get((merchant, unit), 0) != expected:
                    where = f"statement {id}, event {step['seq']}"
                    yield Finding("V11", step["to"], where, str(expected), str(moved.get((merchant, unit), 0)))
    for seq in sorted(posted):
        yield Finding("V11", "what was settled", f"event {seq}", "a step of a statement", "none")
