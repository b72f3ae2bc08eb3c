"""What a page of the documentation says holds a row: cases, tests, benchmarks, or a reason why nothing does."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_REASON = "left out: "


def check_held(held: str, *, least_signs: int) -> None:
    """Fails unless every place that is named is there, or the row is left out for a reason of so many characters."""
    if held.startswith(_REASON):
        assert len(held) > len(_REASON) + least_signs
        return
    places = re.findall(r"`([^`]+)`", held)
    assert places
    for place in places:
        file, _, name = place.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        if file.endswith(".yaml"):
            assert text.startswith("case: "), place
        elif not file.startswith("benchmarks/"):
            assert f"def {name}(" in text if name else "def test_" in text, place
