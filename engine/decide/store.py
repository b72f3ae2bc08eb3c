"""What decide asks of the ledger that it runs on. A ledger is handed in, never imported: the arrow points on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Store(Protocol):
    """Reading state and history, everything as committed. ``guerdon.engine.ledger.Ledger`` is one."""

    names: Any  # the registry: number, find, id
    records: Any  # one, of_contact, of_kind, due
    keyring: Any  # the keys under which what is personal is shut (events.sealing.Keys)
    settlement: Any  # sums of what merchants owe and are owed: first_effective_at, moved

    def load_contacts(self, numbers: np.ndarray) -> Any:
        """Contacts, lots, counters, memberships, tiers and profiles of contacts by number."""

    def business_counters(self) -> np.ndarray:
        """The counters that belong to no contact."""

    def past_counters(self, contact: int) -> np.ndarray:
        """Counters of windows that left the desk."""

    def counters_of_slot(self, slot: int) -> np.ndarray:
        """The counters of one name over all contacts."""

    def due_contacts(self, until: int) -> np.ndarray:
        """Numbers of the contacts with something due."""

    def subscribed_contacts(self) -> np.ndarray:
        """Numbers of the contacts whose subscription runs."""

    def contact_by_identifier(self, kind: str, value: str) -> int:
        """The contact that an identifier names; 0: none."""

    def event_by_key(self, source: int, id: str) -> int:
        """The seq of the event that owns (source, id); 0: none."""

    def event_by_reference(self, merchant: int, series: str, reference: str) -> int:
        """The seq of the event that holds a business key; 0: none."""

    def events(self, seqs: Any) -> Any:
        """Rows of the log."""

    def events_of_contact(self, contact: int) -> np.ndarray:
        """The seqs of the events that name or touch a contact."""

    def chunk_of(self, seq: int) -> Any:
        """The chunk that holds an event."""

    def transfers_of(self, seq: int) -> np.ndarray:
        """The transfers of an event."""

    def awards_of(self, seq: int) -> np.ndarray:
        """The awards of an event."""

    def refusals_of(self, seq: int) -> np.ndarray:
        """The refusals of an event."""

    def transfers_of_lot(self, seq: int, n: int) -> np.ndarray:
        """The history of a lot."""

    def rows_of_offer(self, table: str, contact: int, offer: int) -> np.ndarray:
        """Awards or refusals of an offer to a contact."""

    def programmes(self) -> Any:
        """The rule versions that ever counted."""
