"""Events as they were told, by their place in the log; a few decoded chunks are kept open."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from guerdon.engine.events.admission import Admission
from guerdon.engine.events.body import decode
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.reading import StoredChunk

CHUNKS_OPEN = 4


class Bodies:
    """Looks up what events said. Costs the decoding of a chunk where the one before lay in another."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._open: dict[int, tuple[StoredChunk, Admission]] = {}

    def told(self, seq: int) -> Event | Refused | Parked | None:
        """The event at a place in the log; None: it is the log's own (a programme's), or there is none."""
        for chunk, admission in self._open.values():
            if chunk.first_seq <= seq <= chunk.last_seq:
                return _at(admission, seq)
        chunk_of_it = self.ledger.chunk_of(seq)
        if chunk_of_it is None:
            return None
        admission = decode(chunk_of_it.body_format, chunk_of_it.body, self.ledger.keyring)
        while len(self._open) >= CHUNKS_OPEN:
            self._open.pop(next(iter(self._open)))
        self._open[chunk_of_it.number] = chunk_of_it, admission
        return _at(admission, seq)

    def events(self, seqs: Iterable[int]) -> dict[int, Event]:
        """The readable ones of some events by their place."""
        found = {seq: self.told(seq) for seq in sorted(seqs)}
        return {seq: told for seq, told in found.items() if isinstance(told, Event)}


def _at(admission: Admission, seq: int) -> Event | Refused | Parked | None:
    rows = np.flatnonzero(admission.told.numbers("seq") == seq)
    if len(rows):
        return admission.told.event(int(rows[0]))
    return next((aside.told for aside in admission.asides if aside.told.seq == seq), None)
