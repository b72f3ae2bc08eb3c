"""Care at the command line: finding a contact, missing points, preview and confirm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.engine.cli.asking import reading
from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table

if TYPE_CHECKING:
    from guerdon.engine.care.previews import Preview
    from guerdon.engine.care.reconcile import Reconciliation
    from guerdon.engine.events.normalise import Door

Operator = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it.")]
Approver = Annotated[str, typer.Option("--approver", metavar="NAME", help="The second person, where one is needed.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    for command in (search, standing, claim, preview, confirm, reconcile):
        app.command()(command)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="An id (* stands for anything), address, receipt, ...")],
    by: Annotated[str, typer.Option(metavar="WAY", help="id, email, phone, card, reference, ...; default all.")] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Find contacts by id, e-mail, phone, document, card, receipt, event or coupon."""
    from guerdon.engine.care.search import WAYS
    from guerdon.engine.care.search import search as found_by

    if by and by not in WAYS:
        hint = f"one of {', '.join(WAYS)}"
        raise CommandFailed(f"there is no such way as '{by}'", Exit.USAGE, code="unknown-way", hint=hint)
    with reading(ledger) as (open_ledger, program):
        matches = found_by(open_ledger, program, text, by or None)
    if as_json:
        print_json({"text": text, "matches": [match.as_json() for match in matches]})
    else:
        rows = [
            (m.contact, f"{m.by} {m.what}", m.status, m.tier or "", m.merged_into or "", ", ".join(m.actions))
            for m in matches
        ]
        table(("contact", "found by", "status", "tier", "merged into", "may be done"), rows)
    if not matches:
        raise typer.Exit(Exit.FINDINGS)


def standing(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="A contact's id.")],
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Show a contact's tier, what is missing to the next and to keep it, and whom they brought."""
    from guerdon.engine.care.standing import standing as stands

    with reading(ledger) as (open_ledger, program):
        found = stands(open_ledger, program, contact)
    if as_json:
        print_json(found.as_json())
        return
    print(f"{found.contact}: " + (f"tier {found.tier}" if found.tier else "no tiers"))
    if found.next_tier:
        print(f"{found.to_next:,f} more for {found.next_tier}")
    if found.to_keep:
        print(f"{found.to_keep:,f} more by {found.window_ends} to keep {found.tier}")
    for period in found.history:
        print(f"  {period.tier} from {period.starts}" + (f" until {period.ends}" if period.ends else ""))
    print(f"brought {found.brought}" + (", came by somebody else" if found.referred else ""))


def claim(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Who says that something is missing.")],
    reference: Annotated[str, typer.Option(metavar="TEXT", help="The invoice number on the receipt.")],
    merchant: Annotated[str, typer.Option(metavar="ID", help="Where; default the business itself.")] = "",
    series: Annotated[str, typer.Option(metavar="TEXT", help="The number's series, where the till has one.")] = "",
    date: Annotated[str, typer.Option(metavar="DATE", help="The day on the receipt, as 2026-03-06.")] = "",
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Missing points: what the ledger knows of a receipt, and what can be done."""
    from guerdon.engine.care.claims import claim as looked_up

    with reading(ledger) as (open_ledger, program):
        found = looked_up(
            open_ledger, program, contact, reference, merchant=merchant, series=series, day=date or None
        )  # fmt: skip
    if as_json:
        print_json(found.as_json())
        return
    print(f"{found.finding}: {found.advice}")
    if found.event:
        gave = f", gave {found.awarded:,f}" if found.awarded else ""
        print(f"  {found.time}  {found.event} ({found.outcome}{f': {found.reason}' if found.reason else ''}){gave}")
    if found.adjust:
        words = " ".join(f"{name}={value}" for name, value in found.adjust.items() if name not in ("type", "contact"))
        print(f"  guerdon preview PROGRAMME adjust {contact} amount=… {words}")


def preview(
    programme: Programme,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="A type of event: adjust, merge, coupon_cancelled, ...")],
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Its contact; - for none.")],
    fields: Annotated[list[str] | None, typer.Argument(metavar="FIELD=VALUE...", help="Its other fields.")] = None,
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Show what an event would do, without doing it, and the token with which confirm does it."""
    from guerdon.engine.care.previews import preview as previewed
    from guerdon.engine.cli.programmes import program_of

    record: dict[str, Any] = {"type": kind}
    if contact != "-":
        record["contact"] = contact
    for word in fields or ():
        name, separator, value = word.partition("=")
        if not separator:
            hint = "as in amount=5.00 reason=goodwill"
            raise CommandFailed(f"'{word}' is no field", Exit.USAGE, code="bad-field", hint=hint)
        record[name] = {"true": True, "false": False}.get(value, value)
    with failing():
        found = previewed(program_of(programme), ledger, record, _door(operator, approver), _now())
    if as_json:
        print_json(found.as_json())
    else:
        _show(found, programme, operator, approver)


def _show(found: Preview, programme: Path, operator: str, approver: str) -> None:
    ended = f"{found.outcome}: {found.reason}" if found.reason else found.outcome
    print(f"{found.type} would be {ended}")
    for contact, roles in found.wallets.items():
        print()
        table((contact, "before", "after"), [(role, *both) for role, both in roles.items()], right=("before", "after"))
    if found.moves:
        print()
        rows = [(move.kind, move.debit, move.credit, move.amount) for move in found.moves]
        table(("what", "from", "to", "amount"), rows, right=("amount",))
    who = (f" --as {operator}" if operator else "") + (f" --approver {approver}" if approver else "")
    print(f"\nguerdon confirm {programme} {found.token}{who}")


def confirm(
    programme: Programme,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="What preview printed.")],
    ledger: Ledger = LEDGER_DEFAULT,
    operator: Operator = "",
    approver: Approver = "",
    as_json: Json = False,
) -> None:
    """Do what was previewed, once, if nothing happened to the contact since."""
    from guerdon.engine.care.previews import confirm as confirmed
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.codes import Outcome
    from guerdon.engine.ledger.ledger import Ledger as OpenLedger

    with failing(), OpenLedger.open(ledger, create=False) as open_ledger:
        event, ended = confirmed(program_of(programme), open_ledger, token, _door(operator, approver), _now())
    reason = ended.reason.name.lower() if ended.reason else None
    if as_json:
        print_json({"event": event, "outcome": ended.outcome.name.lower(), "reason": reason})
    else:
        print(f"{event} {ended.outcome.name.lower()}" + (f": {reason}" if reason else ""))
    if ended.outcome is Outcome.REFUSED:
        raise typer.Exit(Exit.FINDINGS)


