"""A small ledger that is right in every respect, posted in three chunks, for tests to read, break and compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from guerdon.engine import rows
from guerdon.engine.codes import EventType, Outcome, OwnerKind, Reason, Role, TransferKind, account
from guerdon.engine.ledger import Chunk, Ledger
from guerdon.engine.ledger.chunk import HOLDER, LOG, RESOLVED, BusinessKeys, RunCounts, empty

from ..engines import new

DAY = 86_400_000_000
START = 1_772_700_000_000_000  # 2026-03-05
YEAR = 365 * DAY
POOL = 1
REWARDS_COST = account(OwnerKind.BUSINESS, 0, Role.REWARDS_COST)


def records(dtype: np.dtype[np.void], values: Sequence[dict[str, int]]) -> np.ndarray:
    """Records from dicts; fields that are not named are zero."""
    made = np.zeros(len(values), dtype)
    for place, row in enumerate(values):
        for name, value in row.items():
            made[name][place] = value
    return made


def commerce(contact: int) -> int:
    return account(OwnerKind.CONTACT, contact, Role.COMMERCE + POOL)


def open_money(contact: int) -> int:
    return account(OwnerKind.CONTACT, contact, Role.OPEN)


@dataclass(slots=True)
class Script:
    """Writes purchases that award and redeem, and keeps the state that a decider would keep."""

    ledger: Ledger
    seq: int = 0
    read: int = 0
    wallets: dict[int, np.ndarray] = field(default_factory=dict)
    lots: dict[tuple[int, int], dict[str, int]] = field(default_factory=dict)

    def purchases(self, whos: Sequence[str], amount: int = 100, body: bytes = b"content") -> Chunk:
        """A chunk: each contact buys, redeems all earlier lots and wins a new one of ``amount``."""
        log, transfers, awards, refusals, ids, touched = [], [], [], [], [], []
        stored = set(self.lots)
        for who in whos:
            self.seq += 1
            seq, time = self.seq, START + self.seq * DAY
            contact = self.ledger.names.number("contact", who)
            source = self.ledger.names.number("source", "tills")
            lines = self._redeems(seq, contact, time)
            awards.append(self._award(seq, contact, time, amount, len(lines) + 1))
            lines.append(self._of_award(awards[-1]))
            transfers += lines
            refusals.append({"seq": seq, "offer": 2, "reason": Reason.CAP_REACHED, "needed": 5, "had": 4})
            ids.append(f"p{seq}")
            touched.append(contact)
            log.append(
                {"seq": seq, "time": time, "received_at": time + 5, "contact": contact, "source": source, "merchant": 1,
                 "type": EventType.PURCHASE, "outcome": Outcome.POSTED, "content_hi": seq * 7, "content_lo": -seq,
                 "transfers": len(lines), "keyed": 1, "version": 1}
            )  # fmt: skip
        self.read += len(log)
        return self._chunk(log, ids, transfers, awards, refusals, touched, stored, body)

    def _redeems(self, seq: int, contact: int, time: int) -> list[dict[str, int]]:
        found = []
        for (lot_seq, lot_n), lot in sorted(self.lots.items()):
            if lot["contact"] == contact and lot["remaining"]:
                found.append(
                    {"seq": seq, "n": len(found) + 1, "kind": TransferKind.REDEEM, "debit": commerce(contact),
                     "credit": open_money(contact), "amount": lot["remaining"], "lot_seq": lot_seq, "lot_n": lot_n,
                     "offer": 1, "effective_at": time}
                )  # fmt: skip
                lot["remaining"] = 0
        return found

    def _award(self, seq: int, contact: int, time: int, amount: int, n: int) -> dict[str, int]:
        self.lots[seq, n] = {
            "seq": seq, "n": n, "pool": POOL, "contact": contact, "remaining": amount, "live": amount, "offer": 1,
            "earned_at": time, "usable_at": time, "expires_at": time + YEAR, "version": 1, "part_den": 1,
        }  # fmt: skip
        return {
            "seq": seq, "n": n, "offer": 1, "contact": contact, "merchant": 1, "pool": POOL, "amount": amount,
            "wins": 1, "earning": 20 * amount, "earned_at": time, "usable_at": time, "expires_at": time + YEAR,
        }  # fmt: skip

    def _of_award(self, award: dict[str, int]) -> dict[str, int]:
        return {
            "seq": award["seq"], "n": award["n"], "kind": TransferKind.AWARD, "debit": REWARDS_COST,
            "credit": commerce(award["contact"]), "amount": award["amount"], "lot_seq": award["seq"],
            "lot_n": award["n"], "offer": 1, "effective_at": award["earned_at"],
        }  # fmt: skip

    def _chunk(
        self, log: list[dict[str, int]], ids: list[str], transfers: list[dict[str, int]], awards: list[dict[str, int]],
        refusals: list[dict[str, int]], touched: list[int], stored: set[tuple[int, int]], body: bytes,
    ) -> Chunk:  # fmt: skip
        for row in transfers:
            if row["kind"] == TransferKind.REDEEM:
                contact = (row["debit"] >> 16) & 0xFFFF
                self._wallet(contact)["open"] += row["amount"]
        lots = [{**lot, "stored": int(key in stored)} for key, lot in self.lots.items() if lot["contact"] in touched]
        contacts = sorted(set(touched))
        counters = [{"contact": c, "slot": 1, "window": 7, "amount": c * 10, "wins": 1, "mark": 2} for c in contacts]
        return Chunk(
            log=records(LOG, log), ids=ids, body=body, body_format=1, series=[""] * len(ids),
            references=[f" r{row['seq']} " for row in log],
            transfers=records(rows.TRANSFER, transfers), awards=records(rows.AWARD, awards),
            refusals=records(rows.REFUSAL, refusals),
            tier_periods=records(rows.TIER_PERIOD, [_period(row) for row in log]),
            contacts=np.concatenate([self._wallet(c)[None] for c in contacts]) if contacts else empty(rows.CONTACT),
            lots=records(rows.LOT, lots), counters=records(rows.COUNTER, counters),
            memberships=records(rows.MEMBERSHIP, [_member(c) for c in contacts]),
            business_keys=BusinessKeys(
                records(HOLDER, [{"merchant": 1, "seq": row["seq"]} for row in log]),
                [""] * len(log), [f"R{row['seq']}" for row in log],
            ),
            run=RunCounts(1, self.read, self.read, 0, 0, 0, 0, 0), recorded_at=START,
        )  # fmt: skip

    def _wallet(self, contact: int) -> np.void:
        if contact not in self.wallets:
            self.wallets[contact] = records(
                rows.CONTACT, [{"number": contact, "due_at": START + contact * DAY, "pools_active": 2**64 - contact}]
            )
        found: np.void = self.wallets[contact][0]
        return found


def _period(row: dict[str, int]) -> dict[str, int]:
    time = row["time"]
    return {"contact": row["contact"], "tier": 1, "starts_at": time, "ends_at": time + DAY, "seq": row["seq"]}


def _member(contact: int) -> dict[str, int]:
    return {"contact": contact, "scheme": 1, "member": 1, "since": START}


CHUNKS = (["ann", "bob", "ann"], ["cy", "ann"], ["bob", "dee", "cy"])


def filled(url: str = "") -> Ledger:
    """The small ledger, open."""
    ledger = Ledger.open(url or new())
    script = Script(ledger)
    for whos in CHUNKS:
        ledger.post(script.purchases(whos))
    return ledger


def waited(seq: int, at_seq: int) -> np.ndarray:
    return records(RESOLVED, [{"seq": seq, "at_seq": at_seq, "outcome": Outcome.POSTED}])
