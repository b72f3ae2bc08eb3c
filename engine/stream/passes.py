"""Passes: work that is done over and over beside the log, which those above this package hand to the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pass:
    """``work`` is told the instant (µs UTC) and says what it did. It must bear being cut off, and being done twice."""

    name: str
    seconds: int  # from one to the next
    work: Callable[[int], object]
