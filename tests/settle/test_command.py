"""``guerdon settle`` and ``guerdon bank`` at the door: what they print, write, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..cli.door import Ended, guerdon
from ..engines import ledger_at
from .shop import GOLDEN, OTHER_IBAN, PAYING, Town, bank_yaml
from .test_answers import pain_002

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with the town's programme in ``town`` and its ledger in ``town.db``."""
    town = Town(tmp_path / "town", ledger_at(tmp_path / "town.db"))
    with town.ledger:
        town.tell(GOLDEN, *PAYING)
    yield tmp_path


def told(place: Path, *words: object) -> Ended:
    return guerdon(*words, "--ledger", ledger_at(place / "town.db"))


def test_a_month_from_the_ledger_to_the_bank_and_back(place: Path) -> None:
    town, out = place / "town", place / "out"
    drafted = told(place, "settle", town, "--period", "2026-03", "--out", out, "--as", "eve")
    assert drafted.code == 0, drafted.err
    assert "bakery/2026-03" in drafted.out and "add up to zero" in drafted.out
    sent = told(
        place, "settle", town, "--period", "2026-03", "--out", out, "--approve", "--send", "--as", "eve", "--json"
    )
    found = json.loads(sent.out)
    assert {each["state"] for each in found["statements"]} == {"sent"}
    bakery = next(each for each in found["statements"] if each["merchant"] == "bakery")
    assert (bakery["net"], bakery["account"], bakery["due_on"]) == ("1.34", "…3000", "2026-04-16")
    assert len(list((out / "2026-03" / "bank").iterdir())) == 1
    (place / "answer.xml").write_text(pain_002(("bakery/2026-03", "ACSC")))
    read = told(place, "bank", "read", town, place / "answer.xml", "--as", "bank")
    assert (read.code, read.out) == (0, f"{place / 'answer.xml'}: 1 paid, 0 failed, 0 under way\n")
    again = told(place, "bank", "read", town, place / "answer.xml")
    assert (again.code, "[already-read]" in again.err) == (1, True)
    check = told(place, "settle", "--check", out / "2026-03")
    assert (check.code, check.out) == (0, f"{out / '2026-03'}: the ledger gives the same bytes\n")


def test_a_package_that_was_changed_fails_its_check(place: Path) -> None:
    out = place / "out"
    told(place, "settle", place / "town", "--period", "2026-03", "--out", out, "--forms", "csv")
    assert not list(out.rglob("*.xlsx"))
    summary = out / "2026-03" / "summary.csv"
    summary.write_text(summary.read_text().replace("1.34", "1.35"))
    check = told(place, "settle", "--check", out / "2026-03", "--json")
    assert check.code == 1
    assert json.loads(check.out)["differences"][0] == "summary.csv: its content is not what the manifest says"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--period", "2026-13"], 2, "bad-period"),
        (["--period", "2099-01"], 1, "period-not-over"),
        ([], 2, "no-period"),
        (["--period", "2026-03", "--merchant", "nobody", "--approve"], 1, "unknown-merchant"),
        (["--period", "2026-03", "--merchant", "bakery", "--pay"], 1, "wrong-state"),
        (["--period", "2026-03", "--forms", "pdf"], 2, "bad-form"),
        (["--period", "2026-03", "--at", "soon"], 2, "bad-time"),
        (["--period", "2026-03", "--key", "missing.pem"], 1, "bad-key"),
        (["--period", "2026-03", "--codes", "missing.yaml"], 1, "bad-account-map"),
    ],
)
def test_wrong_use_is_told(place: Path, words: list[str], code: int, said: str) -> None:
    ended = told(place, "settle", place / "town", *words)
    assert (ended.code, f"[{said}]" in ended.err) == (code, True), ended.err
    assert "Traceback" not in ended.err


def test_accounts_are_approved_by_a_second_person(place: Path) -> None:
    town = place / "town"
    told(place, "settle", town, "--period", "2026-03")
    (town / "bank.yaml").write_text(bank_yaml(bakery_1=OTHER_IBAN))
    assert "[account-changed]" in told(place, "bank", "accounts", town).err
    assert "waits for approval" in told(place, "bank", "accounts", town, "--as", "eve").out
    assert "[second-person]" in told(place, "bank", "approve", town, "bakery-1", "--as", "eve").err
    assert "…2606 counts" in told(place, "bank", "approve", town, "bakery-1", "--as", "sam").out
    accounts = json.loads(told(place, "bank", "accounts", town, "--json").out)["accounts"]
    assert [each["approved_by"] for each in accounts if each["account"] == "bakery-1"] == ["", "sam"]
    (town / "bank.yaml").write_text(bank_yaml(bakery_1="DE00"))
    assert "[bad-iban]" in told(place, "bank", "accounts", town, "--as", "eve").err


def test_payouts_are_written_once_and_can_be_had_again(place: Path) -> None:
    town, out = place / "town", place / "pay"
    first = json.loads(told(place, "bank", "payouts", town, "--out", out, "--json").out)
    assert first["payouts"] == 2
    written = Path(first["file"]).read_bytes()
    assert told(place, "bank", "payouts", town, "--out", out).out == "there is nothing to pay out\n"
    Path(first["file"]).unlink()
    told(place, "bank", "payouts", town, "--out", out, "--again", first["message"])
    assert Path(first["file"]).read_bytes() == written
