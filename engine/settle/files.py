"""Writing files and folders that are either whole or not there: beside their place first, then moved to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

PARTIAL: Final = ".partial"
BEFORE: Final = ".before"


def write_file(path: Path, content: bytes) -> None:
    """Write a file of a folder that is not in its place yet; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is seen whole or not at all."""
    partial = path.with_name(path.name + PARTIAL)
    write_file(partial, content)
    flush()
    partial.replace(path)


def move_whole(partial: Path, place: Path) -> None:
    """Put a finished folder in its place, over one that is there. Between the two renames there is none."""
    before = place.with_name(place.name + BEFORE)
    shutil.rmtree(before, ignore_errors=True)
    flush()
    if place.exists():
        place.rename(before)
    partial.rename(place)
    shutil.rmtree(before, ignore_errors=True)


def flush() -> None:
    """Have everything written so far on disk: one call, however many files."""
    os.sync()
