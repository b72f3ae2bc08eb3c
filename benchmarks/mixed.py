"""A history of mixed events, proved by replay: ``python -m benchmarks.mixed [--events N] [--seed S]``.

Tills, members, returns, holds, payouts, care and the clock over two years of a made-up town: about one event in six is
no purchase. The history is run, verified and replayed into an empty ledger; prints the seconds of each and what an
event of each type cost. 1,000,000 events take some 400 MB of disk below ``.data/bench``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from benchmarks.data import DATA
from benchmarks.figures import Figure, table

Event = dict[str, Any]
PROGRAMME = {
    "business.yaml": """\
business:
  id: town
  currency: EUR
  time_zone: Europe/Nicosia
  resolution: {groups: [{id: basket, mode: best}]}
  adjust: {reasons: [goodwill]}
  wallet:
    limits: [{on: spend, each: day, amount: 20.00, over: clip}]
    fees: [{on: spend, amount: 0.05}]
merchants:
  - {id: bakery, owns_contacts: true, venues: [{id: north}]}
  - {id: kiosk, venues: [{id: pier}]}
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%, spend: 2%}}
  - {merchant: kiosk, contribution: 30%}
pools:
  - {id: anywhere, valid: {for: 90d}}
  - {id: cashback, valid: {for: 1y}, payout: true}
tiers: {unit_per: 1.00, window: {from_achieved: 12mo}, ladder: [{id: bronze, needs: 0}, {id: gold, needs: 800}]}
""",
    "everyday.yaml": """\
scheme: {id: everyday}
offers:
  - {id: two-percent, goal: spend, award: {percent: 2}, group: basket, claw_back: within_balance}
  - {id: coffee, goal: spend, lines: {family: COFFEE}, award: {percent: 8}, group: basket}
  - {id: every-100, goal: spend, goals: {of: [{spend: 100.00, per: month}], repeat: true}, award: {amount: 2.00}}
  - {id: four-weeks, goal: visits, goals: {of: [{streak: 4, per: week, each: {visits: 1}}]}, award: {amount: 1.50}}
  - {id: cash, goal: spend, at: {merchants: [bakery]}, award: {percent: 3}, pool: cashback, redeem: instant}
  - {id: gold, goal: membership, type: reach_tier, award: {amount: 5.00}}
  - id: thanks
    goal: achievement
    type: achievement
    award: {amount: 0.20}
    caps: [{times: 1, per: contact, each: week}]
