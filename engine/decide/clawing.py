"""Taking an award back: how much, from where in what order, and to whom it goes (spec 4, 'Return and cancel')."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.codes import Role, TransferKind
from guerdon.engine.decide import booking, counters, history, layout
from guerdon.engine.decide.award_back import AwardBack, award_fee
from guerdon.engine.decide.calendar import DAY, WINDOW_ROLLING, window_of
from guerdon.engine.decide.caps import BUSINESS_ROW, WINDOW_TIER
from guerdon.engine.decide.lot_records import lot_row
from guerdon.engine.decide.lots import free_if_empty
from guerdon.engine.events.amounts import half_up, shares
from guerdon.engine.events.present import NOWHERE
from guerdon.engine.rows import DEBT, PENDING_ONLY

if TYPE_CHECKING:
    from guerdon.engine.decide.back import Back

_REVERSAL, _PRODUCT = int(TransferKind.AWARD_REVERSAL), int(TransferKind.PRODUCT_REVERSAL)
_FEE = int(TransferKind.AWARD_FEE_REVERSAL)
_DEBT = int(Role.DEBT)
_ROLE = (1 << 16) - 1


def reverse_lines(back: Back, award: AwardBack, due: dict[int, int]) -> None:
    """Reverse up to what is due to be undone by now on each line."""
    wanted = 0
    for line, target in due.items():
        more = target - award.line_undone(line)
        if more > 0:
            award.undo_line(line, more)
            wanted += more
    take_back(back, award, wanted)
    if award.get("undone") >= award.amount:
        release_times(back, award, award.wins_left)


def reverse_rest(back: Back, award: AwardBack) -> None:
    """Reverse all that is left of the award."""
    wanted = award.amount - award.get("undone")
    for line, share in award.lines.items():
        award.undo_line(line, share - award.line_undone(line))
    award.move("undone", award.amount - award.get("undone"))
    take_back(back, award, wanted)
    release_times(back, award, award.wins_left)


def reverse_wins(back: Back, award: AwardBack, wins: int) -> None:
    """Reverse some of an award's wins: what is left of it × wins gone ÷ wins left."""
    if wins >= award.wins_left:
        reverse_rest(back, award)
        return
    amount = half_up(Fraction(award.live(back) * wins, award.wins_left))
    rests = {line: share - award.line_undone(line) for line, share in award.lines.items()}
    if sum(rests.values()) > 0:
        for line, part in zip(rests, shares(amount, list(rests.values())), strict=True):
            award.undo_line(line, part)
    else:
        award.move("undone", amount)
    take_back(back, award, amount)
    release_times(back, award, wins)


def take_back(back: Back, award: AwardBack, wanted: int) -> None:
    """Take this much of the award, at most what is live; what the policy can't reach is given up and counts too."""
    live = award.live(back)
    wanted = min(wanted, live)
    if wanted <= 0:
        return
    taken = _product(back, award, wanted, live) if award.is_product else _money(back, award, wanted, live)
    fee = award_fee(award.kept.version, award.award, live) - award_fee(award.kept.version, award.award, live - taken)
    merchant = booking.of_merchant(int(award.award["merchant"]), booking.RECEIVABLE)
    name = award.fee(back)
    back.post(_FEE, booking.FEE_INCOME, merchant, fee, lot=award.lot, offer=award.offer, reverses=name)
    award.move("gone", wanted)
    _release_amount(back, award, wanted)


# ---- money of the wallet


def _money(back: Back, award: AwardBack, wanted: int, live: int) -> int:
    """From the lot, then debt that it repaid, then open money, then as debt, as far as the policy goes."""
    version = award.kept.version
    policy = int(version.tables.arrays["r_offer"]["claw_back"][version.place[award.offer]])
    left = wanted
    row = lot_row(back.decider, back.c, award.lot)
    if row != NOWHERE:
        lot = back.decider.desk.s_lot[row]
        part = 0
        if lot.pending == 1 or policy != PENDING_ONLY:
            part = min(left, int(lot.remaining))
            role = booking.PENDING if lot.pending == 1 else booking.COMMERCE + int(lot.pool)
            _to_funders(back, award, back.account(role), part, live)
        lot = back.decider.desk.s_lot[row]
        lot.remaining -= part
        lot.live = live - wanted
        free_if_empty(back.decider.desk, back.c, row)
        back.contact.dirty = 1
        left -= part
    if policy == PENDING_ONLY:
        return wanted - left
    return wanted - _from_wallet(back, award, left, live - (wanted - left), policy == DEBT)


def _from_wallet(back: Back, award: AwardBack, left: int, live: int, as_debt: bool) -> int:
    """Debt that the award repaid, open money, and the shortfall as debt; says what could not be taken."""
    repaid = min(left, int(award.award["debt_repaid"]) - award.get("repaid"))
    if repaid > 0:
        _to_funders(back, award, back.account(_DEBT), repaid, live)
        award.move("repaid", repaid)
        back.contact.debt += repaid
        left, live = left - repaid, live - repaid
    for field, role in (("open", booking.OPEN), ("payable", booking.PAYABLE_OUT)):
        part = min(left, int(getattr(back.contact, field)))
        if part > 0:
            _to_funders(back, award, back.account(role), part, live)
            setattr(back.contact, field, int(getattr(back.contact, field)) - part)
            left, live = left - part, live - part
    if as_debt and left > 0:
        _to_funders(back, award, back.account(_DEBT), left, live)
        back.contact.debt += left
        left = 0
    back.contact.dirty = 1
    return left


