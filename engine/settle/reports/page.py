"""A report as one HTML page that needs nothing else: no network, no script, plots inline."""

from __future__ import annotations

from html import escape
from typing import Final

from guerdon.engine.settle.reports.plots import legend, svg
from guerdon.engine.settle.reports.sheets import Cell, Column, Report, Table
from guerdon.engine.settle.reports.writing import shown

_DETAIL_ROWS: Final = 2_000
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2733; --pale: #667; --line: #d8dde3; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --pale: #9aa; --line: #3a4450; --paper: #161b21; } }
body { margin: 2rem auto; max-width: 68rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; }
dt { color: var(--pale); } dd { margin: 0; overflow-wrap: anywhere; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .9rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--pale); font-weight: 600; } .figure { text-align: right; } tr.total td { font-weight: 600; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); }
svg .end { text-anchor: end; } svg .mid { text-anchor: middle; fill: var(--pale); }
svg .grid { stroke: var(--line); } svg .zero { stroke: var(--pale); }
.legend span { margin-right: 1.2rem; color: var(--pale); }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; }
.none, footer { color: var(--pale); }
"""


def html_bytes(report: Report) -> bytes:
    """The page in UTF-8. A long table of details is folded, and cut where CSV and XLSX go on."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.facts)
    plots = "".join(f"<h2>{escape(c.title)}</h2>\n{svg(c)}\n{legend(c)}\n" for c in report.charts)
    shown = "".join(_table(table) for table in report.tables if not table.detail)
    details = "".join(_folded(table) for table in report.tables if table.detail)
    notes = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(report.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(report.title)}</h1>
<dl>{facts}</dl>
{plots}{shown}{details}
<footer><ul>{notes}</ul></footer>
</body>
</html>
"""
    return page.encode()


def _table(table: Table) -> str:
    rows = [_row(table, row) for row in table.rows]
    if table.total and table.rows:
        rows.append(_row(table, table.totals(), "total"))
    return f"<h2>{escape(table.title)}</h2>\n" + _grid(table, rows)


def _folded(table: Table) -> str:
    rows = [_row(table, row) for row in table.rows[:_DETAIL_ROWS]]
    more = len(table.rows) - len(rows)
    rest = f'<p class="none">and {more:,} more rows: see the CSV or XLSX of this report</p>' if more else ""
    summary = f"{escape(table.title)}, {len(table.rows):,} rows"
    return f"<details><summary>{summary}</summary>\n{_grid(table, rows)}{rest}</details>\n"


def _grid(table: Table, rows: list[str]) -> str:
    head = "".join(f"<th{_kind(column)}>{escape(column.name)}</th>" for column in table.columns)
    return f'<div class="wide"><table>\n<tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>\n"


def _row(table: Table, row: tuple[Cell, ...], kind: str = "") -> str:
    cells = zip(table.columns, row, strict=True)
    inner = "".join(f"<td{_kind(column)}>{escape(shown(column, cell))}</td>" for column, cell in cells)
    return f'<tr class="{kind}">{inner}</tr>' if kind else f"<tr>{inner}</tr>"


def _kind(column: Column) -> str:
    return ' class="figure"' if column.is_figure else ""
