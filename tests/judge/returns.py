"""Returns and cancels: what a purchase gave is taken back in the order spend, redeem, awards; then its tier units."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .candidates import still_meets
from .clawback import reverse_rest, reverse_share
from .ledger import balance, commerce, expire, move, settlement_fee
from .money import BadAmount, decimal, rounded, split
from .progress_back import Before, take_progress_back
from .purchases import begin, happening_of
from .state import Award, Contact, Happening, Ignored, Lot, Refused, Spend, Waiting
from .tiers import take_units
from .wallet import spent_to

if TYPE_CHECKING:
    from .judge import Judge


def give_back(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    """A return or a cancel of a purchase that is known."""
    cancel = e["type"] == "cancel"
    bought = find(j, e)
    contact = j.followed(bought.contact)
    back = happening_of(j, name, {**e, "merchant": None, "venue": None, "tap": None}, moment)
    back.contact = contact.name
    begin(j, back, contact)
    if bought.cancelled:
        raise Refused("already_cancelled" if cancel else "returns_too_much")
    before = [(line.returned, line.kept_quantity) for line in bought.lines]
    if cancel:
        bought.cancelled = True
        for line in bought.lines:
            line.returned = Fraction(1)
    else:
        note_returned(j, bought, e)
    give_spends_back(j, bought, contact, cancel, back.at)
    put_back = put_redeems_back(j, bought, contact, back.at) if cancel else []
    reverse_awards(j, bought, before, cancel, back)
    settle_lots(j, put_back, back.at)
    returned = share_returned(bought)
    for award in take_units(j, bought, contact, returned, back.at):
        reverse_rest(j, award, name, back.at)
    j.state.happenings[name] = back
    contact.last_posted = name


def find(j: Judge, e: dict[str, Any]) -> Happening:
    """The purchase that `of` names, by id or by reference."""
    of = str(e["of"])
    purchases = [h for h in j.state.happenings.values() if h.type == "purchase"]
    for h in purchases:
        if h.name == of or (h.id == of and h.source == e.get("source", "case")):
            return h
    from .reading import normal_reference

    for h in purchases:
        if h.key is not None and h.key[2] == normal_reference(of) and e.get("merchant") in (None, h.merchant):
            return h
    if of in j.state.ignored_purchases:
        raise Ignored("nothing_to_do")  # bought while its contact earned nothing
    raise Waiting


def share_returned(bought: Happening) -> Fraction:
    """How much of the purchase's total is returned by now, 0 to 1."""
    if bought.cancelled or all(line.returned == 1 for line in bought.lines):
        return Fraction(1)
    if bought.total == 0:
        return Fraction(0)
    return sum((line.total * line.returned for line in bought.lines), Fraction(0)) / bought.total


def note_returned(j: Judge, bought: Happening, e: dict[str, Any]) -> None:
    """Note on the lines what is returned of them."""
    try:
        if "amount" in e:
            spread(bought, j.rules.money(e["amount"]))
            return
        for entry in e.get("lines") or []:
            number = int(entry["line"])
            if not 1 <= number <= len(bought.lines):
                raise Refused("returns_too_much")
            line = bought.lines[number - 1]
            if "quantity" in entry:
                quantity = decimal(entry["quantity"])
                if quantity <= 0:
                    raise Refused("bad_amount")
                line.returned_quantity += quantity
                line.returned += quantity / line.quantity
            else:
                part = j.rules.money(entry["total"])
                if part <= 0:
                    raise Refused("bad_amount")
                line.returned += Fraction(part, line.total) if line.total else Fraction(2)
            if line.returned > 1 or line.returned_quantity > line.quantity:
                raise Refused("returns_too_much")
    except BadAmount as error:
        raise Refused("bad_amount") from error


def spread(bought: Happening, amount: int) -> None:
    """A return of an amount lies on the lines in proportion to what is not yet returned of them."""
    kept = {line.number: line.total - rounded(line.total * line.returned, "half_up") for line in bought.lines}
    whole = sum(kept.values())
    if amount <= 0:
        raise Refused("bad_amount")
    if amount > whole:
        raise Refused("returns_too_much")
    if amount == whole:
        for line in bought.lines:
            line.returned = Fraction(1)
        return
    for number, part in split(amount, {n: Fraction(rest) for n, rest in kept.items()}).items():
        line = bought.lines[number - 1]
        if part and part == kept[number]:
            line.returned = Fraction(1)
        elif line.total:
            line.returned = min(Fraction(1), line.returned + Fraction(part, line.total))


