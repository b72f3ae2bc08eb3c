"""``python -m benchmarks``: runs the benchmarks, prints the table of figures, and writes them as JSON if asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import batch, checking, http, posting, scale, single, stream
from benchmarks.data import complete_journey, fetch, scaled
from benchmarks.figures import Figure, table, to_json

ROUNDS = 5


def _parts(chosen: argparse.Namespace) -> dict[str, Callable[[], list[Figure]]]:
    size = 1 if chosen.quick else 10
    rounds = 1 if chosen.quick else ROUNDS
    few = 1 if chosen.quick else 3
    scales = [1, 10, 50] if chosen.x50 else [1, size] if size > 1 else [1]
    return {
        "batch": lambda: batch.against_by_hand(size, rounds),
        "offers": lambda: scale.offers([10, 50, 200], size, few),
        "scale": lambda: scale.data(scales, few),
        "rivals": lambda: batch.against_rivals(few),
        "posting": lambda: posting.posting(size, few),
        "checking": lambda: checking.waiting(rounds),
        "stream": lambda: [*stream.from_nats(6_000 if chosen.quick else 150_000, few), *stream.durable()],
        "http": lambda: http.http(500 if chosen.quick else 2_000),
        "single": lambda: single.latency(500 if chosen.quick else 5_000),
    }


def main() -> int:
    """Run what was chosen; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="guerdon bench", description="the benchmarks, as ratios")
    names = ("batch", "offers", "scale", "rivals", "posting", "checking", "stream", "http", "single")
    parser.add_argument("--only", choices=names, action="append", help="one part; may be given more than once")
    parser.add_argument("--quick", action="store_true", help="×1 data and one round: to see that it works")
    parser.add_argument(
        "--x50", action="store_true", help="×50 data too (some minutes and 1 GB of disk the first time)"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    fetch()
    complete_journey()
    for copies in (1, *(() if chosen.quick else (10,)), *((50,) if chosen.x50 else ())):
        scaled(copies)
    figures: list[Figure] = []
    for name, part in _parts(chosen).items():
        if chosen.only and name not in chosen.only:
            continue
        found = part()
        print(table(found), end="\n\n", flush=True)
        figures += found
    if chosen.json:
        chosen.json.write_text(to_json(figures) + "\n", encoding="utf-8")
    missed = [figure for figure in figures if figure.met is False]
    for figure in missed:
        print(f"missed: {figure.group}: {figure.name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
