"""State machines: cards, certificates, coupons and members do what small models of them do, whatever is tried."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from guerdon.engine.ledger.audit import verify

from .desk import Desk, programme

RULES = """
business: {id: mall, currency: EUR, time_zone: UTC, redeem: on_request, adjust: {reasons: [goodwill]}}
merchants: [{id: cafe}, {id: kiosk}]
terms: [{merchant: cafe}, {merchant: kiosk}]
cards: [{id: plain, reload: true, load: {min: 1.00, max: 30.00}, max_balance: 50.00, cash_out: 5.00}]
sites: [{id: here, url: "https://here.example", state: open}, {id: there, url: "https://there.example", state: open}]
certificates: [{id: tour, site: here, distributor: kiosk, value: 10.00, terms: t1}]
rewards: [{id: mug, price: 5.00, stock: 3, terms: t1, per_contact: {times: 2, each: lifetime}}]
scheme: {id: club}
"""
AMOUNTS = st.sampled_from([50, 100, 700, 2500, 3000, 3001])
NAMES = st.sampled_from(["a", "b", "c"])


def euros(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


class _Machine(RuleBasedStateMachine):
    """A desk with a clock that goes on by a minute an event."""

    @initialize()
    def open(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.desk = Desk(folder, programme(folder, RULES))
        self.minute = 0

    def tell(self, **fields: Any) -> str:
        self.minute += 1
        time = f"2026-03-{1 + self.minute // 1440:02} {self.minute // 60 % 24:02}:{self.minute % 60:02}"
        return next(iter(self.desk.feed({**fields, "time": time}).values()))

    def records(self, kind: str) -> dict[str, Any]:
        return {record.id: record.fields for record in self.desk.ledger.records.of_kind(kind)}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            findings = verify(self.desk.ledger).findings
            self.desk.close()
            self._folder.cleanup()
            assert findings == []


class Cards(_Machine):
    """A card is a state and a balance; nothing but a load makes it more, nothing but a spend less."""

    @initialize()
    def none(self) -> None:
        self.model: dict[str, tuple[str, int]] = {}
        self.spends: list[list[Any]] = []  # id, card, what is left to be cancelled

    def state(self, name: str) -> tuple[str, int]:
        return self.model.get(name, ("new", 0))

    @rule(name=NAMES)
    def issue(self, name: str) -> None:
        told = self.tell(type="card_issued", card=name, kind="plain")
        assert (told == "posted") == (self.state(name)[0] == "new")
        self.model.setdefault(name, ("printed", 0))

    @rule(name=NAMES, amount=AMOUNTS, again=st.booleans())
    def load(self, name: str, amount: int, again: bool) -> None:
        state, balance = self.state(name)
        kind = "card_reloaded" if again else "card_activated"
        told = self.tell(type=kind, card=name, amount=euros(amount), merchant="kiosk")
        good = state == ("active" if again else "printed") and 100 <= amount <= 3000 and balance + amount <= 5000
        assert (told == "posted") == good, told
        if good:
            self.model[name] = ("active", balance + amount)

    @rule(name=NAMES, amount=AMOUNTS, partial=st.booleans())
    def spend(self, name: str, amount: int, partial: bool) -> None:
        state, balance = self.state(name)
        told = self.tell(type="card_spent", card=name, amount=euros(amount), partial=partial, merchant="cafe")
        taken = min(amount, balance) if partial else amount
        good = state == "active" and 0 < taken <= balance
        assert (told == "posted") == good, told
        if good:
            self.model[name] = (state, balance - taken)
            self.spends.append([f"e{self.desk.count}", name, taken])

    @rule(amount=AMOUNTS, pick=st.integers(0, 5))
    def cancel(self, amount: int, pick: int) -> None:
        if not self.spends:
            return
        entry = self.spends[pick % len(self.spends)]
        told = self.tell(type="card_cancelled", of=entry[0], amount=euros(amount))
        good = amount <= entry[2]
        assert (told == "posted") == good, told
        if good:
            entry[2] -= amount
            holder = self._holder(entry[1])
            state, balance = self.model[holder]
            self.model[holder] = (state, balance + amount)

    def _holder(self, name: str) -> str:
        while moved := self.records("card")[name]["moved_to"]:
            name = moved
        return name

    @rule(name=NAMES, to=NAMES)
    def transfer(self, name: str, to: str) -> None:
        (state, balance), (other, there) = self.state(name), self.state(to)
        told = self.tell(type="card_transferred", card=name, to=to)
        good = (
            name != to and state in ("active", "suspended", "locked") and other in ("printed", "active")
            and balance + there <= 5000
        )  # fmt: skip
        assert (told == "posted") == good, told
        if good:
            self.model[name], self.model[to] = ("lost", 0), ("active", balance + there)

    @rule(name=NAMES, kind=st.sampled_from(["suspended", "resumed", "locked", "unlocked", "lost", "emptied"]))
    def change(self, name: str, kind: str) -> None:
        state, balance = self.state(name)
        told = self.tell(type=f"card_{kind}", card=name)
        moves = {
            "suspended": (("active",), "suspended"), "resumed": (("suspended",), "active"),
            "locked": (("active",), "locked"), "unlocked": (("locked",), "active"),
            "lost": (("active", "suspended", "locked"), "lost"), "emptied": (("active",), "emptied"),
        }  # fmt: skip
        before, after = moves[kind]
        good = state in before and (kind != "emptied" or balance <= 500)
        assert (told == "posted") == good, told
        if good:
            self.model[name] = (after, 0 if kind == "emptied" else balance)

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "model"):
            found = {name: (fields["status"], fields["paid"]) for name, fields in self.records("card").items()}
            assert found == self.model


class Certificates(_Machine):
    """A certificate is a state; its value is owed by who sold it until it is owed to who fulfils it."""

    @initialize()
    def none(self) -> None:
        self.model: dict[str, str] = {}

    @rule(
        name=NAMES,
        kind=st.sampled_from(["issued", "distributed", "reserved", "claimed", "fulfilled", "voided", "replaced"]),
        site=st.sampled_from(["here", "here", "there"]),
        by=NAMES,
        terms=st.sampled_from(["t1", "t1", "t0"]),
    )
    def act(self, name: str, kind: str, site: str, by: str, terms: str) -> None:
        state = self.model.get(name, "new")
        extra: dict[str, Any] = {
            "issued": {"kind": "tour"},
            "reserved": {"site": site, "email": "ann@x.example"},
            "claimed": {"site": site, "email": "ann@x.example", "terms": terms, "merchant": "cafe"},
            "replaced": {"by": by},
        }.get(kind, {})
        told = self.tell(type=f"certificate_{kind}", certificate=name, **extra)
        before, after = {
            "issued": (("new",), "generated"), "distributed": (("generated",), "distributed"),
            "reserved": (("distributed",), "reserved"), "claimed": (("distributed", "reserved"), "claimed"),
            "fulfilled": (("claimed",), "fulfilled"), "voided": (("generated", "distributed", "reserved"), "voided"),
            "replaced": (("distributed", "reserved"), "replaced"),
        }[kind]  # fmt: skip
        good = state in before
        good &= kind not in ("reserved", "claimed") or site == "here"
        good &= kind != "claimed" or terms == "t1"
        good &= kind != "replaced" or by not in self.model
        assert (told == "posted") == good, (state, kind, told)
        if good:
            self.model[name] = after
            if kind == "replaced":
                self.model[by] = "distributed"

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "model"):
            return
        found = self.records("certificate")
        assert {name: fields["status"] for name, fields in found.items()} == self.model
        out = sum(state in ("distributed", "reserved") for state in self.model.values())
        assert sum(fields["worth"] for fields in found.values()) == 1000 * out


class Members(_Machine):
    """Two contacts with open money and coupons: states, balances, stock."""

    @initialize()
    def none(self) -> None:
        self.status = {"ann": "new", "bob": "new"}
        self.open_minor = {"ann": 0, "bob": 0}
        self.coupons: dict[str, tuple[str, str]] = {}  # name → contact, state
        self.stock = 3

    @rule(who=st.sampled_from(["ann", "bob"]))
    def register(self, who: str) -> None:
        told = self.tell(type="register", contact=who)
        assert (told == "posted") == (self.status[who] == "new"), told
        if told == "posted":
            self.status[who] = "enrolled"

    @rule(
        who=st.sampled_from(["ann", "bob"]),
        kind=st.sampled_from(["enrol", "unenrol", "close", "hold_account", "reactivate"]),
    )
    def change(self, who: str, kind: str) -> None:
        moves = {
            "enrol": (("closed_by_agent", "merged"), "enrolled"), "unenrol": (("enrolled",), "closed_by_agent"),
            "close": (("enrolled",), "closed_by_member"), "hold_account": (("enrolled",), "on_hold"),
            "reactivate": (("on_hold",), "enrolled"),
        }  # fmt: skip
        before, after = moves[kind]
        told = self.tell(type=kind, contact=who)
        assert (told == "posted") == (self.status[who] in before), (self.status[who], kind, told)
        if told == "posted":
            self.status[who] = after

    @rule(who=st.sampled_from(["ann", "bob"]), amount=st.sampled_from([-500, -1, 1, 500, 900]))
    def adjust(self, who: str, amount: int) -> None:
        text = ("-" if amount < 0 else "") + euros(abs(amount))
        told = self.tell(type="adjust", contact=who, amount=text, reason="goodwill")
        good = self.status[who] == "enrolled" and self.open_minor[who] + amount >= 0
        assert (told == "posted") == good, told
        self.open_minor[who] += amount if good else 0

    @rule(who=st.sampled_from(["ann", "bob"]), coupon=NAMES)
    def exchange(self, who: str, coupon: str) -> None:
        told = self.tell(type="reward_exchanged", contact=who, reward="mug", coupon=coupon, terms="t1")
        mine = sum(each == (who, "assigned") for each in self.coupons.values())
        good = (
            self.status[who] == "enrolled" and coupon not in self.coupons and self.stock > 0
            and self.open_minor[who] >= 500 and mine < 2
        )  # fmt: skip
        assert (told == "posted") == good, told
        if good:
            self.coupons[coupon] = (who, "assigned")
            self.open_minor[who] -= 500
            self.stock -= 1

    @rule(coupon=NAMES)
    def take_back(self, coupon: str) -> None:
        told = self.tell(type="coupon_cancelled", coupon=coupon)
        who, state = self.coupons.get(coupon, ("", ""))
        if state == "assigned" and told == "posted":
            self.coupons[coupon] = (who, "cancelled")
            self.open_minor[who] += 500
            self.stock += 1
        else:
            assert told != "posted" and state != "assigned", (state, told)

    @rule(source=st.sampled_from(["ann", "bob"]))
    def merge(self, source: str) -> None:
        target = "bob" if source == "ann" else "ann"
        told = self.tell(type="merge", contact=source, into=target)
        good = self.status[source] == "enrolled" == self.status[target]
        assert (told == "posted") == good, told
        if good:
            self.status[source] = "merged"
            self.open_minor[target] += self.open_minor[source]
            self.open_minor[source] = 0
            self.coupons = {
                name: (target if who == source else who, state) for name, (who, state) in self.coupons.items()
            }

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "stock"):
            return
        ledger = self.desk.ledger
        for who, minor in self.open_minor.items():
            number = ledger.names.find("contact", who)
            found = ledger.balances(number).get((2, 0), 0) if number else 0
            assert found == minor, (who, found, minor)


STEPS = settings(max_examples=12, stateful_step_count=25, deadline=None)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("machine", [Cards, Certificates, Members])
def test_the_desk_agrees_with_a_simple_model(machine: type[_Machine]) -> None:
    run_state_machine_as_test(machine, settings=STEPS)  # type: ignore[no-untyped-call]
