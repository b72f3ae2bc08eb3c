"""The ten offers told one event at a time to zen-engine and to durable_rules, called from Python.

Both are rule engines without a memory of contacts that suits this work, so memory is kept beside them in Python, in
the same way for both: the facts of an event go in with what the contact has reached so far, and out comes what each
offer gives. Folding lines into facts is done before the clock starts, which is in their favour. Their answers are
compared with the others' to the cent.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import polars_by_hand
from benchmarks.answer import OFFERS, Answer

Facts = dict[str, int]
Judge = Callable[[Facts], dict[str, int]]  # facts of one event -> what each offer gives before best-of, in minor units

EXPRESSIONS = {
    "base": "floor((total * 1 + 50) / 100)",
    "own-brand": "min([floor((private * 5 + 50) / 100), 500])",
    "evening": "hour >= 19 and hour < 23 ? floor((total * 3 + 50) / 100) : 0",
    "big-basket": "total >= 7500 ? 200 : 0",
    "produce-steps": "floor(produce / 200) * 10",
    "weekend-meat": "weekend == 1 ? min([floor((meat * 4 + 50) / 100), 300 - month_meat]) : 0",
    "dairy-week": "week_dairy < 1000 and week_dairy + dairy >= 1000 ? 50 : 0",
    "every-100": "(min([floor((month_spent + total) / 10000), 3]) - min([floor(month_spent / 10000), 3])) * 100",
    "every-1000": "(floor((spent + total) / 100000) - floor(spent / 100000)) * 1000",
    "gold-extra": "spent >= 150000 ? floor((total * 1 + 50) / 100) : 0",
}


@dataclass(slots=True)
class Memory:
    """What is remembered of one contact between events."""

    spent: int = 0
    month: int = 0
    month_spent: int = 0
    month_meat: int = 0
    week: int = 0
    week_dairy: int = 0
    commerce: int = 0


@dataclass(slots=True)
class Told:
    """One event: who, its windows, and its facts."""

    contact: int
    month: int
    week: int
    facts: Facts = field(default_factory=dict)


def told(folder: Path) -> list[Told]:
    """The folded events of the data in ``folder``, in the order (time, basket)."""
    local = pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone(polars_by_hand.ZONE)
    frame = polars_by_hand.events(folder).select(
        "contact",
        month=local.dt.year().cast(pl.Int32) * 12 + local.dt.month(),
        week=local.dt.truncate("1w").dt.epoch("d"),
        total="total",
        private="private",
        produce="produce",
        meat="meat",
        dairy="dairy",
        hour=local.dt.hour().cast(pl.Int64),
        weekend=(local.dt.weekday() >= 6).cast(pl.Int64),
    )
    names = ("total", "private", "produce", "meat", "dairy", "hour", "weekend")
    return [
        Told(contact, month, week, dict(zip(names, values, strict=True)))
        for contact, month, week, *values in frame.collect().iter_rows()
    ]


def decide(events: list[Told], judge: Judge) -> Answer:
    """Judge every event in turn and remember what follows from it."""
    memories: dict[int, Memory] = defaultdict(Memory)
    counts, sums = dict.fromkeys(OFFERS, 0), dict.fromkeys(OFFERS, 0)
    redeems = redeemed = 0
    for event in events:
        memory = memories[event.contact]
        if memory.month != event.month:
            memory.month, memory.month_spent, memory.month_meat = event.month, 0, 0
        if memory.week != event.week:
            memory.week, memory.week_dairy = event.week, 0
        facts = event.facts
        facts["spent"], facts["month_spent"] = memory.spent, memory.month_spent
        facts["month_meat"], facts["week_dairy"] = memory.month_meat, memory.week_dairy
        given = _best_of(judge(facts))
        total = facts["total"]
        memory.spent += total
        memory.month_spent += total
        memory.month_meat += given["weekend-meat"]
        memory.week_dairy += facts["dairy"]
        redeem = min(memory.commerce, total)
        memory.commerce += sum(given.values()) - redeem
        redeems, redeemed = redeems + (redeem > 0), redeemed + redeem
        for offer, amount in given.items():
            if amount > 0:
                counts[offer] += 1
                sums[offer] += amount
    return Answer(len(events), {offer: (counts[offer], sums[offer]) for offer in OFFERS}, (redeems, redeemed))


def _best_of(given: dict[str, int]) -> dict[str, int]:
    contest = ("own-brand", "evening", "big-basket")
    winner = max(contest, key=lambda offer: given[offer])
    for offer in contest:
        if offer != winner:
            given[offer] = 0
    return given


def zen_judge() -> Judge:
    """A decision graph of one expression node, compiled once, evaluated for each event."""
    import zen

    expressions = [{"id": name, "key": name, "value": text} for name, text in EXPRESSIONS.items()]
    nodes: list[dict[str, Any]] = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {
            "id": "offers",
            "name": "offers",
            "type": "expressionNode",
            "position": {"x": 1, "y": 0},
            "content": {"expressions": expressions},
        },
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "a", "type": "edge", "sourceId": "in", "targetId": "offers"},
        {"id": "b", "type": "edge", "sourceId": "offers", "targetId": "out"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def judge(facts: Facts) -> dict[str, int]:
        found = decision.evaluate(facts)["result"]
        return {offer: int(found[offer]) for offer in OFFERS}

    return judge


@cache  # a ruleset can be registered once in a process
def durable_judge() -> Judge:
    """One ruleset on one sid: a rule an offer says whether it applies, Python says how much."""
    from durable.lang import assert_fact, m, retract_fact, ruleset, when_all

    fired: list[str] = []

    with ruleset("ten"):
        conditions = {
            "base": m.total > 0,
            "own-brand": m.private > 0,
            "evening": (m.hour >= 19) & (m.hour < 23),
            "big-basket": m.total >= 7500,
            "produce-steps": m.produce >= 200,
            "weekend-meat": (m.weekend == 1) & (m.month_meat < 300),
            "dairy-week": (m.week_dairy < 1000) & (m.dairy > 0),
            "every-100": m.month_spent < 30000,
            "every-1000": m.total > 0,
            "gold-extra": m.spent >= 150000,
        }
        for offer, condition in conditions.items():
            _rule(when_all, condition, offer, fired)

    numbers = _numbers()

    def judge(facts: Facts) -> dict[str, int]:
        fired.clear()
        fact = {"sid": "0", "id": next(numbers), **facts}
        try:
            assert_fact("ten", fact)
        except Exception as error:  # an event that no rule takes is told so
            if type(error).__name__ != "MessageNotHandledException":
                raise
        else:
            retract_fact("ten", fact)
        given = dict.fromkeys(OFFERS, 0)
        for offer in fired:
            given[offer] = AMOUNTS[offer](facts)
        return given

    return judge


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def _rule(when_all: Any, condition: Any, offer: str, fired: list[str]) -> None:
    def action(_context: Any) -> None:
        fired.append(offer)

    action.__name__ = offer.replace("-", "_")
    when_all(condition)(action)


def _percent(minor: int, rate: int) -> int:
    return (minor * rate + 50) // 100


AMOUNTS: dict[str, Callable[[Facts], int]] = {
    "base": lambda f: _percent(f["total"], 1),
    "own-brand": lambda f: min(_percent(f["private"], 5), 500),
    "evening": lambda f: _percent(f["total"], 3),
    "big-basket": lambda f: 200,
    "produce-steps": lambda f: f["produce"] // 200 * 10,
    "weekend-meat": lambda f: min(_percent(f["meat"], 4), 300 - f["month_meat"]),
    "dairy-week": lambda f: 50 if f["week_dairy"] + f["dairy"] >= 1_000 else 0,
    "every-100": lambda f: (
        (min((f["month_spent"] + f["total"]) // 10_000, 3) - min(f["month_spent"] // 10_000, 3)) * 100
    ),
    "every-1000": lambda f: ((f["spent"] + f["total"]) // 100_000 - f["spent"] // 100_000) * 1_000,
    "gold-extra": lambda f: _percent(f["total"], 1),
}
