"""Hypothesis strategies for event histories: a handful of contacts whose times cross days, weeks, months and clocks.

The log is in the order of the list. Without `late` it is in the order of admission (time, rank, source, id).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from .offers import BRANDS, FAMILIES, SKUS, present, sometimes

Event = dict[str, Any]

CONTACTS = ["ann", "ann", "ann", "bob", "cat"]
# Local times shortly before a change of the clocks, the end of a month, of a year, a Monday.
STARTS = ["2026-03-28 21:30", "2026-03-08 00:30", "2026-10-24 22:10", "2026-12-30 09:00", "2026-02-27 11:59"]
STEPS = [
    timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(minutes=40), timedelta(hours=3), timedelta(hours=11),
    timedelta(days=1), timedelta(days=1), timedelta(days=2), timedelta(days=6), timedelta(days=7), timedelta(days=15),
    timedelta(days=30), timedelta(days=31), timedelta(days=91),
]  # fmt: skip
TOTALS = ["0.01", "0.99", "1.00", "2.50", "3.33", "5.00", "10.00", "10.00", "12.34", "25.00", "50.00"]
RANKS = {"register": 1, "block_spend": 1, "unblock_spend": 1, "pool_activated": 1, "cancel": 3, "return": 3, "tick": 4}


@st.composite
def lines(draw: st.DrawFn) -> list[Event]:
    found = []
    for _ in range(draw(st.integers(1, 3))):
        total = draw(st.sampled_from(TOTALS))
        line = present(
            {
                "sku": draw(st.sampled_from(SKUS)),
                "family": draw(sometimes(st.sampled_from(FAMILIES), 1)),
                "brand": draw(sometimes(st.sampled_from(BRANDS), 2)),
                "organic": draw(sometimes(st.sampled_from(["true", "false"]), 3)),
                "quantity": draw(st.sampled_from(["1", "1", "2", "3", "0.5", "5"])),
                "total": total,
            }
        )
        if draw(st.integers(1, 4)) == 4:
            cents = int(total.replace(".", ""))
            tax = cents // 5
            line["tax"] = f"{tax // 100}.{tax % 100:02d}"
            line["net"] = f"{(cents - tax) // 100}.{(cents - tax) % 100:02d}"
        found.append(line)
    return found


SPENDS: list[Any] = [{"amount": "0.50"}, {"amount": "2.00"}, {"amount": "10.00"}, "max", "full"]
PLACES: list[Event] = [{}, {}, {"merchant": "bakery"}, {"venue": "b1"}, {"tap": "t1"}, {"venue": "b2"}, {"tap": "t3"}]


@st.composite
def purchases(draw: st.DrawFn) -> Event:
    body = {"lines": draw(lines())} if draw(st.integers(1, 5)) < 5 else {"total": draw(st.sampled_from(TOTALS))}
    return present(
        {
            "type": "purchase",
            "contact": draw(st.sampled_from(CONTACTS)),
            **body,
            **draw(st.sampled_from(PLACES)),
            "channel": draw(sometimes(st.sampled_from(["web", "till"]), 3)),
            "attributes": draw(sometimes(st.sampled_from([{"weather": "rain"}, {"weather": "sun"}]), 4)),
            "spend": draw(sometimes(st.sampled_from(SPENDS), 3)),
            "reference": draw(sometimes(st.sampled_from(["INV-1", "inv-1 ", "INV-2"]), 12)),
        }
    )


@st.composite
def gives_back(draw: st.DrawFn, bought: list[Event]) -> Event:
    """A return or a cancel of an earlier purchase; by whole lines, pieces, or an amount."""
    of = draw(st.sampled_from(bought))
    event: Event = {"type": "return", "contact": of["contact"], "of": of["id"]}
    how = draw(st.sampled_from(["cancel", "line", "piece", "amount", "part"]))
    if how == "cancel":
        return {**event, "type": "cancel"}
    line = draw(st.integers(1, len(of.get("lines", [0]))))
    entry = of["lines"][line - 1] if "lines" in of else {"quantity": "1", "total": of["total"]}
    if how == "line":
        event["lines"] = [{"line": str(line), "quantity": entry["quantity"]}]
    elif how == "piece":
        event["lines"] = [{"line": str(line), "quantity": "1"}]
    elif how == "part":
        event["lines"] = [{"line": str(line), "total": draw(st.sampled_from(["0.01", "1.00", entry["total"]]))}]
    else:
        event["amount"] = draw(st.sampled_from(["0.01", "1.00", "2.50", entry["total"]]))
    return event


def settings() -> st.SearchStrategy[Event]:
    who = st.sampled_from(CONTACTS)
    return st.one_of(
        st.builds(lambda c: {"type": "block_spend", "contact": c}, who),
        st.builds(lambda c: {"type": "unblock_spend", "contact": c}, who),
        st.builds(lambda c: {"type": "pool_activated", "contact": c, "pool": "anywhere"}, who),
        st.builds(lambda c: {"type": "register", "contact": c}, who),
    )


@st.composite
def bodies(draw: st.DrawFn, bought: list[Event], returns: bool, members: bool) -> Event:
    kind = draw(st.integers(1, 12))
    if kind == 12:
        return {"type": "tick"}
    if kind == 11 and members:
        return draw(settings())
    if kind >= 8 and returns and bought:
        return draw(gives_back(bought))
    return draw(purchases())


@st.composite
def histories(
    draw: st.DrawFn, late: bool = False, returns: bool = False, members: bool = False, most: int = 14
) -> list[Event]:
    """A log of events with ids and local times."""
    now = datetime.fromisoformat(draw(st.sampled_from(STARTS)))
    events: list[Event] = []
    for number in range(1, draw(st.integers(5, most)) + 1):
        now += draw(st.sampled_from(STEPS))
        bought = [event for event in events if event["type"] == "purchase"]
        event = draw(bodies(bought, returns, members))
        event["id"] = f"e{number:02d}"
        event["source"] = "case"
        at = now
        if late and draw(st.integers(1, 4)) == 4:
            at = now - draw(st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=5)]))
        event["time"] = at.isoformat(sep=" ")
        events.append(event)
    if draw(st.booleans()):
        end = (now + timedelta(days=40)).isoformat(sep=" ")
        events.append({"type": "tick", "id": "last", "source": "case", "time": end})
    return events if late else sorted(events, key=admission)


def admission(event: Event) -> tuple[datetime, int, str, str]:
    return (datetime.fromisoformat(event["time"]), RANKS.get(event["type"], 2), event["source"], event["id"])
