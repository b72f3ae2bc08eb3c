"""The lines of statements: every transfer on a merchant's receivable or payable, and what its prepaid budget bore.

One frame for many statements. A line is linked to its event, contact, offer and transfer; its contact is shown by
number, as the ledger knows it, so that a statement names no person and stays the same when a contact is erased.
Where wallets hold points, a line is what the running total of its kind comes to in money, half up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role, TransferKind
from guerdon.engine.events.body import decode
from guerdon.engine.ledger.settlement import COLUMNS as STORED
from guerdon.engine.settle.source import CURRENCY_UNIT, Due, Source
from guerdon.engine.settling import COLUMNS, NETTED, PREPAID, PREPAID_KINDS, Stretch, stretch_of

OTHER: Final = "OTHER"
KINDS: Final = (*dict.fromkeys(name.upper() for name in COLUMNS.values()), OTHER, PREPAID.upper())

# What a frame of lines has. ``amount`` counts in the net, ``prepaid`` does not; minor units of the currency, below 0
# where the merchant bears it. ``late``: effective before the period, which was then closed.
SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "statement": pl.String,
    "line": pl.Int64,
    "kind": pl.String,
    "account": pl.String,
    "time": pl.String,
    "late": pl.Boolean,
    "source": pl.String,
    "event": pl.String,
    "reference": pl.String,
    "contact": pl.Int64,
    "offer": pl.String,
    "transfer": pl.String,
    "reverses": pl.String,
    "currency": pl.String,
    "amount": pl.Int64,
    "prepaid": pl.Int64,
}

_ROLE, _OWNER = (1 << OWNER_SHIFT) - 1, (1 << (KIND_SHIFT - OWNER_SHIFT)) - 1
_PLACE = {name: place for place, name in enumerate((*STORED, "posted_at"))}
_KIND_OF = np.full(max(TransferKind) + 1, KINDS.index(OTHER), np.int64)
for _kind, _name in COLUMNS.items():
    _KIND_OF[_kind] = KINDS.index(_name.upper())


def read_lines(source: Source, due: Iterable[Due]) -> pl.DataFrame:
    """The lines of some statements: SCHEMA, by statement and transfer. One pass over the transfers for each stretch."""
    by_stretch: dict[Stretch, dict[int, Due]] = defaultdict(dict)
    for each in due:
        owner = source.ledger.names.find("merchant", each.merchant)
        stretch = stretch_of(each.spans, each.place, source.starts_at)
        if owner:
            by_stretch[stretch][owner] = each
    frames = [_lines(source, stretch, owners) for stretch, owners in by_stretch.items()]
    empty = pl.DataFrame(schema=SCHEMA)
    return pl.concat([frame for frame in frames if len(frame)] or [empty]).sort("statement", "line")


def _lines(source: Source, stretch: Stretch, owners: Mapping[int, Due]) -> pl.DataFrame:
    """The lines of one stretch of time, of those merchants (by number)."""
    rows = source.ledger.settlement.transfers(stretch)
    sides = _sides(rows, np.array(sorted(owners), np.int64))
    if not len(sides["row"]):
        return pl.DataFrame(schema=SCHEMA)
    own = {name: rows[sides["row"], place] for name, place in _PLACE.items()}
    texts = _events(source, own["seq"])
    money = _money(source, sides, own)
    prepaid = sides["kind"] == KINDS.index(PREPAID.upper())
    numbers = range(max(owners) + 1)
    ids = pl.Series([owners[number].id if number in owners else "" for number in numbers])
    begins = np.array([source.starts_at(owners[n].span.since) if n in owners else 0 for n in numbers], np.int64)
    contacts = np.where(sides["contact"] > 0, sides["contact"], texts["contact"].to_numpy())
    frame = pl.DataFrame(
        {
            "statement": ids[sides["owner"]],
            "line": _counted(sides["owner"]),
            "kind": pl.Series(KINDS)[sides["kind"]],
            "account": pl.Series([role.name.lower() for role in Role])[_role_places(sides["role"])],
            "time": _local_text(source, own["effective_at"]),
            "late": own["effective_at"] < begins[sides["owner"]],
            "source": texts["source"],
            "event": texts["id"],
            "reference": texts["reference"],
            "contact": contacts,
            "offer": pl.Series(source.ledger.names.ids("offer"))[own["offer"]],
            "transfer": _pair(own["seq"], own["n"]),
            "reverses": _pair(own["reverses_seq"], own["reverses_n"]),
            "currency": _currencies(source, own["seq"]),
            "amount": np.where(prepaid, 0, money),
            "prepaid": np.where(prepaid, money, 0),
        }
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _sides(rows: np.ndarray, owners: np.ndarray) -> dict[str, np.ndarray]:
    """Which rows stand on which merchant's statement, by (owner, row): row, owner, role, sign, kind, contact."""
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    kinds = rows[:, _PLACE["kind"]]
    for side, other, sign in (("debit", "credit", -1), ("credit", "debit", 1)):
        accounts, against = rows[:, _PLACE[side]], rows[:, _PLACE[other]]
        role = accounts & _ROLE
        owner = (accounts >> OWNER_SHIFT) & _OWNER
        netted = np.isin(role, [int(each) for each in NETTED])
        budget = (role == Role.BUDGET) & np.isin(kinds, [int(kind) for kind in PREPAID_KINDS])
        mine = (accounts >> KIND_SHIFT == OwnerKind.MERCHANT) & (netted | budget) & np.isin(owner, owners)
        places = np.flatnonzero(mine)
        contact = np.where(against >> KIND_SHIFT == OwnerKind.CONTACT, (against >> OWNER_SHIFT) & _OWNER, 0)
        kind = np.where(budget, KINDS.index(PREPAID.upper()), _KIND_OF[kinds])
        parts = {"row": places, "owner": owner[places], "role": role[places], "contact": contact[places]}
        parts |= {"sign": np.full(len(places), sign), "kind": kind[places]}
        for name, part in parts.items():
            found[name].append(part)
    whole = {name: np.concatenate(parts) for name, parts in found.items()}
    order = np.lexsort((whole["row"], whole["owner"]))
    return {name: part[order] for name, part in whole.items()}


