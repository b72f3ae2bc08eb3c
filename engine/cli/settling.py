"""``settle``: closes a period, takes its statements further, writes its package; or checks one that was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger
from guerdon.engine.cli.output import print_json, progress, table

if TYPE_CHECKING:
    from guerdon.engine.periods import Period
    from guerdon.engine.settle.settling import Settled, Settling
    from guerdon.engine.settle.steps import Teller
    from guerdon.rules.program import Program

FORMS = "csv,json,parquet,xlsx"
Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="When it is told to happen, local or RFC 3339; now.")]


def register(app: typer.Typer) -> None:
    """Add this command to the door."""
    app.command()(settle)


@contextmanager
def told_plainly() -> Iterator[None]:
    """What settling can't do ends the command with code 1, in words."""
    from guerdon.engine.periods import BadPeriod
    from guerdon.engine.settle.source import SettleError

    try:
        yield
    except SettleError as error:
        raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, place=error.place, hint=error.hint) from None
    except BadPeriod as error:
        raise CommandFailed(str(error), Exit.USAGE, code="bad-period") from None
    except ModuleNotFoundError as error:
        hint = "pip install 'guerdon[settlement]'"
        raise CommandFailed(f"{error.name} is not installed", Exit.USAGE, code="not-installed", hint=hint) from None


def teller_of(program: Program, at: str, actor: str) -> Teller:
    """Who tells the events of a command, and when."""
    from time import time_ns

    from guerdon.engine.events.times import BadTime, instant, zone
    from guerdon.engine.settle.steps import Teller

    if not at:
        return Teller(time_ns() // 1000, actor or None)
    try:
        time = instant(f"{at} 00:00" if len(at) == len("2026-04-01") else at, zone(program.business.time_zone))
    except BadTime as error:
        raise CommandFailed(str(error), Exit.USAGE, code="bad-time", place=at, hint="as 2026-04-01 09:00") from None
    return Teller(time, actor or None)


def settle(
    programme: Annotated[Path | None, typer.Argument(metavar="PROGRAMME", help="A folder of rule files.")] = None,
    period: Annotated[str, typer.Option("--period", metavar="P", help="2026-10; also 2026-Q4, 2026-W41, 2026.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the period's package into this folder.")
    ] = None,
    ledger: Ledger = LEDGER_DEFAULT,
    approve: Annotated[bool, typer.Option("--approve", help="Approve those that are drafts or failed.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send those that are approved: a bank file is written.")] = False,
    pay: Annotated[bool, typer.Option("--pay", help="Take those that were sent for paid.")] = False,
    fail: Annotated[bool, typer.Option("--fail", help="Take those that were sent for failed.")] = False,
    merchant: Annotated[
        list[str] | None, typer.Option("--merchant", metavar="ID", help="Only this merchant's; may be repeated.")
    ] = None,
    actor: Actor = "",
    at: At = "",
    forms: Annotated[str, typer.Option("--forms", metavar="LIST", help="How statements are written.")] = FORMS,
    codes: Annotated[
        Path | None, typer.Option("--codes", metavar="FILE", help="An account map for the books: account: code.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Sign the package; with --check: whose it must be.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="PACKAGE", help="Derive a package again and compare.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Close a period and draw up what each merchant owes or is owed."""
    from guerdon.engine.cli.programmes import program_of

    if check is not None:
        _check(check, ledger, key, as_json)
        return
    if programme is None or not period:
        hint = "guerdon settle PROGRAMME --period 2026-10 --out DIR"
        raise CommandFailed("a programme and a period are needed", Exit.USAGE, code="no-period", hint=hint)
    asked = {"approve": approve, "send": send, "pay": pay, "fail": fail}
    with told_plainly():
        from guerdon.engine.periods import period as period_of

        program = program_of(programme)
        wanted, teller, wishes = period_of(period), teller_of(program, at, actor), _wishes(forms, codes, key)
        with _settling(ledger, programme, program, wanted, teller) as settling, progress("statements") as bar:
            steps, merchants = [name for name, told in asked.items() if told], merchant or []
            settling.close(steps, merchants)
            for step in steps:
                settling.take(step, merchants)
            settled = settling.written(out, wishes, bar.advance)
    if as_json:
        print_json(settled.as_json())
    else:
        _show(settled)


def _wishes(forms: str, codes: Path | None, key: Path | None) -> Any:
    from guerdon.engine.settle.books_form import read_codes
    from guerdon.engine.settle.package import Wishes
    from guerdon.engine.settle.signing import read_private_key

    asked = tuple(dict.fromkeys(form.strip() for form in forms.split(",") if form.strip()))
    for form in asked:
        if form not in FORMS.split(","):
            raise CommandFailed(f"there is no form '{form}'", Exit.USAGE, code="bad-form", hint=f"of {FORMS}")
    return Wishes(asked, read_codes(codes) if codes else None, read_private_key(key) if key else None)


@contextmanager
def _settling(url: str, folder: Path, program: Program, wanted: Period, teller: Teller) -> Iterator[Settling]:
    from guerdon.engine.cli.jobs import say_if_compiling
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.settle.settling import Settling

    with Ledger.open(url, create=False) as ledger:
        say_if_compiling()
        yield Settling(ledger, program, folder, wanted, teller)


def _show(settled: Settled) -> None:
    for message in settled.messages:
        print(message)
    print()
    columns = ("statement", "opening", "net", "prepaid", "due on", "account", "state")
    table(columns, settled.rows(), right=("opening", "net", "prepaid"))
    print()
    print(f"all nets and the business's {settled.business_net:,f} add up to zero")
    if settled.place is not None:
        print(f"package  {settled.place} ({settled.files:,} files)")


def _check(package: Path, url: str, key: Path | None, as_json: bool) -> None:
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.settle.checking import check_package
    from guerdon.engine.settle.signing import read_public_key

    with told_plainly():
        trusted = read_public_key(key) if key else None
        with Ledger.open(url, create=False, read_only=True) as ledger:
            differences = check_package(package, ledger, trusted)
    if as_json:
        print_json({"package": str(package), "ok": not differences, "differences": differences})
    elif differences:
        print("\n".join(differences))
    else:
        print(f"{package}: the ledger gives the same bytes")
    if differences:
        raise typer.Exit(Exit.FINDINGS)
