"""Texts that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it."""

from __future__ import annotations

from typing import Final

import polars as pl

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def inert(text: str) -> str:
    """A text that no spreadsheet runs.

    >>> inert("=1+1"), inert("bread")
    ("'=1+1", 'bread')
    """
    return f"'{text}" if text.startswith(_STARTS) else text


def inert_column(name: str) -> pl.Expr:
    """A column of texts as ``inert`` makes them, under its name; null stays null.

    >>> pl.DataFrame({"note": ["@x", "x", None]}).select(inert_column("note")).to_series().to_list()
    ["'@x", 'x', None]
    """
    text = pl.col(name)
    risky = pl.any_horizontal(text.str.starts_with(start) for start in _STARTS)
    return pl.when(risky).then(pl.lit("'") + text).otherwise(text).alias(name)