def _money(source: Source, sides: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray]) -> np.ndarray:
    """Each line in minor units of the currency, signed."""
    signed = np.asarray(sides["sign"] * own["amount"], np.int64)
    if source.worth == 1:
        return signed
    found = signed.copy()
    totals: dict[tuple[int, int], int] = defaultdict(int)
    rows = zip(sides["owner"].tolist(), sides["kind"].tolist(), own["unit"].tolist(), signed.tolist(), strict=True)
    for place, (owner, kind, unit, units) in enumerate(rows):
        if unit != CURRENCY_UNIT:
            before = totals[owner, kind]
            totals[owner, kind] = before + units
            found[place] = source.money(before + units) - source.money(before)
    return found


def _events(source: Source, seqs: np.ndarray) -> pl.DataFrame:
    """contact, source, id and reference of the event of each line."""
    found = source.ledger.settlement.events(int(seqs.min()), int(seqs.max()))
    numbers = np.array([row[0] for row in found], np.int64)
    sources = source.ledger.names.ids("source")
    frame = pl.DataFrame(
        {
            "contact": pl.Series([row[1] for row in found], dtype=pl.Int64),
            "source": pl.Series([sources[row[2]] for row in found], dtype=pl.String),
            "id": pl.Series([row[3] for row in found], dtype=pl.String),
            "reference": pl.Series([row[4] for row in found], dtype=pl.String),
        }
    )
    return frame[np.searchsorted(numbers, seqs)]


def _currencies(source: Source, seqs: np.ndarray) -> pl.Series:
    """The currency in which the purchase of each line was told; '' for the business's own."""
    wanted = np.unique(seqs)
    foreign: dict[int, str] = {}
    after = 0
    while after < len(wanted):
        chunk = source.ledger.chunk_of(int(wanted[after]))
        assert chunk is not None  # every event of the log lies in one
        until = int(np.searchsorted(wanted, chunk.last_seq, side="right"))
        admission = decode(chunk.body_format, chunk.body)
        numbers = admission.told.numbers("seq")
        for row, currency in enumerate(admission.told.texts("currency")):
            if currency and currency != source.business.currency:
                foreign[int(numbers[row])] = str(currency)
        after = until
    return pl.Series([foreign.get(seq, "") for seq in seqs.tolist()] if foreign else [""] * len(seqs))


def _local_text(source: Source, times: np.ndarray) -> pl.Series:
    local = pl.Series(source.zone.locals(times)).cast(pl.Datetime("us"))
    return local.dt.strftime("%Y-%m-%dT%H:%M:%S")


def _pair(seqs: np.ndarray, ns: np.ndarray) -> pl.Series:
    """``seq:n``, the name of a transfer; '' for none."""
    frame = pl.DataFrame({"seq": seqs, "n": ns})
    named = pl.format("{}:{}", "seq", "n")
    return frame.select(pl.when(pl.col("seq") > 0).then(named).otherwise(pl.lit("")).alias("pair"))["pair"]


def _role_places(roles: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.array([int(role) for role in Role]), roles)


def _counted(owners: np.ndarray) -> np.ndarray:
    """1, 2, … within each owner; ``owners`` come together."""
    starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    lengths = np.diff(np.append(starts, len(owners)))
    return np.arange(len(owners)) - np.repeat(starts, lengths) + 1
