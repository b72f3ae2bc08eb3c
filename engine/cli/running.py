"""The main job: ``run`` evaluates events and posts them, ``tick`` lets everything happen that the clock owes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table

if TYPE_CHECKING:
    from guerdon.engine.report.summary import Summary


Operator = Annotated[str, typer.Option("--as", metavar="NAME", help="Who is told to have fed the events.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(run)
    app.command()(tick)


def run(
    programme: Programme,
    events: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="FILE...", help="Files, or the id of a feed of events.yaml; - for stdin."),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Where the files of the feed lie.")] = None,
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    refusals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write every refusal to a Parquet file.")
    ] = None,
    chunk_events: Annotated[
        int | None,
        typer.Option("--chunk-events", min=1, metavar="N", help="Commit after N events at most; 100,000 unless told."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Evaluate events and post what they give."""
    from guerdon.engine.cli.jobs import Told, run_job
    from guerdon.engine.cli.programmes import program_of

    if not events and data is None:
        hint = "--events FILE, or --data DIR for a feed of events.yaml"
        raise CommandFailed("no events are named", Exit.USAGE, code="no-events", hint=hint)
    program = program_of(programme)
    job = run_job(program, Told(programme, events or [], data, operator, refusals, chunk_events), ledger)
    if as_json:
        print_json(job.summary.as_json())
    else:
        for message in job.messages:
            print(message)
        show(job.summary, program.business.unit.code)
    if job.summary.events["refused"] or job.summary.events["parked"]:
        raise typer.Exit(Exit.FINDINGS)


def tick(
    programme: Programme,
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="A local or RFC 3339 time.")],
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    as_json: Json = False,
) -> None:
    """Let everything happen that is due up to a time: expiries, pending money, tier windows, birthdays."""
    from guerdon.engine.cli.jobs import tick_job
    from guerdon.engine.cli.programmes import program_of

    program = program_of(programme)
    job = tick_job(program, until, operator, ledger)
    if as_json:
        print_json(job.summary.as_json())
    else:
        show(job.summary, program.business.unit.code)


def show(summary: Summary, unit: str) -> None:
    """The summary of a run as tables."""
    counts = summary.events
    print("events   " + ", ".join(f"{counts[name]:,} {name}" for name in counts))
    if summary.reasons:
        print("reasons  " + ", ".join(f"{count:,} {reason}" for reason, count in summary.reasons.items()))
    print()
    columns = ("offer", "awards", "winners", unit, "funded by", "redeemed", "expired", "reversed")
    rows = [
        (
            line.offer,
            line.awards,
            line.winners,
            line.amount,
            ", ".join(f"{name} {amount:,}" for name, amount in line.funders.items()),
            line.redeemed,
            line.expired,
            line.reversed,
        )
        for line in summary.offers
    ]
    table(columns, rows, right=("awards", "winners", unit, "redeemed", "expired", "reversed"))
    print()
    print("wallets  " + ", ".join(f"{name} {amount:,f}" for name, amount in summary.wallets.items()))
    print(f"moved    {summary.redeemed:,f} redeemed, {summary.spent:,f} spent, {summary.transfers:,} transfers")
    if summary.settlement:
        print("owed to  " + ", ".join(f"{name} {net:,f}" for name, net in summary.settlement.items()))
    _show_stages(summary)
    print(f"digest   {summary.digest}")


def _show_stages(summary: Summary) -> None:
    read = summary.events["read"]
    stages = []
    for stage, seconds in summary.seconds.items():
        rate = f" ({read / seconds:,.0f} events/s)" if read and seconds >= 0.001 else ""
        stages.append(f"{stage} {seconds:.2f} s{rate}")
    print("seconds  " + ", ".join(stages))
    print(f"memory   {summary.peak_memory_bytes / 2**20:,.0f} MiB at most")
