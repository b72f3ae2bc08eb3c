"""What a caller is told of each event: how it ended, what it awarded, redeemed and spent, and where it is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guerdon.engine.api.door import Told
from guerdon.engine.api.instants import money, rfc3339, until
from guerdon.engine.api.pointers import pointer_of
from guerdon.engine.api.problems import MEDIA_TYPE, Problem, status_of
from guerdon.engine.codes import EventType, Outcome, OwnerKind, Reason, TransferKind, account_parts
from guerdon.engine.decide.estimates import Estimate
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.ledger.chunk import Chunk
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Admitted
from guerdon.engine.report.reasons import sentence
from guerdon.engine.report.wallet import ROLES
from guerdon.engine.rows import REFUSAL
from guerdon.rules.program import Program

ENDED_WELL = frozenset({Outcome.POSTED, Outcome.IGNORED, Outcome.WAITING})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, ready to be sent and kept. ``denied``: something in it was not permitted."""

    status: int
    body: bytes
    denied: bool = False
    reason: str = ""

    @property
    def media_type(self) -> str:
        """What its body is."""
        return MEDIA_TYPE if self.status >= 400 else "application/json"


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """How one event ended, with everything that its caller is told."""

    outcome: Outcome
    reason: Reason
    shown: dict[str, Any]


class Answering:
    """Makes answers, for one programme, from what was decided and from what a ledger holds."""

    def __init__(self, program: Program) -> None:
        self.digits = program.business.unit.digits
        self.unit = program.business.unit.code

    def events(
        self, told: Sequence[Told], admitted: Admitted, chunk: Chunk | None, ledger: Ledger
    ) -> list[EventAnswer]:
        """One for each of what was admitted in one part, before it is posted with ``chunk``."""
        new = frozenset(chunk.log["seq"].tolist()) if chunk is not None else frozenset()
        found = []
        for place, (each, ended, seq) in enumerate(zip(told, admitted.outcomes, admitted.seqs.tolist(), strict=True)):
            shown = _head(each)
            shown["outcome"] = ended.outcome.name.lower()
            if ended.reason:
                shown |= {"reason": ended.reason.name.lower(), "detail": detail_of(each, ended.reason)}
            if ended.outcome in (Outcome.REFUSED, Outcome.PARKED):
                shown["pointer"] = pointer_of(ended.reason, _said(each), each.record)
            if seq:
                shown["seq"] = seq
            if place in admitted.estimates:
                shown |= self.estimated(admitted.estimates[place], ledger)
            elif ended.reason is Reason.REPEAT:
                shown["first"] = self.first(seq, chunk if seq in new else None, ledger)
            elif ended.outcome is Outcome.POSTED and chunk is not None:
                shown |= self.figures(chunk.awards, chunk.transfers, seq, ledger)
            found.append(EventAnswer(ended.outcome, ended.reason, shown))
        return found

    def first(self, seq: int, chunk: Chunk | None, ledger: Ledger) -> dict[str, Any]:
        """How an event ended when it was told first."""
        if chunk is not None:
            row = chunk.log[np.searchsorted(chunk.log["seq"], seq)]
            outcome, reason = Outcome(int(row["outcome"])), Reason(int(row["reason"]))
            awards, transfers = chunk.awards, chunk.transfers
        else:
            stored = ledger.events([seq])
            if not stored:
                return {}
            outcome, reason = Outcome(stored[0].outcome), Reason(stored[0].reason)
            awards, transfers = ledger.awards_of(seq), ledger.transfers_of(seq)
        shown: dict[str, Any] = {"outcome": outcome.name.lower()}
        if reason:
            shown["reason"] = reason.name.lower()
        return shown | (self.figures(awards, transfers, seq, ledger) if outcome is Outcome.POSTED else {})

    def figures(self, awards: np.ndarray, transfers: np.ndarray, seq: int, ledger: Ledger) -> dict[str, Any]:
        """What the event at ``seq`` awarded, redeemed and spent."""
        given, moved = awards[awards["seq"] == seq], transfers[transfers["seq"] == seq]
        return {
            "awards": [self.award(row, ledger) for row in given],
            "awarded": self._sum(given["amount"]),
            "redeemed": self._sum(moved["amount"][moved["kind"] == TransferKind.REDEEM]),
            "spent": self._sum(moved["amount"][moved["kind"] == TransferKind.SPEND]),
        }

    def award(self, row: np.void, ledger: Ledger) -> dict[str, Any]:
        """One award."""
        names = ledger.names
        return {
            "offer": names.id("offer", int(row["offer"])),
            "contact": names.id("contact", int(row["contact"])),
            "pool": names.id("pool", int(row["pool"])) or None,
            "amount": money(row["amount"], self.digits),
            "usable_at": rfc3339(int(row["usable_at"])),
            "expires_at": until(int(row["expires_at"])),
        }

    def estimated(self, estimate: Estimate, ledger: Ledger) -> dict[str, Any]:
        """What a purchase would give."""
        shown: dict[str, Any] = {"would": estimate.outcome.name.lower()}
        if estimate.reason:
            shown["would_reason"] = estimate.reason.name.lower()
        moved = estimate.transfers
        return shown | {
            "awards": [self.award(row, ledger) for row in estimate.awards],
            "awarded": self._sum(estimate.awards["amount"]),
            "redeemed": self._sum(moved["amount"][moved["kind"] == TransferKind.REDEEM]),
            "spent": money(estimate.spent, self.digits),
            "refusals": self.refusals(estimate.refusals, ledger),
        }

    def refusals(self, rows: np.ndarray, ledger: Ledger) -> list[dict[str, Any]]:
        """Offers and requests that gave nothing, and why."""
        if not len(rows) or rows.dtype != REFUSAL:
            return []
        return [
            {
                "offer": ledger.names.id("offer", int(row["offer"])) or None,
                "code": Reason(int(row["reason"])).name.lower(),
                "detail": sentence(int(row["reason"])),
            }
            for row in rows
        ]

    def changes(self, transfers: np.ndarray, ledger: Ledger) -> dict[str, dict[str, str]]:
        """How balances of contacts change by transfers: contact → balance → signed amount."""
        sums: dict[tuple[str, str], int] = {}
        for row in transfers[transfers["unit"] == 0]:
            for side, sign in (("debit", -1), ("credit", 1)):
                kind, owner, role = account_parts(int(row[side]))
                if kind is OwnerKind.CONTACT:
                    name = ROLES.get(role, "commerce")  # type: ignore[call-overload]
                    key = (ledger.names.id("contact", owner), name)
                    sums[key] = sums.get(key, 0) + sign * int(row["amount"])
        found: dict[str, dict[str, str]] = {}
        for (contact, name), minor in sorted(sums.items()):
            if minor:
                found.setdefault(contact, {})[name] = money(minor, self.digits)
        return found

    def _sum(self, amounts: np.ndarray) -> str:
        return money(amounts.sum(), self.digits)


