"""Asking a ledger: ``explain``, ``wallet``, ``timeline``. They read beside a writer and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger
from guerdon.engine.cli.output import print_json, table

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger
    from guerdon.engine.report.wallet import Wallet
    from guerdon.rules.program import Program


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(explain)
    app.command()(wallet)
    app.command()(timeline)


Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="A contact's id.")]


@contextmanager
def reading(url: str) -> Iterator[tuple[OpenLedger, Program]]:
    """The ledger, open for reading, and the programme in force. An unknown contact ends the command with code 1."""
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.report.versions import program_in_force
    from guerdon.engine.report.wallet import UnknownContact

    with Ledger.open(url, create=False, read_only=True) as ledger:
        try:
            yield ledger, program_in_force(ledger)
        except UnknownContact as error:
            hint = "ids are as the events told them"
            raise CommandFailed(str(error), Exit.FINDINGS, code=error.code, hint=hint) from None


def explain(
    what: Annotated[
        str,
        typer.Argument(metavar="ID", help="An event, award, transfer or contact; else one worth a look."),
    ] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Say which offers gave or refused and why, in words and figures, down to the cent."""
    from guerdon.engine.report.asked import explained

    with reading(ledger) as (open_ledger, program):
        answer = explained(open_ledger, program, what)
    if answer is None:
        hint = "an event's id, SEQ:N of an award or transfer, or a contact's id"
        raise CommandFailed(f"there is no '{what}' in this ledger", Exit.FINDINGS, code="unknown-id", hint=hint)
    if as_json:
        print_json(answer.data)
    else:
        print(answer.text)


def wallet(contact: Contact, ledger: Ledger = LEDGER_DEFAULT, as_json: Json = False) -> None:
    """Show a contact's balances by pool, and the open lots with their expiries."""
    from guerdon.engine.report.wallet import wallet_of

    with reading(ledger) as (open_ledger, program):
        found = wallet_of(open_ledger, program, contact)
        unit = program.business.unit.code
    if as_json:
        print_json(found.as_json())
    else:
        _show_wallet(found, unit)


def _show_wallet(found: Wallet, unit: str) -> None:
    print(f"{found.contact}: {found.status}" + (f", tier {found.tier}" if found.tier else ""))
    if found.member_of:
        print(f"member of {', '.join(found.member_of)}")
    print()
    rows = [(name, amount) for name, amount in found.balances.items() if amount or name in ("commerce", "open")]
    table(("balance", unit), rows, right=(unit,))
    if found.lots:
        print()
        columns = ("award", "offer", "pool", unit, "usable from", "until")
        lots = (
            (lot.award, lot.offer, lot.pool, lot.amount, lot.usable or "now", lot.expires or "ever")
            for lot in found.lots
        )
        table(columns, lots, right=(unit,))


def timeline(
    contact: Contact,
    agent: Annotated[
        bool, typer.Option("--agent", help="Also notes and who did it, which no contact is told.")
    ] = False,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Show everything that happened to a contact, in order, what was merged into it and the mails included."""
    from guerdon.engine.care.history import history

    with reading(ledger) as (open_ledger, program):
        found = history(open_ledger, program, contact)
    if as_json:
        print_json({"contact": contact, "entries": [each.as_json(for_agent=agent) for each in found]})
        return
    for each in found:
        entry = each.entry
        ended = f"{entry.outcome}: {entry.reason}" if entry.reason else entry.outcome
        of = f" of {each.of}" if each.of else ""
        print(f"{entry.time}  {entry.type} {entry.event}{of} ({ended})" + (f"  {each.said}" if each.said else ""))
        if agent and (each.note or each.actor):
            print(f"    by {each.actor or 'nobody named'}" + (f": {each.note}" if each.note else ""))
        for what, amount, of_what in entry.parts:
            print(f"    {what} {amount}" + (f"  {of_what}" if of_what else ""))
        for kind, state, reason in each.mail:
            print(f"    mail {kind}: {state}" + (f" ({reason})" if reason else ""))
