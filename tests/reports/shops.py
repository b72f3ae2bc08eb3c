"""A small coalition and what happens in it, for reports to be made of: the figures are worked out beside the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guerdon.engine.cases.playing import Play
from guerdon.engine.ledger import Ledger
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.settle.reports.sheets import Report
from guerdon.rules import read_programme
from guerdon.rules.program import Program

from ..engines import new

FILES = {
    "business.yaml": """\
business: {id: corner, name: Corner Grocers, currency: EUR, time_zone: Europe/Nicosia}
merchants:
  - {id: bakery, venues: [{id: b1}]}
  - {id: cinema, venues: [{id: c1}]}
""",
    "pools.yaml": """\
pools:
  - {id: anywhere, valid: {for: 30d}}
  - {id: long, valid: always}
""",
    "terms.yaml": """\
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%}}
  - {merchant: cinema, contribution: 100%, settle: {mode: prepaid}}
""",
    "everyday.yaml": """\
scheme: {id: everyday}
offers:
  - {id: tenth, goal: spend, award: {percent: 10}}
  - {id: flat, goal: spend, at: {merchants: [cinema]}, award: {amount: 2.00}, pool: long}
""",
}
POINTS = {
    "business.yaml": """\
business:
  id: miles
  name: Miles
  currency: USD
  time_zone: Europe/Nicosia
  wallet: {unit: {code: MI, digits: 0, worth: 0.01}}
  adjust: {reasons: [correction]}
""",
    "pools.yaml": "pools: [{id: anywhere, valid: {for: 1y}}]\n",
    "scheme.yaml": """\
scheme: {id: everyday}
offers:
  - {id: per-unit, goal: spend, award: {per: 1.00, give: 1}}
""",
}


def program_of(files: Mapping[str, str]) -> Program:
    """The compiled programme of some texts."""
    reading = read_programme(None, files)
    assert reading.program is not None, "\n".join(map(str, reading.errors))
    return reading.program


@contextmanager
def played(
    events: Sequence[Mapping[str, Any]], files: Mapping[str, str] = FILES, recorded: Sequence[str] = ()
) -> Iterator[tuple[Ledger, Program]]:
    """A ledger in which the events happened. ``recorded``: the day on which each was, one a chunk; else now, as one."""
    program = program_of(files)
    told = [{"id": f"e{place}", "source": "case", **event} for place, event in enumerate(events, 1)]
    with Play(program, told, single=bool(recorded), url=new()) as play:
        days = iter(recorded)
        post = play.ledger.post

        def dated(chunk: Chunk) -> None:
            if recorded:
                chunk.recorded_at = noon(next(days))
            post(chunk)

        play.ledger.post = dated  # type: ignore[method-assign]
        play.feed(len(told))
        yield play.ledger, program


def noon(day: str) -> int:
    """µs UTC of a day's noon."""
    moment = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def buy(contact: str, day: str, total: str, **more: Any) -> dict[str, Any]:
    """A purchase at ten o'clock."""
    return {"type": "purchase", "contact": contact, "time": f"{day} 10:00", "total": total, **more}


def tick(day: str) -> dict[str, Any]:
    """The clock at midnight, as the day begins."""
    return {"type": "tick", "time": f"{day} 00:00"}


def rows(report: Report, table: str) -> dict[str, tuple[Any, ...]]:
    """The rows of a table by their first cell."""
    found = report.table(table)
    assert found is not None
    return {str(row[0]): row[1:] for row in found.rows}


def cube(report: Report) -> dict[tuple[str, ...], Decimal]:
    """The cube of a liability report: (state, offer, pool, funder, month, days) → amount."""
    return {tuple(row[:-1]): row[-1] for row in report.tables[0].rows}  # type: ignore[misc]


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)
