"""The counters that a programme needs, by name: one slot of each contact (or of the business) a name.

A name holds across versions, so that an edited offer goes on counting where it stood; the ledger's registry gives it
its number.
"""

from __future__ import annotations

NO_WINDOW = -1


class Slots:
    """Names of counters in the order of their places in ``s_slot``, ``s_shared`` and ``s_ring``."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.shared_keys: list[str] = []
        self.ring_keys: list[str] = []
        self.ring_days = 1
        self.windows: list[int] = []
        self.shared_windows: list[int] = []

    def own(self, key: str, window: int = NO_WINDOW) -> int:
        """Place of a contact's counter; a name given twice becomes two counters. ``window``: its kind, of ``calendar``.

        NO_WINDOW: it counts as it stands now, also for a late event.
        """
        self.windows.append(window)
        return _place(self.keys, key)

    def shared(self, key: str, window: int = NO_WINDOW) -> int:
        """Place of a counter of the business."""
        self.shared_windows.append(window)
        return _place(self.shared_keys, key)

    def ring(self, key: str, days: int) -> int:
        """Place of a contact's rolling counter over ``days`` local days."""
        self.ring_days = max(self.ring_days, days)
        return _place(self.ring_keys, key)


def _place(keys: list[str], key: str) -> int:
    count = sum(1 for known in keys if known == key or known.startswith(key + "#"))
    keys.append(key if count == 0 else f"{key}#{count + 1}")
    return len(keys) - 1
