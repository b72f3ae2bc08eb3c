"""Expected against found, part by part: what a case says must be there, and where it says that nothing else may be.

``Found`` has the shape of ``expect``: amounts are Decimal, instants ``Instant``, everything else text, bool or dict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guerdon.engine.cases.document import Map, Seq, Text, Value
from guerdon.engine.cases.expectation import PARTS, Part

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Instant:
    """Microseconds UTC, and the local wall time it is, as µs since 1970."""

    at: int
    local: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected; ``event`` is the event to explain, if one is named."""

    line: int
    part: str
    expected: str
    found: str
    event: str | None = None


def compare(expect: Map, found: Found, skip: Sequence[str] = ()) -> list[Mismatch]:
    """Everything in which ``found`` differs from ``expect``, in the order of the case file."""
    mismatches: list[Mismatch] = []
    for name, value in expect.items():
        if name in skip:
            continue
        part = PARTS[name]
        compare_part = _BY_SHAPE[part.shape]
        mismatches.extend(compare_part(name, part, value, found.get(name)))
    return mismatches


# ---- one value -----------------------------------------------------------------------------------------------------


def agrees(expected: Value, found: Any) -> bool:
    """Whether a found value is what the case wrote; parts of a mapping that are zero may be left out on either side."""
    if isinstance(expected, Map):
        keys = set(expected) | set(found or {})
        return all(agrees(expected.get(key, _ZERO), (found or {}).get(key, Decimal(0))) for key in keys)
    if isinstance(expected, Seq):
        return sorted(map(str, expected)) == sorted(map(str, found or ()))
    if isinstance(found, bool):
        return expected == ("true" if found else "false")
    if isinstance(found, Decimal):
        return Decimal(expected) == found
    if isinstance(found, Instant):
        return _same_instant(expected, found)
    return found is not None and str(expected) == str(found)


_ZERO = Text.of("0", 0)


def _same_instant(expected: str, found: Instant) -> bool:
    """Compared at the precision of what is written: an expiry is due a microsecond after the lot's last instant."""
    written = datetime.fromisoformat(expected)
    micros = found.local if written.tzinfo is None else found.at
    step = 60_000_000 if written.second == written.microsecond == 0 else 1_000_000
    wanted = written.replace(tzinfo=written.tzinfo or UTC)
    delta = wanted - datetime(1970, 1, 1, tzinfo=UTC)
    return micros // step == (delta.days * 86_400 + delta.seconds) * 1_000_000 // step


def show(value: Any) -> str:
    """A value the way a case file would write it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {show(child)}" for key, child in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Instant):
        moment = datetime.fromtimestamp(value.local // 1_000_000, UTC)
        return moment.strftime("%Y-%m-%d %H:%M" if moment.second == 0 else "%Y-%m-%d %H:%M:%S")
    return "nothing" if value is None else str(value)


# ---- one part ------------------------------------------------------------------------------------------------------


def _entries(name: str, part: Part, value: Value, found: Any) -> list[Mismatch]:
    assert isinstance(value, Seq)
    candidates: list[Mapping[str, Any]] = list(found or ())
    wanted = [entry for entry in value if isinstance(entry, Map)]
    chosen = _assign(name, wanted, candidates)
    rest = [entry for index, entry in enumerate(candidates) if index not in chosen.values()]
    mismatches = []
    for index, entry in enumerate(wanted):
        if index in chosen:
            continue
        near = _nearest(entry, rest if part.whole else candidates)
        mismatches.append(Mismatch(entry.line, name, show(entry), show(near), _event_of(entry)))
        if part.whole and near is not None:
            rest = [other for other in rest if other is not near]
    if part.whole:
        mismatches.extend(Mismatch(value.line, name, "nothing more", show(entry), _event_of(entry)) for entry in rest)
    return mismatches


def _assign(name: str, wanted: list[Map], candidates: list[Mapping[str, Any]]) -> dict[int, int]:
    """Expected index → found index, each found entry used once; as many as can be matched."""
    owner: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for number, candidate in enumerate(candidates):
            if number in tried or not _entry_agrees(name, wanted[index], candidate):
                continue
            tried.add(number)
            if number not in owner or place(owner[number], tried):
                owner[number] = index
                return True
        return False

    for index in range(len(wanted)):
        place(index, set())
    return {index: number for number, index in owner.items()}


def _entry_agrees(name: str, entry: Map, candidate: Mapping[str, Any]) -> bool:
    for key, expected in entry.items():
        if name == "progress" and key == "goal":
            if str(expected) != str(candidate.get("goal", "1")):
                return False
        elif not agrees(expected, candidate.get(key, Decimal(0) if key in PARTS[name].amounts else None)):
            return False
    return name != "progress" or "goal" in entry or str(candidate.get("goal", "1")) == "1"


def _nearest(entry: Map, candidates: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The found entry of the same event or contact that agrees in most fields."""
    anchor = next((key for key in ("event", "contact", "merchant", "file") if key in entry), None)
    near = [other for other in candidates if anchor is None or agrees(entry[anchor], other.get(anchor))]
    return max(near, key=lambda other: sum(agrees(v, other.get(k)) for k, v in entry.items()), default=None)


