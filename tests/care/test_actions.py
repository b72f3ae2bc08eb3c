"""What may be done in a state is what the log takes in it: the lists and the handlers read one table."""

from __future__ import annotations

import numpy as np
import pytest

from guerdon.engine.care.actions import actions, instrument_actions
from guerdon.engine.codes import Status

from .desk import Desk

_OTHERS = {
    "merge": {"into": "bob"},
    "transfer": {"to": "bob", "amount": "0.01"},
    "adjust": {"amount": "0.01", "reason": "goodwill"},
}
_TO = {
    Status.REGISTERED: [],
    Status.ENROLLED: ["enrol"],
    Status.ON_HOLD: ["enrol", "hold_account"],
    Status.CLOSED_BY_AGENT: ["enrol", "unenrol"],
    Status.CLOSED_BY_MEMBER: ["enrol", "close"],
    Status.MERGED: ["merge"],
}


@pytest.mark.parametrize("status", list(_TO))
def test_the_list_is_what_the_log_takes(shop: Desk, status: Status) -> None:
    program = {"id": "member", "type": "register"}
    for name in ("ann", "bob"):
        shop.feed({**program, "id": name, "contact": name, "time": "2026-03-01 09:00"})
    if status is Status.REGISTERED:  # the only scheme joined makes a member of whoever registers
        shop.feed({"type": "sign_out", "contact": "ann", "time": "2026-03-01 10:00"})
    for step in _TO[status]:
        if step != "enrol":
            shop.feed({"type": step, "contact": "ann", "time": "2026-03-01 10:00", **_OTHERS.get(step, {})})
    row = shop.ledger.load_contacts(np.array([1])).contacts[0]
    now = Status(int(row["status"]))
    offered = set(actions(now))
    shop.feed({"type": "adjust", "contact": "ann", "amount": "1.00", "reason": "goodwill", "time": "2026-03-01 11:00"})
    taken = set()
    for n, kind in enumerate(
        ("enrol", "unenrol", "close", "hold_account", "reactivate", "merge", "transfer", "adjust", "erase")
    ):
        ended = _tried(shop, kind, n)
        if ended != "refused invalid_transition" and not ended.startswith("ignored"):
            taken.add(kind)
    assert offered - {"block_spend"} == taken


def _tried(shop: Desk, kind: str, n: int) -> str:
    """How one event would end, decided and not kept."""
    from guerdon.engine.care.previews import preview
    from guerdon.engine.events.normalise import CASE

    record = {"type": kind, "contact": "ann", "time": "2026-03-02 09:00", **_OTHERS.get(kind, {})}
    found = preview(shop.program, shop.url, record, CASE, 0)
    return f"{found.outcome} {found.reason or ''}".strip()


def test_instruments_offer_what_their_tables_say() -> None:
    assert instrument_actions("card", "printed") == ["card_activated", "card_voided"]
    assert instrument_actions("coupon", "used") == []
    assert "certificate_claimed" in instrument_actions("certificate", "reserved")


def test_a_block_can_be_set_once_and_taken_back() -> None:
    assert actions("closed_by_member") == ["erase", "block_spend"]
    assert actions("closed_by_member", spend_blocked=True) == ["erase", "unblock_spend"]
    assert actions("new") == ["register"]
