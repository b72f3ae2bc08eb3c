"""Told events to normalised ones, and every refusal that needs no state, in their precedence."""

from __future__ import annotations

from typing import Any

import pytest

from guerdon.engine.codes import EventType, Reason
from guerdon.engine.events.envelope import read_json
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.fields import SHAPES
from guerdon.engine.events.normalise import CASE, OPERATOR, Door, Normaliser
from guerdon.engine.events.reading import Unreadable
from guerdon.engine.events.times import DAY, instant
from guerdon.engine.rows import SPEND_AMOUNT, SPEND_FULL, SPEND_MAX
from tests.events.programme import event, programme

NOW = instant("2026-03-06T09:00:00+02:00")
PLAIN = {"id": "p1", "type": "purchase", "time": "2026-03-06T09:00:00+02:00"}


def told(door: Door = OPERATOR, **fields: Any) -> Event | Refused | Parked:
    return Normaliser(programme(), door).normalise({**PLAIN, **fields}, NOW)


def test_every_type_has_its_shape() -> None:
    assert set(SHAPES) == set(EventType)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "prchase", "total": "1"}, Reason.UNKNOWN_TYPE),
        ({"type": "birthday"}, Reason.NOT_PERMITTED),
        ({"totl": "1"}, Reason.UNDECLARED_FIELD),
        ({"total": "1", "attributes": {"wether": "rain"}}, Reason.UNDECLARED_FIELD),
        ({"lines": [{"total": "1", "skuu": "A"}]}, Reason.UNDECLARED_FIELD),
        ({"total": "1", "actor": "eve"}, Reason.UNDECLARED_FIELD),
        ({"total": "1.005"}, Reason.BAD_AMOUNT),
        ({"total": "-1.00"}, Reason.BAD_AMOUNT),
        ({"total": "x"}, Reason.BAD_AMOUNT),
        ({}, Reason.BAD_AMOUNT),
        ({"total": "10000000000.01"}, Reason.BAD_AMOUNT),
        ({"lines": [{"quantity": "1000000.001", "total": "1"}]}, Reason.BAD_AMOUNT),
        ({"lines": [{"quantity": "0.0001", "total": "1"}]}, Reason.BAD_AMOUNT),
        ({"total": "1", "spend": {"amount": "0"}}, Reason.BAD_AMOUNT),
        ({"total": "1", "rate": "0.5"}, Reason.BAD_AMOUNT),
        ({"total": "1", "currency": "USD", "rate": "1.234567891"}, Reason.BAD_AMOUNT),
        ({"total": "1", "currency": "ABC", "rate": "1"}, Reason.BAD_AMOUNT),
        ({"total": "10.00", "net": "8.00", "tax": "1.00"}, Reason.AMOUNTS_DISAGREE),
        ({"total": "2.00", "lines": [{"total": "1.00"}]}, Reason.AMOUNTS_DISAGREE),
        ({"total": "1", "currency": "USD"}, Reason.RATE_MISSING),
        ({"total": "1", "time": "2026-03-07T09:00:00.000001+02:00"}, Reason.IN_FUTURE),
        ({"total": "1", "merchant": "bakry"}, Reason.UNKNOWN_MERCHANT),
        ({"total": "1", "venue": "elsewhere"}, Reason.UNKNOWN_MERCHANT),
        ({"total": "1", "tap": "t9"}, Reason.UNKNOWN_MERCHANT),
        ({"total": "1", "tap": "t1", "merchant": "butcher"}, Reason.UNKNOWN_MERCHANT),
        ({"type": "adjust", "contact": "ann", "amount": "0"}, Reason.BAD_AMOUNT),
        ({"type": "adjust", "contact": "ann"}, Reason.BAD_AMOUNT),
        ({"type": "transfer", "contact": "ann", "amount": "-1"}, Reason.BAD_AMOUNT),
        ({"type": "budget_loaded", "amount": "5.00"}, Reason.UNKNOWN_MERCHANT),
        # the first that applies is reported
        ({"total": "1.005", "totl": "1", "merchant": "nobody"}, Reason.UNDECLARED_FIELD),
        ({"total": "1.005", "merchant": "nobody"}, Reason.BAD_AMOUNT),
        ({"total": "1", "currency": "USD", "merchant": "nobody"}, Reason.RATE_MISSING),
    ],
)
def test_refusals(fields: dict[str, Any], reason: Reason) -> None:
    refused = told(**fields)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert refused.detail


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": ""},
        {"id": "x" * 129},
        {"type": None},
        {"time": "2026-03-06 09:00"},
        {"time": "2026-02-30T09:00:00Z"},
        {"total": "1", "channel": "x" * 65},
        {"total": "1", "contact": "half \ud800"},
        {"lines": [{"total": "1"}] * 1001},
        {"lines": "many"},
        {"total": "1", "spend": "some"},
        {"total": "1", "contact": {"nick": "a"}},
    ],
)
def test_what_can_not_be_read_is_parked_with_its_text(fields: dict[str, Any]) -> None:
    parked = told(**fields)
    assert isinstance(parked, Parked)
    assert "2026" in parked.raw


