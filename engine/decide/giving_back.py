"""What a return gives back to the contact: the spend, and on a cancel its wallet fee and what was redeemed (spec 4)."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, Role, TransferKind, account_parts
from guerdon.engine.decide import booking, funding, history, layout
from guerdon.engine.decide.arithmetic import HALF_UP, muldiv
from guerdon.engine.decide.award_back import AwardBack, lot_again, merchant_index
from guerdon.engine.decide.calendar import stepped
from guerdon.engine.decide.lot_records import LOT_RECORD, lot_row
from guerdon.engine.decide.lots import due_of, free_if_empty, insert_usable, new_lot
from guerdon.engine.decide.offer_tables import step
from guerdon.engine.decide.redeemed import forget_redeemed, redeemed_by
from guerdon.engine.decide.rule_versions import version_of
from guerdon.engine.events.amounts import half_up
from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import LOT

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back
    from guerdon.engine.decide.kept import Kept

_SPEND, _FEE, _SPEND_FEE = int(TransferKind.SPEND), int(TransferKind.WALLET_FEE), int(TransferKind.SPEND_FEE)
_REDEEM, _EXPIRY = int(TransferKind.REDEEM), int(TransferKind.EXPIRY)
_SPEND_BACK, _FEE_BACK = int(TransferKind.SPEND_REVERSAL), int(TransferKind.WALLET_FEE_REVERSAL)
_SPEND_FEE_BACK, _REDEEM_BACK = int(TransferKind.SPEND_FEE_REVERSAL), int(TransferKind.REDEEM_REVERSAL)
_FIELD = {int(Role.OPEN): "open", int(Role.OPEN_PAYABLE): "payable"}
Lot = tuple[int, int]


# ---- the spend


def spend_back(back: Back, kept: Kept, cancel: bool) -> None:
    """The spend, in full on a cancel, else as far as the purchase is returned; on a cancel its wallet fee too."""
    rows = back.journal(kept.seq)
    spends = rows[rows["kind"] == _SPEND]
    if not len(spends):
        return
    spent, before = int(spends["amount"].sum()), int(kept.taken.get("spent", 0))
    due = spent if cancel else half_up(Fraction(spent) * kept.part())
    left = due - before
    if left > 0:
        _each_back(back, kept, spends, left, _SPEND_BACK)
        kept.taken["spent"] = due
        _spend_fee_back(back, kept, rows, spent - before, spent - due, spent)
    if cancel:
        fees = rows[(rows["kind"] == _FEE) & (rows["n"] < spends["n"].max())]
        _each_back(back, kept, fees, int(fees["amount"].sum()), _FEE_BACK)


def _each_back(back: Back, kept: Kept, rows: np.ndarray, left: int, kind: int) -> None:
    """Each part to the account that it was taken from, what was taken last first."""
    done = kept.taken.setdefault("back", {})
    for row in rows[::-1]:
        n = str(int(row["n"]))
        part = min(left, int(row["amount"]) - int(done.get(n, 0)))
        if part <= 0:
            continue
        role = account_parts(int(row["debit"]))[2]
        name = (int(row["seq"]), int(row["n"]))
        back.post(kind, int(row["credit"]), back.account(role), part, reverses=name)
        setattr(back.contact, _FIELD[role], int(getattr(back.contact, _FIELD[role])) + part)
        back.contact.dirty = 1
        done[n] = int(done.get(n, 0)) + part
        left -= part


def _spend_fee_back(back: Back, kept: Kept, rows: np.ndarray, before: int, after: int, spent: int) -> None:
    """The merchant's fee on the spend, by its running total."""
    fees = rows[rows["kind"] == _SPEND_FEE]
    if not len(fees):
        return
    fee = fees[0]
    number = (int(fee["debit"]) >> OWNER_SHIFT) & ((1 << (KIND_SHIFT - OWNER_SHIFT)) - 1)
    rules = SimpleNamespace(**kept.version.rules)
    terms = funding.terms_at(rules, merchant_index(kept.version, number), kept.event.time)
    t = kept.version.tables.arrays["r_terms"][terms]

    def on(x: int) -> int:
        if t["spend_fee"] == layout.SHARE_AMOUNT:
            return muldiv(int(fee["amount"]), x, spent, HALF_UP)
        return funding.fee_part(x, int(t["spend_fee_num"]), int(t["spend_fee_den"]))

    name = (int(fee["seq"]), int(fee["n"]))
    back.post(_SPEND_FEE_BACK, int(fee["credit"]), int(fee["debit"]), on(before) - on(after), reverses=name)


# ---- the redeem


