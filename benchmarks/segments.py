"""The lists of households that ``schemes/complete_journey`` names: who was sent which campaign, who has children.

Derived from the package's tables and kept with the programme, so that it can be checked without the data:
``python -m benchmarks.segments`` writes them again.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.data import DATA, ROOT, complete_journey

SEGMENTS = ROOT / "schemes" / "complete_journey" / "segments"
CAMPAIGNS = {"spring": 8, "late-summer": 13, "autumn": 18}


def lists(data: Path = DATA) -> dict[str, list[str]]:
    """Household ids of each segment, in numeric order."""
    folder = complete_journey(data)
    sent = pl.read_parquet(folder / "campaigns.parquet")
    people = pl.read_parquet(folder / "demographics.parquet")
    frames = {name: sent.filter(pl.col("campaign_id") == number) for name, number in CAMPAIGNS.items()}
    frames["families"] = people.filter(pl.col("kids_count") != "0")
    ids = {name: frame["household_id"].cast(pl.Int64).unique().sort() for name, frame in frames.items()}
    return {name: [str(household) for household in column] for name, column in ids.items()}


def main() -> None:
    """Write the lists, one household a line."""
    SEGMENTS.mkdir(exist_ok=True)
    for name, households in lists().items():
        (SEGMENTS / f"{name}.csv").write_text("".join(f"{household}\n" for household in households), encoding="ascii")


if __name__ == "__main__":
    main()
