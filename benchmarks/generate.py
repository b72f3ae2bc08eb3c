"""Larger programmes: the ten offers and as many synthetic ones as are asked for.

Of the added offers 60% look at one category, 20% at a department, 20% at the basket's total; a third is bounded by
dates or has a goal. Categories are taken in the order of lines sold, so a larger programme does more work on every
basket, as a real one would.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import polars as pl

from benchmarks.data import DATA, ROOT, complete_journey

TEN = ROOT / "benchmarks" / "programmes" / "ten"
SEED = 20170101


def programme(offers: int, data: Path = DATA) -> Path:
    """Write the programme of ``offers`` offers (10 at least) below ``data`` and return its folder."""
    if offers < 10:
        raise ValueError(f"a programme here has 10 offers at least, not {offers}")
    if offers == 10:
        return TEN
    folder = data / "programmes" / str(offers)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TEN, folder)
    categories, departments = _goods(complete_journey(data))
    dice = random.Random(SEED)
    blocks = [_offer(n, dice, categories, departments) for n in range(offers - 10)]
    head = "scheme:\n  id: many\n  title: Many offers\n  sign_up: auto\noffers:\n"
    (folder / "many.yaml").write_text(head + "".join(blocks), encoding="utf-8")
    return folder


def _goods(folder: Path) -> tuple[list[str], list[str]]:
    """Categories and departments by the number of lines sold, most first; ties by name."""
    sold = pl.read_parquet(folder / "transactions.parquet", columns=["product_id"])
    named = sold.join(pl.read_parquet(folder / "products.parquet"), on="product_id")

    def ranked(column: str) -> list[str]:
        counts = named.drop_nulls(column).group_by(column).len()
        return list(counts.sort("len", column, descending=[True, False])[column])

    return ranked("product_category"), ranked("department")[:15]


def _offer(n: int, dice: random.Random, categories: list[str], departments: list[str]) -> str:
    kind = n % 5  # 0, 1, 2: category; 3: department; 4: basket total
    lines = [f"  - id: more-{n:03d}", "    goal: spend"]
    if kind == 4:
        lines.append(f"    event: {{total: {{min: {dice.randrange(10, 120)}.00}}}}")
        award = f"{{amount: 0.{dice.randrange(10, 60)}}}"
    else:
        named = ("department", departments[n // 5 % len(departments)]) if kind == 3 else ("family", "")
        if kind < 3:
            named = ("family", categories[(n // 5 * 3 + kind) % len(categories)])
        lines.append(f"    lines: {{{named[0]}: {_quoted(named[1])}}}")
        award = f"{{percent: {dice.randrange(1, 6)}}}" if dice.random() < 0.7 else "{per: 1.00, give: 0.02}"
    if n % 6 == 0:
        first = dice.randrange(1, 10)
        lines.append(f"    available: {{from: 2017-{first:02d}-01, until: 2017-{first + 3:02d}-01}}")
    elif n % 6 == 3:
        window = dice.choice(("week", "month", "lifetime"))
        lines.append(f"    goals: {{of: [{{spend: {dice.randrange(10, 60)}.00, per: {window}}}], repeat: true}}")
        award = f"{{amount: 0.{dice.randrange(20, 90)}}}"
    return "\n".join([*lines, f"    award: {award}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
