"""V8 and V12: one outcome an event, one earn a business key, and outcomes that add up."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import polars as pl

from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.ledger.audit import Finding

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger

# A row of an event that was told again doesn't own its id, nor does one that may not be told or can't be read.
_AGAIN: Final = (Reason.REPEAT, Reason.ID_CONFLICT, Reason.ESTIMATE, Reason.NOT_PERMITTED, Reason.UNREADABLE)


def normalised(reference: str) -> str:
    """A reference in the form in which two are compared.

    >>> normalised(" ab-１ ")
    'AB-1'
    """
    return unicodedata.normalize("NFKC", reference).strip().upper()


def identity(ledger: Ledger) -> Iterator[Finding]:
    """V8: each (source, id) has one event that owns it, each business key one purchase that earned."""
    events = ledger.frame(
        "event", ("seq", "contact", "source", "merchant", "type", "outcome", "reason", "id", "series", "reference")
    )
    yield from _ids(ledger, events)
    yield from _references(ledger, events)


def _ids(ledger: Ledger, events: pl.DataFrame) -> Iterator[Finding]:
    first = events.filter(~pl.col("reason").is_in([int(reason) for reason in _AGAIN]) & (pl.col("id") != ""))
    twice = first.group_by("source", "id").agg(pl.col("seq").sort()).filter(pl.col("seq").list.len() > 1)
    for source, id, seqs in twice.sort("source", "id").iter_rows():
        yield Finding("V8", "outcomes", f"source {source} id {id}", "one", f"seq {', '.join(map(str, seqs))}")
    keys = ledger.frame("event_key").rename({"seq": "key_seq"})
    named = events.select("source", "id", key_seq="seq")
    both = keys.join(named, on="key_seq", how="left", suffix="_event")
    wrong = both.filter(
        ~pl.col("source").eq_missing(pl.col("source_event")) | ~pl.col("id").eq_missing(pl.col("id_event"))
    )
    for source, id, seq in wrong.select("source", "id", "key_seq").iter_rows():
        yield Finding("V8", "the event of a key", f"source {source} id {id}", "an event of that id", f"seq {seq}")
    posted = first.filter(pl.col("outcome").is_in([int(Outcome.POSTED), int(Outcome.WAITING)]))
    for seq, id in posted.join(keys, on=("source", "id"), how="anti").select("seq", "id").iter_rows():
        yield Finding("V8", "key of a posted event", f"seq {seq} id {id}", "a key", "none")


def _references(ledger: Ledger, events: pl.DataFrame) -> Iterator[Finding]:
    held = ledger.frame("business_key")
    by_seq = events.filter(pl.col("seq").is_in(held["seq"].implode()))
    claims = {row[0]: row[1:] for row in by_seq.select("seq", "merchant", "type", "outcome", "reference").iter_rows()}
    for merchant, _series, reference, seq in held.select("merchant", "series", "reference", "seq").iter_rows():
        of, kind, outcome, told = claims.get(seq, (None, None, None, ""))
        claimed = of == merchant and outcome == Outcome.POSTED and normalised(told) == reference
        if not claimed or kind not in (EventType.PURCHASE, EventType.ADJUST):
            where = f"merchant {merchant} reference {reference}"
            yield Finding("V8", "holder of a business key", where, "a posted event with that reference", f"seq {seq}")
    posted = events.filter(pl.col("outcome") == int(Outcome.POSTED))
    purchases = posted.filter((pl.col("type") == int(EventType.PURCHASE)) & (pl.col("reference") != ""))
    texts = {text: normalised(text) for text in purchases["reference"].unique().to_list()}
    series = {text: normalised(text) for text in purchases["series"].unique().to_list()}
    keyed = purchases.with_columns(
        pl.col("reference").replace_strict(texts, return_dtype=pl.String),
        pl.col("series").replace_strict(series, return_dtype=pl.String),
    )
    twice = keyed.group_by("merchant", "series", "reference").agg(pl.col("seq", "contact").sort_by("seq"))
    cancels = posted.filter(pl.col("type") == int(EventType.CANCEL))
    by_contact = {contact: set(seqs) for contact, seqs in cancels.group_by("contact").agg("seq").iter_rows()}
    for merchant, _, reference, seqs, contacts in twice.filter(pl.col("seq").list.len() > 1).iter_rows():
        for place, (seq, contact) in enumerate(zip(seqs[:-1], contacts[:-1], strict=True)):
            if not any(seq < cancel < seqs[place + 1] for cancel in by_contact.get(contact, ())):
                found = f"seq {seq} and {seqs[place + 1]}"
                yield Finding("V8", "earns", f"merchant {merchant} reference {reference}", "one not cancelled", found)


_COUNTED: Final = {
    "posted": (Outcome.POSTED,),
    "ignored": (Outcome.IGNORED,),
    "refused": (Outcome.REFUSED,),
    "parked": (Outcome.PARKED,),
    "waiting": (Outcome.WAITING,),
}


def counts(ledger: Ledger) -> Iterator[Finding]:
    """V12: each run's outcomes add up to the events it read, and all runs' to the events in the log."""
    runs = ledger.frame("run")
    total = pl.sum_horizontal(*_COUNTED)
    wrong = runs.filter(pl.col("read") != total).select("number", "read", total.alias("ended"))
    for number, read, ended in wrong.iter_rows():
        yield Finding("V12", "outcomes of a run", f"run {number}", f"{read} as read", str(ended))
    events = ledger.frame("event", ("outcome", "type")).filter(pl.col("type") != int(EventType.PROGRAMME))
    outcomes = dict(events.group_by("outcome").len().iter_rows())
    for name, kinds in _COUNTED.items():
        told = int(runs[name].sum()) - (int(runs["unstored"].sum()) if name == "ignored" else 0)
        stored = sum(outcomes.get(int(kind), 0) for kind in kinds)
        if told != stored and len(runs):
            yield Finding("V12", f"events {name}", "the log", f"{told} as counted by the runs", str(stored))
    awaited = ledger.frame("resolved", ("seq",))
    waiting = ledger.frame("event", ("seq", "outcome")).filter(pl.col("outcome") == int(Outcome.WAITING))
    for (seq,) in awaited.join(waiting, on="seq", how="anti").select("seq").iter_rows():
        yield Finding("V12", "the end of an event that waited", f"seq {seq}", "an event that waited", "none")
