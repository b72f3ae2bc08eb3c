"""One play of a case's events against the real engine: a new ledger, fed in one or several admissions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from types import TracebackType
from typing import Any

from guerdon.engine.cases import readout
from guerdon.engine.cases.readout import Tables
from guerdon.engine.cases.settlement import settlement
from guerdon.engine.codes import Cause, Reason
from guerdon.engine.decide.line_shares import LineShares
from guerdon.engine.events.admission import admit, log_key
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.engine.events.times import zone
from guerdon.engine.ledger.audit import Finding, verify
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.report.explain import explain_journal
from guerdon.engine.report.journal import JournalReader
from guerdon.engine.report.progress import progress_of
from guerdon.engine.settling import rhythm
from guerdon.rules.program import Program

TABLES = (
    "award", "transfer", "refusal", "balance", "contact", "membership", "counter", "counter_past", "record", "resolved"
)  # fmt: skip
ROWS = 64  # cases are small
RECEIVED_AT = 0  # cases are read out without their times of receipt


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a ledger holds after some events. ``found`` has the parts and shapes of ``expect``; amounts are Decimal.

    ``explain(event)`` tells in text why an event gave what it gave; empty for an event that left nothing in the log.
    """

    found: dict[str, Any]
    explain: Callable[[str], str]
    digest: str


class Play:
    """Feeds events in the order given (``sort``: in that of an admission). Each ``feed`` is one admission.

    Every ``feed`` begins with a new run over the ledger, so that all state comes back from its tables; ``single`` keeps
    the run and decides one event at a time. ``url``: where there is an empty ledger, or none yet.
    """

    def __init__(
        self,
        program: Program,
        told: Sequence[Mapping[str, Any]],
        *,
        sort: bool = False,
        single: bool = False,
        url: str = "sqlite://",
    ) -> None:
        self.program = program
        self.single = single
        self.ledger = Ledger.open(url)
        normaliser = Normaliser(program, CASE)
        self.items = [normaliser.normalise(record, RECEIVED_AT) for record in told]
        if sort:
            self.items.sort(key=log_key)
        self.names = _names(self.items)
        self.shares = LineShares(program)
        self.outcomes: dict[str, Any] = {}
        self.places: dict[int, int] = {}  # seq → place among the items
        self.fed = 0
        self.run: Run | None = None

    def __enter__(self) -> Play:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()

    def feed(self, count: int) -> None:
        """Admit the events up to ``count`` that have not been yet."""
        part = self.items[self.fed : count]
        if self.run is None or not self.single:
            self.run = Run.open(self.program, self.ledger, keep_refusals=True, rows=ROWS)
        admitted = self.run.admit(admit(part, sort=False), way="single" if self.single else "batch")
        for place, (ended, seq) in enumerate(zip(admitted.outcomes, admitted.seqs.tolist(), strict=True), self.fed):
            self.outcomes[self.names[place]] = readout.outcome_text(ended.outcome, ended.reason)
            if ended.reason is not Reason.REPEAT:
                self.places[seq] = place
        for seq, ended in admitted.resolved.items():
            if seq in self.places:
                self.outcomes[self.names[self.places[seq]]] = readout.outcome_text(ended.outcome, ended.reason)
        self.fed = count

    def result(self) -> CaseResult:
        """What the ledger holds now."""
        tables = self._tables()
        found: dict[str, Any] = {
            part: getattr(readout, part)(tables)
            for part in (
                "awards",
                "reversals",
                "refusals",
                "redeems",
                "spends",
                "expiries",
                "transfers",
                "wallets",
                "accounts",
                "contacts",
                "cards",
                "certificates",
                "coupons",
            )
        }
        found["outcomes"] = self.outcomes
        found["tiers"] = readout.tiers(
            tables, [tier.id for tier in (self.program.tiers.ladder if self.program.tiers else ())]
        )
        found["settlement"] = settlement(tables)
        found["progress"] = self._progress(tables)
        found["errors"] = []
        return CaseResult(found, self._explain, self.ledger.digest())

    def verify(self) -> list[Finding]:
        """What the invariants of a ledger find wrong with this one."""
        return verify(self.ledger).findings

    def _tables(self) -> Tables:
        business = self.program.business
        return Tables(
            rows={table: self.ledger.frame(table).to_dicts() for table in TABLES},
            name_of=self.ledger.names.id,
            events={seq: self.names[place] for seq, place in self.places.items()},
            digits=business.unit.digits,
            currency_digits=business.digits,
            worth=Fraction(business.unit.worth.num, business.unit.worth.den),
            local=zone(business.time_zone).local,
            funder_of=self._funder,
            lines_of=self._lines,
            rhythm_of=partial(rhythm, self.program),
        )

    def _funder(self, award: Mapping[str, Any]) -> str | None:
        """The merchant that bears its part of an award: the offer's owner, else where it was won."""
        offer = self.ledger.names.id("offer", award["offer"])
        owner = next((known.owner for known in self.program.offers if known.id == offer), None)
        return owner or self.ledger.names.id("merchant", award["merchant"]) or None

    def _lines(self, award: Mapping[str, Any]) -> Mapping[int, int]:
        """Where an award of a purchase lies; what is derived has no lines."""
        event = self.items[self.places[award["seq"]]]
        if not isinstance(event, Event) or award["cause"] != Cause.ITSELF:
            return {}
        rows = [row for row in self.ledger.awards_of(award["seq"]) if row["cause"] == Cause.ITSELF]
        offers = [self.ledger.names.id("offer", int(row["offer"])) for row in rows]
        amounts, earnings = (
            dict(zip(offers, (int(row[field]) for row in rows), strict=True)) for field in ("amount", "earning")
        )
        return self.shares.of(event, amounts, earnings)[self.ledger.names.id("offer", award["offer"])]

    def _progress(self, tables: Tables) -> list[dict[str, Any]]:
        if not self.places:
            return []
        seq, place = max(self.places.items())
        rows = [*tables.rows["counter"], *tables.rows["counter_past"]]
        found = progress_of(self.program, rows, tables.name_of, tables.local(self.items[place].time), seq)
        return [{"contact": p.contact, "offer": p.offer, "goal": str(p.goal), "at": p.at} for p in found]

    def _explain(self, name: str) -> str:
        """The explanation of the event that a case calls ``name``; of a derived one, that of its cause."""
        seqs = [
            seq
            for seq, place in self.places.items()
            if name == self.names[place] or name.startswith(self.names[place] + "/")
        ]
        reader = JournalReader(self.ledger, self.program)
        return "\n\n".join(explain_journal(reader.read(event), self.program) for event in self.ledger.events(seqs))


def _names(items: Sequence[Event | Refused | Parked]) -> list[str]:
    """What a case calls its events: their ids; a second one of the same id is ``p1#2``."""
    seen: Counter[str] = Counter()
    names = []
    for item in items:
        seen[item.id or ""] += 1
        count = seen[item.id or ""]
        names.append(f"{item.id}#{count}" if count > 1 else str(item.id))
    return names
