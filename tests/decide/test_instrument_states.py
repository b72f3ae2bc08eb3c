"""The tables of states: complete, and without a way out of what is final."""

from __future__ import annotations

from guerdon.engine.codes import EventType
from guerdon.engine.decide.instruments.events import HANDLERS, NO_CONTACT
from guerdon.engine.decide.instruments.transitions import (
    CARD,
    CERTIFICATE,
    COUPON,
    CardState,
    CertificateState,
    CouponState,
    taken,
)

OF_INSTRUMENTS = {t for t in EventType if t.name.startswith(("CARD_", "CERTIFICATE_", "REWARD_", "COUPON_"))}
WITHOUT_STATES = {EventType.REWARD_RESTOCKED, EventType.CARD_BATCH_ACTIVATED}


def test_every_event_of_an_instrument_is_in_one_table_and_has_a_handler() -> None:
    assert set(HANDLERS) == OF_INSTRUMENTS
    assert {*CARD, *CERTIFICATE, *COUPON} == OF_INSTRUMENTS - WITHOUT_STATES
    assert len(CARD) + len(CERTIFICATE) + len(COUPON) == len(OF_INSTRUMENTS - WITHOUT_STATES)


def test_only_what_is_a_contacts_own_doing_needs_a_contact() -> None:
    assert {EventType.CARD_REGISTERED, EventType.REWARD_EXCHANGED} == OF_INSTRUMENTS - NO_CONTACT


def test_what_is_final_stays() -> None:
    assert taken(CARD, CardState.LOST) == [EventType.CARD_VOIDED, EventType.CARD_CANCELLED]
    assert taken(CARD, CardState.EMPTIED) == [EventType.CARD_VOIDED, EventType.CARD_CANCELLED]
    for state in (CertificateState.FULFILLED, CertificateState.EXPIRED, CertificateState.VOIDED):
        assert taken(CERTIFICATE, state) == []
    for final in (CouponState.USED, CouponState.CANCELLED):
        assert taken(COUPON, final) == []


def test_a_printed_card_can_only_be_activated() -> None:
    printed = taken(CARD, CardState.PRINTED)
    assert printed == [EventType.CARD_ACTIVATED, EventType.CARD_VOIDED]
