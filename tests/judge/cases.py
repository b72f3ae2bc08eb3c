"""Running case files against a judge, and comparing what they expect with what it says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from .judge import Judge
from .readouts import Readouts

HERE = Path(__file__).parent
RANKS = {"programme": 0, "cancel": 3, "return": 3, "tick": 4}
REQUESTS = {
    "purchase", "estimate", "redeem", "payout", "payout_confirmed", "payout_failed", "hold", "capture", "void",
    "adjust", "transfer", "merge", "budget_loaded", "draw", "statement_closed", "statement_approved",
    "statement_sent", "statement_paid", "statement_failed",
}  # fmt: skip


def cases_folder() -> Path:
    """Where the acceptance cases lie: in the project, or where GUERDON_CASES says."""
    found = Path(os.environ.get("GUERDON_CASES", HERE.parent / "cases" / "acceptance"))
    assert any(found.rglob("*.yaml")), f"no acceptance cases in {found}: set GUERDON_CASES"
    return found


def case_files() -> list[Path]:
    folder = cases_folder()
    files = sorted(path for path in folder.rglob("*.yaml") if "programmes" not in path.relative_to(folder).parts)
    return [path for path in files if "case" in load(path)]


def load(path: Path) -> dict[str, Any]:
    document = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    return document if isinstance(document, dict) else {}


def programme_files(path: Path, case: dict[str, Any]) -> dict[str, str]:
    files: dict[str, str] = {}
    if "programme" in case:
        folder = (path.parent / case["programme"]).resolve()
        for each in sorted(folder.rglob("*")):
            if each.is_file() and "cases" not in each.relative_to(folder).parts:
                files[str(each.relative_to(folder))] = each.read_text()
    return files | dict(case.get("files") or {})


def events_of(case: dict[str, Any], judge: Judge) -> list[dict[str, Any]]:
    """The events with their default ids, in log order; `sorted: true` orders them as admission does."""
    events, count = [], 0
    for entry in case.get("events") or []:
        event = dict(entry)
        if set(event) != {"expect"}:
            count += 1
            event.setdefault("id", f"e{count}")
            event.setdefault("source", "case")
        events.append(event)
    if case.get("sorted") == "true":
        events.sort(key=lambda e: admission_order(e, judge))
    return events


def admission_order(e: dict[str, Any], judge: Judge) -> tuple[datetime, int, str, str]:
    rank = RANKS.get(e["type"], 2 if e["type"] in REQUESTS else 1)
    return (judge.rules.clock.instant(e["time"]), rank, e["source"], e["id"])


def run_case(path: Path) -> list[str]:
    """What a case expects and the judge does not say; nothing when it passes."""
    case = load(path)
    judge = Judge(programme_files(path, case))
    problems: list[str] = []
    for event in events_of(case, judge):
        if set(event) == {"expect"}:
            problems += compare(event["expect"], judge)
        else:
            judge.feed(event)
    return problems + compare(case.get("expect") or {}, judge)


# Comparing


def compare(expect: dict[str, Any], judge: Judge) -> list[str]:
    problems = []
    for key, wanted in expect.items():
        problems += [f"{key}: {problem}" for problem in CHECKS[key](wanted, Readouts(judge))]
    return problems


def number(text: Any) -> Fraction:
    return Fraction(str(text))


def same(wanted: Any, found: Any) -> bool:
    """Equal, amounts as numbers, mappings with zero parts left out."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = set(wanted) | {str(key) for key in found}
        texts = {str(key): value for key, value in found.items()}
        return all(same(wanted.get(key, "0"), texts.get(key, "0")) for key in keys)
    try:
        return number(wanted) == number(found)
    except ValueError:
        return str(wanted) == str(found)


def fits(wanted: dict[str, Any], found: dict[str, Any]) -> bool:
    return all(key in found and same(value, found[key]) for key, value in wanted.items())


def exactly(read: Callable[[Readouts], list[dict[str, Any]]]) -> Callable[[Any, Readouts], list[str]]:
    """All of them, no more and no fewer, in any order; fields that are not named are free."""

    def check(wanted: list[dict[str, Any]], readouts: Readouts) -> list[str]:
        left = read(readouts)
        problems = []
        for entry in wanted:
            match = next((found for found in left if fits(entry, found)), None)
            if match is None:
                problems.append(f"missing {entry}, there is {left}")
            else:
                left.remove(match)
        return problems + [f"not expected {found}" for found in left]

    return check


