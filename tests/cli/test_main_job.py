"""run, and what can be asked of its ledger afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..engines import Engine, ledger_at
from .door import Ended, guerdon
from .shop import EVENTS, write_events, write_shop


@pytest.fixture(scope="module")
def place(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a shop, its events, and the ledger that a run has left; the run's output is in ``run.json``."""
    folder = tmp_path_factory.mktemp("shop")
    shop = write_shop(folder)
    events = write_events(folder / "march.jsonl", *EVENTS)
    ended = guerdon("run", shop, "--events", events, "--ledger", url(folder), "--json")
    assert ended.code == 0, ended.err
    (folder / "run.json").write_text(ended.out)
    yield folder


def url(folder: Path) -> str:
    return ledger_at(folder / "ledger.db")


def asked(place: Path, *words: object) -> Ended:
    ended = guerdon(*words, "--ledger", url(place))
    assert ended.code == 0, ended.err
    return ended


def test_run_says_what_it_did(place: Path) -> None:
    said = json.loads((place / "run.json").read_text())
    assert said["events"] == {"read": 4, "posted": 4, "ignored": 0, "refused": 0, "parked": 0}
    assert said["reasons"] == {}
    lines = {line["offer"]: line for line in said["offers"]}
    assert lines["five-percent"] == {
        "offer": "five-percent",
        "awards": 3,
        "winners": 1,
        "amount": "4.15",
        "funders": {"business": "4.15"},
        "reversed": "0.00",
        "redeemed": "2.00",
        "expired": "0.00",
    }
    assert (lines["every-100"]["amount"], lines["every-100"]["redeemed"]) == ("10.00", "3.00")
    assert lines["asleep"]["awards"] == 0
    assert said["wallets"] == {"pending": "0.00", "commerce": "9.15", "open": "3.50", "debt": "0.00"}
    assert (said["redeemed"], said["spent"]) == ("5.00", "1.50")
    assert set(said["seconds"]) == {"read", "match", "decide", "post", "total"}
    assert said["peak_memory_bytes"] > 1_000_000
    assert len(said["programme"]) == 64


def test_the_same_file_again_posts_nothing(place: Path) -> None:
    ended = guerdon("run", place / "shop", "--events", place / "march.jsonl", "--ledger", url(place))
    assert ended.code == 0
    assert "already processed" in ended.out
    assert "0 read" in ended.out
    digests = [line.split()[1] for line in ended.out.splitlines() if line.startswith("digest")]
    assert digests == [json.loads((place / "run.json").read_text())["digest"]]


def test_wallet(place: Path) -> None:
    said = json.loads(asked(place, "wallet", "ann", "--json").out)
    assert said["balances"]["commerce"] == "9.15"
    assert said["balances"]["open"] == "3.50"
    assert said["pools"] == {"anywhere": "9.15"}
    assert [(lot["offer"], lot["amount"], lot["expires"]) for lot in said["lots"]] == [
        ("every-100", "7.00", "2027-03-03 09:00"),
        ("five-percent", "2.00", "2027-03-03 09:00"),
        ("five-percent", "0.15", "2027-03-04 09:00"),
    ]
    text = asked(place, "wallet", "ann").out
    assert "9.15" in text
    assert "2027-03-03 09:00" in text


def test_timeline(place: Path) -> None:
    said = json.loads(asked(place, "timeline", "ann", "--json").out)
    assert [entry["event"] for entry in said["entries"]] == ["p1", "p2", "p3"]
    parts = {(part["what"], part["amount"], part["of"]) for part in said["entries"][1]["parts"]}
    assert parts == {
        ("awarded", "2.00", "five-percent"),
        ("awarded", "10.00", "every-100"),
        ("redeemed", "2.00", "five-percent"),
    }
    assert "spent 1.50" in asked(place, "timeline", "ann").out


def test_explain_an_event(place: Path) -> None:
    text = asked(place, "explain", "p1").out
    for words in (
        "five-percent: 2.00 EUR to ann, pool anywhere",
        "5% of 60.00 EUR",
        "clipped  1.00 EUR less: cap_reached",
        "every-100  goal_not_reached: its goal is not reached; needs 100.00 EUR, has 60.00 EUR",
        "asleep     offer_inactive: the offer is inactive",
        "business/rewards_cost → ann/commerce/anywhere",
    ):
        assert words in text, words


