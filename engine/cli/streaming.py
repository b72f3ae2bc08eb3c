"""``guerdon stream`` consumes a feed exactly once, ``guerdon jobs`` wakes what the clock owes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json
from guerdon.engine.cli.tending import AlertsTo, MailFrom, ParkedFor, Smtp, Webhooks

MATCHERS = ("durable", "python")


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(stream)
    app.command()(jobs)


def stream(
    programme: Programme,
    feed: Annotated[
        str, typer.Option("--feed", metavar="FEED", help="-, a folder, nats://host/STREAM or kafka://host/topic.")
    ],
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Feed as this operator, who may tell every type of event.")
    ] = "",
    match: Annotated[str, typer.Option(metavar="durable|python", help="What tests single events.")] = "durable",
    window: Annotated[
        str,
        typer.Option("--sort", metavar="DURATION", help="Hold events back so long (of their own time) to sort them."),
    ] = "",
    batch: Annotated[int, typer.Option("--batch", min=1, help="Take so many events together at most.")] = 20_000,
    quiet: Annotated[
        float | None, typer.Option("--until-quiet", metavar="SECONDS", help="End when the feed was quiet for so long.")
    ] = None,
    with_jobs: Annotated[bool, typer.Option("--jobs", help="Do what guerdon jobs does, in the same process.")] = False,
    smtp: Smtp = "",
    mail_from: MailFrom = "",
    to: AlertsTo = None,
    webhooks: Webhooks = False,
    parked_for: ParkedFor = 30,
    as_json: Json = False,
) -> None:
    """Decide events as they come, each once, until the feed ends or SIGTERM comes."""
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.cli.streams import Told, stream_job
    from guerdon.engine.cli.tending import passes

    if match not in MATCHERS:
        hint = " or ".join(MATCHERS)
        raise CommandFailed(f"{match} is no matcher", Exit.USAGE, code="bad-matcher", hint=hint)
    program = program_of(programme)
    beside = passes(program, programme, smtp, mail_from, to, webhooks=webhooks, parked_for=parked_for)
    told = Told(programme, feed, operator, match, window, batch, quiet, with_jobs, beside)
    done = stream_job(program, told, ledger)
    if as_json:
        print_json(done.as_json())
    else:
        done.show()
    if done.counts.refused or done.counts.parked:
        raise typer.Exit(Exit.FINDINGS)


def jobs(
    programme: Programme,
    ledger: Ledger = LEDGER_DEFAULT,
    once: Annotated[bool, typer.Option("--once", help="Do what is owed by now, and end.")] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="The first day whose midnight is owed; unless told, today.")
    ] = "",
    smtp: Smtp = "",
    mail_from: MailFrom = "",
    to: AlertsTo = None,
    webhooks: Webhooks = False,
    parked_for: ParkedFor = 30,
) -> None:
    """Let everything happen when it is due: expiries, pending money, draws, birthdays, messages, alerts, mails."""
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.cli.streams import jobs_job
    from guerdon.engine.cli.tending import passes

    program = program_of(programme)
    beside = passes(program, programme, smtp, mail_from, to, webhooks=webhooks, parked_for=parked_for)
    jobs_job(program, Path(programme), ledger, beside, once=once, since=since)
