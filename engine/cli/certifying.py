"""Cards and certificates at the command line: finding one, a distributor's own, and tickets of who holds one."""

from __future__ import annotations

from time import time_ns
from typing import Annotated, Any

import typer

from guerdon.engine.cli.asking import reading
from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(codes)
    app.command()(cards)
    app.command()(certificates)
    app.command()(ticket)
    app.command()(tickets)


def codes(
    count: Annotated[int, typer.Argument(metavar="COUNT", min=1, max=1_000_000, help="How many.")],
) -> None:
    """Make codes to be given away: 100 bits each, with two signs by which a slip of the finger is seen."""
    from guerdon.engine.events.code_making import made

    for code in made(count):
        print(code)


def cards(
    told: Annotated[str, typer.Argument(metavar="CODE", help="A gift card's code or name, or the last four of it.")],
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Find gift cards: what state they are in and what they hold."""
    from guerdon.engine.care.cards import cards as found_by
    from guerdon.engine.events.code_names import last_four
    from guerdon.engine.report.naming import decimal_of

    rows: list[dict[str, Any]] = []
    with reading(ledger) as (open_ledger, program):
        for card in found_by(open_ledger, told):
            pockets = (card.fields["paid"], sum(promo[2] for promo in card.fields["promos"]))
            paid, promo = (decimal_of(int(minor), program.business.digits) for minor in pockets)
            contact = open_ledger.names.id("contact", card.contact) if card.contact else None
            seen = {"kind": card.fields["kind"], "status": card.fields["status"], "paid": paid, "promo": promo}
            rows.append({"card": card.id, "last_four": last_four(card.id), **seen, "contact": contact})
    if as_json:
        print_json({"cards": rows})
    else:
        names = ("card", "ends in", "kind", "status", "paid", "promo", "contact")
        table(names, [tuple(row.values()) for row in rows], right=("paid", "promo"))
    if not rows:
        raise typer.Exit(Exit.FINDINGS)


def certificates(
    distributor: Annotated[str, typer.Argument(metavar="MERCHANT", help="Who gave them away.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Claimed or reserved with it.")] = "",
    code: Annotated[str, typer.Option(metavar="CODE", help="This one, by its code or name.")] = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="Those in it: distributed, claimed, ...")] = "",
    after: Annotated[str, typer.Option(metavar="CURSOR", help="Where the page before ended.")] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """List the certificates of a distributor, a page at a time."""
    from guerdon.engine.care.certificates import report

    with reading(ledger) as (open_ledger, program):
        name = open_ledger.codes.named(code) if code else ""
        page = report(open_ledger, program, distributor, email=email, name=name, state=state, after=after)
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
    code: Annotated[str, typer.Argument(metavar="CODE", help="The whole code of the claimed certificate.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="The address of the claim.")],
    subject: Annotated[str, typer.Option(metavar="TEXT", help="What it is about.")],
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Open a support ticket for somebody who proves a claim by its code and address."""
    from guerdon.engine.care.certificates import NotVerified
    from guerdon.engine.care.tickets import open_ticket
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    with OpenLedger.open(ledger, create=False) as open_ledger:
        try:
            name = open_ledger.codes.name(code)
            opened = open_ticket(open_ledger, program_of(programme), name, email, subject, time_ns() // 1000)
        except NotVerified as error:
            raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, hint=error.hint) from None
    if as_json:
        print_json(opened._asdict())
    else:
        print(f"{opened.id} {opened.state}")


def tickets(
    answer: Annotated[str, typer.Option(metavar="ID", help="Answer this one, with --text.")] = "",
    wait: Annotated[str, typer.Option(metavar="ID", help="Ask its holder something, with --text.")] = "",
    close: Annotated[str, typer.Option(metavar="ID", help="Close this one.")] = "",
    text: Annotated[str, typer.Option(metavar="TEXT", help="What its holder is told.")] = "",
    operator: Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it.")] = "",
    every: Annotated[bool, typer.Option("--every", help="Also those that are closed.")] = False,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """List the support tickets, those that are due first first; answer or close one."""
    from guerdon.engine.care import tickets as care
    from guerdon.engine.events.times import text as time_text
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    steps = [(state, id) for state, id in ((care.ANSWERED, answer), (care.WAITING, wait), (care.CLOSED, close)) if id]
    if len(steps) > 1 or (steps and bool(text) == bool(close)):
        hint = "one of --answer ID --text TEXT, --wait ID --text TEXT, --close ID"
        raise CommandFailed("what shall be done isn't clear", Exit.USAGE, code="bad-option", hint=hint)
    with OpenLedger.open(ledger, create=False, read_only=not steps) as open_ledger:
        for state, id in steps:
            try:
                care.change_ticket(open_ledger, id, state, operator, time_ns() // 1000, text)
            except care.TicketError as error:
                raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, hint=error.hint) from None
        found = care.tickets_due(open_ledger, every=every, most=1_000)
    if as_json:
        print_json({"tickets": [each._asdict() for each in found]})
        return
    rows = [(each.id, each.state, time_text(each.due_at), each.subject, each.answer) for each in found]
    table(("ticket", "state", "due", "about", "answer"), rows)
