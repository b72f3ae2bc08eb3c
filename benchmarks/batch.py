"""Match and decide against the same programme written by hand, and against rule engines that judge event by event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec

from benchmarks.answer import Answer
from benchmarks.figures import Figure, median_of
from benchmarks.measure import Result, fresh, interleaved, ratios, seconds

POLARS_AT_MOST = 1.0  # faster than polars windows by hand
LIMIT_AT_MOST = 2.5  # of polars + numba by hand
RIVALS_AT_LEAST = 20.0


class AnswersDiffer(Exception):
    """Two implementations do not award the same; the differences are the message."""


def assert_equal(results: Mapping[str, Iterable[Result]]) -> Answer:
    """All answers must be equal to the cent; returns the answer."""
    first: tuple[str, Answer] | None = None
    for name, found in results.items():
        for result in found:
            answer = Answer.from_json(result["answer"])
            if first is None:
                first = name, answer
            elif differences := first[1].differences(answer):
                raise AnswersDiffer(f"{first[0]} and {name}: " + "; ".join(differences))
    assert first is not None
    return first[1]


def against_by_hand(scale: int, rounds: int) -> list[Figure]:
    """The ten offers: the engine, polars windows and the limit in turn, each in fresh processes."""
    group = f"match + decide, ten offers, Complete Journey ×{scale}"
    jobs = {
        "engine": {"job": "engine", "scale": scale},
        "polars": {"job": "polars_by_hand", "scale": scale},
        "limit": {"job": "numba_by_hand", "scale": scale},
    }
    found = interleaved(jobs, rounds)
    answer = assert_equal(found)
    note = f"{answer.events:,} events, equal awards asserted"
    events = [answer.events / value for value in seconds(found["engine"])]
    peaks = [result["peak_memory_bytes"] / 2**20 for result in found["engine"]]
    return [
        median_of(group, "engine", seconds(found["engine"]), "s", note=note),
        median_of(group, "polars windows by hand", seconds(found["polars"]), "s"),
        median_of(group, "polars + numba by hand, the limit", seconds(found["limit"]), "s"),
        median_of(group, "engine", events, "events/s"),
        median_of(group, "engine, peak memory", peaks, "MiB"),
        median_of(
            group, "engine ÷ polars by hand", ratios(found["engine"], found["polars"]), "×", at_most=POLARS_AT_MOST
        ),
        median_of(group, "engine ÷ the limit", ratios(found["engine"], found["limit"]), "×", at_most=LIMIT_AT_MOST),
    ]


def against_rivals(rounds: int) -> list[Figure]:
    """The ten offers over the year: the engine in batch, the others an event at a time."""
    group = "ten offers, Complete Journey ×1, against judging event by event"
    ours = [fresh("engine", scale=1) for _ in range(rounds)]
    names = {"plain_python": "plain Python", "durable": "durable_rules", "zen": "zen-engine"}
    if find_spec("zen") is None:
        del names["zen"]  # pip install zen-engine==2.1.3
    theirs = {name: fresh(name, scale=1) for name in names}
    assert_equal({"engine": ours, **{name: [result] for name, result in theirs.items()}})
    engine = median_of(group, "engine, match + decide, from parquet", seconds(ours), "s", note="equal awards asserted")
    figures = [engine]
    for name, result in theirs.items():
        note = "from lines" if name == "plain_python" else "from folded facts"
        figures.append(Figure(group, names[name], float(result["seconds"]), "s", note=note))
    for name, result in theirs.items():
        target = None if name == "plain_python" else RIVALS_AT_LEAST
        ratio = float(result["seconds"]) / engine.value
        figures.append(Figure(group, f"{names[name]} ÷ engine", ratio, "×", at_least=target))
    return figures
