"""Certificates at the command line: what a distributor sees of its own, and tickets of those who hold one."""

from __future__ import annotations

from time import time_ns
from typing import Annotated

import typer

from guerdon.engine.cli.asking import reading
from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(certificates)
    app.command()(ticket)


def certificates(
    distributor: Annotated[str, typer.Argument(metavar="MERCHANT", help="Who gave them away.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Claimed or reserved with it.")] = "",
    code: Annotated[str, typer.Option(metavar="CODE", help="This one.")] = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="Those in it: distributed, claimed, ...")] = "",
    after: Annotated[str, typer.Option(metavar="CURSOR", help="Where the page before ended.")] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """List the certificates of a distributor, a page at a time."""
    from guerdon.engine.care.certificates import report

    with reading(ledger) as (open_ledger, program):
        page = report(open_ledger, program, distributor, email=email, code=code, state=state, after=after)
    if as_json:
        print_json({"certificates": [row.as_json() for row in page.rows], "after": page.after or None})
        return
    rows = [
        (row.last_four, row.kind, row.state, row.value, row.url or row.site, row.expires or "") for row in page.rows
    ]
    table(("ends in", "kind", "state", "value", "site", "expires"), rows, right=("value",))
    if page.after:
        print(f"more: --after {page.after}")


def ticket(
    programme: Programme,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The claimed certificate.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="The address of the claim.")],
    subject: Annotated[str, typer.Option(metavar="TEXT", help="What it is about.")],
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Open a support ticket for somebody who proves a claim by its code and address."""
    from guerdon.engine.care.certificates import NotVerified, open_ticket
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    with OpenLedger.open(ledger, create=False) as open_ledger:
        try:
            opened = open_ticket(open_ledger, program_of(programme), code, email, subject, time_ns() // 1000)
        except NotVerified as error:
            raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, hint=error.hint) from None
    if as_json:
        print_json(opened)
    else:
        print(f"{opened['id']} {opened['state']}")
