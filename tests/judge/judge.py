"""The judge: feeds events one at a time, in log order, through identity, admission and decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from . import adhoc, cards, care, certificates, exchange, members, purchases, requests, returns, statements
from .card_changes import CARD_HANDLERS
from .copying import copied
from .due import catch_up
from .money import BadAmount
from .rules import Rules
from .state import Contact, Ignored, Refused, State, Waiting

Handler = Callable[["Judge", str, dict[str, Any], datetime], None]

HANDLERS: dict[str, Handler] = {
    "purchase": purchases.purchase,
    "estimate": requests.estimate,
    "cancel": returns.give_back,
    "achievement": purchases.other,
    "profile_completed": purchases.other,
    "register": members.register,
    "update": members.update,
    "sign_up": members.sign_up,
    "sign_up_verified": members.sign_up_verified,
    "sign_out": members.sign_out,
    "referral": members.referral,
    "subscription_started": members.subscription,
    "subscription_interrupted": members.subscription,
    "redeem": requests.redeem_request,
    "payout": requests.payout,
    "payout_confirmed": requests.payout_ends,
    "payout_failed": requests.payout_ends,
    "hold": requests.hold,
    "capture": requests.capture,
    "void": requests.void,
    "token": requests.token,
    "adjust": care.adjust,
    "transfer": care.transfer,
    "merge": care.merge,
    "draw": care.draw,
    "erase": members.erase,
    "reward_exchanged": exchange.exchange,
    "coupon_used": exchange.coupon_event,
    "coupon_cancelled": exchange.coupon_event,
    "reward_restocked": exchange.restocked,
    "code_entered": exchange.code_entered,
    "budget_loaded": statements.budget_loaded,
    "statement_closed": statements.closed,
}
HANDLERS |= dict.fromkeys(("enrol", "unenrol", "close", "hold_account", "reactivate"), members.status)
HANDLERS |= dict.fromkeys(
    ("pool_activated", "pool_deactivated", "limit_set", "block_spend", "unblock_spend"), members.setting
)
HANDLERS |= dict.fromkeys(
    ("statement_approved", "statement_sent", "statement_paid", "statement_failed"), statements.step
)
HANDLERS |= CARD_HANDLERS
HANDLERS |= {
    "card_spent": cards.spent,
    "card_held": cards.held,
    "card_captured": cards.settled,
    "card_voided": cards.settled,
}
HANDLERS |= dict.fromkeys(["certificate_issued", "certificate_claimed", *certificates.FROM], certificates.event)
SENT_BY_ANYONE = {
    "purchase", "return", "cancel", "estimate", "register", "update", "sign_up", "sign_out", "profile_completed",
    "referral", "achievement", "subscription_started", "subscription_interrupted",
}  # fmt: skip


class Judge:
    """Decides a log of events under one programme. `state` holds everything that was posted."""

    def __init__(self, programme_files: Mapping[str, str]) -> None:
        self.rules = Rules(programme_files)
        self.state = State()
        self.state.stock = {name: int(entry.get("stock", "0")) for name, entry in self.rules.rewards.items()}
        self.outcomes: dict[str, Any] = {}
        self.seq = 0
        self.event = ""
        self._seen: dict[tuple[str, str], dict[str, Any]] = {}
        self._told: dict[str, int] = {}
        self._kept = self.state
        self._waiting: list[tuple[str, dict[str, Any], datetime]] = []

    def feed(self, event: Mapping[str, Any]) -> str:
        """Decide one event; gives the name by which cases speak of it."""
        e = dict(event)
        e.setdefault("source", "case")
        name = self._named(str(e["id"]))
        self.seq += 1
        try:
            self._first_time(e)
            moment = self._admitted(e)
        except Refused as no:
            self.outcomes[name] = {"refused": str(no)}
            return name
        except Ignored as no:
            self.outcomes[name] = {"ignored": str(no)}
            return name
        self.state.last_moment = moment
        self._give_up_waiting(moment)
        self._decide(name, e, moment)
        self._decide_waiting()
        return name

    # Identity and admission

    def _named(self, event_id: str) -> str:
        self._told[event_id] = self._told.get(event_id, 0) + 1
        count = self._told[event_id]
        return event_id if count == 1 else f"{event_id}#{count}"

    def _first_time(self, e: dict[str, Any]) -> None:
        key = (e["source"], str(e["id"]))
        content = {k: v for k, v in e.items() if k not in ("received_at",)}
        if key in self._seen:
            if self._seen[key] == content:
                raise Ignored("repeat")
            raise Refused("id_conflict")
        if not (e["type"] == "estimate" and "hold_for" not in e):
            self._seen[key] = content

    def _admitted(self, e: dict[str, Any]) -> datetime:
        self._permitted(e)
        if e["type"] not in HANDLERS and e["type"] not in ("return", "tick"):
            raise Refused("unknown_type")
        return self.rules.clock.instant(e["time"])

    def _permitted(self, e: dict[str, Any]) -> None:
        if e["source"] == "case":
            return
        for entry in self.rules.business.get("sources") or []:
            if entry["id"] == e["source"]:
                if e["type"] not in entry.get("types", SENT_BY_ANYONE):
                    raise Refused("not_permitted")
                if entry.get("merchants") and e.get("merchant") not in entry["merchants"]:
                    raise Refused("not_permitted")
                return
        if e["type"] not in SENT_BY_ANYONE:
            raise Refused("not_permitted")

    # Contacts

    def own_name(self, e: Mapping[str, Any]) -> str:
        return str(e.get("contact", ""))

    def contact_name(self, e: Mapping[str, Any]) -> str:
        """The contact of an event; of a merged one the target, where the business forwards."""
        name = self.own_name(e)
        contact = self.state.contacts.get(name)
        forward = (self.rules.business.get("merge") or {}).get("forward") == "true"
        if contact is not None and contact.merged_into is not None and forward:
            return self.followed(name).name
        return name

    def followed(self, name: str) -> Contact:
        """The contact that holds the wallet now, after merges."""
        contact = self.state.contacts[name]
        while contact.merged_into is not None:
            contact = self.state.contacts[contact.merged_into]
        return contact

    # Deciding

    def _decide(self, name: str, e: dict[str, Any], moment: datetime) -> None:
        """Decide the event; refused, ignored or waiting, it leaves everything as it was but for the catch-up."""
        self.event = name
        self.checkpoint()
        try:
            self._handle(name, e, moment)
            self.outcomes[name] = "posted"
        except Refused as no:
            self.state = self._kept
            self.outcomes[name] = {"refused": str(no)}
        except BadAmount:
            self.state = self._kept
            self.outcomes[name] = {"refused": "bad_amount"}
        except Ignored as no:
            self.state = self._kept
            self.outcomes[name] = {"ignored": str(no)}
        except Waiting:
            self.state = self._kept
            self.outcomes[name] = "waiting"
            self._waiting.append((name, e, moment))

    def checkpoint(self) -> None:
        """What a refusal from here on comes back to: the state with what fell due before the event."""
        self._kept = copied(self.state)

    def keep_in_mind(self, name: str) -> None:
        """A purchase that is ignored is known all the same, to those who would return it."""
        self._kept.ignored_purchases.add(name)

    def _handle(self, name: str, e: dict[str, Any], moment: datetime) -> None:
        if e["type"] == "tick":
            self._tick(moment)
        elif e["type"] == "return" and "of" not in e:
            adhoc.ad_hoc(self, name, e, moment)
        elif e["type"] == "return":
            returns.give_back(self, name, e, moment)
        else:
            HANDLERS[e["type"]](self, name, e, moment)

    def _tick(self, moment: datetime) -> None:
        for contact in sorted(self.state.contacts.values(), key=lambda contact: contact.number):
            if contact.clock is None or contact.clock <= moment:
                catch_up(self, contact, moment)
                contact.clock = moment
        for name in sorted(self.state.cards):
            cards.catch_up(self, self.state.cards[name], moment)
        for name in sorted(self.state.certificates):
            certificates.expire_one(self, name, moment)

    def _give_up_waiting(self, moment: datetime) -> None:
        late_within = self.rules.business.get("late_within", "31d")
        for entry in list(self._waiting):
            if moment > self.rules.clock.after(entry[2], late_within):
                self._waiting.remove(entry)
                self.outcomes[entry[0]] = {"refused": "unknown_purchase"}

    def _decide_waiting(self) -> None:
        """Whatever waited for the event just decided is decided next."""
        waiting, self._waiting = self._waiting, []
        for name, e, moment in waiting:
            self.seq += 1
            self._decide(name, e, moment)
