"""Files to admissions: mapping, order, broken rows, merging, marks, and the fast way against the slow one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from guerdon.engine.codes import Reason
from guerdon.engine.events import feeds as feeds_module
from guerdon.engine.events import tables
from guerdon.engine.events.admission import Admission
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.feeds import Reader, find_files
from guerdon.engine.events.mapping import parse_feeds
from guerdon.engine.events.normalise import OPERATOR, Normaliser
from guerdon.engine.events.times import instant
from guerdon.engine.events.units import FeedInvalid
from tests.events.programme import programme

NOW = instant("2026-06-01T00:00:00Z")
LINES = """
feeds:
  - feed: shop
    grain: line
    type: purchase
    id: basket
    contact: who
    time: {column: at, zone: Europe/Nicosia}
    venue: place
    lines: {sku: item, quantity: pieces, total: {column: price, decimals: 2}}
    join: {table: items.csv, on: item, fields: {family: kind, department: dep, organic: bio}}
"""
ITEMS = "item,kind,dep,bio\n1,COFFEE,A,true\n2,TEA,,false\n"
HEAD = "basket,who,at,place,item,pieces,price\n"
ROWS = [
    "b1,ann,2026-03-06 09:00,kiosk,1,1,2.50\n",
    "b1,ann,2026-03-06 09:00,kiosk,9,2,1.00\n",
    "b0,bob,2026-03-06 09:00,bakery-north,2,0.5,3.00\n",
    "b3,ann,2026-03-06 10:00,,2,1,0.10\n",
]


def read(
    paths: Sequence[Path | str], mapping: str = LINES, data: Path | None = None, size: int = 100_000
) -> list[Admission]:
    feeds = parse_feeds(mapping, frozenset({"department", "organic", "grade"}), frozenset({"weather", "heat", "day"}))
    assert feeds.problems == []
    reader = Reader(
        find_files([str(path) for path in paths], feeds, data), programme(), Normaliser(programme(), OPERATOR)
    )
    return list(reader.admissions(NOW, batch_events=size))


def events(admissions: list[Admission]) -> list[Event]:
    return [event for admission in admissions for event in admission.frames.to_events()]


def asides(admissions: list[Admission]) -> list[Refused | Parked]:
    return [aside.told for admission in admissions for aside in admission.asides]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "items.csv").write_text(ITEMS)
    path = tmp_path / "shop.csv"
    path.write_text(HEAD + "".join(ROWS))
    return path


def test_lines_of_a_csv_become_events_in_log_order(shop: Path) -> None:
    told = events(read([shop]))
    assert [event.id for event in told] == ["b0", "b1", "b3"]
    first = told[1]
    assert (first.total, first.quantity, first.venue, first.contact) == (350, 3000, "kiosk", "ann")
    assert first.time == instant("2026-03-06T09:00:00+02:00")
    assert [(line.sku, line.family, line.attributes) for line in first.lines] == [
        ("1", "COFFEE", {"department": "A", "organic": True}),
        ("9", None, {}),
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_fast_way_gives_what_the_slow_one_gives(shop: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [
        "b4,ann,2026-03-07 10:00,nowhere,2,1,0.10\n",
        "b5,,2026-03-07 11:00,kiosk,2,1,x\n",
        "b6,,2026-03-07 12:00,,2,1,9\n",
    ]
    shop.write_text(HEAD + "".join([*ROWS, *odd]))
    if kind == "parquet":
        frame = pl.read_csv(
            shop, schema_overrides={"price": pl.String, "basket": pl.String, "pieces": pl.String}, try_parse_dates=False
        )
        price = pl.col("price").cast(pl.Float64, strict=False)
        shop = shop.with_suffix(".parquet")
        frame.with_columns(price, pl.col("at").str.to_datetime("%Y-%m-%d %H:%M")).write_parquet(shop)
    fast = read([shop])
    monkeypatch.setattr(feeds_module, "suits", lambda *_: False)
    slow = read([shop])
    assert events(fast) == events(slow)
    assert asides(fast) == asides(slow)
    assert [told.reason for told in asides(fast) if isinstance(told, Refused)] == [
        Reason.UNKNOWN_MERCHANT,
        Reason.BAD_AMOUNT,
    ]
    assert [admission.seqs(1)[1].tolist() for admission in fast] == [
        admission.seqs(1)[1].tolist() for admission in slow
    ]


def test_a_broken_row_parks_that_event_only(shop: Path) -> None:
    shop.write_bytes(
        (HEAD + ROWS[0] + "b7,ann,too,few\n").encode() + b"b8,\xff,2026-03-06 09:30,,2,1,1\n" + ROWS[3].encode()
    )
    told = read([shop])
    assert [event.id for event in events(told)] == ["b1", "b3"]
    parked = asides(told)
    assert all(isinstance(each, Parked) for each in parked)
    assert sorted(each.raw.split(",")[0] for each in parked if isinstance(each, Parked)) == ["b7", "b8"]
    assert sum(len(admission) for admission in told) == 4


def test_quoted_cells_may_hold_separators_and_line_ends(shop: Path) -> None:
    shop.write_text(HEAD + 'b1,"ann, the\nfirst ""one""",2026-03-06 09:00,kiosk,1,1,2.50\n')
    assert events(read([shop]))[0].contact == 'ann, the\nfirst "one"'