def _event_of(entry: Mapping[str, Any]) -> str | None:
    return str(entry["event"]) if "event" in entry else None


def _mappings(name: str, part: Part, value: Value, found: Any) -> list[Mismatch]:
    assert isinstance(value, Map)
    mismatches = []
    for owner, fields in value.items():
        has = (found or {}).get(owner, {})
        assert isinstance(fields, Map)
        for key, expected in fields.items():
            default = Decimal(0) if key in part.amounts and key != "pools" else None
            if isinstance(expected, Map):  # pools: those that are not named are not checked
                inner = has.get(key) or {}
                same = all(agrees(amount, inner.get(pool, Decimal(0))) for pool, amount in expected.items())
            else:
                same = agrees(expected, has.get(key, default))
            if not same:
                place = fields.lines[key]
                seen = show(has.get(key, default))
                mismatches.append(Mismatch(place, name, f"{owner}: {{{key}: {show(expected)}}}", seen))
    return mismatches


def _texts(name: str, part: Part, value: Value, found: Any) -> list[Mismatch]:
    assert isinstance(value, Map)
    default = Decimal(0) if part.amounts else None
    return [
        Mismatch(value.lines[key], name, f"{key}: {show(expected)}", show((found or {}).get(key, default)))
        for key, expected in value.items()
        if not agrees(expected, (found or {}).get(key, default))
    ]


def _lists(name: str, part: Part, value: Value, found: Any) -> list[Mismatch]:
    assert isinstance(value, Map)
    whole = Part("entries", part.needed, part.optional, whole=True)
    return [
        mismatch
        for owner, entries in value.items()
        for mismatch in _entries(name, whole, entries, (found or {}).get(owner, ()))
    ]


def _outcomes(name: str, part: Part, value: Value, found: Any) -> list[Mismatch]:
    assert isinstance(value, Map)
    mismatches = []
    for event, expected in value.items():
        outcome = (found or {}).get(event)
        if isinstance(expected, Map):
            same = isinstance(outcome, Mapping) and dict(expected) == dict(outcome)
        else:
            same = str(expected) == (outcome if isinstance(outcome, str) else next(iter(outcome or {}), None))
        if not same:
            mismatches.append(Mismatch(value.lines[event], name, f"{event}: {show(expected)}", show(outcome), event))
    return mismatches


_BY_SHAPE: dict[str, Callable[[str, Part, Value, Any], list[Mismatch]]] = {
    "entries": _entries,
    "mappings": _mappings,
    "texts": _texts,
    "lists": _lists,
    "outcomes": _outcomes,
}
