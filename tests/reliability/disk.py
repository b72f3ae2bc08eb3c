"""A disk that a process of ours writes to: what it would hold after a power cut, and how it fails.

``disk.c`` is preloaded into the process; it notes every write, cut and sync of the ledger's files.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

HEAD = struct.Struct("<cHqI")
SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done to a file: ``w`` written, ``t`` cut at ``offset``, ``s`` made to last, ``u`` removed."""

    operation: str
    path: str
    offset: int
    data: bytes


def library(folder: Path) -> Path:
    """``disk.c``, compiled."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs Linux and a C compiler")
    made = folder / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl", "-lpthread"], check=True)
    return made


def surroundings(disk: Path, files: str, *, notes: Path | None = None, fails: str = "") -> dict[str, str]:
    """The environment of a process whose ``files`` are on this disk."""
    told = {"LD_PRELOAD": str(disk), "DISK_FILES": files}
    return {**os.environ, **told, **({"DISK_NOTES": str(notes)} if notes else {}), "DISK_FAILS": fails}


def read_notes(notes: Path) -> list[Done]:
    """All that was done, in its order."""
    return list(_noted(notes.read_bytes()))


def _noted(told: bytes) -> Iterator[Done]:
    place = 0
    while place < len(told):
        operation, path_length, offset, length = HEAD.unpack_from(told, place)
        place += HEAD.size
        path = told[place : place + path_length].decode()
        place += path_length
        data = told[place : place + length] if operation == b"w" else b""
        place += len(data)
        yield Done(operation.decode(), path, offset, data)


def after_a_power_cut(done: Sequence[Done], chance: random.Random) -> dict[str, bytes]:
    """The files as the disk may hold them: what came after a file's last sync is there or not, sector by sector."""
    files: dict[str, bytearray] = {}
    unsure: dict[str, list[Done]] = {}
    for each in done:
        if each.operation == "u":
            files.pop(each.path, None)
            unsure.pop(each.path, None)
        elif each.operation == "s":
            for certain in unsure.pop(each.path, []):
                apply(files, certain)
        else:
            unsure.setdefault(each.path, []).append(each)
    for held in unsure.values():
        pieces = [piece for each in held for piece in _sectors(each)]
        kept = [piece for piece in pieces if chance.random() < 0.5]
        chance.shuffle(kept)  # a disk writes in the order that suits it
        for piece in kept:
            apply(files, piece)
    return {path: bytes(content) for path, content in files.items()}


def apply(files: dict[str, bytearray], done: Done) -> None:
    """Does it to the content of files."""
    content = files.setdefault(done.path, bytearray())
    if done.operation == "t":
        del content[done.offset :]
        return
    if len(content) < done.offset:
        content.extend(bytes(done.offset - len(content)))
    content[done.offset : done.offset + len(done.data)] = done.data


def _sectors(done: Done) -> Iterator[Done]:
    if done.operation == "t":
        yield done
        return
    place = 0
    while place < len(done.data):
        end = (done.offset + place) // SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES - done.offset
        yield Done("w", done.path, done.offset + place, done.data[place:end])
        place = end