""",
}
_FIRST = datetime(2024, 1, 1, 8, tzinfo=UTC)
_DAYS = 730
# Of 1,000 events that are no tick.
_OFTEN = {
    "purchase": 840, "return": 45, "cancel": 12, "achievement": 30, "update": 10, "adjust": 8, "transfer": 4,
    "hold": 20, "payout": 6, "block_spend": 2, "unblock_spend": 3, "hold_account": 1, "reactivate": 2, "merge": 1,
    "redeem": 16,
}  # fmt: skip
_RECENT = 2_000  # purchases that may come back


def history(count: int, seed: int) -> Iterator[Event]:
    """``count`` events in the order of their times; holds are captured or given back by an event of their own."""
    draw = Random(seed)
    contacts = max(20, count // 60)
    bought: deque[tuple[str, float]] = deque(maxlen=_RECENT)
    held: deque[str] = deque(maxlen=50)
    kinds, weights = list(_OFTEN), list(_OFTEN.values())
    step = timedelta(days=_DAYS) / count
    midnight = _FIRST.date()
    for number in range(count):
        now = _FIRST + step * number
        told: Event = {"id": f"e{number}", "time": now.isoformat()}
        if now.date() != midnight:
            midnight = now.date()
            yield {**told, "type": "tick"}
            continue
        kind = draw.choices(kinds, weights)[0]
        who = f"c{draw.randrange(contacts)}"
        yield told | _event(draw, kind, who, f"e{number}", contacts, bought, held)


def _event(
    draw: Random, kind: str, who: str, name: str, contacts: int, bought: deque[tuple[str, float]], held: deque[str]
) -> Event:
    """What one event says beside its id and time."""
    amount = f"{draw.randint(50, 900) / 100:.2f}"
    if kind in ("return", "cancel") and bought:
        of, total = bought[draw.randrange(len(bought))]
        part = {"amount": f"{total * draw.choice([0.25, 0.5, 1]):.2f}"} if kind == "return" else {}
        return {"type": kind, "of": of, **part}
    if kind == "hold" and held and draw.random() < 0.6:
        return {"type": draw.choice(["capture", "capture", "void"]), "of": held.popleft()}
    if kind == "hold":
        held.append(name)
        return {"type": kind, "contact": who, "amount": amount, "hold_for": "2d"}
    if kind == "adjust":
        return {"type": kind, "contact": who, "amount": amount, "reason": "goodwill"}
    if kind == "transfer":
        return {"type": kind, "contact": who, "to": f"c{draw.randrange(contacts)}", "amount": "0.10"}
    if kind == "merge":
        return {"type": kind, "contact": who, "into": f"c{draw.randrange(contacts)}"}
    if kind == "update":
        return {"type": kind, "contact": who, "payment_method": {"kind": "bank", "reference": "a"}}
    if kind == "achievement":
        return {"type": kind, "contact": who, "classification": "like"}
    if kind == "redeem" or kind not in ("purchase", "return", "cancel"):
        lines = {"lines": [{"sku": "A", "total": amount}]} if kind == "redeem" else {}
        return {"type": kind, "contact": who, **lines}
    return _purchase(draw, who, name, bought)


def _purchase(draw: Random, who: str, name: str, bought: deque[tuple[str, float]]) -> Event:
    cents = [draw.randint(99, 3_000) for _ in range(draw.randint(1, 3))]
    lines = [
        {"sku": f"S{draw.randrange(40)}", "family": draw.choice(["COFFEE", "BREAD"]), "total": f"{each / 100:.2f}"}
        for each in cents
    ]
    bought.append((name, sum(cents) / 100))
    place = draw.choice([{}, {"merchant": "bakery"}, {"merchant": "bakery"}, {"merchant": "kiosk"}])
    spend = {"spend": "max"} if draw.random() < 0.15 else {}
    return {"type": "purchase", "contact": who, "lines": lines, **place, **spend}


def written(count: int, seed: int) -> tuple[Path, Path, Counter[str]]:
    """Folder of the programme, file of the history, and how many events of each type it has."""
    folder = DATA / "bench" / f"mixed-{count}-{seed}"
    (folder / "town").mkdir(parents=True, exist_ok=True)
    for name, text in PROGRAMME.items():
        (folder / "town" / name).write_text(text, encoding="utf-8")
    types: Counter[str] = Counter()
    with (folder / "history.jsonl").open("w", encoding="utf-8") as file:
        for event in history(count, seed):
            types[event["type"]] += 1
            file.write(json.dumps(event, separators=(",", ":")) + "\n")
    return folder / "town", folder / "history.jsonl", types


def main() -> int:
    """Run, verify and replay the history; 1 if an invariant fails or the replay gives another ledger."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.mixed")
    asked.add_argument("--events", type=int, default=1_000_000)
    asked.add_argument("--seed", type=int, default=1)
    told = asked.parse_args()
    town, events, types = written(told.events, told.seed)
    ledger = events.with_name("ledger.db")
    for leftover in (ledger, ledger.with_name("ledger.db-wal"), ledger.with_name("ledger.db-shm")):
        leftover.unlink(missing_ok=True)
    print(", ".join(f"{count:,} {kind}" for kind, count in types.most_common()))
    url = f"sqlite:///{ledger}"
    took: dict[str, float] = defaultdict(float)
    code = 0
    for name, words in (
        ("run", ["run", str(town), "--events", str(events), "--ledger", url]),
        ("verify", ["verify", "--ledger", url]),
        ("verify --replay", ["verify", "--replay", "--ledger", url]),
    ):
        started = perf_counter()
        ended = subprocess.run([sys.executable, "-m", "guerdon.engine.cli.main", *words], check=False)
        took[name] = perf_counter() - started
        code = max(code, int(ended.returncode not in (0, 1) or (name != "run" and ended.returncode != 0)))
    rare = told.events - types["purchase"]
    figures = [Figure(f"{told.events:,} mixed events", name, seconds, "s") for name, seconds in took.items()]
    print(table(figures))
    print(f"run: {1e3 * took['run'] / max(1, rare):.2f} ms for each of {rare:,} events that are no purchase")
    return code


if __name__ == "__main__":
    sys.exit(main())
