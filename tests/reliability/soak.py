"""How much is tried: a little in ``make test``, everything in ``make soak``, which sets ``GUERDON_SOAK``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
SOAK = bool(os.environ.get("GUERDON_SOAK"))


def rounds(few: T, many: T) -> T:
    """``few`` in the normal suite, ``many`` in a soak."""
    return many if SOAK else few
