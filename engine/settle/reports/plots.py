"""Plots as inline SVG: stacked bars and lines. All places are whole numbers: same figures, same text."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from html import escape
from typing import Final

from guerdon.engine.settle.reports.sheets import Chart

COLOURS: Final = ("#2f6f9f", "#e08a3c", "#5a9a68", "#b3564f", "#7d6aa8", "#8c8c5a")
_WIDTH: Final = 820
_LEFT, _RIGHT, _TOP, _BOTTOM = 190, 110, 12, 34
_BAR, _GAP = 18, 6
_LINES_HEIGHT: Final = 240
_MOST_LABELS: Final = 13


def svg(chart: Chart) -> str:
    """The plot; one without figures says so."""
    if not chart.labels or not any(any(figures) for _, figures in chart.series):
        return '<p class="none">nothing to plot</p>'
    return _bars(chart) if chart.kind == "bars" else _lines(chart)


def legend(chart: Chart) -> str:
    """The names of the series beside their colours."""
    marks = (
        f'<span><i style="background:{COLOURS[place % len(COLOURS)]}"></i>{escape(name)}</span>'
        for place, (name, _) in enumerate(chart.series)
    )
    return f'<p class="legend">{"".join(marks)}<span>{escape(chart.unit)}</span></p>'


def ticks(low: Decimal, high: Decimal, most: int = 6) -> list[Decimal]:
    """Round figures from at most ``low`` to at least ``high``, 1, 2 or 5 times a power of ten apart.

    >>> [str(tick) for tick in ticks(Decimal(0), Decimal("9.5"))]
    ['0', '2', '4', '6', '8', '10']
    """
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    span = high - low or Decimal(1)
    step = Decimal(1).scaleb((span / most).adjusted())
    factor = next(f for f in (1, 2, 5, 10, 20) if span <= f * step * most)
    step = step * factor
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    return [_plain(step * place) for place in range(int(first), int(last) + 1)]


def _plain(value: Decimal) -> Decimal:
    """Without needless zeros, and without an exponent."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if value == whole else value.normalize()


class _Scale:
    """Figures to whole places between two ends."""

    def __init__(self, values: list[Decimal], start: int, end: int) -> None:
        self.ticks = ticks(min(values), max(values))
        self._start, self._span = start, end - start

    def __call__(self, value: Decimal) -> int:
        low, high = self.ticks[0], self.ticks[-1]
        return self._start + int((value - low) * self._span / (high - low))


def _bars(chart: Chart) -> str:
    """One row a label; figures below zero go to the left."""
    ends = [
        (sum((f for f in row if f < 0), Decimal(0)), sum((f for f in row if f > 0), Decimal(0)))
        for row in zip(*(figures for _, figures in chart.series), strict=True)
    ]
    scale = _Scale([end for pair in ends for end in pair], _LEFT, _WIDTH - _RIGHT)
    height = _TOP + len(chart.labels) * (_BAR + _GAP) + _BOTTOM
    parts = _grid_vertical(scale, height)
    for row, label in enumerate(chart.labels):
        y = _TOP + row * (_BAR + _GAP)
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 13}" class="end">{escape(_short(label))}</text>')
        below = above = Decimal(0)
        for place, (name, figures) in enumerate(chart.series):
            figure = figures[row]
            start, end = (below + figure, below) if figure < 0 else (above, above + figure)
            below, above = (start, above) if figure < 0 else (below, end)
            width = scale(end) - scale(start)
            title = escape(f"{label}, {name}: {figure:,f} {chart.unit}")
            parts.append(
                f'<rect x="{scale(start)}" y="{y}" width="{width}" height="{_BAR}"'
                f' fill="{COLOURS[place % len(COLOURS)]}"><title>{title}</title></rect>'
            )
        total = sum((figures[row] for _, figures in chart.series), Decimal(0))
        parts.append(f'<text x="{scale(max(above, Decimal(0))) + 6}" y="{y + 13}">{total:,f}</text>')
    return _svg(height, parts, chart.title)


def _grid_vertical(scale: _Scale, height: int) -> list[str]:
    parts = []
    for tick in scale.ticks:
        x, kind = scale(tick), "zero" if tick == 0 else "grid"
        parts.append(f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - _BOTTOM + 4}" class="{kind}"/>')
        parts.append(f'<text x="{x}" y="{height - _BOTTOM + 20}" class="mid">{tick:,f}</text>')
    return parts


def _lines(chart: Chart) -> str:
    """A point a label; the last figure of each series is written beside its end."""
    values = [figure for _, figures in chart.series for figure in figures]
    bottom = _LINES_HEIGHT - _BOTTOM
    scale = _Scale(values, bottom, _TOP)
    left, right = 90, _WIDTH - _RIGHT
    count = len(chart.labels)
    xs = [left + (right - left) * place // max(count - 1, 1) for place in range(count)]
    parts = []
    for tick in scale.ticks:
        y, kind = scale(tick), "zero" if tick == 0 else "grid"
        parts.append(f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" class="{kind}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" class="end">{tick:,f}</text>')
    every = -(-count // _MOST_LABELS)
    shown = range(0, count, every)
    parts += [f'<text x="{xs[k]}" y="{bottom + 20}" class="mid">{escape(chart.labels[k])}</text>' for k in shown]
    for place, (name, figures) in enumerate(chart.series):
        colour = COLOURS[place % len(COLOURS)]
        points = " ".join(f"{x},{scale(figure)}" for x, figure in zip(xs, figures, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, label, figure in zip(xs, chart.labels, figures, strict=True):
            title = escape(f"{label}, {name}: {figure:,f} {chart.unit}")
            parts.append(f'<circle cx="{x}" cy="{scale(figure)}" r="3" fill="{colour}"><title>{title}</title></circle>')
        parts.append(f'<text x="{xs[-1] + 8}" y="{scale(figures[-1]) + 4}">{figures[-1]:,f}</text>')
    return _svg(_LINES_HEIGHT, parts, chart.title)


def _short(label: str, most: int = 24) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _svg(height: int, parts: list[str], title: str) -> str:
    head = f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, *parts, "</svg>"])
