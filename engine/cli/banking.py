"""``bank``: accounts and their approval, bank files of payouts, and what the bank answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import counted, print_json, table
from guerdon.engine.cli.settling import Actor, At, teller_of, told_plainly

if TYPE_CHECKING:
    from guerdon.engine.settle.source import Source
    from guerdon.engine.settle.steps import Teller

group = typer.Typer(no_args_is_help=True, help="Accounts, bank files of payouts, and what the bank answers.")


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.add_typer(group, name="bank")


@contextmanager
def _at_the_bank(programme: Path, url: str, at: str, actor: str) -> Iterator[tuple[Source, Teller]]:
    """The ledger, open for writing, with the accounts of bank.yaml taken up."""
    from guerdon.engine.cli.jobs import say_if_compiling
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.settle.accounts import read_accounts, take_up
    from guerdon.engine.settle.source import Source

    program = program_of(programme)
    teller = teller_of(program, at, actor)
    with told_plainly(), Ledger.open(url, create=False) as ledger:
        say_if_compiling()
        take_up(ledger, read_accounts(programme), teller.actor, teller.now)
        yield Source(ledger, program), teller


@group.command()
def accounts(
    programme: Programme, ledger: Ledger = LEDGER_DEFAULT, actor: Actor = "", at: At = "", as_json: Json = False
) -> None:
    """Show the accounts that count, and those whose change waits for a second person."""
    from guerdon.engine.rows import FOREVER
    from guerdon.engine.settle.accounts import known_accounts

    with _at_the_bank(programme, ledger, at, actor) as (source, _):
        found = known_accounts(source.ledger)
    rows = [
        {
            "account": each.id,
            "name": each.account.name,
            "iban": each.account.last_four,
            "since_event": None if each.since == FOREVER else each.since,
            "proposed_by": each.proposed_by,
            "approved_by": each.approved_by,
        }
        for each in found
    ]
    if as_json:
        print_json({"accounts": rows})
        return
    columns = ("account", "name", "iban", "counts since event", "proposed by", "approved by")
    table(columns, [["waits for approval" if cell is None else cell for cell in row.values()] for row in rows])


@group.command()
def approve(
    programme: Programme,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The id of a changed account in bank.yaml.")],
    ledger: Ledger = LEDGER_DEFAULT,
    actor: Actor = "",
    at: At = "",
) -> None:
    """Approve a changed account, as somebody else than who changed it."""
    from guerdon.engine.settle.accounts import approve as approve_account

    with _at_the_bank(programme, ledger, at, actor) as (source, teller):
        approved = approve_account(source.ledger, account, teller.actor, teller.now)
    print(f"{account}: {approved.last_four} counts for statements that are closed from now on")


@group.command()
def payouts(
    programme: Programme,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder into which the bank file goes.")],
    again: Annotated[
        str, typer.Option("--again", metavar="MESSAGE", help="Write an earlier file again, with the same bytes.")
    ] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    actor: Actor = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Write the payouts of contacts that no bank file has yet into a new one."""
    from guerdon.engine.settle.files import write_whole
    from guerdon.engine.settle.payouts import Batch, message_again, pay_out

    with _at_the_bank(programme, ledger, at, actor) as (source, teller):
        batch = Batch(again, message_again(source, again), (), ()) if again else pay_out(source, teller.now)
    path = out / f"{batch.message}.xml" if batch.message else None
    if path is not None:
        write_whole(path, batch.content)
    if as_json:
        print_json({"message": batch.message, "file": path, "payouts": len(batch.payouts), "left_out": batch.left_out})
        return
    for left in batch.left_out:
        print(f"left out: {left}")
    if path is None:
        print("there is nothing to pay out")
    else:
        print(f"{path}: {'written again' if again else counted(len(batch.payouts), 'payout')}")


@group.command()
def read(
    programme: Programme,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="pain.002 or camt.053 files of the bank.")],
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave payments alone that are not ours.")
    ] = False,
    ledger: Ledger = LEDGER_DEFAULT,
    actor: Actor = "",
    at: At = "",
    as_json: Json = False,
) -> None:
    """Take what the bank answers: statements and payouts become paid or failed. Each file is read once."""
    from guerdon.engine.settle.answers import take_answers

    found = []
    with _at_the_bank(programme, ledger, at, actor) as (source, teller):
        for file in files:
            taken = take_answers(source.ledger, source.program, file, teller, skip_unknown=skip_unknown)
            found.append({"file": str(file), **{name: getattr(taken, name) for name in taken.__slots__}})
            if not as_json:
                ended = f"{len(taken.paid)} paid, {len(taken.failed)} failed, {taken.underway} under way"
                print(f"{file}: {ended}" + (f", {taken.others} not ours" if taken.others else ""))
    if as_json:
        print_json({"files": found})
