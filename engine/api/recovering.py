"""Who forgot a certificate's code: a mail to the address of the claim, and what was claimed for who reads it there.

Known and unknown addresses get the same answer, and as fast: both end in one transaction of as many statements.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, json_bytes
from guerdon.engine.api.bodies import body_of, object_of, texts_of
from guerdon.engine.api.calling import called
from guerdon.engine.api.collecting import Work
from guerdon.engine.api.decimals import plain
from guerdon.engine.api.instants import rfc3339
from guerdon.engine.api.problems import Problem
from guerdon.engine.care.certificates import claimed_with
from guerdon.engine.care.mails.verifying import ANSWER, recovered, recovery
from guerdon.engine.pipeline import Run
from guerdon.rules.program import Program

_ASKED = {"site": 128, "email": 320}  # field → characters at most
_PROVED = {"email": 320, "code": 64}


async def post_recovery(request: Request) -> Response:
    """Send who claimed at a site with this address a code, by mail. The answer is the same whoever it is."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    told = texts_of(object_of(request, body), _ASKED)
    now = service.clock()
    statements = await service.readers.fresh(recovery, service.program, told["site"], told["email"], now)
    answer = Answer(200, json_bytes({"answer": ANSWER}))
    work = Work(
        (),
        lambda _: answer,
        lambda _: service.deed(request, principal, "recovery", "done", ""),
        service.request_key(request, principal, body),
        statements=statements,
    )
    return await service.done(work)


async def post_recovered(request: Request) -> Response:
    """What was claimed with an address, for who has the code that was mailed to it; once, within the hour."""
    service, principal = called(request)
    body = await body_of(request, service.settings)
    told = texts_of(object_of(request, body), _PROVED)
    now = service.clock()
    return await service.deal(
        request,
        principal,
        body,
        lambda run: _shown(run, service.program, told["email"], told["code"], now),
        object="recovered certificates",
    )


def _shown(run: Run, program: Program, email: str, code: str, now: int) -> Answer:
    if not recovered(run.ledger, code, email, now):
        raise Problem(422, "not_verified", "no recovery with this code and this address")
    found = claimed_with(run.ledger, program, email, rfc3339)
    return Answer(200, json_bytes({"certificates": [plain(each.as_json()) for each in found]}))