def test_nearest_name_is_in_the_detail() -> None:
    refused = told(totl="1")
    assert isinstance(refused, Refused)
    assert "'total'" in refused.detail


def test_a_source_says_what_its_entry_allows() -> None:
    door = Door()
    assert isinstance(told(door, source="tills", merchant="bakery", total="1"), Event)
    for fields in (
        {"source": "tills", "total": "1", "merchant": "butcher"},
        {"source": "tills", "total": "1"},
        {"source": "tills", "type": "register", "contact": "ann"},
        {"source": "unlisted", "type": "adjust", "contact": "ann", "amount": "1"},
    ):
        refused = told(door, **fields)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.NOT_PERMITTED
    assert isinstance(told(door, source="unlisted", total="1"), Event)


def test_places_are_looked_up_from_each_other() -> None:
    assert (event(tap="t1").merchant, event(tap="t1").venue) == ("bakery", "bakery-north")
    assert (event(venue="bakery-south").merchant, event(venue="bakery-south").tap) == ("bakery", None)
    assert (event(merchant="bakery").merchant, event(merchant="bakery").venue) == ("bakery", None)
    assert (event(venue="kiosk").merchant, event(venue="kiosk").venue) == (None, "kiosk")


def test_lines_add_up_and_a_missing_tax_is_the_difference() -> None:
    bought = event(lines=[{"net": "1.00", "tax": "0.19"}, {"total": "2.38", "net": "2.00"}, {"total": "-0.50"}])
    assert [(line.total, line.net, line.tax) for line in bought.lines] == [
        (119, 100, 19),
        (238, 200, 38),
        (-50, -50, 0),
    ]
    assert (bought.total, bought.net, bought.tax, bought.quantity) == (307, 250, 57, 3000)


def test_tax_told_of_the_whole_is_shared_out_over_silent_lines() -> None:
    bought = event(total="3.00", tax="0.50", lines=[{"total": "1.00"}, {"total": "2.00"}])
    assert [line.tax for line in bought.lines] == [17, 33]
    assert bought.net == 250


def test_foreign_money_is_converted_line_by_line() -> None:
    bought = event(currency="USD", rate="0.95", lines=[{"total": "0.10", "net": "0.09"}] * 3, spend={"amount": "0.10"})
    assert [(line.total, line.net, line.tax) for line in bought.lines] == [(10, 9, 1)] * 3
    assert (bought.total, bought.spend_amount) == (30, 10)
    assert event(currency="JPY", rate="0.0062", total="1000").total == 620