def _to_funders(back: Back, award: AwardBack, source: int, amount: int, live: int) -> None:
    """Book a part of the award back to its funders in its own split; budgets get their share again."""
    if amount <= 0:
        return
    funders = award.funders
    part = funders.part(live) - funders.part(live - amount)
    merchant = booking.of_merchant(funders.funder, booking.BUDGET if funders.prepaid else booking.RECEIVABLE)
    _mirror(back, award, source, booking.REWARDS_COST, amount - part)
    _mirror(back, award, source, merchant, part)
    _budget(back, award, part)


def _mirror(back: Back, award: AwardBack, source: int, funder: int, amount: int) -> None:
    """One funder's part, against the transfers by which it gave: those into debt first for what comes from debt."""
    rows = [row for row in award.transfers(back) if row["debit"] == funder]
    from_debt = source & _ROLE == _DEBT
    rows.sort(key=lambda row: (((int(row["credit"]) & _ROLE) == _DEBT) != from_debt, int(row["n"])))
    done = award.noted.setdefault("back", {})
    for row in rows:
        n = str(int(row["n"]))
        part = min(amount, int(row["amount"]) - int(done.get(n, 0)))
        if part > 0:
            name = (int(row["seq"]), int(row["n"]))
            back.post(_REVERSAL, source, funder, part, lot=award.lot, offer=award.offer, reverses=name)
            done[n] = int(done.get(n, 0)) + part
            amount -= part
    back.post(_REVERSAL, source, funder, amount, lot=award.lot, offer=award.offer)


def _product(back: Back, award: AwardBack, wanted: int, live: int) -> int:
    """A free product: the mirror of how it was charged, pro rata."""
    part = award.funders.part(live) - award.funders.part(live - wanted)
    done, moved = award.noted.setdefault("back", {}), 0
    for row in award.transfers(back):
        share = wanted - part if int(row["debit"]) == booking.REWARDS_COST else part
        n = str(int(row["n"]))
        share = min(share, int(row["amount"]) - int(done.get(n, 0)))
        name = (int(row["seq"]), int(row["n"]))
        back.post(_PRODUCT, int(row["credit"]), int(row["debit"]), share, offer=award.offer, reverses=name)
        done[n] = int(done.get(n, 0)) + share
        moved += share
    if moved < wanted:  # funder and supplier are the same: no transfer tells of it
        award.noted.setdefault("unmoved", []).append([back.seq, award.offer, wanted - moved])
    _budget(back, award, part)
    return wanted


# ---- what it had used up


def _budget(back: Back, award: AwardBack, part: int) -> None:
    """A merchant's budget gets back what it bore."""
    funders = award.funders
    if part <= 0 or funders.budget < 0:
        return
    tables = award.kept.version.tables
    merchants = tables.arrays["r_merchant"]
    slot = int(merchants["budget_slot"][merchants["number"] == funders.funder][0])
    key = tables.slots.shared_keys[slot]
    if funders.prepaid:
        keys = back.decider.tables.slots.shared_keys
        if key in keys:
            back.decider.state.arrays["s_shared"]["amount"][keys.index(key)] += part
        return
    window = window_of(_day(award), int(tables.arrays["r_terms"]["budget_window"][funders.budget]), 0)
    counters.add(back.decider, back.c, key, window, -part, shared=True)


def _day(award: AwardBack) -> int:
    """Local day in which the award's windows lie."""
    return int(award.kept.version.tables.zone.local(int(award.award["earned_at"]))) // DAY


def _release_amount(back: Back, award: AwardBack, amount: int) -> None:
    for cap in _caps(award):
        if cap["measure"] == layout.CAP_AMOUNT:
            _release(back, award, cap, amount)


def release_times(back: Back, award: AwardBack, wins: int) -> None:
    """Wins of the award are gone: caps that count times have room again."""
    if wins <= 0:
        return
    award.move("wins", wins)
    for cap in _caps(award):
        if cap["measure"] == layout.CAP_TIMES:
            _release(back, award, cap, wins)


def _caps(award: AwardBack) -> Any:
    arrays = award.kept.version.tables.arrays
    offer = arrays["r_offer"][award.kept.version.place[award.offer]]
    return arrays["r_cap"][int(offer["cap_first"]) : int(offer["cap_first"] + offer["cap_count"])]


def _release(back: Back, award: AwardBack, cap: np.void, amount: int) -> None:
    slots, kind, place = award.kept.version.tables.slots, int(cap["window"]), int(cap["slot"])
    if cap["per"] == layout.PER_EVENT:
        return
    if kind == WINDOW_ROLLING:
        c = BUSINESS_ROW if cap["per"] == layout.PER_OFFER else back.c
        counters.release_ring(back.decider, c, slots.ring_keys[place], _day(award), amount)
    elif kind == WINDOW_TIER:
        _release_tier(back, award, slots.keys[place])
    elif cap["per"] == layout.PER_OFFER:
        window = window_of(_day(award), kind, award.lot[0])
        counters.add(back.decider, back.c, slots.shared_keys[place], window, -amount, shared=True)
    else:
        window = window_of(_day(award), kind, award.lot[0])
        counters.add(back.decider, back.c, slots.keys[place], window, -amount)


def _release_tier(back: Back, award: AwardBack, key: str) -> None:
    """The tier whose reaching gave the award may be celebrated again."""
    keys = back.decider.tables.slots.keys
    periods = history.tiers_of(back.decider, back.number)
    reached = periods[periods["seq"] == award.lot[0]]
    if key in keys and len(reached):
        slot = back.decider.state.arrays["s_slot"][back.c, keys.index(key)]
        slot["amount"] = int(slot["amount"]) & ~(1 << int(reached["tier"][-1]))
