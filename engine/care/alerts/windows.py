"""The running window of one rule and one key: what lies in it, and what it measures."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from guerdon.engine.care.alerts.attempts import Attempt
from guerdon.engine.care.alerts.rules import RATIO_FROM, AlertRule

NEVER = -(1 << 62)


class Entry(NamedTuple):
    """One attempt in a window; ``kind`` and ``name`` of what it touched, '' nothing."""

    time: int
    seq: int
    refused: int
    amount: int
    kind: str
    name: str


@dataclass(slots=True)
class Window:
    """Attempts by time. An alert is raised once in a window's length: not again until so long after ``raised_at``."""

    entries: list[Entry] = field(default_factory=list)
    raised_at: int = NEVER
    refused: int = 0
    amount: int = 0
    touched: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Window:
        """From what was kept."""
        window = cls(raised_at=fields["raised_at"])
        for row in fields["entries"]:
            window._count(Entry(*row), 1)
            window.entries.append(Entry(*row))
        return window

    def kept(self) -> dict[str, Any]:
        """What is kept of it between passes."""
        return {"raised_at": self.raised_at, "entries": [list(entry) for entry in self.entries]}

    def add(self, attempt: Attempt, span: int) -> None:
        """Take an attempt in; what is older than the window leaves, and one that is older itself stays out."""
        newest = max(attempt.time, self.entries[-1].time if self.entries else attempt.time)
        if attempt.time > newest - span:
            kind, name = attempt.touched or ("", "")
            entry = Entry(attempt.time, attempt.seq, int(attempt.refused), attempt.amount, kind, name)
            insort(self.entries, entry)
            self._count(entry, 1)
        gone = 0
        while gone < len(self.entries) and self.entries[gone].time <= newest - span:
            self._count(self.entries[gone], -1)
            gone += 1
        del self.entries[:gone]

    def measured(self, rule: AlertRule) -> Fraction:
        """What the rule measures of it."""
        if rule.measure == "sum":
            return Fraction(self.amount)
        if rule.measure == "distinct":
            return Fraction(len(self.touched))
        if rule.measure == "ratio":
            count = len(self.entries)
            return Fraction(self.refused, count) if count >= RATIO_FROM else Fraction(0)
        return Fraction(len(self.entries))

    def raises(self, rule: AlertRule, time: int) -> bool:
        """Whether the threshold is reached and nobody has been told yet."""
        return self.measured(rule) >= rule.threshold and time - self.raised_at >= rule.window

    def names(self) -> list[tuple[str, str]]:
        """The cards or contacts that its attempts touched, in the order in which they came."""
        return list(dict.fromkeys((entry.kind, entry.name) for entry in self.entries if entry.name))

    def _count(self, entry: Entry, sign: int) -> None:
        self.refused += sign * entry.refused
        self.amount += sign * entry.amount
        if entry.name:
            self.touched[entry.kind, entry.name] += sign
            if not self.touched[entry.kind, entry.name]:
                del self.touched[entry.kind, entry.name]
