"""JSON read by whole columns is what the normaliser reads, message by message: valid, odd and hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guerdon.engine.events import jsonl
from guerdon.engine.events.admission import log_key
from guerdon.engine.events.event import Event
from guerdon.engine.events.json_columns import JsonColumns
from guerdon.engine.events.jsonl import JsonLines
from guerdon.engine.events.normalise import OPERATOR, Door, Normaliser
from guerdon.engine.events.times import instant
from tests.events.programme import programme

NOW = instant("2026-03-06T12:00:00Z")
DOORS = (OPERATOR, Door(), Door(permits_all=True, actor="sam", approver="kim"), Door(permits_all=True, from_now=False))
PERSONAL = frozenset({"birth_date"})


class Raw(str):
    """JSON text that stands as it is."""


def shown(value: Any) -> str:
    """JSON text; an object may be a list of pairs, so that a name can come twice."""
    if isinstance(value, Raw):
        return value
    if isinstance(value, tuple):
        return "{" + ", ".join(f"{json.dumps(name)}: {shown(each)}" for name, each in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(shown, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def raws(*texts: str) -> st.SearchStrategy[Raw]:
    return st.sampled_from([Raw(text) for text in texts])


RARE = raws(
    "null",
    "true",
    "NaN",
    "-Infinity",
    "1e2",
    "1E-2",
    "-0",
    "00",
    "01",
    "1.",
    ".5",
    "-",
    "0.0",
    "[]",
    "{}",
    '"\\u0041"',
    '"\\ud800"',
    '"\\u0000"',
    '"a\tb"',
    '"',
    "9" * 30,
    '"' + "x" * 129 + '"',
    '"' + "é" * 65 + '"',
    '""',
    '" "',
    '{"card": "7"}',
    "nul",
    "12345678901234567890",
)
AMOUNTS = st.one_of(
    raws('"4.73"', "4.73", "4.730", "5", '"5"', '"0.10"', "0.1", '"+5.00"', '"-0.50"', "-0.50", '"1.5000000"', "0.105"),
    raws('"10000000000.00"', '"10000000000.01"', "0.1000000000000000055511", '"1_0"', '"٣"', '" 5"', '"5 "', '"1,00"'),
    raws('"0.0000000000000000000000000001"', '"0000000000000000000005.00"', "0.10000000000000000000000000", '"0"'),
)
QUANTITIES = st.one_of(raws("1", "2", '"0.001"', "0.0001", "1.2500", '"1000000"', '"1000000.001"', "-1"), RARE)
TEXTS = st.one_of(
    raws('"COFFEE"', '"a"', '"ünïcode ☕"', '"x\x7f"', "7", "900719925474099312345", '"=1+1"', '"inv-７ "', '"\'\\" "'),
    st.text(max_size=5),
    RARE,
)
TIMES = st.one_of(
    raws(*(f'"2026-03-0{day}T0{hour}:00:0{hour}Z"' for day in (3, 4) for hour in (1, 2))),
    raws(
        '"2026-03-04T01:00:01.5Z"',
        '"2026-03-04 01:00:01+02:00"',
        '"2026-03-04T01:00:01,5Z"',
        '"2026-03-04t01:00:01z"',
        '"2026-03-04T01:00:01.1234567Z"',
        '"2026-03-04T24:00:00Z"',
        '"2026-03-04T01:00:60Z"',
        '"2026-02-30T01:00:00Z"',
        '"2026-03-04T01:00Z"',
        '"2026-03-04T01:00:01"',
        '"2026-03-04T01:00:01+0200"',
        '"2027-03-04T01:00:01Z"',
        '"2026-03-04T01:00:01-00:00"',
        '"0000-03-04T01:00:01Z"',
        '"1969-12-31T23:59:59.999999Z"',
        '"2026-03-04T01:00:01+24:00"',
        '"2026-03-04T01:00:01Z\\n"',
        '"2026-03-04"',
        "1772586001",
    ),
)
LINE = st.fixed_dictionaries(
    {"total": AMOUNTS},
    optional={
        "sku": TEXTS,
        "family": TEXTS,
        "brand": TEXTS,
        "category": TEXTS,
        "type": TEXTS,
        "quantity": QUANTITIES,
        "net": AMOUNTS,
        "tax": AMOUNTS,
        "department": TEXTS,
        "organic": raws("true", '"false"'),
        "grade": raws("3", '"x"'),
        "line": raws("1", "2", '"1"', '"01"', "1.0"),
        "attributes": st.fixed_dictionaries(
            {}, optional={"department": TEXTS, "grade": raws("2"), "nobody": TEXTS}
        ).map(lambda d: tuple(d.items())),
    },
).map(lambda told: tuple(told.items()))
EVENT = st.fixed_dictionaries(
    {
        "id": st.one_of(raws('"p1"', '"p2"', "17"), TEXTS),
        "type": raws(*['"purchase"'] * 9, '"return"', '"prchase"', "5"),
        "time": TIMES,
    },
    optional={
        "source": st.one_of(raws('"tills"', '"shop"', '""'), RARE),
        "contact": TEXTS,
        "merchant": raws('"bakery"', '"butcher"', '"bakry"', '""', "null"),
        "venue": raws('"kiosk"', '"bakery-north"', '"nowhere"', "null"),
        "tap": raws('"t1"', '"t9"'),
        "channel": TEXTS,
        "reference": TEXTS,
        "series": TEXTS,
        "currency": raws('"EUR"', '"USD"', '"eur"', "null"),
        "rate": raws("0.9"),
        "total": AMOUNTS,
        "net": AMOUNTS,
        "tax": AMOUNTS,
        "lines": st.one_of(st.lists(LINE, max_size=4), raws("null", "[]", "{}", "[1]", "[{}]", "[{},]", '"x"')),
        "attributes": st.one_of(
            st.fixed_dictionaries({}, optional={"weather": TEXTS, "heat": raws("30.5"), "wether": TEXTS}).map(
                lambda d: tuple(d.items())
            ),
            raws("null", "[]"),
        ),
        "token": TEXTS,
        "note": TEXTS,
        "spend": raws('"max"'),
        "corrects": TEXTS,
        "totl": raws("1", "null"),
    },
).map(lambda told: tuple(told.items()))
LESS = st.tuples(EVENT, st.integers(0, 2)).map(lambda each: each[0][: each[1]] + each[0][each[1] + 1 :])
TWICE = st.tuples(EVENT, st.integers(0, 20)).map(lambda each: (*each[0], each[0][each[1] % len(each[0])]))
PLAIN = st.fixed_dictionaries(
    {
        "id": st.text("pq1", min_size=1, max_size=3),
        "type": st.just("purchase"),
        "time": raws('"2026-03-04T01:00:01Z"', '"2026-03-05T01:00:01.25+02:00"'),
        "contact": st.sampled_from(["ann", "bob", "ünal"]),
    },
    optional={
        "source": st.sampled_from(["shop", "web"]),
        "tap": st.just("t2"),
        "reference": st.sampled_from(["inv-1", "ＩＮＶ"]),
        "channel": st.just("web"),
        "attributes": st.sampled_from([(), (("weather", "rain"),), (("weather", None),)]),
        "currency": st.sampled_from(["EUR", None]),
        "series": st.just("b"),
        "lines": st.lists(
            st.fixed_dictionaries(
                {"total": raws('"4.73"', "4.730", "0", "12", '"-0.5"')},
                optional={
                    "sku": st.sampled_from(["A", "B", 7, None]),
                    "quantity": raws("2", '"0.25"'),
                    "tax": raws("0.01", "0"),
                    "department": st.just("X"),
                    "brand": st.just(""),
                },
            ).map(lambda told: tuple(told.items())),
            min_size=1,
            max_size=4,
        ),
    },
).map(lambda told: tuple(told.items()))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """One message; some with a byte changed, taken out or put in."""
    text = shown(draw(st.one_of(PLAIN, PLAIN, EVENT, TWICE, LESS)))
    raw = draw(st.sampled_from([b"", b" ", b"\r\n", b"\x0b"])) + text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        place = draw(st.integers(0, len(raw)))
        raw = raw[:place] + draw(st.binary(max_size=2)) + raw[place + draw(st.integers(0, 2)) :]
    return raw


def reader(door: Door) -> JsonLines:
    return JsonLines(Path("-"), Normaliser(programme(), door), PERSONAL)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(messages(), min_size=1, max_size=12), st.sampled_from(DOORS))
def test_columns_read_what_the_normaliser_reads(told: list[bytes], door: Door) -> None:
    few, jsonl.FEW_LINES = jsonl.FEW_LINES, 0
    try:
        admission, which = reader(door).read(told, NOW)
    finally:
        jsonl.FEW_LINES = few
    expected = [reader(door).event(raw, NOW, NOW) for raw in told]
    order = sorted(range(len(told)), key=lambda row: (*log_key(expected[row]), row))
    assert which.tolist() == order
    assert admission.each() == [expected[row] for row in order]


def plain(number: int, **more: Any) -> bytes:
    told = {"id": f"p{number}", "type": "purchase", "time": "2026-03-05T08:00:00Z", "contact": "ann"}
    return shown(tuple({**told, "lines": [(("sku", "A"), ("total", "4.73"))], **more}.items())).encode()


def test_the_mass_goes_through_in_columns() -> None:
    """Nothing of what tills usually tell may fall back to one by one unnoticed."""
    usual: list[dict[str, Any]] = [
        {},
        {"source": "shop"},
        {"venue": "kiosk"},
        {"tap": "t1", "merchant": "bakery"},
        {"reference": "R-1", "series": "A"},
        {"channel": "web"},
        {"attributes": (("weather", "rain"),)},
        {"currency": "EUR"},
        {"lines": [], "total": 4.73},
        {"lines": None, "net": "4.00", "tax": "0.73"},
        {"total": "9.46", "lines": [(("total", 4.73), ("family", None), ("department", "A"), ("quantity", 2))] * 2},
        {"contact": 17},
        {"contact": "Jürgen"},
        {"lines": [(("net", 4), ("tax", "0.73"), ("line", 1)), (("total", "-0.50"), ("line", "2"))]},
        {"time": "2026-03-05T10:00:00.125+02:00"},
    ]
    told = [plain(number, **more) for number, more in enumerate(usual)]
    read = JsonColumns(Normaliser(programme(), OPERATOR), frozenset()).read(told, NOW)
    assert read.odd.tolist() == []


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"[" * 100_000, plain(1, note="x" * (1 << 20)), b'{"lines":[' + b"{}," * 2_000]
)
def test_broken_messages_spoil_no_other(raw: bytes) -> None:
    lines = [plain(number) for number in range(100)]
    admission, which = reader(OPERATOR).read([*lines, raw, *lines[:3]], NOW)
    events = admission.told.to_events()
    assert len(events) >= 103 and len(admission) == 104 and sorted(which.tolist()) == list(range(104))
    assert {event.total for event in events} == {473}


def test_the_last_of_many_lines_counts() -> None:
    """A thousand lines are an event, a thousand and one are not."""
    line = (("total", "0.01"),)
    told = [plain(number, lines=[line] * (1_000 + number % 2)) for number in range(80)]
    admission, _ = reader(OPERATOR).read(told, NOW)
    assert [len(admission.told), len(admission.asides)] == [40, 40]
    assert {len(event.lines) for event in admission.told.to_events() if isinstance(event, Event)} == {1_000}


def test_a_file_out_of_order_is_the_same_log(tmp_path: Path) -> None:
    """By columns and one by one, an unreadable line where it stands in the file."""
    told = [plain(number, time=f"2026-03-05T08:{59 - number % 60:02d}:00Z") for number in range(150)]
    told[70:70] = [b"not json", b'{"id": "x"}']
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([b"{", *told, b"", b"}"]))
    found = []
    for few in (0, 1_000):
        before, jsonl.FEW_LINES = jsonl.FEW_LINES, few
        try:
            lines = JsonLines(path, Normaliser(programme(), OPERATOR), PERSONAL)
            found.append([each for admission in lines.admissions(NOW) for each in admission.each()])
        finally:
            jsonl.FEW_LINES = before
    assert found[0] == found[1] and len(found[0]) == 154
