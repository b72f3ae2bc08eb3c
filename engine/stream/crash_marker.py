"""Whether a worker died inside durable_rules: a few bytes of a mapped file, set while it tests an event.

The file outlives the process however that ends, at the cost of a store to memory. A worker that finds that two before
it died so at one place of the log starts with the Python back-end.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
from pathlib import Path
from struct import Struct

CRASHES_AT_MOST = 2
_FIELDS = Struct("<qqq")  # 1 while it tests; the last seq when it was seen that one died; how many died there


class CrashMarker:
    """The marker of one ledger on this machine."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            if file.seek(0, os.SEEK_END) < _FIELDS.size:
                file.truncate(_FIELDS.size)
            self._bytes = mmap.mmap(file.fileno(), _FIELDS.size)

    @classmethod
    def of(cls, place: str, file: Path | None) -> CrashMarker:
        """Beside the ledger's file; of another ledger, named by its ``place``, among the machine's temporary files."""
        if file is not None:
            return cls(file.with_name(file.name + ".matching"))
        name = hashlib.sha256(place.encode()).hexdigest()[:16]
        return cls(Path(tempfile.gettempdir()) / f"guerdon-{os.getuid()}-{name}.matching")

    def crashes_at(self, last_seq: int) -> int:
        """How many workers in a row died in a test after ``last_seq``; call it once, when a worker starts."""
        testing, seq, crashes = _FIELDS.unpack(self._bytes[:])
        if testing:
            crashes = crashes + 1 if seq == last_seq else 1
        elif seq != last_seq:
            crashes = 0
        self._bytes[:] = _FIELDS.pack(0, last_seq, crashes)
        return int(crashes)

    def testing(self, now: bool) -> None:
        """Set before a test and taken back after it."""
        self._bytes[0] = now
