"""A till's extract against the ledger: each line in one class, and the classes explain the difference to the cent."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from decimal import Decimal as D

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.care.reconcile import Extract, ExtractInvalid, Reconciliation, reconcile
from guerdon.engine.care.reconcile.extract import COLUMNS
from guerdon.engine.care.reconcile.matching import classed

from ..cli.door import guerdon
from .desk import Desk

HEAD = "reference,amount,day,merchant\n"


def bought(reference: str, total: str, time: str = "2026-03-02 10:00", merchant: str = "bakery") -> dict[str, str]:
    told = {"type": "purchase", "contact": "ann", "total": total, "merchant": merchant}
    return {**told, "reference": reference, "time": time}


def compared(desk: Desk, text: str, **more: object) -> Reconciliation:
    file = desk.folder / "till.csv"
    file.write_text(text, encoding="utf-8")
    return reconcile(desk.ledger, desk.program, Extract(file, merchant="bakery"), **more)  # type: ignore[arg-type]


def classes(found: Reconciliation) -> dict[str, int]:
    return {name: sums.lines for name, sums in found.sums.items() if sums.lines}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("F-1,20.00,2026-03-02,bakery", "matched"),
        (" ｆ-1 ,20,2026-03-02,bakery", "matched"),
        ("F-1,20.01,2026-03-02,bakery", "amount_differs"),
        ("F-1,20.00,2026-03-03,bakery", "wrong_day"),
        ("F-1,20.00,2026-03-01,bakery", "wrong_day"),
        ("F-1,20.00,2026-03-02,cafe", "wrong_merchant"),
        ("F-1,20.00,2026-03-09,bakery", "only_till"),
        ("F-9,20.00,2026-03-02,bakery", "only_till"),
        ("F-1,20.001,2026-03-02,bakery", "unreadable"),
        ("F-1,,2026-03-02,bakery", "unreadable"),
        (",20.00,2026-03-02,bakery", "unreadable"),
        ("F-1,20.00,yesterday,bakery", "unreadable"),
    ],
)
def test_a_line_and_its_class(shop: Desk, line: str, expected: str) -> None:
    shop.feed(bought("F-1", "20.00"))
    found = compared(shop, HEAD + line + "\n", days=None)
    assert expected in classes(found)
    assert sum(classes(found).values()) - classes(found).get("only_ledger", 0) == 1


def test_each_side_alone_and_the_sums(shop: Desk) -> None:
    shop.feed(bought("F-1", "20.00"), bought("F-2", "7.50"), bought("F-3", "1.00", merchant="cafe"))
    shop.feed(bought("F-4", "5.00", time="2026-03-04 10:00"))
    found = compared(
        shop, HEAD + "F-1,20.00,2026-03-02,bakery\nF-1,20.00,2026-03-02,bakery\nF-7,3.00,2026-03-02,bakery\n"
    )
    assert classes(found) == {"matched": 1, "duplicate": 1, "only_till": 1, "only_ledger": 1}
    told = found.as_json()
    assert (told["till"], told["ledger"], told["difference"]) == (D("43.00"), D("27.50"), D("15.50"))
    assert sum(each["difference"] for each in told["classes"].values()) == D("15.50")
    (missing,) = [row for row in found.exceptions if row["class"] == "only_ledger"]
    assert (missing["reference"], missing["ledger_amount"]) == ("F-2", 750)


def test_a_receipt_paid_by_two_cards_is_no_duplicate(cards: Desk) -> None:
    load = {"type": "card_activated", "amount": "20.00", "merchant": "bookshop", "time": "2026-03-01 10:00"}
    spend = {"type": "card_spent", "amount": "10.00", "merchant": "cafe", "verified": True, "time": "2026-03-02 10:00"}
    for name in ("c1", "c2"):
        cards.feed(
            {"type": "card_issued", "card": name, "kind": "mall-card", "time": "2026-03-01 09:00"},
            {**load, "card": name, "reference": f"L-{name}"},
            {**spend, "card": name, "reference": "F-1"},
        )
    file = cards.folder / "till.jsonl"
    line = {
        "reference": "F-1",
        "amount": "10.00",
        "time": "2026-03-02T08:30:00Z",
        "kind": "card_spend",
        "merchant": "cafe",
    }
    file.write_text("".join(json.dumps(line) + "\n" for _ in range(3)), encoding="utf-8")
    found = reconcile(cards.ledger, cards.program, Extract(file))
    assert classes(found) == {"matched": 2, "duplicate": 1}


def test_parquet_with_floats_and_instants(shop: Desk) -> None:
    shop.feed(bought("F-1", "4.35", time="2026-03-02 00:30"), bought("F-2", "4.10"))
    file = shop.folder / "till.parquet"
    at = pl.Series(["2026-03-01T22:30:00", "2026-03-02T08:00:00"]).str.to_datetime(time_zone="UTC")
    pl.DataFrame({"no": ["F-1", "F-2"], "sum": [4.35, 4.1], "at": at}).write_parquet(file)
    extract = Extract(file, {"reference": "no", "amount": "sum", "time": "at"}, merchant="bakery")
    assert classes(reconcile(shop.ledger, shop.program, extract)) == {"matched": 2}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("till.csv", "invoice,amount,day\n", "no column 'reference'"),
        ("till.csv", "reference,amount\n", "no column 'day'"),
        ("till.xls", "", "no such kind of file"),
        ("till.parquet", "no parquet", "till.parquet|parquet"),
    ],
)
def test_what_is_no_extract_is_said(shop: Desk, name: str, text: str, words: str) -> None:
    file = shop.folder / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExtractInvalid, match=words):
        reconcile(shop.ledger, shop.program, Extract(file))


def test_an_empty_extract_agrees(shop: Desk) -> None:
    shop.feed(bought("F-1", "20.00"))
    found = compared(shop, HEAD)
    assert classes(found) == {} and found.agrees and found.days is None


def test_many_baskets_say_what_one_does(shop: Desk) -> None:
    shop.feed(*(bought(f"F-{n}", f"{n}.00") for n in range(1, 30)))
    lines = [f"F-{n},{n + (n % 7 == 0)}.00,2026-03-0{2 + (n % 5 == 0)},bakery" for n in range(1, 40) if n % 3]
    text = HEAD + "\n".join([*lines, *lines[:4]]) + "\n"
    whole, parts = (compared(shop, text, baskets=count, out=shop.folder / f"{count}.csv") for count in (1, 7))
    assert whole.sums == parts.sums
    one, seven = (sorted((shop.folder / f"{count}.csv").read_text().splitlines()) for count in (1, 7))
    assert one == seven and len(one) == 1 + sum(classes(whole).values())


def test_the_command_writes_every_line_and_no_formula(shop: Desk) -> None:
    shop.feed(bought("F-1", "20.00"))
    shop.close()
    file, out = shop.folder / "till.csv", shop.folder / "out.csv"
    file.write_text("no,amount,day\nF-1,20.00,2026-03-02\n=1+1,-3.00,2026-03-02\n", encoding="utf-8")
    where = ["--ledger", shop.url, "--merchant", "bakery", "--column", "reference=no"]
    told = guerdon("reconcile", file, *where, "--out", out, "--json")
    assert told.code == 1 and json.loads(told.out)["classes"]["only_till"]["till"] == "-3.00"
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    told = guerdon("reconcile", file, *where)
    assert "only_till" in told.out and "more" not in told.out
    assert [(row["class"], row["reference"], row["amount"]) for row in rows] == [
        ("matched", "F-1", "20.00"),
        ("only_till", "'=1+1", "-3.00"),
    ]
    file.write_text("no,amount,day\nF-1,20.00,2026-03-02\n", encoding="utf-8")
    assert guerdon("reconcile", file, *where).code == 0
    assert guerdon("reconcile", shop.folder / "none.csv", *where).code == 2


SIDE = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y"]), st.integers(1, 3), st.integers(1, 4)
    ),
    max_size=12,
)  # fmt: skip


def _side(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    columns = {
        "line": list(range(1, len(rows) + 1)),
        "kind": ["purchase"] * len(rows),
        "merchant": [row[1] for row in rows],
        "series": [""] * len(rows),
        "reference": [row[0] for row in rows],
        "day": [date(2026, 3, row[3]) for row in rows],
        "amount": [row[2] for row in rows],
        "event": ["e"] * len(rows),
    }
    return pl.DataFrame(columns, schema=COLUMNS)


@given(SIDE, SIDE)
def test_each_line_once_and_the_difference_explained(till: list, ledger: list) -> None:
    mine, theirs = _side(till), _side(ledger)
    found = classed(mine, theirs, (date(2026, 3, 1), date(2026, 3, 4)), {"x", "y"})
    lines = found.filter(pl.col("line").is_not_null())
    assert sorted(lines["line"].to_list()) == mine["line"].to_list()
    difference = found["amount"].fill_null(0).sum() - found["ledger_amount"].fill_null(0).sum()
    assert difference == mine["amount"].sum() - theirs["amount"].sum()
    matched = Counter(
        found.filter(pl.col("class") == "matched").select("merchant", "reference", "amount", "day").rows()
    )
    both = Counter((r[1], r[0], r[2], date(2026, 3, r[3])) for r in till)
    assert all(count <= both[key] for key, count in matched.items())
