"""Telling people at the command line: alerts over the log, and the mails that wait to be sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.caring import Operator
from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table

if TYPE_CHECKING:
    from pathlib import Path

    from guerdon.engine.care.alerts import Alert
    from guerdon.engine.stream.subscribers import Subscriber


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(alerts)
    app.command(name="send-mail")(send_mail)
    app.command()(mails)
    app.command()(retire)


def alerts(
    programme: Programme,
    acknowledge: Annotated[str, typer.Option(metavar="ID", help="Somebody looks at it.")] = "",
    clear: Annotated[str, typer.Option(metavar="ID", help="It was nothing; what it held is let go.")] = "",
    confirm: Annotated[str, typer.Option(metavar="ID", help="It was fraud; what it holds stays held.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are cleared or confirmed.")] = False,
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    as_json: Json = False,
) -> None:
    """Look for alerts in what the log got since the last time, do what they ask for, and list those that are open."""
    from guerdon.engine.care.alerts import act, change_state, scan
    from guerdon.engine.care.alerts import alerts as listed
    from guerdon.engine.care.alerts.book import OPEN
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    program = program_of(programme)
    with _failing(), OpenLedger.open(ledger, create=False) as open_ledger:
        new = scan(open_ledger, program)
        for state, id in (("acknowledged", acknowledge), ("cleared", clear), ("confirmed", confirm)):
            if id:
                change_state(open_ledger, id, state, operator, _now())
        acted = act(open_ledger, program, _now())
        found = listed(open_ledger, *([] if every else OPEN))
    if as_json:
        print_json({"new": [each.id for each in new], "acted": acted, "alerts": [each.as_json() for each in found]})
    else:
        print(f"{len(new)} new, {len(found)} {'in all' if every else 'open'}")
        if found:
            print()
            table(("alert", "state", "what", "action", "by"), [_row(each) for each in found])


def _row(found: Alert) -> tuple[str, ...]:
    says = found.fields
    where = f" at {says['scope']} {found.key}" if says["scope"] != "business" else ""
    what = (
        f"{says['measure']} of {says['on']} in {says['window']}{where}: {says['measured']}, allowed {says['threshold']}"
    )
    return found.id, found.state, what, says["action"], found.by


def send_mail(
    programme: Programme,
    smtp: Annotated[
        str, typer.Option("--smtp", metavar="URL", envvar="GUERDON_SMTP", help="smtp://[user:password@]host[:port]")
    ],
    sender: Annotated[
        str, typer.Option("--from", metavar="ADDRESS", envvar="GUERDON_MAIL_FROM", help="Whom mails come from.")
    ],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="[MERCHANT=]ADDRESS", help="Whom alerts go to; without a merchant head office."),
    ] = None,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="Tell alerts to the webhooks of subscribers.yaml too.")
    ] = False,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Make the mails for which the log and alerts give occasion, and send what is due; it may be run at any time."""
    from guerdon.engine.care.mails import Post, collect, notify, send_due
    from guerdon.engine.care.mails.hooks import Hooks
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.cli.tending import addresses_of
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    addresses = addresses_of(to or ())
    program = program_of(programme)
    post = Post(smtp, sender)
    hooks = Hooks(post, _subscribers(programme) if webhooks else [], _now())
    with _failing(), OpenLedger.open(ledger, create=False) as open_ledger:
        made = collect(open_ledger, program, _now()) + notify(open_ledger, addresses, _now(), hooks.ids)
        try:
            counts = send_due(open_ledger, hooks, _now())
        finally:
            post.close()
    if as_json:
        print_json({"made": made, **counts})
    else:
        print(f"{made} made, {counts['sent']} sent, {counts['blocked']} blocked, {counts['later']} to be tried later")
    if counts["later"] or counts["blocked"]:
        raise typer.Exit(Exit.FINDINGS)


def _subscribers(programme: Path) -> list[Subscriber]:
    from guerdon.engine.cli.programmes import show_problems
    from guerdon.engine.stream.subscribers import read_subscribers

    found, problems = read_subscribers(programme)
    if problems:
        show_problems(problems, programme, error=True)
        raise CommandFailed("the subscribers are wrong", Exit.RULES_INVALID, code="subscribers-invalid")
    return found


def mails(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Whose; default all.")] = "",
    again: Annotated[str, typer.Option("--again", metavar="ID", help="Send this one once more.")] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    as_json: Json = False,
) -> None:
    """List mails with their state; send one again to its contact's present address."""
    from guerdon.engine.care.mails import mails as listed
    from guerdon.engine.care.mails import mails_of, resend
    from guerdon.engine.care.mails.box import one
    from guerdon.engine.care.mails.composing import address_of
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    with _failing(), OpenLedger.open(ledger, create=False, read_only=not again) as open_ledger:
        if again:
            address = address_of(open_ledger, one(open_ledger, again).contact)
            queued = resend(open_ledger, again, _now(), address or None, by=operator)
            print(f"{queued.id} {queued.state}", file=sys.stderr)
        number = open_ledger.names.find("contact", contact)
        if contact and not number:
            raise CommandFailed(f"there is no contact '{contact}'", Exit.FINDINGS, code="unknown-contact")
        found = mails_of(open_ledger, number) if contact else listed(open_ledger)
    if as_json:
        print_json({"mails": [each.as_json() for each in found]})
    else:
        rows = [(each.id, each.kind, each.address, each.state, each.reason, each.attempts) for each in found]
        table(("mail", "kind", "to", "state", "reason", "attempts"), rows, right=("attempts",))


def retire(
    parked_for: Annotated[int, typer.Option("--parked-for", min=1, metavar="DAYS", help="How long it is kept.")] = 30,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Make unreadable what refused and parked events said, so many days after their month."""
    from guerdon.engine.care.retention import retire as retired
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    with OpenLedger.open(ledger, create=False) as open_ledger:
        count = retired(open_ledger, _now(), parked_for)
    if as_json:
        print_json({"months": count})
    else:
        print(f"the keys of {count} months were destroyed")


@contextmanager
def _failing() -> Iterator[None]:
    """What can't be done as a message to the user."""
    from guerdon.engine.care.alerts import AlertError
    from guerdon.engine.care.mails import MailError

    try:
        yield
    except (AlertError, MailError) as error:
        raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, hint=error.hint) from None


def _now() -> int:
    return time_ns() // 1000
