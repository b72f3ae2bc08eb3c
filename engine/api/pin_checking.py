"""A PIN at the door: what is told with one is told as verified, or as a wrong PIN. The PIN itself goes no further.

A card that can't be used is never compared with: its answer, its event and its entry in the audit trail are those of a
wrong PIN, whatever the PIN was.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Executable
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, EventAnswer, json_bytes
from guerdon.engine.api.bodies import body_of, object_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.commands import Subject, single
from guerdon.engine.api.door import Told, takes_names
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.pins import find_pin, put_pin
from guerdon.engine.api.problems import Problem, not_found
from guerdon.engine.codes import EventType, Outcome, Reason
from guerdon.engine.decide.instruments.card import CARD_RECORD
from guerdon.engine.decide.instruments.transitions import CardState
from guerdon.engine.events.code_names import CodeNames
from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

_PLACES: Final = ("source", "merchant", "venue", "tap", "channel")  # of an attempt, for who looks for patterns
_LIKE_A_WRONG_PIN: Final = frozenset({Reason.INVALID_TRANSITION, Reason.UNKNOWN_INSTRUMENT, Reason.NOT_VERIFIED})
_REFUSED: Final = Problem(422, "pin_refused", "the card can't be used, or this is not its PIN")


async def set_pin(request: Request, card: Subject) -> Response:
    """Give a gift card its PIN; the body is ``{"pin": "1234"}``. A key bound to merchants can't replace one."""
    service, principal = called(request)
    told = object_of(request, await body_of(request, service.settings))
    pin = service.pins.taken(told.pop("pin", None))
    if told:
        raise Problem(422, "undeclared_field", "the body holds the PIN alone")
    card = _named(service.door.codes, principal, card)
    key = service.request_key(request, principal, service.pins.request(b"", card, pin))
    async with service.pins.trying(card):
        fields, stored = await service.readers.read(_card, card)
        if fields is None:
            raise not_found("card")
        now = service.clock()
        if stored is not None and principal.role.scoped:
            problem = Problem(409, "pin_set", "the card has a PIN, and this key can't replace it")
            answer = Answer(409, json_bytes(problem.body()), reason=problem.code)
            statements: Sequence[Executable] = ()
        else:
            answer = Answer(200, json_bytes({"card": card, "set_at": rfc3339(now)}))
            statements = put_pin(card, await service.pins.hashed(card, pin), now)
        outcome = "done" if answer.status == 200 else "refused"
        work = Work(
            (),
            lambda _: answer,
            lambda _: service.deed(request, principal, f"pin of {card}", outcome, answer.reason),
            key,
            statements=statements,
        )
        return await service.done(work)


async def tell_with_pin(
    request: Request, record: Mapping[str, Any], pin_told: Any, said: bytes, about: str
) -> Response:
    """Tells a command about a card that came with a PIN. Problem 409, 422.

    ``record`` and ``said``, the body, are without it. What the caller may not tell anyway is refused as ever, and the
    PIN is not looked at.
    """
    service, principal = called(request)
    pin = service.pins.taken(pin_told)
    received_at = service.clock()
    told = await service.readers.read(
        lambda ledger: service.door.told(principal, [record], received_at, ledger=ledger, with_pin=True)[0]
    )
    card = str(told.record["card"])
    key = service.request_key(request, principal, service.pins.request(said, card, pin))
    answered: Callable[[Sequence[EventAnswer]], Answer] = single
    async with service.pins.trying(card):
        event = told.item
        if isinstance(event, Event):
            fields, stored = await service.readers.read(_card, card)
            fits = await service.pins.fits(card, pin, stored)
            if fits and fields is not None and fields["status"] == CardState.ACTIVE:
                told = _as_verified(service.program, told, event)
                # an open hold keeps a card from being emptied; that says nothing about the PIN
                keeps = event.type is EventType.CARD_EMPTIED and fields["holds"]
                answered = single if keeps else _unless_like_a_wrong_one
            else:
                told, answered = _as_failed(service.program, told, event), _as_wrong

        def deed(answer: Answer) -> Deed:
            outcome = "denied" if answer.denied else "done" if answer.status < 400 else "refused"
            return service.deed(request, principal, about, outcome, answer.reason)

        return await service.done(Work([told], answered, deed, key))


def _named(codes: CodeNames, principal: Principal, card: str) -> str:
    """The name of the card that is to get a PIN: who may not spend by a name may not give a PIN by it."""
    return codes.named(card) if takes_names(principal, {"type": "card_spent"}) else codes.name(card)


def _card(ledger: Ledger, card: str) -> tuple[Mapping[str, Any] | None, str | None]:
    """What is known of a card, and the hash of its PIN."""
    found = ledger.records.one(CARD_RECORD, card)
    return (None if found is None else found.fields), find_pin(ledger.store.rows, card)


def _as_verified(program: Program, told: Told, event: Event) -> Told:
    return _normalised(program, {**told.record, "verified": True}, event, permits_all=event.role is not None)


def _as_failed(program: Program, told: Told, event: Event) -> Told:
    """The event of a wrong PIN, of now and from where the command came."""
    record = {name: told.record[name] for name in _PLACES if told.record.get(name) is not None}
    record |= {"id": f"card_pin_failed/{uuid.uuid4().hex[:24]}", "type": "card_pin_failed"}
    record |= {"card": told.record["card"], "time": rfc3339(event.received_at)}
    return _normalised(program, record, event, permits_all=True)


def _normalised(program: Program, record: Mapping[str, Any], of: Event, *, permits_all: bool) -> Told:
    """A record that this door tells in the place of an event that may be told."""
    normaliser = Normaliser(program, Door(permits_all=permits_all, actor=of.actor))
    item = normaliser.normalise(record, of.received_at)
    assert isinstance(item, Event), "it was read before"
    item.role = of.role
    return Told(item, record)


def _as_wrong(answers: Sequence[EventAnswer]) -> Answer:
    return Answer(_REFUSED.status, json_bytes(_REFUSED.body()), reason=_REFUSED.code)


def _unless_like_a_wrong_one(answers: Sequence[EventAnswer]) -> Answer:
    """The answer to the command, unless the card was locked meanwhile."""
    ended = answers[0]
    hidden = ended.outcome is Outcome.REFUSED and ended.reason in _LIKE_A_WRONG_PIN
    return _as_wrong(answers) if hidden else single(answers)