# Spend and redeem


def give_spends_back(j: Judge, bought: Happening, contact: Contact, cancel: bool, at: datetime) -> None:
    for spend in bought.spends:
        target = spend.amount if cancel else rounded(spend.amount * share_returned(bought), "half_up")
        give_spend_back(j, spend, contact, target - spend.back, at)
        if cancel:
            for role, amount in reversed(spend.fee_parts):
                move(j, "business/fee_income", f"{contact.name}/{role}", amount, at, "wallet_fee")


def give_spend_back(j: Judge, spend: Spend, contact: Contact, amount: int, at: datetime) -> None:
    """Each part to the account that it was taken from, what was taken last first."""
    before = spend.amount - spend.back
    spend.back += amount
    left = amount
    for index in reversed(range(len(spend.parts))):
        role, held = spend.parts[index]
        part = min(left, held)
        move(j, spent_to(spend.merchant), f"{contact.name}/{role}", part, at, "spend")
        spend.parts[index] = (role, held - part)
        left -= part
    fee = settlement_fee(spend.merchant_fee, before, spend.amount)
    fee -= settlement_fee(spend.merchant_fee, before - amount, spend.amount)
    move(j, "business/fee_income", f"{spend.merchant}/receivable", fee, at, "spend_fee")


def put_redeems_back(j: Judge, bought: Happening, contact: Contact, at: datetime) -> list[Lot]:
    """As far as open money reaches, the latest-expiring lots first; the rest stays redeemed."""
    from .wallet import lot_order

    lots = []
    for taken in sorted(bought.taken, key=lambda taken: lot_order(taken.lot), reverse=True):
        lot = taken.lot
        roles = [taken.account, *[role for role in ("open", "open:payable") if role != taken.account]]
        for role in roles:
            part = min(taken.amount, balance(j, f"{contact.name}/{role}"))
            if part > 0:
                move(j, f"{contact.name}/{role}", commerce(lot), part, at, "redeem")
                lot.remaining += part
                taken.amount -= part
        lots.append(lot)
        grace = ((lot.offer.scheme if lot.offer else {}).get("restore") or {}).get("grace")
        if grace and lot.expires_at is not None and at > lot.expires_at:
            lot.expires_at = j.rules.clock.after(at, grace)
    return lots


def settle_lots(j: Judge, lots: list[Lot], at: datetime) -> None:
    """A lot put back after its expiry expires; what a lot holds beyond its award is breakage of the business."""
    for lot in lots:
        if lot.award is not None and lot.remaining > lot.award.funding.live:
            expire(j, lot, lot.remaining - lot.award.funding.live, at, whole=True)
        if lot.remaining and lot.expires_at is not None and at > lot.expires_at:
            expire(j, lot, lot.remaining, at)


# Awards


def reverse_awards(j: Judge, bought: Happening, before: Before, cancel: bool, back: Happening) -> None:
    """The awards of the purchase, and on a cancel those of the events that made its contact known."""
    meets = {award.offer.id: not cancel and still_meets(j, award.offer, bought) for award in bought.awards}
    if cancel:
        for award in bought.derived:
            reverse_rest(j, award, back.name, back.at)
    for award in bought.awards:
        if award.offer.goals:
            continue
        if not meets[award.offer.id]:
            reverse_rest(j, award, back.name, back.at)
        elif award.named:
            reverse_multiplied(j, award, back)
        else:
            reverse_share(j, award, targets(award, bought), back.name, back.at)
    take_progress_back(j, bought, before, cancel, back)
    for award in bought.awards:
        if award.named and not award.gone:
            reverse_multiplied(j, award, back)


def targets(award: Award, bought: Happening) -> dict[int, int]:
    """What should be reversed by now on each line of the award."""
    return {
        number: rounded(share * bought.lines[number - 1].returned, "half_up") for number, share in award.lines.items()
    }


def reverse_multiplied(j: Judge, award: Award, back: Happening) -> None:
    """In proportion to what it multiplied."""
    due_now = {}
    for number, share in award.lines.items():
        base = sum(named.lines.get(number, 0) for named in award.named)
        undone = sum(named.undone.get(number, 0) for named in award.named)
        due_now[number] = rounded(Fraction(share * undone, base), "half_up") if base else 0
    reverse_share(j, award, due_now, back.name, back.at)