def redeem_back(back: Back, kept: Kept) -> list[Lot]:
    """What was redeemed for an event goes back to its lots as far as open money reaches, the latest-expiring first.

    For a purchase that is all it redeemed itself, and what redeem events that named it did.
    """
    requests = redeemed_by(back.decider, kept.seq)
    rows = np.concatenate([back.journal(seq) for seq in (kept.seq, *requests)])
    rows = rows[rows["kind"] == _REDEEM]
    for seq in requests:
        forget_redeemed(back.decider, kept.seq, seq, back.number)
    if not len(rows):
        return []
    lots = {lot: lot_facts(back, lot) for lot in {(int(row["lot_seq"]), int(row["lot_n"])) for row in rows}}
    order = sorted(rows, key=lambda row: _place(lots[int(row["lot_seq"]), int(row["lot_n"])]), reverse=True)
    put_back: list[Lot] = []
    for row in order:
        lot = (int(row["lot_seq"]), int(row["lot_n"]))
        own = account_parts(int(row["credit"]))[2]
        left = int(row["amount"])
        for role in (own, *[role for role in _FIELD if role != own]):
            part = min(left, int(getattr(back.contact, _FIELD[role])))
            if part <= 0:
                continue
            target = back.account(account_parts(int(row["debit"]))[2])
            name = (int(row["seq"]), int(row["n"]))
            offer = int(row["offer"])
            back.post(_REDEEM_BACK, back.account(role), target, part, lot=lot, offer=offer, reverses=name)
            setattr(back.contact, _FIELD[role], int(getattr(back.contact, _FIELD[role])) - part)
            fill_lot(back, lots[lot], part)
            left -= part
        put_back.append(lot)
    return list(dict.fromkeys(put_back))


def _place(fields: dict[str, int]) -> tuple[int, int, int, int]:
    return fields["expires_at"], fields["earned_at"], fields["seq"], fields["n"]


def lot_facts(back: Back, lot: Lot) -> dict[str, int]:
    """The fields of a lot, open or used up, as LOT has them; with nothing remaining if it is used up."""
    decider = back.decider
    row = lot_row(decider, back.c, lot)
    if row != NOWHERE:
        found = decider.state.arrays["s_lot"][row]
        return {name: int(found[name]) for name in LOT.names or ()}
    award = history.award(decider, *lot)
    if award is not None:
        kept = back.purchase(lot[0])
        return lot_again(back, award, kept.told.version, AwardBack(back, kept, award).live(back))
    record = decider.records.get(LOT_RECORD, f"{lot[0]}:{lot[1]}")
    assert record is not None, f"nothing is known of lot {lot}"
    kept_fields = dict.fromkeys(LOT.names or (), 0) | {name: int(value) for name, value in record.fields.items()}
    return kept_fields | {"remaining": 0, "pending": 0, "contact": back.number}


def fill_lot(back: Back, fields: dict[str, int], amount: int) -> None:
    """Put money back into a lot; one that had been used up is opened again."""
    decider = back.decider
    lot = (fields["seq"], fields["n"])
    row = lot_row(decider, back.c, lot)
    if row == NOWHERE:
        row = new_lot(decider.desk)
        made = decider.state.arrays["s_lot"][row]
        for name in LOT.names or ():
            if name not in ("next", "prev", "stored"):
                made[name] = fields[name]
        made["remaining"], made["pending"], made["instant"], made["stored"] = 0, 0, 0, 0
        made["expires_at"] = _with_grace(back, fields)
        insert_usable(decider.desk, back.c, row)
    decider.state.arrays["s_lot"]["remaining"][row] += amount
    decider.state.arrays["s_lot"]["dirty"][row] = 1
    due = due_of(decider.desk, row)
    if due < back.contact.due_at:
        back.contact.due_at = due
    back.contact.dirty = 1


def _with_grace(back: Back, fields: dict[str, int]) -> int:
    """When a lot put back expires: as before, or a while from now where its scheme restores what had expired."""
    if fields["expires_at"] >= back.now or fields["offer"] == 0:
        return fields["expires_at"]
    version = version_of(back.decider, fields["version"])
    offer = version.offer(fields["offer"])
    scheme = next(scheme for scheme in version.program.schemes if scheme.id == offer.scheme)
    if scheme.restore_grace is None:
        return fields["expires_at"]
    return int(stepped(back.decider.desk, back.now, *step(scheme.restore_grace)))


def settle_lots(back: Back, lots: list[Lot]) -> None:
    """What a lot put back holds beyond its award is breakage of the business; past its expiry it expires at once."""
    from guerdon.engine.decide.due import expire

    for lot in sorted(lots):
        row = lot_row(back.decider, back.c, lot)
        if row == NOWHERE:
            continue
        found = back.decider.desk.s_lot[row]
        excess = int(found.remaining) - max(0, int(found.live))
        if excess > 0 and found.offer:
            _expire_excess(back, lot, row, excess)
        row = lot_row(back.decider, back.c, lot)
        if row != NOWHERE and back.decider.desk.s_lot[row].expires_at < back.now:
            expire(back.decider.desk, back.seq, back.c, row, back.now)


def _expire_excess(back: Back, lot: Lot, row: int, excess: int) -> None:
    found = back.decider.desk.s_lot[row]
    source = back.account(booking.COMMERCE + int(found.pool))
    back.post(_EXPIRY, source, booking.BREAKAGE, excess, lot=lot, offer=int(found.offer))
    award = history.award(back.decider, *lot)
    if award is not None:
        AwardBack(back, back.purchase(lot[0]), award).move("excess", excess)
    found = back.decider.desk.s_lot[row]
    found.remaining -= excess
    free_if_empty(back.decider.desk, back.c, row)
