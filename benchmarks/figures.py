"""What a benchmark tells: figures, most of them ratios, each beside its target where the project has one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``at_most``, ``at_least``: the target; ``spread``: the smallest and the largest run."""

    group: str
    name: str
    value: float
    unit: str  # ×, s, transfers/s, MiB, ms, ...
    at_most: float | None = None
    at_least: float | None = None
    spread: tuple[float, float] | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None


def median_of(group: str, name: str, values: Sequence[float], unit: str, **more: float | str | None) -> Figure:
    """The figure of several runs: their median, with the smallest and the largest beside it."""
    spread = (min(values), max(values)) if len(values) > 1 else None
    return Figure(group, name, median(values), unit, spread=spread, **more)  # type: ignore[arg-type]


def table(figures: Sequence[Figure]) -> str:
    """Aligned text, a block a group."""
    rows: list[tuple[str, ...]] = []
    for figure in figures:
        target = ""
        if figure.at_most is not None:
            target = f"≤ {_number(figure.at_most)}"
        elif figure.at_least is not None:
            target = f"≥ {_number(figure.at_least)}"
        met = {True: "met", False: "MISSED", None: ""}[figure.met]
        spread = f"{_number(figure.spread[0])}–{_number(figure.spread[1])}" if figure.spread else ""
        rows.append((figure.name, f"{_number(figure.value)} {figure.unit}", spread, target, met, figure.note))
    widths = [max((len(row[n]) for row in rows), default=0) for n in range(5)]
    lines: list[str] = []
    group = ""
    for figure, row in zip(figures, rows, strict=True):
        if figure.group != group:
            group = figure.group
            lines += ["", group]
        cells = [row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2])]
        cells += [row[3].rjust(widths[3]), row[4].ljust(widths[4]), row[5]]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return "\n".join(lines).lstrip("\n")


def _number(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def to_json(figures: Sequence[Figure]) -> str:
    """A list of objects, one a figure, with ``met`` beside the target."""
    return json.dumps([{**asdict(figure), "met": figure.met} for figure in figures], indent=1, ensure_ascii=False)
