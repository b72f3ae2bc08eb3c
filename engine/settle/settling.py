"""Settling one period from its closing to its package: what the command does, in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.periods import Period
from guerdon.engine.settle.accounts import read_accounts, take_up
from guerdon.engine.settle.bank_files import account_of, check_payable, is_credited
from guerdon.engine.settle.package import Wishes, write_package
from guerdon.engine.settle.source import Source
from guerdon.engine.settle.statement import Drawn, draw
from guerdon.engine.settle.steps import SEND, STEPS, Teller, chosen, close, foresee, take
from guerdon.rules.program import Program


@dataclass(slots=True)
class Settled:
    """What came of it. ``statements``: what each says and how it stands; ``place``: of the package, if one was made."""

    period: str
    messages: list[str]
    statements: list[dict[str, Any]]
    business_net: Decimal
    place: Path | None = None
    files: int = 0

    def rows(self) -> list[tuple[Any, ...]]:
        """The statements for a table."""
        columns = ("statement", "opening", "net", "prepaid", "due_on", "account", "state")
        return [
            tuple(each[column] if each[column] is not None else "" for column in columns) for each in self.statements
        ]

    def as_json(self) -> dict[str, Any]:
        """The object that ``settle --json`` prints."""
        whole = {name: getattr(self, name) for name in self.__slots__}
        return {**whole, "place": str(self.place) if self.place else None}


@dataclass(slots=True)
class Settling:
    """One period of a programme being settled in a ledger that is open for writing."""

    ledger: Ledger
    program: Program
    folder: Path
    wanted: Period
    teller: Teller
    messages: list[str] = field(default_factory=list)

    def close(self, steps: Sequence[str] = (), merchants: Sequence[str] = ()) -> None:
        """Take up the accounts of bank.yaml, and close the period if it is not closed yet.

        ``steps`` and ``merchants``: what is asked for after it. SettleError, and nothing was changed: it can't be done.
        """
        foresee(Source(self.ledger, self.program), self.wanted, steps, merchants)
        waiting = take_up(self.ledger, read_accounts(self.folder), self.teller.actor, self.teller.now)
        self.messages += [
            f"{id}: the account was changed; the old one counts until somebody approves" for id in waiting
        ]
        closed = close(self.ledger, self.program, self.wanted, self.teller)
        self.messages.append(f"{self.wanted.text}: {'closed' if closed else 'was closed before'}")

    def take(self, step: str, merchants: Sequence[str]) -> None:
        """Take the statements that are ready for it, or those of the merchants named, one step further."""
        source = Source(self.ledger, self.program)
        due = chosen(source.due(self.wanted), merchants)
        if step == SEND:
            ready = {each.id for each in due if source.state(each.id) in STEPS[SEND][1]}
            drawn = draw(source, self.wanted)
            sending = [statement for statement in drawn.statements if statement.id in ready]
            check_payable(source, sending)
            unnamed = [each.id for each in sending if each.net_minor > 0 and not is_credited(each)]
            self.messages += [f"{id}: its terms name no account, so it is in no bank file" for id in unnamed]
        taken = take(self.ledger, self.program, step, due, self.teller, named=bool(merchants))
        self.messages.append(f"{self.wanted.text}: {len(taken):,} statements {STEPS[step][2]}")

    def written(self, out: Path | None, wishes: Wishes, told: Callable[[int, int], None]) -> Settled:
        """Write the package into a folder of its period in ``out``, and say how everything stands."""
        source = Source(self.ledger, self.program)
        drawn = draw(source, self.wanted)
        settled = Settled(
            self.wanted.text, self.messages, _stands(source, drawn), source.amount(drawn.business.net_minor)
        )
        if out is not None:
            settled.place = out / self.wanted.text
            settled.files = len(write_package(source, drawn, settled.place, wishes, told)["files"])
        return settled


def _stands(source: Source, drawn: Drawn) -> list[dict[str, Any]]:
    found = []
    for statement in drawn.statements:
        account = account_of(source, statement)
        found.append(
            {
                "statement": statement.id,
                "merchant": statement.merchant,
                "period": statement.period,
                "opening": source.amount(statement.opening_minor),
                "net": source.amount(statement.net_minor),
                "prepaid": source.amount(statement.prepaid_minor),
                "due_on": statement.due_on.isoformat() if statement.due_on else None,
                "account": account.last_four if account else None,
                "state": source.state(statement.id),
            }
        )
    return found
