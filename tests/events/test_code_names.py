"""Names of codes: the same for every way of typing one, not to be had without the secret, and no codes themselves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.engine.events.code_names import CodeNames, NamedRecord, is_name, last_four, plain_code
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.normalise import CASE, OPERATOR, Normaliser
from guerdon.rules.source import code_hash, is_code_hash, kept_code

from .programme import programme

CODES = CodeNames(b"secret of this ledger")
CODE = "K7F3-W2X9-QQ4T-8MZN"
NAME = CODES.name(CODE)
NOW = 1_800_000_000_000_000


@pytest.mark.parametrize(
    "typed", ["k7f3w2x9qq4t8mzn", " K7F3 W2X9 QQ4T 8MZN", "k7f3–w2x9—QQ4T‑8mzn", "Ｋ7F3W2X9QQ4T8MZN"]
)
def test_however_it_is_typed_it_has_one_name(typed: str) -> None:
    assert CODES.name(typed) == NAME and NAME.endswith(".8MZN") and is_name(NAME)


def test_another_secret_gives_another_name() -> None:
    other = CodeNames(b"secret of another ledger")
    assert other.name(CODE).partition(".")[0] != NAME.partition(".")[0]
    assert other.holder("ann@example.org") != CODES.holder("ann@example.org") == CODES.holder(" Ann@Example.org ")
    assert other.fingerprint(b"body") != CODES.fingerprint(b"body")


def test_who_is_trusted_with_names_tells_either_and_nobody_else_does() -> None:
    assert CODES.named(NAME) == CODES.named(CODE) == NAME
    assert CODES.name(NAME) != NAME  # as a code it is good for nothing


@given(st.text(max_size=128))
def test_every_text_has_a_name_that_holds_little_of_it(told: str) -> None:
    name, plain = CODES.name(told), plain_code(told)
    assert is_name(name) if plain else name == ""
    assert CODES.named(name) == name
    assert len(last_four(name)) == (4 if len(plain) >= 8 else 0)


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ({"type": "card_issued", "card": CODE, "kind": "gift"}, {"card": NAME}),
        ({"type": "card_issued", "card": 6006491234567890}, {"card": CODES.name("6006491234567890")}),
        ({"type": "card_transferred", "card": NAME, "to": CODE}, {"to": NAME}),
        ({"type": "transfer", "contact": "ann", "to": "ben"}, {}),
        ({"type": "certificate_replaced", "certificate": CODE, "by": CODE}, {"certificate": NAME, "by": NAME}),
        ({"type": "card_batch_activated", "cards": [CODE, NAME]}, {"cards": [NAME, NAME]}),
        ({"type": "coupon_used", "coupon": CODE}, {"coupon": NAME}),
        ({"type": "code_entered", "code": "spring", "number": CODE}, {"number": code_hash(CODE)}),
        ({"type": "sign_up", "code": CODE, "card": CODE}, {"code": code_hash(CODE)}),  # a member's card buys nothing
        ({"type": "card_spend", "card": CODE, "pin": "1234"}, {"card": NAME, "pin": ""}),  # mistyped, but kept
        ({"type": ["card_issued"], "card": CODE}, {"card": NAME}),
        ({"type": "purchase", "total": "1.00"}, {}),
    ],
)
def test_what_is_told_holds_names(told: dict[str, Any], made: dict[str, Any]) -> None:
    assert CODES.record(told, takes_names=True) == {**told, **made}


def test_a_hash_in_a_codes_place_is_trusted_like_a_name() -> None:
    told = {"type": "code_entered", "code": "spring", "number": code_hash(CODE)}
    assert CODES.record(told, takes_names=True) == told
    assert CODES.record(told, takes_names=False)["number"] == code_hash(code_hash(CODE))
    assert is_code_hash(code_hash(CODE)) and kept_code(CODE) == kept_code(code_hash(CODE)) == code_hash(CODE)


def test_a_record_is_named_once() -> None:
    once = CODES.record({"type": "card_issued", "card": CODE}, takes_names=False)
    assert isinstance(once, NamedRecord) and CODES.record(once, takes_names=False) is once


def test_a_row_of_a_batch_is_told_from_an_id_with_a_slash() -> None:
    codes = CodeNames(b"secret of this ledger", {NAME}.__contains__)
    for of, named in ((f"b1/{CODE}", f"b1/{NAME}"), (f"2026/b/1/{CODE}", f"2026/b/1/{NAME}"), ("till/7", "till/7")):
        assert codes.record({"type": "card_cancelled", "of": of}, takes_names=True)["of"] == named
    fresh = CodeNames(b"secret of this ledger")
    fresh.record({"type": "card_batch_activated", "cards": [CODE]}, takes_names=True)
    assert fresh.record({"type": "card_cancelled", "of": f"b1/{CODE}"}, takes_names=True)["of"] == f"b1/{NAME}"


@pytest.mark.parametrize(
    "more",
    [
        {"type": "card_spend"},  # refused: unknown_type
        {"type": "card_spent", "amount": "1.005"},
        {"type": "card_spent", "amount": "1.00", "pin": "482913"},
        {"type": "card_spent", "amount": "1.00", "time": "never"},  # parked
        {"type": "purchase", "total": "1.00"},  # with a field too many
    ],
)
def test_what_is_refused_or_parked_keeps_no_code(more: dict[str, Any]) -> None:
    told = {"id": "x", "time": "2026-03-06T09:00:00Z", "card": CODE, **more}
    item = Normaliser(programme(), OPERATOR, CODES).normalise(told, NOW, raw=str(told))
    assert isinstance(item, (Refused, Parked))
    assert CODE not in str(item) and "482913" not in str(item) and NAME in item.raw


def test_an_event_fed_again_by_its_names_is_the_same_event() -> None:
    told = {"id": "k1", "type": "certificate_claimed", "merchant": "bakery", "time": "2026-03-06T09:00:00Z"}
    claim = {**told, "certificate": CODE, "site": "s", "email": " Ann@Example.org", "terms": "t"}
    first = Normaliser(programme(), OPERATOR, CODES).normalise(claim, NOW)
    again = Normaliser(programme(), OPERATOR, CODES).normalise({**claim, "certificate": NAME}, NOW)
    assert isinstance(first, Event) and isinstance(again, Event) and first.content == again.content
    assert first.fields["holder"] == CODES.holder("ann@example.org")
    case = Normaliser(programme(), CASE, CODES).normalise({**claim, "time": "2026-03-06 09:00"}, NOW)
    assert isinstance(case, Event) and case.fields["certificate"] == CODE  # a case's own name