def test_numbers_are_read_from_their_text() -> None:
    record = read_json(b'{"id":"p1","type":"purchase","time":"2026-03-06T09:00:00Z","total":0.10,"contact":900}')
    normalised = Normaliser(programme(), OPERATOR).normalise(record, NOW)
    assert isinstance(normalised, Event)
    assert (normalised.total, normalised.contact) == (10, "900")


@pytest.mark.parametrize(
    "text",
    ["{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, '{"a": ' + "9" * 5000 + "}", b"\xff", " " * ((1 << 20) + 1)],
)
def test_broken_json_is_unreadable(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        read_json(text)


def test_a_cloudevents_envelope_is_opened() -> None:
    head = '"specversion":"1.0","id":"e9","source":"shop","type":"purchase","time":"2026-03-06T09:00:00Z"'
    envelope = f'{{{head},"data":{{"total":5}}}}'
    assert read_json(envelope) == {
        "id": "e9",
        "source": "shop",
        "type": "purchase",
        "time": "2026-03-06T09:00:00Z",
        "total": 5,
    }


def test_references_compare_without_case_and_width() -> None:
    assert (event(reference=" inv-７").reference, event(reference=" inv-７").reference_told) == ("INV-7", " inv-７")
    assert event(reference="  ").reference is None


def test_requests_to_spend() -> None:
    assert [event(spend=each).spend_kind for each in ("max", "full", {"amount": "2"})] == [
        SPEND_MAX,
        SPEND_FULL,
        SPEND_AMOUNT,
    ]


def test_amounts_of_the_wallet_are_in_its_unit() -> None:
    assert event(type="adjust", amount="-40").fields["amount"] == -40
    refused = Normaliser(programme(), CASE).normalise(
        {"id": "a", "type": "adjust", "time": "2026-03-06 09:00", "contact": "ann", "amount": "1.50"}, 0
    )
    assert isinstance(refused, Refused)
    assert event(type="card_spent", card="c1", amount="1.50").fields["amount"] == 150


def test_fields_of_other_types() -> None:
    assert event(type="return", of="p1", lines=[{"line": "1", "quantity": "0.5"}]).fields["lines"] == [
        {"line": 1, "quantity": 500}
    ]
    assert event(type="return", reference="R-1", amount="20.00").lines[0].total == 2000
    registered = event(type="register", email=" Ann@X.org ", attributes={"birth_date": "1990-03-31"}, complete="false")
    assert (registered.fields["email"], registered.fields["complete"]) == ("ann@x.org", False)
    assert registered.attributes == {"birth_date": 7394}
    assert event(contact={"card": "7"}).contact_kind == "card"
    assert event(type="card_spent", card="c1", amount="1", verified="true").verified
    assert event(type="token", intent="spend", expires="2026-03-04 09:00").fields["expires"] == instant(
        "2026-03-04T07:00:00Z"
    )


def test_content_knows_what_was_told_and_not_how() -> None:
    plain = event(total="5.00")
    assert event(total="5").content == plain.content
    assert event(total="5.00", id="other", source="shop").content == plain.content
    assert event(lines=[{"total": "5.00", "quantity": "1.000"}]).content == plain.content
    for other in (
        {"total": "5.01"},
        {"total": "5", "contact": "bob"},
        {"total": "5", "channel": "web"},
        {"total": "5", "series": "B"},
    ):
        assert event(**other).content != plain.content
    swapped = [event(lines=[{"sku": a, "total": "1"}, {"sku": b, "total": "2"}]).content for a, b in ("AB", "BA")]
    assert swapped[0] != swapped[1]


def test_the_door_sets_the_actor() -> None:
    normalised = told(Door(permits_all=True, actor="sam"), total="1")
    assert isinstance(normalised, Event)
    assert normalised.actor == "sam"


def test_within_a_day_of_its_receipt_is_not_the_future() -> None:
    assert isinstance(told(total="1", time="2026-03-07T09:00:00+02:00"), Event)
    assert instant("2026-03-07T09:00:00+02:00") == NOW + DAY
