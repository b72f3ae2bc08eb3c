"""What a judge has to say, in the shape of the `expect` keys of case files; amounts are decimal text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import goals
from .money import rounded, written
from .rules import Offer
from .state import Award, Contact
from .statements import totals

if TYPE_CHECKING:
    from .judge import Judge


class Readouts:
    """All read-outs of one judge at this point."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.state = judge.state
        self.rules = judge.rules

    def units(self, amount: int) -> str:
        return written(amount, self.rules.unit_digits)

    def outcomes(self) -> dict[str, Any]:
        return dict(self.judge.outcomes)

    def awards(self) -> list[dict[str, Any]]:
        return [self._award(award) for award in self.state.awards]

    def _award(self, award: Award) -> dict[str, Any]:
        from .ledger import merchant_part

        merchant = merchant_part(award.funding, award.amount)
        funders = {"business": self.units(award.amount - merchant)} if merchant < award.amount else {}
        if merchant:
            funders[str(award.funding.merchant)] = self.units(merchant)
        return {
            "event": award.event,
            "offer": award.offer.id,
            "amount": self.units(award.amount),
            "contact": award.contact,
            "pool": "" if award.is_product else award.pool,
            "funders": funders,
            "lines": {number: self.units(share) for number, share in award.lines.items()},
        }

    def reversals(self) -> list[dict[str, Any]]:
        return [
            {"event": event, "offer": offer, "amount": self.units(amount)}
            for (event, offer), amount in self.state.reversals.items()
            if amount
        ]

    def refusals(self) -> list[dict[str, Any]]:
        return [{k: v for k, v in refusal.items() if v is not None} for refusal in self.state.refusals]

    def redeems(self) -> list[dict[str, Any]]:
        return [
            {"event": event, "pool": pool, "amount": self.units(amount)}
            for (event, pool), amount in self.state.redeems.items()
        ]

    def spends(self) -> list[dict[str, Any]]:
        return [
            {"event": spend.event, "amount": self.units(spend.amount), "fee": self.units(spend.fee)}
            for spend in self.state.spends
        ]

    def expiries(self) -> list[dict[str, Any]]:
        return [
            {"contact": contact, "amount": self.units(amount), "at": at} for contact, amount, at in self.state.expiries
        ]

    def transfers(self) -> list[dict[str, Any]]:
        return [
            {"event": t.event, "from": t.debit, "to": t.credit, "amount": self.units(t.amount)}
            for t in self.state.transfers
        ]

    def wallets(self) -> dict[str, dict[str, Any]]:
        return {name: self._wallet(name) for name in self.state.contacts}

    def _wallet(self, name: str) -> dict[str, Any]:
        pools = {pool: self.state.balances.get(f"{name}/commerce/{pool}", 0) for pool in self.rules.pools}
        roles = {"pending": "pending", "open": "open", "payable": "open:payable", "held": "held", "payout": "payout"}
        wallet: dict[str, Any] = {key: self.balance(f"{name}/{role}") for key, role in roles.items()}
        wallet["debt"] = self.balance(f"{name}/debt")
        wallet["pools"] = {pool: self.units(amount) for pool, amount in pools.items()}
        wallet["commerce"] = self.units(sum(pools.values()))
        return wallet

    def balance(self, account: str) -> str:
        return self.units(self.state.balances.get(account, 0))

    def accounts(self) -> dict[str, str]:
        return {account: self.units(amount) for account, amount in self.state.balances.items()}

    def progress(self) -> list[dict[str, Any]]:
        """Every offer with goals, for every contact, in the window of the last event."""
        return [
            {"contact": contact, "offer": offer.id, "goal": index, "at": at}
            for contact in self.state.contacts
            for offer in self.rules.offers.values()
            if offer.goals
            for index, at in enumerate(self._shown(offer, contact), start=1)
        ]

    def _shown(self, offer: Offer, contact: str) -> Iterator[str]:
        assert self.state.last_moment is not None
        values = goals.shown(self.judge, offer, contact, self.state.last_moment)
        for goal, value in zip(offer.goals, values, strict=True):
            yield written(value, self.rules.digits if "spend" in goal else 0)

    def settlement(self, merchant: str, period: str) -> dict[str, str]:
        """A merchant's statement for a period, in the currency."""
        return {
            kind: written(rounded(amount * self.rules.worth, "half_up"), self.rules.digits)
            for kind, amount in totals(self.judge, merchant, period).items()
        }

    def cards(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                "status": card["status"],
                "paid": written(self.state.balances.get(f"card:{name}/card:paid", 0), self.rules.digits),
                "promo": written(self.state.balances.get(f"card:{name}/card:promo", 0), self.rules.digits),
            }
            for name, card in self.state.cards.items()
        }

    def certificates(self) -> dict[str, str]:
        return {name: entry["status"] for name, entry in self.state.certificates.items()}

    def coupons(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for entry in self.state.coupons.values():
            found.setdefault(entry["contact"], []).append({"reward": entry["reward"], "status": entry["status"]})
        return found

    def tiers(self) -> dict[str, str]:
        return {name: contact.tier.name for name, contact in self.state.contacts.items() if contact.tier is not None}

    def contacts(self) -> dict[str, dict[str, Any]]:
        return {name: self._contact(contact) for name, contact in self.state.contacts.items()}

    def _contact(self, contact: Contact) -> dict[str, Any]:
        return {
            "status": contact.status,
            "member_of": sorted(contact.members),
            "spend_blocked": contact.blocked,
        }
