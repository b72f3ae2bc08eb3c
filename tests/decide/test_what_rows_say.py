"""What rows say beside amounts: the figures of refusals, what a transfer is of, in which order lots expire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.cases.playing import Play
from guerdon.engine.cases.reading import read_case
from guerdon.engine.cases.running import read_program
from guerdon.engine.codes import Reason, TransferKind
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.pipeline import Run

from ..engines import new

pytestmark = pytest.mark.usefixtures("engine")

CASES = Path(__file__).parents[1] / "cases"
CORNER = "business: {{id: corner, currency: EUR, time_zone: Europe/Nicosia, redeem: on_request{}}}"
MARCH = "2026-03-{:02d} 09:00"


def shop(offers: str, business: str = "", **files: str) -> dict[str, str]:
    """Rule files of a shop with one scheme; ``offers`` are the entries of its list, ``files`` further files."""
    told = {f"{name}.yaml": text for name, text in files.items()}
    return told | {
        "business.yaml": CORNER.format(business), "everyday.yaml": f"scheme: {{id: everyday}}\noffers: [{offers}]"
    }  # fmt: skip


@contextmanager
def played(files: Mapping[str, str], *events: Mapping[str, Any], folder: Path | None = None) -> Iterator[Play]:
    """A ledger in which these events were decided; ids e1, e2, ... and times a day apart unless they say otherwise."""
    program, problems = read_program(folder, dict(files))
    assert program is not None, problems
    told = [
        {"id": f"e{place}", "source": "case", "contact": "ann", "time": MARCH.format(place), **event}
        for place, event in enumerate(events, 1)
    ]
    with Play(program, told, url=new()) as play:
        play.feed(len(told))
        yield play


def figures(play: Play, seq: int) -> list[tuple[str, int, int]]:
    """Reason, figure needed and figure had of what an event was refused."""
    rows = play.ledger.frame("refusal").filter(seq=seq).sort("n").to_dicts()
    return [(Reason(row["reason"]).name.lower(), row["needed"], row["had"]) for row in rows]


def bought(total: str, **more: Any) -> dict[str, Any]:
    return {"type": "purchase", "total": total, **more}


# ---- figures


def test_a_goal_that_repeats_says_what_is_over_its_wins() -> None:
    files = shop(
        "{id: x, goal: spend, goals: {of: [{spend: 100.00, per: month}], repeat: true}, award: {amount: 1.00}}"
    )
    with played(files, bought("150.00"), bought("20.00")) as play:
        assert figures(play, 3) == [("goal_not_reached", 10_000, 7_000)]


@pytest.mark.parametrize(("needs", "figure"), [("amount: 20.00", (2_000, 1_200)), ("quantity: 4", (4_000, 3_000))])
def test_needs_say_what_there_was_of_what_is_needed(needs: str, figure: tuple[int, int]) -> None:
    files = shop(f"{{id: x, goal: spend, needs: {{{needs}}}, award: {{amount: 1.00}}}}")
    lines = [{"sku": "TEA", "quantity": "3", "total": "12.00"}]
    with played(files, {"type": "purchase", "lines": lines}) as play:
        assert figures(play, 2) == [("needs_not_met", *figure)]


@pytest.mark.parametrize(
    ("award", "code"),
    [
        ("{amount: 1.00}", "terms_inactive"),
        ("{draw: {at: 2026-04-01, winners: 1, amount: 9.00, seed: spring}}", "goal_not_reached"),
    ],
)
def test_where_nothing_is_counted_there_are_no_figures(award: str, code: str) -> None:
    kind = "achievement, type: lottery" if "draw" in award else "spend"
    files = shop(f"{{id: x, goal: {kind}, award: {award}}}", merchants="merchants: [{id: bakery}]")
    at = {} if "draw" in award else {"merchant": "bakery"}
    with played(files, bought("5.00", **at)) as play:
        (row,) = play.ledger.frame("refusal").to_dicts()
    assert Reason(row["reason"]).name.lower() == code
    assert (row["needed"], row["had"], row["lost"], row["winner"]) == (0, 0, 0, 0)


def test_a_spend_says_what_was_wanted_and_a_payout_what_stayed() -> None:
    files = shop(
        "{id: back, goal: spend, award: {percent: 10}, redeem: instant, pool: cashback}",
        pools="pools: [{id: cashback, valid: {for: 1y}, payout: true}]",
    )
    with played(files, bought("10.00"), {"type": "block_spend"}, bought("10.00", spend={"amount": "4.00"})) as play:
        assert figures(play, 2) == [("no_payment_method", 100, 0)]
        assert figures(play, 4) == [("spend_blocked", 400, 0), ("spend_blocked", 200, 0)]


def test_a_payout_beyond_its_limit_says_what_stayed() -> None:
    files = shop(
        "{id: back, goal: spend, award: {percent: 10}, redeem: instant, pool: cashback}",
        ", wallet: {limits: [{on: payout, each: month, amount: 0.50}]}",
        pools="pools: [{id: cashback, valid: {for: 1y}, payout: true}]",
    )
    bank = {"type": "update", "payment_method": {"kind": "bank", "reference": "acc-1"}}
    with played(files, bought("1.00"), bank, bought("10.00")) as play:
        assert figures(play, 4) == [("limit_reached", 110, 0)]


def test_a_tier_is_celebrated_once_and_counts_as_one() -> None:
    case = read_case(CASES / "own" / "tiers" / "a-tier-is-celebrated-once-for-ever.yaml")
    with played(case.files, *[step.fields for step in case.events], folder=case.programme) as play:
        rows = play.ledger.frame("refusal").filter(reason=int(Reason.CAP_REACHED)).to_dicts()
    assert [(row["needed"], row["had"]) for row in rows] == [(1, 1)]


def test_a_purchase_that_is_refused_whole_has_no_figures_of_its_own() -> None:
    case = read_case(CASES / "own" / "requests" / "an-estimate-of-what-full-cover-refuses.yaml")
    with played(case.files, *[step.fields for step in case.events], folder=case.programme) as play:
        assert figures(play, 4) == [("not_fully_covered", 0, 0)]


def test_an_estimate_for_a_stranger_says_nothing_but_why() -> None:
    told = {"id": "q", "source": "case", "type": "estimate", "contact": "zoe", "total": "1.00", "time": MARCH.format(9)}
    with played(shop("{id: x, goal: spend, award: {amount: 1.00}}"), bought("5.00")) as play:
        asked = admit([Normaliser(play.program, CASE).normalise(told, 0)], sort=False)
        answer = Run.open(play.program, play.ledger).admit(asked).estimates[0]
    assert (answer.reason, answer.spent) == (Reason.UNKNOWN_CONTACT, 0)
    assert [len(rows) for rows in (answer.transfers, answer.awards, answer.refusals)] == [0, 0, 0]


# ---- what transfers are of


def test_money_that_is_spent_or_paid_out_is_of_no_award() -> None:
    files = shop(
        "{id: back, goal: spend, award: {percent: 10}, redeem: instant, pool: cashback}",
        ", wallet: {fees: [{on: spend, amount: 0.10}, {on: payout, amount: 0.20}]}",
        pools="pools: [{id: cashback, valid: {for: 1y}, payout: true}]",
    )
    bank = {"type": "update", "payment_method": {"kind": "bank", "reference": "acc-1"}}
    with played(files, bought("100.00"), bank, bought("50.00", spend={"amount": "4.00"})) as play:
        rows = play.ledger.frame("transfer").to_dicts()
    of_the_wallet = {TransferKind.SPEND, TransferKind.WALLET_FEE, TransferKind.PAYOUT}
    found = [row for row in rows if row["kind"] in of_the_wallet]
    assert {row["kind"] for row in found} == of_the_wallet
    assert {(row["lot_seq"], row["lot_n"], row["offer"]) for row in found} == {(0, 0, 0)}


def test_what_is_taken_back_names_what_gave_it() -> None:
    files = shop("{id: a, goal: spend, award: {amount: 2.00}}, {id: b, goal: spend, award: {amount: 3.00}}")
    with played(files, bought("10.00"), {"type": "return", "of": "e1"}) as play:
        rows = play.ledger.frame("transfer").to_dicts()
    given = {(row["seq"], row["n"]): row for row in rows}
    back = [row for row in rows if row["kind"] == TransferKind.AWARD_REVERSAL]
    assert sorted(row["amount"] for row in back) == [200, 300]
    for row in back:
        gave = given[row["reverses_seq"], row["reverses_n"]]
        assert (gave["debit"], gave["credit"], gave["offer"]) == (row["credit"], row["debit"], row["offer"])


def test_lots_that_expire_together_go_in_the_order_of_the_log() -> None:
    files = shop("{id: x, goal: spend, award: {percent: 10}, valid: {until: 2026-03-20}}")
    late = bought("20.00", time="2026-03-01 08:00")
    with played(files, bought("10.00"), late, {"type": "tick", "contact": "", "time": "2026-03-25 09:00"}) as play:
        rows = play.ledger.frame("transfer").filter(kind=int(TransferKind.EXPIRY)).sort("seq", "n").to_dicts()
    assert [row["amount"] for row in rows] == [100, 200]
