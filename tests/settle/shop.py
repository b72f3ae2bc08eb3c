"""A town with three merchants that are settled by the month, the week and the quarter, and how tests settle it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.periods import period
from guerdon.engine.pipeline import Admitted, Run
from guerdon.engine.settle.settling import Settled, Settling
from guerdon.engine.settle.source import Source
from guerdon.engine.settle.statement import Drawn, Statement, draw
from guerdon.engine.settle.steps import Teller
from guerdon.rules import Program, read_programme

from ..engines import new

MARCH, APRIL = "2026-03", "2026-04"
IBANS = {
    "town": "CY17 0020 0128 0000 0012 0052 7600",
    "bakery-1": "DE89 3704 0044 0532 0130 00",
    "cinema-1": "GB29 NWBK 6016 1331 9268 19",
}
OTHER_IBAN = "FR14 2004 1010 0505 0001 3M02 606"
FILES = {
    "business.yaml": """
business: {id: town, name: Town Rewards Ltd, currency: EUR, time_zone: Europe/Nicosia}
merchants:
  - {id: bakery, name: "=Bakery & Φούρνος", venues: [{id: bakery-north}]}
  - {id: cinema, name: Cinema, venues: [{id: cinema-1}]}
  - {id: gym, name: Gym, venues: [{id: gym-1}]}
""",
    "pools.yaml": "pools: [{id: anywhere}, {id: cash, payout: true}]\n",
    "town.yaml": """
scheme: {id: town}
offers:
  - {id: ten-back, goal: spend, award: {percent: 10}, at: {merchants: [bakery, cinema]}, redeem: instant}
  - {id: gym-back, goal: spend, award: {percent: 20}, at: {merchants: [gym]}, pool: cash, redeem: instant}
""",
    "terms.yaml": """
terms:
  - {merchant: bakery, contribution: 60%, fees: {award: 5%, spend: 2%}, settle: {due: 15d}, bank: bakery-1}
  - {merchant: cinema, fees: {award: 1%}, settle: {every: week}, bank: cinema-1}
  - {merchant: gym, settle: {every: quarter}}
""",
}


def bank_yaml(**changed: str) -> str:
    """``bank.yaml`` with some accounts' IBANs changed; names with ``_`` for ``-``."""
    ibans = IBANS | {name.replace("_", "-"): iban for name, iban in changed.items()}
    return "accounts:\n" + "".join(f"  - {{id: {id}, name: The {id}, iban: {iban}}}\n" for id, iban in ibans.items())


def bought(
    id: str, time: str, total: str, merchant: str = "bakery", contact: str = "ann", **more: Any
) -> dict[str, Any]:
    """A purchase as it is told; times are local."""
    return {
        "id": id, "type": "purchase", "contact": contact, "merchant": merchant, "time": time, "total": total, **more
    }  # fmt: skip


GOLDEN = bought("g1", "2026-03-06 09:00", "100.00", spend={"amount": "8.00"})

REGISTERED = {
    "id": "r1", "type": "register", "contact": "ann", "time": "2026-03-01 09:00",
    "payment_method": {"kind": "iban", "reference": OTHER_IBAN},
}  # fmt: skip
PAYING = [
    REGISTERED,
    bought("m1", "2026-03-09 09:00", "50.00", "gym"),
    bought("m2", "2026-03-10 09:00", "60.00", "gym"),
]


class Town:
    """The town's programme in a folder, and a ledger of it."""

    def __init__(self, folder: Path, url: str = "", files: Mapping[str, str] = FILES) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**files, "bank.yaml": bank_yaml()}.items():
            (folder / name).write_text(text, "utf-8")
        self.ledger = Ledger.open(url or new())

    @property
    def program(self) -> Program:
        reading = read_programme(self.folder)
        assert reading.program is not None, reading.errors
        return reading.program

    @property
    def source(self) -> Source:
        return Source(self.ledger, self.program)

    def tell(self, *told: Mapping[str, Any]) -> Admitted:
        """Admit events as one batch."""
        normaliser = Normaliser(self.program, CASE)
        return Run.open(self.program, self.ledger).admit(admit([normaliser.normalise(each, 0) for each in told]))

    def teller(self, at: str = "2026-07-02 09:00", actor: str | None = "eve") -> Teller:
        from guerdon.engine.events.times import instant, zone

        return Teller(instant(at, zone(self.program.business.time_zone)), actor)

    def settling(self, of: str = MARCH, at: str = "2026-07-02 09:00", actor: str | None = "eve") -> Settling:
        """Settling of a period, at a local time, by somebody."""
        return Settling(self.ledger, self.program, self.folder, period(of), self.teller(at, actor))

    def settle(self, of: str = MARCH, steps: Iterable[str] = (), out: Path | None = None, **how: Any) -> Settled:
        """Close a period, take all its statements further, write its package."""
        from guerdon.engine.settle.package import Wishes

        settling = self.settling(of, **how)
        settling.close()
        for step in steps:
            settling.take(step, [])
        return settling.written(out, Wishes(), lambda done, total: None)

    def drawn(self, of: str = MARCH) -> Drawn:
        return draw(self.source, period(of))

    def statement(self, id: str, of: str = MARCH) -> Statement:
        return next(each for each in self.drawn(of).statements if each.id == id)

    def states(self, of: str = MARCH) -> dict[str, str]:
        source = self.source
        return {due.id: source.state(due.id) for due in source.due(period(of))}
