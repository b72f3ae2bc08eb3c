"""A served programme for tests: the app in this process, keys of every role, a client that signs in with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from guerdon.engine.api.app import app_of
from guerdon.engine.api.keys import new_key
from guerdon.engine.api.service import Service
from guerdon.engine.api.settings import Settings
from guerdon.engine.ledger.access import ApiKey, beside
from guerdon.rules import read_programme
from guerdon.rules.program import Program

from ..engines import ledger_at

BUSINESS = """\
business:
  id: mall
  name: The Mall
  currency: EUR
  time_zone: Europe/Nicosia
  adjust: {reasons: [goodwill, missing_points], agent_cap: {amount: 20.00, each: day}}
  sources:
    - {id: tills, types: [purchase, return, cancel, estimate, register]}
    - {id: shop-a, types: [purchase, return, cancel], merchants: [bakery]}
"""
MERCHANTS = """\
merchants:
  - {id: bakery, name: Bakery, venues: [{id: bakery-1, taps: [till-1]}]}
  - {id: butcher, name: Butcher, venues: [{id: butcher-1}]}
"""
TERMS = """\
terms:
  - {merchant: bakery, contribution: 60%, may: {award_own: true, award_others: true, spend_own: true}}
  - {merchant: butcher, may: {award_own: true, award_others: true, spend_own: true, spend_others: true}}
"""
SCHEME = """\
scheme: {id: everyday, title: Everyday rewards}
offers:
  - {id: five-percent, title: 5% on everything, goal: spend, award: {percent: 5}}
  - id: every-100
    title: 10.00 for every 100.00
    goal: spend
    goals: {of: [{spend: 100.00, per: month}], repeat: true}
    award: {amount: 10.00}
"""


def program_in(folder: Path) -> Program:
    """The mall's programme, written and compiled."""
    place = folder / "mall"
    place.mkdir()
    for name, text in (("business", BUSINESS), ("merchants", MERCHANTS), ("terms", TERMS), ("everyday", SCHEME)):
        (place / f"{name}.yaml").write_text(text)
    reading = read_programme(place)
    assert reading.program is not None, [str(problem) for problem in reading.errors]
    return reading.program


@dataclass
class Served:
    """The service in this process."""

    service: Service
    url: str
    portal: BlockingPortal
    app: Any
    keys: dict[str, str]

    def key(self, role: str, **more: Any) -> str:
        """A new key of a role, given as ``guerdon keys add`` gives it."""
        id, whole, secret_hash = new_key()
        told = {"name": f"{role}-{id[:4]}", "merchants": (), "sources": (), "contact": "", "expires_at": 0} | more
        row = ApiKey(id=id, role=role, secret_hash=secret_hash, created_at=1, **{"revoked_at": 0, **told})
        with beside(self.url) as transaction:
            transaction.add("api_key", [row.row()])
        return whole

    def ask(self, method: str, path: str, role: str = "client", **more: Any) -> httpx.Response:
        """One request, signed in with the key of a role; ``key=None`` signs nobody in."""
        key = more.pop("key", self.keys[role])
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **more.pop("headers", {})}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://guerdon") as client:
                return await client.request(method, path, headers=headers, **more)

        return self.portal.call(send)

    def post(self, path: str, body: Any, role: str = "client", **more: Any) -> httpx.Response:
        """A POST of JSON."""
        return self.ask("POST", path, role, json=body, **more)

    def get(self, path: str, role: str = "client", **more: Any) -> httpx.Response:
        """A GET."""
        return self.ask("GET", path, role, **more)


ROLES = ("client", "member", "partner", "merchant", "agent", "supervisor", "admin", "approver", "auditor")
BOUND = {
    "member": {"contact": "ann"}, "partner": {"merchants": ("bakery",)}, "merchant": {"merchants": ("bakery",)},
}  # fmt: skip


@contextmanager
def served(
    folder: Path, program: Program | None = None, *, url: str = "", service: Service | None = None, **settings: Any
) -> Iterator[Served]:
    """The service over a new ledger in a folder, or over one that is there."""
    url = url or ledger_at(folder / "guerdon.db")
    if service is None:
        program = program or program_in(folder)
        service = Service(program, Settings(url, **{"key_seconds": 0, "failures": "10000/minute", **settings}))
    app = app_of(service)
    service.begin()
    try:
        with start_blocking_portal() as portal:
            it = Served(service, url, portal, app, {})
            it.keys = {role: it.key(role, name=role, **BOUND.get(role, {})) for role in ROLES}
            yield it
    finally:
        service.end()


def purchase(id: str, contact: str = "ann", total: str = "60.00", **more: Any) -> dict[str, Any]:
    """A purchase of now."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"id": id, "type": "purchase", "contact": contact, "time": now, "total": total, **more}
