"""The counters that a programme needs, by name: one slot of each contact (or of the business) a name.

A name holds across versions, so that an edited offer goes on counting where it stood; the ledger's registry gives it
its number.
"""

from __future__ import annotations


class Slots:
    """Names of counters in the order of their places in ``s_slot``, ``s_shared`` and ``s_ring``."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.shared_keys: list[str] = []
        self.ring_keys: list[str] = []
        self.ring_days = 1

    def own(self, key: str) -> int:
        """Place of a contact's counter; a name given twice becomes two counters."""
        return _place(self.keys, key)

    def shared(self, key: str) -> int:
        """Place of a counter of the business."""
        return _place(self.shared_keys, key)

    def ring(self, key: str, days: int) -> int:
        """Place of a contact's rolling counter over ``days`` local days."""
        self.ring_days = max(self.ring_days, days)
        return _place(self.ring_keys, key)


def _place(keys: list[str], key: str) -> int:
    count = sum(1 for known in keys if known == key or known.startswith(key + "#"))
    keys.append(key if count == 0 else f"{key}#{count + 1}")
    return len(keys) - 1