def test_explain_says_the_same_as_data(place: Path) -> None:
    said = json.loads(asked(place, "explain", "p4", "--json").out)
    assert said["given"] == []
    assert {(item["offer"], item["code"]) for item in said["withheld"]} == {
        ("five-percent", "rounds_to_zero"),
        ("every-100", "goal_not_reached"),
        ("asleep", "offer_inactive"),
    }


def test_explain_by_place_by_contact_and_without_a_word(place: Path) -> None:
    by_id = asked(place, "explain", "p2").out
    seq = by_id.split("(seq ")[1].split(",")[0]
    assert asked(place, "explain", f"{seq}:1").out == by_id
    assert asked(place, "explain", "p2/tier_reached").out == by_id
    assert "contact ann: 3 events" in asked(place, "explain", "ann").out
    assert "given" in asked(place, "explain").out


def test_what_is_not_there_is_said(place: Path) -> None:
    for words in (("explain", "p99"), ("wallet", "zoe"), ("timeline", "zoe")):
        ended = guerdon(*words, "--ledger", url(place))
        assert ended.code == 1
        assert "hint:" in ended.err


def test_verify(place: Path) -> None:
    assert "every invariant holds" in asked(place, "verify").out
    assert json.loads(asked(place, "verify", "--json").out)["ok"] is True


def test_every_refusal_goes_into_a_file_and_not_into_the_ledger(place: Path, tmp_path: Path) -> None:
    import polars as pl

    words = ("run", place / "shop", "--events", place / "march.jsonl", "--ledger", url(tmp_path), "--json")
    said = json.loads(guerdon(*words, "--refusals", tmp_path / "refusals.parquet").out)
    assert said["digest"] == json.loads((place / "run.json").read_text())["digest"]
    refusals = pl.read_parquet(tmp_path / "refusals.parquet")
    assert refusals.filter(event="p1").select("offer", "code", "needed", "had").rows() == [
        ("asleep", "offer_inactive", 0, 0),
        ("every-100", "goal_not_reached", 10000, 6000),
    ]
    assert set(refusals["contact"]) == {"ann", "bob"}


def test_refused_events_end_with_one(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e.jsonl", EVENTS[0], {**EVENTS[1], "merchant": "nobody"}, EVENTS[0])
    ended = guerdon("run", write_shop(tmp_path), "--events", events, "--ledger", url(tmp_path), "--json")
    said = json.loads(ended.out)
    assert ended.code == 1
    assert said["events"] == {"read": 3, "posted": 1, "ignored": 1, "refused": 1, "parked": 0}
    assert said["reasons"] == {"repeat": 1, "unknown_merchant": 1}


def test_wrong_rule_files_end_with_three(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    (shop / "pools.yaml").write_text("pools: [{id: Coffee}]\n")
    ended = guerdon("run", shop, "--events", write_events(tmp_path / "e.jsonl", *EVENTS), "--ledger", url(tmp_path))
    assert ended.code == 3
    assert "pools.yaml:1:" in ended.err
    assert not (tmp_path / "ledger.db").exists()


def test_a_missing_file_ends_with_four(tmp_path: Path) -> None:
    ended = guerdon("run", write_shop(tmp_path), "--events", tmp_path / "none.jsonl", "--ledger", url(tmp_path))
    assert ended.code == 4
    assert "Traceback" not in ended.err


def test_a_tick_expires_what_is_due(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    guerdon("run", shop, "--events", write_events(tmp_path / "e.jsonl", EVENTS[0]), "--ledger", url(tmp_path))
    before = guerdon("tick", shop, "--until", "2027-03-02 09:00", "--ledger", url(tmp_path), "--json")
    assert json.loads(before.out)["wallets"]["commerce"] == "2.00"
    after = guerdon("tick", shop, "--until", "2027-03-02 09:01", "--ledger", url(tmp_path), "--json")
    assert json.loads(after.out)["wallets"]["commerce"] == "0.00"
    assert guerdon("tick", shop, "--until", "soon", "--ledger", url(tmp_path)).code == 2
