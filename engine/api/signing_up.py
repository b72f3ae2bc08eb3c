"""Signing up for a scheme of an e-mail domain: the door makes a one-time code, mails it, and tells its hash.

``sign_up`` with a ``code`` of the caller is told as it is: then the caller mails it. The code depends on the event
alone, under the ledger's secret, so that the same event told again has the same code and is a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Executable
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, EventAnswer
from guerdon.engine.api.calling import called
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.commands import single
from guerdon.engine.care.mails.composing import address_of
from guerdon.engine.care.mails.verifying import code_from, verifying
from guerdon.engine.codes import Outcome
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program, Scheme

_COMMAND: Final = "sign_up"


def wants_a_code(program: Program, record: Mapping[str, Any]) -> Scheme | None:
    """The scheme of an e-mail domain that a command signs up for, if a code must be mailed for it."""
    if record["type"] != _COMMAND or record.get("code") is not None:
        return None
    named = record.get("scheme")
    schemes = [each for each in program.schemes if named in (None, each.id)]
    return schemes[0] if len(schemes) == 1 and schemes[0].email_domains else None


async def tell_with_code(
    request: Request, body: bytes, record: Mapping[str, Any], scheme: Scheme, about: str
) -> Response:
    """Tells ``sign_up`` with a code, which is mailed if the event is posted: to the address told, or the one known."""
    service, principal = called(request)
    received_at = service.clock()
    said = f"{principal.key_id}\n{record.get('source')}\n{record['id']}"
    code = code_from(service.door.codes.fingerprint(b"sign-up\n" + said.encode(errors="replace")))
    told, known = await service.readers.read(
        lambda ledger: (
            service.door.told(principal, [{**record, "code": code.shown}], received_at, ledger=ledger)[0],
            _address(ledger, record),
        )
    )
    mails: list[Executable] = []

    def answered(answers: Sequence[EventAnswer]) -> Answer:
        if answers[0].outcome is Outcome.POSTED:
            mails[:] = verifying(service.program, scheme.title, known, code, received_at)
        return single(answers)

    def deed(answer: Answer) -> Deed:
        outcome = "denied" if answer.denied else "done" if answer.status < 400 else "refused"
        return service.deed(request, principal, about, outcome, answer.reason)

    key = service.request_key(request, principal, body)
    return await service.done(Work([told], answered, deed, key, statements=mails))


def _address(ledger: Ledger, record: Mapping[str, Any]) -> str:
    if isinstance(record.get("email"), str):
        return str(record["email"]).strip().lower()
    number = ledger.names.find("contact", str(record["contact"]))
    return address_of(ledger, number) if number else ""