def at_least(read: Callable[[Readouts], list[dict[str, Any]]]) -> Callable[[Any, Readouts], list[str]]:
    def check(wanted: list[dict[str, Any]], readouts: Readouts) -> list[str]:
        there = read(readouts)
        return [f"missing {entry} in {there}" for entry in wanted if not any(fits(entry, each) for each in there)]

    return check


def check_map(read: Callable[[Readouts], dict[str, Any]], default: Any) -> Callable[[Any, Readouts], list[str]]:
    """What is named must be so; a name that is not there has the default."""

    def check(wanted: dict[str, Any], readouts: Readouts) -> list[str]:
        there = read(readouts)
        problems = []
        for name, value in wanted.items():
            found = there.get(name, default)
            good = fits(value, found) if isinstance(value, dict) and isinstance(found, dict) else same(value, found)
            if not good:
                problems.append(f"{name} is {found}, not {value}")
        return problems

    return check


def check_pools(wanted: dict[str, Any], readouts: Readouts) -> list[str]:
    problems = []
    there = readouts.wallets()
    for name, wallet in wanted.items():
        found = there.get(name, {})
        for key, value in wallet.items():
            good = fits(value, found.get(key, {})) if key == "pools" else same(value, found.get(key, "0"))
            if not good:
                problems.append(f"{name} {key} is {found.get(key)}, not {value}")
    return problems


def check_expiries(wanted: list[dict[str, Any]], readouts: Readouts) -> list[str]:
    clock = readouts.rules.clock
    entries = [{**entry, **({"at": clock.instant(entry["at"])} if "at" in entry else {})} for entry in wanted]
    return exactly(lambda r: r.expiries())(entries, readouts)


def check_progress(wanted: list[dict[str, Any]], readouts: Readouts) -> list[str]:
    entries = [{"goal": "1", **entry} for entry in wanted]
    return at_least(lambda r: r.progress())(entries, readouts)


def check_contacts(wanted: dict[str, Any], readouts: Readouts) -> list[str]:
    there = readouts.contacts()
    problems = []
    for name, entry in wanted.items():
        for key, value in entry.items():
            found = there[name][key]
            good = sorted(value) == sorted(found) if key == "member_of" else str(value) == str(found).lower()
            if not good:
                problems.append(f"{name} {key} is {found}, not {value}")
    return problems


def check_settlement(wanted: list[dict[str, Any]], readouts: Readouts) -> list[str]:
    problems = []
    for entry in wanted:
        found = readouts.settlement(entry["merchant"], entry["period"])
        for key, value in entry.items():
            if key not in ("merchant", "period") and not same(value, found.get(key, "0")):
                problems.append(f"{entry['merchant']} {entry['period']} {key} is {found.get(key, '0')}, not {value}")
    return problems


def listed(read: Callable[[Readouts], dict[str, list[dict[str, Any]]]]) -> Callable[[Any, Readouts], list[str]]:
    def check(wanted: dict[str, list[dict[str, Any]]], readouts: Readouts) -> list[str]:
        problems: list[str] = []
        for name, entries in wanted.items():
            problems += exactly(lambda r, name=name: list(read(r).get(name, [])))(entries, readouts)  # type: ignore[misc]
        return problems

    return check


CHECKS: dict[str, Callable[[Any, Readouts], Iterable[str]]] = {
    "outcomes": check_map(lambda r: r.outcomes(), None),
    "awards": exactly(lambda r: r.awards()),
    "reversals": exactly(lambda r: r.reversals()),
    "refusals": at_least(lambda r: r.refusals()),
    "redeems": exactly(lambda r: r.redeems()),
    "spends": exactly(lambda r: r.spends()),
    "expiries": check_expiries,
    "transfers": at_least(lambda r: r.transfers()),
    "wallets": check_pools,
    "accounts": check_map(lambda r: r.accounts(), "0"),
    "progress": check_progress,
    "tiers": check_map(lambda r: r.tiers(), None),
    "contacts": check_contacts,
    "settlement": check_settlement,
    "cards": check_map(lambda r: r.cards(), None),
    "certificates": check_map(lambda r: r.certificates(), None),
    "coupons": listed(lambda r: r.coupons()),
}