@contextmanager
def failing() -> Iterator[None]:
    """What care can't do as a message to the user."""
    from guerdon.engine.care.preview_tokens import PreviewError

    try:
        yield
    except PreviewError as error:
        raise CommandFailed(error.message, Exit.FINDINGS, code=error.code, hint=error.hint) from None


def _door(operator: str, approver: str) -> Door:
    from guerdon.engine.events.normalise import Door

    return Door(permits_all=True, actor=operator or None, approver=approver or None)


def _now() -> int:
    return time_ns() // 1000


def reconcile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A till's extract: .csv, .parquet or .jsonl.")],
    merchant: Annotated[str, typer.Option(metavar="ID", help="Whose till, where no column says so.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="FIELD=NAME", help="What a column is called, as in reference=invoice_no."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every line with its class as CSV.")] = None,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Compare a till's extract with the ledger: matched, differing, missing on either side. Posts nothing.

    Fields: reference, amount, day or time; merchant, series, kind (purchase, return, card_load, card_spend) if told.
    """
    from guerdon.engine.care.reconcile import Extract, ExtractInvalid
    from guerdon.engine.care.reconcile import reconcile as compare

    names = {}
    for word in column or ():
        name, separator, value = word.partition("=")
        if not separator:
            hint = "as in reference=invoice_no"
            raise CommandFailed(f"'{word}' names no column", Exit.USAGE, code="bad-field", hint=hint)
        names[name] = value
    if not file.is_file():
        raise CommandFailed("there is no such file", Exit.USAGE, code="no-such-path", place=str(file))
    with reading(ledger) as (open_ledger, program):
        try:
            found = compare(open_ledger, program, Extract(file, names, merchant), out=out)
        except ExtractInvalid as error:
            raise CommandFailed(
                error.message, Exit.USAGE, code=error.code, place=error.place, hint=error.hint
            ) from None
    if as_json:
        print_json(found.as_json())
    else:
        _show_reconciliation(found)
    if not found.agrees:
        raise typer.Exit(Exit.FINDINGS)


def _show_reconciliation(found: Reconciliation) -> None:
    from guerdon.engine.care.reconcile.matching import MATCHED
    from guerdon.engine.care.reconcile.reconciling import exceptions_of

    figures = ("lines", "till", "ledger", "difference")
    whole = found.as_json()
    rows = [(name, *(sums[figure] for figure in figures)) for name, sums in whole["classes"].items() if sums["lines"]]
    rows.append(("all", sum(row[1] for row in rows), *(whole[figure] for figure in figures[1:])))
    if found.days is not None:
        print(f"{found.days[0]} to {found.days[1]}, {', '.join(name or 'the business' for name in found.merchants)}\n")
    table(("class", *figures), rows, right=figures)
    if found.exceptions:
        print()
        columns = ("class", "line", "kind", "receipt", "day", "till", "event", "ledger's day", "ledger")
        table(columns, exceptions_of(found), right=("line", "till", "ledger"))
        more = sum(sums.lines for name, sums in found.sums.items() if name != MATCHED) - len(found.exceptions)
        if more:
            print(f"and {more:,} more; --out FILE writes all")
