"""What every handler stands on: the programme, the writer, the readers, the keys, the figures."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from guerdon.engine.api.answers import Answer, EventAnswer, whole
from guerdon.engine.api.collecting import RequestKey, Work, other_request
from guerdon.engine.api.door import FrontDoor, Told
from guerdon.engine.api.keys import Principal, fits, parts_of, principal_of
from guerdon.engine.api.metrics import Metrics
from guerdon.engine.api.pins import Pins
from guerdon.engine.api.problems import Problem
from guerdon.engine.api.readers import Readers
from guerdon.engine.api.settings import Settings
from guerdon.engine.api.writer import Writer
from guerdon.engine.events.code_names import is_of_row
from guerdon.engine.ledger.access import ApiKey, find_key
from guerdon.engine.ledger.audit_trail import Deed
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.stream.outbox import Outbox
from guerdon.engine.stream.passes import Pass
from guerdon.engine.stream.scheduler import Scheduler
from guerdon.engine.stream.subscribers import Subscriber
from guerdon.engine.stream.turns import Turns
from guerdon.rules.program import Program

_KEY_MAX = 255
FEW_RECORDS = 16
RETRY_SECONDS = 5
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def now_us() -> int:
    """The time, µs UTC."""
    return time.time_ns() // 1000


@dataclass(eq=False)
class Service:
    """One running service. ``begin`` before the first request, ``end`` after the last."""

    program: Program
    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    clock: Callable[[], int] = now_us
    subscribers: Sequence[Subscriber] = ()  # who is told of outcomes
    jobs: bool = False  # whether what the clock owes happens in this process
    passes: Callable[[Turns], Sequence[Pass]] = lambda turns: ()  # what jobs do beside
    door: FrontDoor = field(init=False)
    writer: Writer = field(init=False)
    readers: Readers = field(init=False)
    pins: Pins = field(init=False)
    _keys: dict[str, tuple[float, ApiKey | None]] = field(default_factory=dict)
    _answering: dict[tuple[str, str], tuple[bytes, asyncio.Future[Answer]]] = field(default_factory=dict)
    _limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))

    def __post_init__(self) -> None:
        self.door = FrontDoor(self.program)
        self.pins = Pins(self.settings.pin_pepper)
        self.writer = Writer(self.program, self.settings, self.metrics, self._opened, self._closing)
        self._scheduler: Scheduler | None = None
        self.readers = Readers(self.settings.ledger, self.settings.readers)
        self._rate, self._failures = parse(self.settings.rate), parse(self.settings.failures)

    def begin(self) -> None:
        """Opens the ledger. Raises what keeps it from being opened."""
        self.writer.start()

    def end(self) -> None:
        """What was handed over is posted, what is being read is read; then everything is closed."""
        self.writer.stop()
        self.readers.close()

    def _opened(self, turns: Turns) -> None:
        """What stands on the open ledger: names of codes, messages to subscribers with their chunk, the clock."""
        self.door.codes = turns.ledger.codes
        if self.subscribers:
            turns.ledger.outbox = Outbox(self.program, turns.ledger).messages
        if self.jobs:
            self._scheduler = Scheduler(turns, self.subscribers, passes=self.passes(turns))
            self._scheduler.start()

    def _closing(self) -> None:
        if self._scheduler is not None:
            self._scheduler.stop()
            self._scheduler = None

    # ---- who

    async def signed_in(self, request: Request) -> Principal:
        """Who calls, by the key in ``Authorization: Bearer``. Problem 401, 429."""
        scheme, _, told = request.headers.get("authorization", "").partition(" ")
        parts = parts_of(told.strip()) if scheme.lower() == "bearer" else None
        key = await self._key(parts[0]) if parts else None
        if parts is None or key is None or not fits(key, parts[1], self.clock()):
            address = address_of(request)
            if not self._limiter.hit(self._failures, "failed", address):
                detail = "too many requests without a key in force"
                raise Problem(429, "rate_limited", detail, headers=self._later(self._failures, "failed", address))
            raise Problem(401, "not_signed_in", "send Authorization: Bearer with a key in force", headers=_CHALLENGE)
        if not self._limiter.hit(self._rate, "key", key.id):
            detail = f"a key may send {self.settings.rate}"
            raise Problem(429, "rate_limited", detail, headers=self._later(self._rate, "key", key.id))
        return principal_of(key)

    def _later(self, limit: RateLimitItem, *of: str) -> dict[str, str]:
        """When there is room again, in whole seconds from now."""
        room_at = self._limiter.get_window_stats(limit, *of).reset_time
        return {"Retry-After": str(max(1, math.ceil(room_at - time.time())))}

    async def _key(self, id: str) -> ApiKey | None:
        held = self._keys.get(id)
        if held is not None and time.monotonic() - held[0] < self.settings.key_seconds:
            return held[1]
        found = await self.readers.read(lambda ledger: find_key(ledger.store.rows, id))
        if len(self._keys) > 10_000:
            self._keys.clear()
        self._keys[id] = time.monotonic(), found
        return found

    # ---- what

    async def tell(
        self,
        request: Request,
        principal: Principal,
        body: bytes,
        records: Sequence[Any],
        *,
        object: str,
        answered: Callable[[Sequence[EventAnswer]], Answer] = whole,
        approver: str = "",
    ) -> Response:
        """Hands records in as events, and answers when they are on disk."""
        received_at = self.clock()

        if (
            not principal.merchants and len(records) <= FEW_RECORDS and not any(map(_needs_cards, records))
        ):  # nothing to look up, and sooner done than handed on
            told = self.door.told(principal, records, received_at, ledger=None, approver=approver)
        else:
            told = await self.readers.read(self._told, principal, records, received_at, approver)
        work = Work(told, answered, self._deed(request, principal, object), self.request_key(request, principal, body))
        return await self.done(work)

    def _told(
        self, ledger: Ledger, principal: Principal, records: Sequence[Any], received_at: int, approver: str
    ) -> list[Told]:
        return self.door.told(principal, records, received_at, ledger=ledger, approver=approver)

    async def deal(
        self, request: Request, principal: Principal, body: bytes, deals: Callable[[Run], Answer], *, object: str
    ) -> Response:
        """Does something in the turn to write that is no event itself, and answers when it is on disk."""
        deed = self._deed(request, principal, object)
        return await self.done(Work((), whole, deed, self.request_key(request, principal, body), deals=deals))

    async def done(self, work: Work) -> Response:
        """The answer to a piece of work; that of the one under way, if it bears the same request key."""
        if work.request is None:
            return _response(await self._write(work), work.replayed)
        key = (work.request.key_id, work.request.key)
        running = self._answering.get(key)
        if running is not None:
            if running[0] != work.request.fingerprint:
                raise other_request()
            return _response(await asyncio.shield(running[1]), True)
        future: asyncio.Future[Answer] = asyncio.ensure_future(self._write(work))
        self._answering[key] = work.request.fingerprint, future
        future.add_done_callback(lambda _: self._answering.pop(key, None))
        return _response(await asyncio.shield(future), work.replayed)

    async def _write(self, work: Work) -> Answer:
        self.writer.submit(work)
        try:
            async with asyncio.timeout(self.settings.answer_seconds):
                return await asyncio.wrap_future(work.done)
        except TimeoutError:
            detail = "it is not known whether it was posted; the same request again tells"
            raise Problem(504, "too_slow", detail, headers={"Retry-After": "5"}) from None

    def request_key(self, request: Request, principal: Principal, body: bytes) -> RequestKey | None:
        """The request's Idempotency-Key; None: it bears none. Problem 422: it is too long or empty."""
        told = request.headers.get("idempotency-key")
        if told is None:
            return None
        if not 0 < len(told) <= _KEY_MAX or not told.isprintable():
            raise Problem(422, "bad_request_key", f"an Idempotency-Key has 1 to {_KEY_MAX} visible characters")
        url = f"{request.method} {request.url.path}?{request.url.query}\n"
        return RequestKey(principal.key_id, told, self.door.codes.fingerprint(url.encode() + body))

    def _deed(self, request: Request, principal: Principal, object: str) -> Callable[[Answer], Deed]:
        def deed(answer: Answer) -> Deed:
            outcome = "denied" if answer.denied else "done" if answer.status < 400 else "refused"
            return self.deed(request, principal, object, outcome, answer.reason)

        return deed

    def deed(self, request: Request, principal: Principal | None, object: str, outcome: str, reason: str) -> Deed:
        """An entry for the audit trail. ``object``: what it is about, without anything secret."""
        key_id, name, role = (principal.key_id, principal.name, principal.role.name) if principal else ("", "", "")
        action = f"{request.method} {route_of(request)}"
        object = object.encode(errors="replace").decode().replace("\0", "?")  # no half characters, no NUL can be kept
        request_id = str(request.scope.get("request_id", ""))
        return Deed(self.clock(), request_id, key_id, name, role, address_of(request), action, object, outcome, reason)

    async def try_again(self) -> None:
        """If the ledger could not be written some time ago, see whether it can be opened now: nobody else may ask."""
        if self.writer.failure and time.monotonic() - self.writer.failed_at > RETRY_SECONDS:
            with suppress(Problem):
                await self._write(Work((), lambda _: Answer(200, b"")))

    async def note(self, deed: Deed) -> None:
        """An entry of its own in the audit trail, on disk when this returns."""
        await self._write(Work((), lambda _: Answer(200, b""), lambda _: deed))


def _needs_cards(record: Any) -> bool:
    return isinstance(record, Mapping) and is_of_row(record)


def _response(answer: Answer, replayed: bool) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(answer.body, answer.status, headers, answer.media_type)


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def route_of(request: Request) -> str:
    """The path of the route that answers, without what was put into it."""
    route = request.scope.get("route")
    return str(getattr(route, "path_format", "")) or "(none)"
