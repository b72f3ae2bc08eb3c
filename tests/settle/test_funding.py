"""Who bears an award stays right at every instant: through expiry, claw-back, partial return, restore and payout.

Asked of the ledger's own transfers after each event: of what an award still is (granted less reversed less expired)
the merchant bears its share, to the minor unit, and the business the rest. What a claw-back could not take is given up
and stays paid by its funders; of offers with such a claw-back the parts are bounded, not exact.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guerdon.engine.codes import Outcome, OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.events.admission import admit
from guerdon.engine.events.amounts import half_up
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.rules import Program, read_programme

from ..engines import new

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.long]

SHARES = {"bakery": Fraction(60, 100), "cinema": Fraction(3333, 10_000), "gym": Fraction(1), "kiosk": Fraction(0)}
FEES = {"bakery": Fraction(5, 100), "cinema": Fraction(1, 100)}
EXACT = ("short", "cash")  # the offers whose claw_back is debt: all of what goes is posted
FILES = {
    "business.yaml": """
business: {id: town, name: Town, currency: EUR, time_zone: Europe/Nicosia, late_within: 60d}
merchants: [{id: bakery}, {id: cinema}, {id: gym}, {id: kiosk}]
""",
    "pools.yaml": "pools: [{id: anywhere}, {id: cash, payout: true}]\n",
    "town.yaml": """
scheme: {id: town, restore: {grace: 5d}}
offers:
  - {id: short, goal: spend, award: {percent: 7}, valid: {for: 10d}, claw_back: debt}
  - {id: pending, goal: spend, award: {percent: 3}, pending: {for: 4d}, valid: {for: 9d}, claw_back: pending_only}
  - {id: instant, goal: spend, award: {percent: 5}, redeem: instant, claw_back: within_balance}
  - {id: cash, goal: spend, award: {percent: 11}, pool: cash, redeem: instant, claw_back: debt}
""",
    "terms.yaml": """
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%, spend: 2%}}
  - {merchant: cinema, contribution: 33.33%, fees: {award: 1%}, settle: {every: week}}
  - {merchant: gym}
  - {merchant: kiosk, contribution: 0%}
""",
}
METHOD = {"payment_method": {"kind": "iban", "reference": "FR1420041010050500013M02606"}}


def programme() -> Program:
    reading = read_programme(None, files=FILES)
    assert reading.program is not None, reading.problems
    return reading.program


PROGRAM = programme()


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Purchases and what is given back of them, payouts and their ends, and the clock."""
    at = datetime(2026, 3, 20, 10)
    told: list[dict[str, Any]] = [{"type": "register", "contact": "ann", **METHOD}]
    bought: list[dict[str, Any]] = []
    payouts: list[str] = []
    for number in range(draw(st.integers(4, 14))):
        kind = draw(st.sampled_from(["buy", "buy", "buy", "return", "cancel", "payout", "ended", "tick"]))
        event: dict[str, Any] = {"id": f"e{number}", "contact": "ann", "time": at.isoformat(" ", "minutes")}
        if kind == "buy" or not bought:
            total = draw(st.sampled_from(["0.99", "7.77", "10.00", "33.33", "100.01"]))
            event |= {"type": "purchase", "merchant": draw(st.sampled_from(sorted(SHARES))), "total": total}
            event |= draw(st.sampled_from([{}, {"spend": {"amount": "1.11"}}, {"spend": "max"}]))
            bought.append(event)
        elif kind in ("return", "cancel"):
            of = draw(st.sampled_from(bought))
            event |= {"type": kind, "of": of["id"], "merchant": of["merchant"]}
            event |= {"amount": draw(st.sampled_from(["0.33", "3.33", "0.99"]))} if kind == "return" else {}
        elif kind == "payout":
            event |= {"type": "payout"}
            payouts.append(event["id"])
        elif kind == "ended":
            of = draw(st.sampled_from([*payouts, *(each["id"] for each in bought)]))
            event |= {"type": draw(st.sampled_from(["payout_confirmed", "payout_failed"])), "of": of}
        else:
            event = {"id": event["id"], "type": "tick", "time": event["time"]}
        told.append(event)
        at += draw(st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=5), timedelta(days=11)]))
    told[0] |= {"id": "r", "time": "2026-03-20 09:00"}
    return told