def detail_of(told: Told, reason: Reason) -> str:
    """A refusal in words: what the event itself made be said, else what its code means."""
    return _said(told) or sentence(int(reason))


def _said(told: Told) -> str:
    return told.item.detail if isinstance(told.item, (Refused, Parked)) else ""


def _head(told: Told) -> dict[str, Any]:
    item = told.item
    shown: dict[str, Any] = {"source": item.source, "id": item.id}
    if isinstance(item, (Event, Refused)) and item.type is not None:
        shown["type"] = EventType(item.type).name.lower()
    return shown


def whole(answers: Sequence[EventAnswer]) -> Answer:
    """The answer to a request that told these events: all well 200, some 207, none a problem."""
    outcomes = [each.shown for each in answers]
    bad = [each for each in answers if each.outcome not in ENDED_WELL]
    denied = any(each.reason is Reason.NOT_PERMITTED for each in bad)
    reason = bad[0].reason.name.lower() if bad else ""
    if len(bad) < len(answers) or not answers:
        return Answer(207 if bad else 200, json_bytes({"outcomes": outcomes}), denied, reason)
    single = len(answers) == 1
    problem = Problem(
        status_of([each.reason for each in bad]),
        reason if len({each.reason for each in bad}) == 1 else "refused",
        str(bad[0].shown["detail"]) if single else f"none of the {len(bad)} events was taken",
        errors=[
            {
                "pointer": ("" if single else f"/{place}") + str(each.shown["pointer"]),
                "code": each.reason.name.lower(),
                "detail": str(each.shown["detail"]),
            }
            for place, each in enumerate(answers)
        ],
        outcomes=outcomes,
    )
    return Answer(problem.status, json_bytes(problem.body()), denied, reason)


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """JSON text; half characters, which UTF-8 can't hold, stay escaped."""
    return json.dumps(value, separators=(",", ":"), default=str).encode()
