"""V9: what an offer gave in each window is within its caps.

The cap of a window is the largest that any version in force since had. Left out are contacts whose counters are not the
sum of their own awards: merged ones, and those with returns or cancels, whose awards gave part of a cap back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.ledger.audit import Finding

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.rules.program import Cap, Program

_EVERY: Final = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_UNSETTLED: Final = (EventType.RETURN, EventType.CANCEL, EventType.MERGE)


@dataclass(frozen=True, slots=True)
class _Limit:
    """One cap of one offer as numbers: what may be given by ``per`` in each window."""

    offer: str
    measure: str
    per: str
    window: str
    days: int
    limit: int


def caps(ledger: Ledger) -> Iterator[Finding]:
    """V9: Σ awarded in each window ≤ cap, for every cap of every version."""
    programs = _programs(ledger)
    if not programs:
        return
    limits = _limits(programs)
    columns = ("seq", "n", "offer", "contact", "pool", "cause", "scheme", "amount", "wins", "earned_at")
    awards = _settled(ledger, ledger.frame("award", columns))
    zone = programs[-1].business.time_zone
    awards = awards.with_columns(
        day=pl.from_epoch("earned_at", "us").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()
    )
    by_offer = {number: part for (number,), part in awards.partition_by("offer", as_dict=True).items()}
    for limit in limits:
        number = ledger.names.find("offer", limit.offer)
        if number in by_offer:
            yield from _exceeded(ledger, by_offer[number], limit)


def _programs(ledger: Ledger) -> list[Program]:
    from guerdon.rules import program_from_canonical

    found = []
    for _, canonical in ledger.programmes().values():
        try:
            found.append(program_from_canonical(canonical))
        except Exception:  # V13 reports a text that is no programme
            continue
    return found


def _limits(programs: list[Program]) -> list[_Limit]:
    """The caps that every version has, each at its largest: a version without one sets no bound."""
    largest: dict[tuple[str, str, str, str, int], list[int]] = {}
    having: dict[str, int] = {}
    for program in programs:
        for offer in program.offers:
            having[offer.id] = having.get(offer.id, 0) + 1
            tightest: dict[tuple[str, str, str, str, int], int] = {}
            for cap in offer.caps:
                if cap.window == "tier":
                    continue  # once a tier: which tier an award was for stands in no row of its own
                key = _key(offer.id, cap)
                tightest[key] = min(cap.limit, tightest.get(key, cap.limit))
            for key, limit in tightest.items():
                largest.setdefault(key, []).append(limit)
    return [_Limit(*key, max(limits)) for key, limits in largest.items() if len(limits) == having[key[0]]]


def _key(offer: str, cap: Cap) -> tuple[str, str, str, str, int]:
    return offer, cap.measure, cap.per, cap.window, cap.days


def _settled(ledger: Ledger, awards: pl.DataFrame) -> pl.DataFrame:
    events = ledger.frame("event", ("seq", "contact", "type", "outcome"))
    posted = events.filter(pl.col("outcome") == int(Outcome.POSTED))
    unsettled = posted.filter(pl.col("type").is_in([int(kind) for kind in _UNSETTLED])).select("seq", "contact")
    touched = ledger.frame("contact_event").join(unsettled.select("seq"), on="seq", how="semi")
    contacts = pl.concat([unsettled["contact"], touched["contact"]]).unique()
    return awards.filter(~pl.col("contact").is_in(contacts.implode()))


def _exceeded(ledger: Ledger, awards: pl.DataFrame, limit: _Limit) -> Iterator[Finding]:
    given = pl.col("wins" if limit.measure == "times" else "amount").sum().alias("given")
    if limit.measure == "amount":
        awards = awards.filter(pl.col("pool") != 0)  # a product's value is in another unit
    if limit.per == "event" or limit.window == "event":
        found = awards.group_by("seq", "cause", "scheme", "contact").agg(given)
        found = found.with_columns(window=pl.col("seq").cast(pl.String))
    elif limit.window == "rolling":
        found = _rolling(awards, limit, given)
    else:
        window = pl.lit("") if limit.window == "lifetime" else pl.col("day").dt.truncate(_EVERY[limit.window])
        by = ["contact"] if limit.per == "contact" else []
        found = awards.group_by([*by, window.alias("window")]).agg(given)
    found = found.with_columns(pl.col("window").cast(pl.String))
    for row in found.filter(pl.col("given") > limit.limit).sort("window").iter_rows(named=True):
        who = ledger.names.id("contact", row["contact"]) if row.get("contact") else "all contacts"
        where = f"offer {limit.offer}, {who}, {limit.window} {row['window']}"
        yield Finding("V9", f"{limit.measure} per {limit.per}", where, f"at most {limit.limit}", str(row["given"]))


def _rolling(awards: pl.DataFrame, limit: _Limit, given: pl.Expr) -> pl.DataFrame:
    by = ["contact"] if limit.per == "contact" else []
    daily = awards.sort(*by, "day")
    rolled = daily.rolling("day", period=f"{limit.days}d", group_by=by or None).agg(given)
    return rolled.with_columns(window=pl.col("day").cast(pl.String))
