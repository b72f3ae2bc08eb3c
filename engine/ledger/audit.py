"""``verify``: the invariants of spec 5 over a whole ledger, each one small function that yields what is wrong.

A finding says which invariant, what of it, where, what was expected and what was found. Every check reads what it needs
from the tables as they are; none trusts what another has computed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import polars as pl

    from guerdon.engine.ledger.ledger import Ledger

SHOWN: Final = 20  # findings of one check that a report carries; the rest is counted

TRANSFER_COLUMNS: Final = (
    "seq", "n", "kind", "unit", "debit", "credit", "amount", "lot_seq", "lot_n", "reverses_seq", "reverses_n",
    "effective_at",
)  # fmt: skip

Replay = Callable[["Ledger"], "Ledger"]
"""Replays a ledger's log into a new, empty ledger and returns that one, open; verify closes it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that doesn't hold: ``check`` is V1 to V14, ``where`` names the row."""

    check: str
    what: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check} {self.where}: {self.what}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Checked:
    """How one check went. ``skipped`` says why it was not made; '': it was."""

    check: str
    title: str
    found: int
    seconds: Decimal
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class ByWhatIsLeft:
    """What a replay decided by what is left of contacts: how many were erased, and how many events they told."""

    contacts: int
    events: int


@dataclass(slots=True)
class Report:
    """All checks and what they found (``SHOWN`` of each at most)."""

    checks: list[Checked] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    by_what_is_left: ByWhatIsLeft | None = None  # None: nothing was replayed

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not any(checked.found for checked in self.checks)


class Frames(Protocol):
    """Whatever gives tables as frames."""

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Columns of a table in the order of its key."""


class Once:
    """A ledger's tables, the transfers of which are read only once: they are most of it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._transfers: pl.DataFrame | None = None

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Columns of a table in the order of its key."""
        if table != "transfer" or columns is None:
            return self._ledger.frame(table, columns)
        if self._transfers is None:
            self._transfers = self._ledger.frame("transfer", TRANSFER_COLUMNS)
        return self._transfers.select(columns)


TITLES: Final = {
    "V1": "stored balances are the sums of the transfers",
    "V2": "all accounts add up to zero in each unit",
    "V3": "no account is on the wrong side of zero",
    "V4": "commerce and pending money is what the lots hold",
    "V5": "lots hold what was granted, less what was taken",
    "V6": "nothing is reversed twice",
    "V7": "lots are used while they are usable",
    "V8": "one outcome an event, one earn a business key",
    "V9": "caps hold in every window",
    "V10": "progress, tiers and wallets follow from the log",
    "V11": "statements are the sums of their transfers",
    "V12": "outcomes add up to the events read",
    "V13": "the chain of chunks is whole",
    "V14": "a replay gives the same digest",
}


def verify(ledger: Ledger, *, replay: Replay | None = None) -> Report:
    """Checks V1 to V14; V10 and V14 need ``replay``. Costs a few seconds for a million events; changes nothing.

    All checks see the ledger as it was at one instant, whatever others post meanwhile.
    """
    with ledger.snapshot():
        return _verified(ledger, replay)


def _verified(ledger: Ledger, replay: Replay | None) -> Report:
    report = Report()
    checks = _checks(ledger)
    for name, title in TITLES.items():
        if name in checks:
            _run(report, name, title, checks.pop(name)())
        elif name == "V11":
            report.checks.append(Checked(name, title, 0, Decimal(0), "no statement was closed"))
    if replay is None:
        for name in ("V10", "V14"):
            report.checks.append(Checked(name, TITLES[name], 0, Decimal(0), "needs a replay"))
    else:
        _replayed(report, ledger, replay)
    report.checks.sort(key=lambda checked: int(checked.check[1:]))
    return report


def _checks(ledger: Ledger) -> dict[str, Callable[[], Iterator[Finding]]]:
    from guerdon.engine.ledger import (
        audit_balances,
        audit_caps,
        audit_chain,
        audit_events,
        audit_lots,
        audit_settlement,
    )

    once = Once(ledger)
    settled = {"V11": partial(audit_settlement.statements, once, ledger)} if audit_settlement.is_settled(ledger) else {}
    return {
        **settled,
        "V1": partial(audit_balances.stored_balances, once),
        "V2": partial(audit_balances.zero_sum, once),
        "V3": partial(audit_balances.signs, once),
        "V4": partial(audit_lots.money_in_lots, once),
        "V5": partial(audit_lots.lot_histories, once),
        "V6": partial(audit_lots.reversals, once),
        "V7": partial(audit_lots.times_of_use, once),
        "V8": partial(audit_events.identity, ledger),
        "V9": partial(audit_caps.caps, ledger),
        "V12": partial(audit_events.counts, ledger),
        "V13": partial(audit_chain.chain, ledger),
    }


def _run(report: Report, name: str, title: str, findings: Iterator[Finding]) -> None:
    began = time.perf_counter_ns()
    careful = _careful(name, findings)
    shown = list(islice(careful, SHOWN))
    more = sum(1 for _ in careful)
    report.findings.extend(shown)
    report.checks.append(Checked(name, title, len(shown) + more, _since(began)))


def _since(began_ns: int) -> Decimal:
    return Decimal(time.perf_counter_ns() - began_ns).scaleb(-9)


def _careful(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings; if the tables are so broken that the check itself fails, that is one more."""
    try:
        yield from findings
    except Exception as error:
        yield Finding(name, "the check", "the tables", "rows that can be read", f"{type(error).__name__}: {error}")


def _replayed(report: Report, ledger: Ledger, replay: Replay) -> None:
    from guerdon.engine.ledger import audit_replay

    began = time.perf_counter_ns()
    report.by_what_is_left = ByWhatIsLeft(ledger.erased_contacts(), ledger.events_of_erased())
    with replay(ledger) as again:
        seconds = _since(began)
        _run(report, "V10", TITLES["V10"], audit_replay.state(ledger, again))
        _run(report, "V14", f"{TITLES['V14']} (replayed in {seconds:.1f} s)", audit_replay.digest(ledger, again))
