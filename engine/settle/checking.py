"""Checking a package: its files are what its manifest says, the manifest is signed, and the ledger gives them again."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.periods import period
from guerdon.engine.report.versions import program_numbered
from guerdon.engine.settle.package import FORMAT, MANIFEST, SIGNATURE, Wishes, write_package
from guerdon.engine.settle.signing import signature_fault
from guerdon.engine.settle.source import SettleError, Source
from guerdon.engine.settle.statement import draw

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def check_package(folder: Path, ledger: Ledger, trusted: Ed25519PublicKey | None = None) -> list[str]:
    """What is wrong with a package, the first difference of each kind; []: nothing.

    ``trusted``: the key by which it must be signed; None: a signature, if there is one, must fit the key that it names.
    SettleError: there is no package, or this ledger never closed its period.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        manifest = json.loads(content)
    except (OSError, ValueError) as error:
        raise SettleError("this is no package", code="not-a-package", place=str(folder), hint=str(error)) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise SettleError("this package is of another version", code="not-a-package", place=str(folder))
    return [
        *_signed(folder, content, trusted),
        *_whole(folder, manifest["files"]),
        *_derived(folder, manifest, content, ledger),
    ]


def _signed(folder: Path, content: bytes, trusted: Ed25519PublicKey | None) -> Iterator[str]:
    path = folder / SIGNATURE
    if path.is_file():
        if fault := signature_fault(content, path.read_bytes(), trusted):
            yield f"{SIGNATURE}: {fault}"
    elif trusted is not None:
        yield f"{SIGNATURE}: the package is not signed"


def _whole(folder: Path, files: dict[str, Any]) -> Iterator[str]:
    """Files that are missing, changed, or not of the package."""
    for name, told in files.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: it is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != told["sha256"]:
            yield f"{name}: its content is not what the manifest says"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files and name not in (MANIFEST, SIGNATURE):
            yield f"{name}: it is not of the package"


def _derived(folder: Path, manifest: dict[str, Any], content: bytes, ledger: Ledger) -> Iterator[str]:
    """The first difference to what the ledger gives, known as far as the package knew it."""
    wanted, known_to = period(manifest["period"]), int(manifest["events"]["last"])
    begun = [number for seq, number in ledger.in_force() if seq <= known_to]
    if not begun or known_to > ledger.last_seq:
        message = f"its events reach to {known_to}, those of the ledger to {ledger.last_seq}"
        raise SettleError(message, code="another-ledger", place=ledger.place)
    source = Source(ledger, program_numbered(ledger, begun[-1]), known_to)
    if not source.is_closed(wanted):
        raise SettleError(f"{wanted.text} was never closed in it", code="another-ledger", place=ledger.place)
    with tempfile.TemporaryDirectory(prefix="guerdon-check-") as scratch:
        again = Path(scratch) / "package"
        write_package(source, draw(source, wanted), again, Wishes(tuple(manifest["forms"]), manifest["codes"]))
        for name in [*manifest["files"], MANIFEST]:
            told, found = folder / name, again / name
            if not found.is_file():
                yield f"{name}: the ledger gives no such file"
                return
            if told.is_file() and told.read_bytes() != found.read_bytes():
                yield f"{name}: {_first_difference(told.read_bytes(), found.read_bytes())}"
                return
        more = sorted(each.relative_to(again).as_posix() for each in again.rglob("*") if each.is_file())
        for name in more:
            if name not in manifest["files"] and name != MANIFEST:
                yield f"{name}: the ledger gives it, the package lacks it"
                return


def _first_difference(told: bytes, found: bytes) -> str:
    """Where two contents part: the line of a text, else the byte."""
    try:
        lines = told.decode().splitlines(), found.decode().splitlines()
    except UnicodeDecodeError:
        place = next((n for n, pair in enumerate(zip(told, found, strict=False)) if pair[0] != pair[1]), len(found))
        return f"it differs from byte {place + 1} on"
    for number, (ours, theirs) in enumerate(zip(*lines, strict=False), 1):
        if ours != theirs:
            return f"line {number} is {ours[:120]!r}, the ledger gives {theirs[:120]!r}"
    return f"it has {len(lines[0])} lines, the ledger gives {len(lines[1])}"
