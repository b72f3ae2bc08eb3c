"""Alerts as they are kept: raised → notified → acknowledged → cleared | confirmed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from guerdon.engine.ledger.care_tables import alert
from guerdon.engine.ledger.ledger import Ledger

RAISED, NOTIFIED, ACKNOWLEDGED, CLEARED, CONFIRMED = "raised", "notified", "acknowledged", "cleared", "confirmed"
# State → the states that lead to it.
MOVES = {
    NOTIFIED: (RAISED,),
    ACKNOWLEDGED: (RAISED, NOTIFIED),
    CLEARED: (RAISED, NOTIFIED, ACKNOWLEDGED),
    CONFIRMED: (RAISED, NOTIFIED, ACKNOWLEDGED),
}
OPEN = (RAISED, NOTIFIED, ACKNOWLEDGED)
_ALL = select(alert).order_by(alert.c.seq, alert.c.id)
_ONE = select(alert).where(alert.c.id == bindparam("id"))


class AlertError(Exception):
    """An alert that there is not, or that can't be brought into that state. ``code`` is stable."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.code, self.hint = message, code, hint


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``key``: the values of its scope; ``fields``: measure, figures, what its action touches.

    ``acted``: 0 its action is still to be done, 1 done. ``by``: who brought it into its state last.
    """

    id: str
    rule: str
    key: str
    seq: int
    raised_at: int
    state: str
    acted: int
    by: str
    changed_at: int
    fields: dict[str, Any]

    @property
    def merchant(self) -> str:
        """The merchant that it is about; '' where it is about several, or none."""
        return str(self.fields.get("merchant", ""))

    def as_json(self) -> dict[str, Any]:
        """One alert of ``alerts --json``."""
        return {name: getattr(self, name) for name in self.__slots__}


def alerts(ledger: Ledger, *states: str) -> list[Alert]:
    """The alerts in these states, or all, in the order of the log."""
    found = [_read(row) for row in ledger.store.rows(_ALL)]
    return [each for each in found if not states or each.state in states]


def one(ledger: Ledger, id: str) -> Alert:
    """The alert of that id. AlertError: there is none."""
    found = ledger.store.rows(_ONE, id=id)
    if not found:
        raise AlertError(f"there is no alert '{id}'", "unknown-alert", "guerdon alerts lists them")
    return _read(found[0])


def change_state(ledger: Ledger, id: str, state: str, by: str, now: int) -> Alert:
    """Bring an alert into a state; the ledger is open for writing. AlertError: its present state doesn't lead there.

    What clearing gives back, or confirming holds, is done by ``scanning.act``.
    """
    found = one(ledger, id)
    if found.state not in MOVES[state]:
        raise AlertError(f"alert '{id}' is {found.state}", "invalid_transition", f"{state} comes after it nowhere")
    statement = update(alert).where(alert.c.id == id, alert.c.state == found.state)
    acted = found.acted if state in (NOTIFIED, ACKNOWLEDGED) else 0
    ledger.change(statement.values(state=state, by=by, changed_at=now, acted=acted))
    return one(ledger, id)


def _read(row: Any) -> Alert:
    values = list(row)
    values[-1] = json.loads(values[-1])
    return Alert(*values)