def check_funding(ledger: Ledger) -> None:
    """What each funder bears of each award, from the transfers alone."""
    awards = {(row["seq"], row["n"]): row for row in ledger.frame("award").iter_rows(named=True)}
    owner = {}  # of each award's transfer: its award
    borne: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in ledger.frame("transfer").iter_rows(named=True):
        lot, kind = (row["lot_seq"], row["lot_n"]), TransferKind(row["kind"])
        names = [_owner(ledger, row[side]) for side in ("debit", "credit")]
        if kind is TransferKind.AWARD:
            owner[row["seq"], row["n"]] = (lot, names[0])
            borne[lot][names[0]] += row["amount"]
        elif kind is TransferKind.AWARD_REVERSAL:
            award, funder = owner[row["reverses_seq"], row["reverses_n"]]
            assert names[1] == funder, "what is taken back goes to who gave it"
            borne[award][funder] -= row["amount"]
            borne[award]["reversed"] += row["amount"]
        elif kind is TransferKind.EXPIRY:
            borne[lot][names[1]] -= row["amount"]
            borne[lot]["expired"] += row["amount"]
        elif kind in (TransferKind.AWARD_FEE, TransferKind.AWARD_FEE_REVERSAL):
            borne[lot]["fee"] += row["amount"] if kind is TransferKind.AWARD_FEE else -row["amount"]
    for id, award in awards.items():
        merchant = ledger.names.id("merchant", award["merchant"])
        parts = borne[id]
        kept = award["amount"] - parts["reversed"] - parts["expired"]
        assert parts["business"] + parts[merchant] == kept
        if (
            ledger.names.id("offer", award["offer"]) not in EXACT
        ):  # what can't be taken counts as reversed, and stays paid
            assert 0 <= parts[merchant] <= award["merchant_part"], (merchant, dict(parts))
            continue
        live = max(kept, 0)  # below 0: money put back on a lot whose award is gone expires to the business
        assert parts[merchant] == half_down(live * SHARES[merchant]), (merchant, dict(parts))
        fee = (award["amount"] - parts["reversed"]) * FEES.get(merchant, Fraction(0))
        assert parts["fee"] == half_up(fee), (merchant, dict(parts))


def half_down(value: Fraction) -> int:
    """The nearest whole number, halves towards zero; for what is not below zero."""
    return -((1 - 2 * value) // 2)


def _owner(ledger: Ledger, account: int) -> str:
    kind, number, role = account_parts(account)
    if kind == OwnerKind.MERCHANT:
        assert role in (Role.RECEIVABLE, Role.PAYABLE)
        return ledger.names.id("merchant", number)
    return "business" if kind == OwnerKind.BUSINESS else "contact"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_each_funder_bears_its_share_at_every_instant(told: list[dict[str, Any]]) -> None:
    with Ledger.open(new()) as ledger:
        run = Run.open(PROGRAM, ledger, rows=64)
        normaliser = Normaliser(PROGRAM, CASE)
        for event in told:
            run.admit(admit([normaliser.normalise(event, 0)]), way="single")
            check_funding(ledger)
        assert verify(ledger).findings == []


def test_the_histories_have_everything_in_them() -> None:
    """A long history by hand, so that no kind of movement is missing from what is checked."""
    days = iter(range(1, 90))
    told: list[dict[str, Any]] = [
        {"id": "r", "type": "register", "contact": "ann", "time": "2026-03-20 09:00", **METHOD}
    ]

    def then(step: int = 1, **event: Any) -> None:
        for _ in range(step - 1):
            next(days)
        at = datetime(2026, 3, 20, 10) + timedelta(days=next(days))
        told.append({"id": f"h{len(told)}", "contact": "ann", **event, "time": at.isoformat(" ", "minutes")})

    for merchant in SHARES:
        then(type="purchase", merchant=merchant, total="100.01")
        then(type="return", merchant=merchant, of=f"h{len(told) - 1}", amount="33.33")
    then(type="payout_failed", of="h1")  # a purchase pays out what it redeems
    then(type="payout")
    then(type="payout_confirmed", of=f"h{len(told) - 1}")
    then(type="purchase", merchant="bakery", total="7.77", spend="max")
    then(type="cancel", merchant="bakery", of=f"h{len(told) - 1}")
    then(20, type="cancel", merchant="cinema", of="h3")
    then(type="purchase", merchant="cinema", total="33.33")
    with Ledger.open(new()) as ledger:
        run, normaliser = Run.open(PROGRAM, ledger, rows=64), Normaliser(PROGRAM, CASE)
        for event in told:
            ended = run.admit(admit([normaliser.normalise(event, 0)]), way="single").outcomes[0]
            assert ended.outcome is Outcome.POSTED, (event, ended)
            check_funding(ledger)
        kinds = {TransferKind(kind) for kind in ledger.frame("transfer", ["kind"])["kind"].to_list()}
        assert kinds >= {
            TransferKind.EXPIRY, TransferKind.AWARD_REVERSAL, TransferKind.AWARD_FEE_REVERSAL, TransferKind.SPEND,
            TransferKind.SPEND_REVERSAL, TransferKind.PAYOUT, TransferKind.PAYOUT_CONFIRMED, TransferKind.PAYOUT_FAILED,
            TransferKind.VEST,
        }  # fmt: skip
