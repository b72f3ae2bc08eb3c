"""Both sides in one form: the engine's and the judge's read-outs as plain values that compare with `==`.

The engine's entry is `guerdon.engine.cases.running.run_events(files, events, way=…, cut=…)`, whose result has
read-outs in the shape of the `expect` keys of case files. Only this module knows that shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from tests.judge import Judge
from tests.judge.money import rounded
from tests.judge.readouts import Readouts

from ..engines import new

COMPARED = (
    "outcomes", "awards", "reversals", "refusals", "redeems", "spends", "expiries", "wallets", "accounts", "progress",
    "tiers",
)  # fmt: skip
STORED = {"outranked", "cap_reached", "budget_used", "award_share_reached"}  # refusals that the ledger keeps


def number(value: Any) -> Fraction:
    return Fraction(str(value))


def parts(value: Mapping[Any, Any] | None) -> tuple[tuple[str, Fraction], ...]:
    """A mapping of amounts, zero parts left out."""
    return tuple(sorted((str(k), number(v)) for k, v in (value or {}).items() if number(v)))


def outcome(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{kind} {code}" for kind, code in value.items())
    return str(value)


def awards(entries: Iterable[Mapping[str, Any]]) -> Counter[Any]:
    return Counter(
        (e["event"], e["offer"], e["contact"], e["pool"], number(e["amount"]), parts(e["funders"]), parts(e["lines"]))
        for e in entries
    )


def amounts(entries: Iterable[Mapping[str, Any]], *keys: str) -> Counter[Any]:
    return Counter((*(str(e[key]) for key in keys), number(e["amount"])) for e in entries if number(e["amount"]))


def refusals(entries: Iterable[Mapping[str, Any]], asked: set[str]) -> Counter[Any]:
    """Those of offers; of spends, those that an event asked for (what `auto_spend` leaves is no refused request)."""
    return Counter(
        (e["event"], e.get("offer") or "spend", e["code"])
        for e in entries
        if e.get("offer") or (e.get("request") == "spend" and e["event"] in asked)
    )


def wallets(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Whoever has anything, with what it is."""
    plain = {
        name: parts({key: value for key, value in wallet.items() if key != "pools"}) + parts(wallet.get("pools"))
        for name, wallet in found.items()
    }
    return {name: wallet for name, wallet in plain.items() if wallet}


def progress(entries: Iterable[Mapping[str, Any]]) -> set[Any]:
    return {(e["contact"], e["offer"], int(e.get("goal", 1)), number(e["at"])) for e in entries if number(e["at"])}


def normal(read: Mapping[str, Any], events: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Read-outs of either side, in one form."""
    asked = {str(event["id"]) for event in events if "spend" in event and event["type"] != "estimate"}
    return {
        "outcomes": {name: outcome(value) for name, value in read["outcomes"].items()},
        "awards": awards(read["awards"]),
        "reversals": amounts(read["reversals"], "event", "offer"),
        "refusals": refusals(read["refusals"], asked),
        "redeems": amounts(read["redeems"], "event", "pool"),
        "spends": Counter((e["event"], number(e["amount"]), number(e.get("fee", 0))) for e in read["spends"]),
        "expiries": amounts(read["expiries"], "contact"),
        "wallets": wallets(read["wallets"]),
        "accounts": dict(parts(read["accounts"])),
        "progress": progress(read["progress"]),
        "tiers": dict(read["tiers"]),
    }


def judged(files: Mapping[str, str], events: list[dict[str, Any]]) -> dict[str, Any]:
    judge = Judge(files)
    for event in events:
        judge.feed(event)
    return normal(read_judge(judge), events)


def read_judge(judge: Judge) -> dict[str, Any]:
    readouts = Readouts(judge)
    return {key: getattr(readouts, key)() for key in COMPARED}


def engine_says(files: Mapping[str, str], events: list[dict[str, Any]], way: str, cut: int | None) -> dict[str, Any]:
    """The engine's answer: what it found is a mapping of read-outs."""
    from guerdon.engine.cases.running import run_events

    found = run_events(dict(files), [dict(event) for event in events], way=way, cut=cut, url=new()).found
    return normal(found, events)


def differences(engine: Mapping[str, Any], judge: Mapping[str, Any]) -> dict[str, Any]:
    """Where the two differ: (engine's, judge's) by read-out."""
    found: dict[str, Any] = {}
    for key in COMPARED:
        ours, theirs = engine[key], judge[key]
        if key == "progress":
            theirs = {_in_minor_units(entry, ours) for entry in theirs}
        if ours != theirs:
            found[key] = difference(ours, theirs)
    return found


def _in_minor_units(entry: Any, ours: set[Any]) -> Any:
    """The judge keeps what a returned part of a line leaves of a goal as it is; the engine counts whole minor units."""
    counted = (*entry[:-1], Fraction(rounded(entry[-1] * 100, "half_up"), 100))
    return counted if counted in ours else entry


def difference(engine: Any, judge: Any) -> Any:
    if isinstance(engine, Counter):
        return {"engine only": dict(engine - judge), "judge only": dict(judge - engine)}
    if isinstance(engine, set):
        return {"engine only": engine - judge, "judge only": judge - engine}
    keys = {key for key in {**engine, **judge} if engine.get(key) != judge.get(key)}
    return {key: (engine.get(key), judge.get(key)) for key in sorted(keys)}