def test_rows_of_one_event_must_agree(shop: Path) -> None:
    shop.write_text(HEAD + ROWS[0] + "b1,bob,2026-03-06 09:00,kiosk,9,2,1.00\n" + ROWS[3])
    told = read([shop])
    assert [event.id for event in events(told)] == ["b3"]
    (parked,) = asides(told)
    assert isinstance(parked, Parked) and "contact" in parked.detail and "bob" in parked.raw


def test_rows_of_one_event_need_not_stand_together(shop: Path) -> None:
    shop.write_text(HEAD + ROWS[0] + ROWS[2] + ROWS[1] + ROWS[3])
    assert [(event.id, len(event.lines)) for event in events(read([shop]))] == [("b0", 1), ("b1", 2), ("b3", 1)]


def test_a_file_out_of_order_is_put_in_order(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = events(read([shop]))
    shop.write_text(HEAD + ROWS[3] + ROWS[2] + ROWS[0] + ROWS[1])
    assert events(read([shop])) == expected
    monkeypatch.setattr(tables, "SORTED_ROWS", 2)
    assert events(read([shop])) == expected


def test_two_files_are_one_log(shop: Path) -> None:
    expected = events(read([shop]))
    halves = [shop.parent / "a.csv", shop.parent / "b.csv"]
    halves[0].write_text(HEAD + ROWS[2] + ROWS[3])
    halves[1].write_text(HEAD + ROWS[0] + ROWS[1])
    for size in (1, 2, 100):
        told = read(halves, size=size)
        assert events(told) == expected
        assert {mark.name: (mark.events, mark.done) for mark in told[-1].marks} == {
            "a.csv": (2, True),
            "b.csv": (1, True),
        }


def test_a_large_slice_is_cut_into_batches_that_know_how_far_they_are(shop: Path) -> None:
    told = read([shop], size=1)
    assert [len(admission) for admission in told] == [1, 1, 1]
    assert [mark.events for admission in told for mark in admission.marks] == [1, 2, 3]
    assert events(told) == events(read([shop]))


def test_what_is_in_the_ledger_is_not_read_again(shop: Path) -> None:
    feeds = parse_feeds(LINES, frozenset({"department", "organic"}), frozenset())
    files = find_files([str(shop), str(shop)], feeds)
    for done, left in (((1, False), ["b1", "b3"]), ((3, True), []), (None, ["b0", "b1", "b3"])):
        reader = Reader(files, programme(), Normaliser(programme(), OPERATOR))
        told = list(reader.admissions(NOW, lambda sha256, done=done: done))
        assert [event.id for event in events(told)] == left
        assert len(reader.repeated) == (2 if done == (3, True) else 1)


def test_json_lines_and_tables_tell_the_same_content(shop: Path) -> None:
    path = shop.parent / "events.jsonl"
    record = {"id": "b9", "type": "purchase", "time": "2026-03-06T10:00:00+02:00", "contact": "ann"}
    record |= {"lines": [{"sku": "2", "quantity": 1, "total": 0.10}]}
    path.write_text(
        "\n".join(
            [json.dumps(record), "", "{broken", json.dumps(record | {"id": "b8", "time": "2026-03-06T08:00:00Z"})]
        )
    )
    told = read([path])
    assert [event.id for event in events(told)] == ["b8", "b9"] or [event.id for event in events(told)] == ["b9", "b8"]
    (parked,) = asides(told)
    assert isinstance(parked, Parked) and parked.raw == "{broken"
    by_table = next(event for event in events(read([shop])) if event.id == "b3")
    assert by_table.content == next(event for event in events(told) if event.id == "b9").content


def test_events_of_other_types_come_from_tables_too(tmp_path: Path) -> None:
    columns = "id: n, contact: who, time: at, amount: points, reason: {value: goodwill}"
    mapping = f"feeds: [{{feed: points, type: adjust, {columns}}}]"
    (tmp_path / "points.csv").write_text(
        "n,who,at,points\n1,ann,2026-03-06T09:00:00Z,40\n2,ann,2026-03-06T09:00:00Z,0\n"
    )
    told = read([tmp_path / "points.csv"], mapping)
    assert [event.fields for event in events(told)] == [{"amount": 40, "reason": "goodwill"}]
    assert [each.reason for each in asides(told) if isinstance(each, Refused)] == [Reason.BAD_AMOUNT]


def test_a_feed_finds_its_files(shop: Path) -> None:
    told = read(["shop"], data=shop.parent)
    assert len(events(told)) == 3
    for argument, data in (
        ("shop", None),
        ("shop", shop.parent / "empty"),
        ("nothing.csv", None),
        (str(shop.parent), None),
    ):
        with pytest.raises(FeedInvalid):
            read([argument], data=data)


def test_a_float_must_say_its_decimals_and_a_local_time_its_zone(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame({"n": ["1"], "at": ["2026-03-06 09:00"], "money": [1.5]})
    frame.with_columns(pl.col("at").str.to_datetime("%Y-%m-%d %H:%M")).write_parquet(path)
    for fields in (
        "total: money, time: {column: at, zone: UTC}",
        "total: {column: money, decimals: 2}, time: at",
        "total: no, time: at",
    ):
        with pytest.raises(FeedInvalid):
            read([path], f"feeds: [{{feed: x, type: purchase, id: n, {fields}}}]")


def test_floats_are_whole_cents_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    money = [0.1 + 0.2, 1.005, float("nan"), 4.35]
    times = [f"2026-03-06T09:0{n}:00Z" for n in range(4)]
    pl.DataFrame({"n": list("abcd"), "at": times, "money": money}).write_parquet(path)
    told = read([path], "feeds: [{feed: x, type: purchase, id: n, time: at, total: {column: money, decimals: 2}}]")
    assert [(event.id, event.total) for event in events(told)] == [("a", 30), ("d", 435)]
    assert [each.id for each in asides(told) if isinstance(each, Refused)] == ["b", "c"]


def test_problems_of_a_mapping_have_places() -> None:
    wrong = (
        LINES.replace("contact:", "contct:")
        .replace("family:", "famly:")
        .replace("grain: line", "grain: row")
        .replace("/Nicosia", "/Nowhere")
    )
    problems = parse_feeds(wrong, frozenset({"department", "organic"}), frozenset()).problems
    assert sorted((problem.code, problem.line) for problem in problems) == [
        ("unknown-field", 7), ("unknown-field", 11), ("unknown-reference", 8), ("wrong-type", 4),
    ]  # fmt: skip
    assert all(problem.hint for problem in problems)


def test_a_first_id_may_name_the_feed() -> None:
    told = parse_feeds(LINES.replace("feed: shop", "id: shop"), frozenset({"department", "organic"}), frozenset())
    assert told.problems == [] and list(told.feeds) == ["shop"] and told.feeds["shop"].fields["id"].name == "basket"
