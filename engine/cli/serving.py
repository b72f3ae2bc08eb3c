"""Serving: ``serve`` answers over HTTP, ``keys`` says who may call."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger, Programme
from guerdon.engine.cli.output import print_json, table
from guerdon.engine.cli.tending import AlertsTo, MailFrom, ParkedFor, Smtp, Webhooks

if TYPE_CHECKING:
    from guerdon.engine.ledger.access import ApiKey, Rows
    from guerdon.engine.ledger.audit_trail import Entry
    from guerdon.rules.program import Program

keys_app = typer.Typer(help="Keys of the HTTP API: give, list, take back.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(serve)
    app.add_typer(keys_app, name="keys")


def serve(
    programme: Programme,
    ledger: Ledger = LEDGER_DEFAULT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0: any that is free.")] = 8080,
    body_bytes: Annotated[int, typer.Option(min=1024, help="How large a request's body may be.")] = 8 << 20,
    answer_seconds: Annotated[int, typer.Option(min=1, help="How long an answer may take.")] = 30,
    rate: Annotated[str, typer.Option(metavar="N/UNIT", help="Requests of one key, as 600/minute.")] = "2000/second",
    connections: Annotated[
        int, typer.Option(min=1, help="Connections at a time; for more, who waits longest makes room.")
    ] = 1000,
    jobs: Annotated[bool, typer.Option(help="Let happen what the clock owes, and deliver messages, meanwhile.")] = True,
    behind_proxy: Annotated[
        str, typer.Option(metavar="ADDRESSES", help="Proxies whose X-Forwarded-For is believed.")
    ] = "",
    smtp: Smtp = "",
    mail_from: MailFrom = "",
    to: AlertsTo = None,
    webhooks: Webhooks = False,
    parked_for: ParkedFor = 30,
) -> None:
    """Answer over HTTP: events in, outcomes, wallets, explanations and reports out."""
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.cli.stopping import stoppable
    from guerdon.engine.cli.streams import subscribers_of
    from guerdon.engine.cli.tending import passes

    _needs_extra()
    from guerdon.engine.api.serving import Listening, run
    from guerdon.engine.api.settings import Settings

    program = program_of(programme)
    beside = passes(program, programme, smtp, mail_from, to, webhooks=webhooks, parked_for=parked_for)
    try:
        settings = Settings(
            _on_disk(ledger),
            body_bytes=body_bytes,
            answer_seconds=answer_seconds,
            rate=rate,
            pin_pepper=os.environ.get("GUERDON_PIN_PEPPER", ""),  # as all that is secret: no option, which others see
        )
        listening = Listening(host, port, connections, behind_proxy)
        with stoppable("what was answered is on disk"):
            run(program, settings, listening, subscribers_of(programme), jobs=jobs, passes=beside)
    except ValueError as error:
        raise CommandFailed(str(error), Exit.USAGE, code="bad-option", hint="see guerdon serve --help") from None


def _needs_extra() -> None:
    from importlib.util import find_spec

    needed = ("fastapi", "uvicorn", "prometheus_client", "limits", "argon2", "httptools")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        hint = "pip install 'guerdon[api]'"
        raise CommandFailed(f"{', '.join(missing)} not installed", Exit.USAGE, code="extra-missing", hint=hint)


def _on_disk(url: str) -> str:
    if url in ("sqlite://", "sqlite:///:memory:"):
        hint = "as in sqlite:///guerdon.db"
        raise CommandFailed("a ledger in memory can't be served", Exit.USAGE, code="bad-option", hint=hint)
    return url


@keys_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose it is; what it does is told to have been done by this name.")],
    role: Annotated[str, typer.Option(help="One of the roles of docs/http-api.md.")],
    programme: Annotated[str, typer.Option(metavar="DIR", help="Check merchants and sources against it.")] = "",
    merchant: Annotated[list[str] | None, typer.Option(help="Its merchants; without any: all.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="The sources that it speaks for; without any: all.")] = None,
    contact: Annotated[str, typer.Option(help="The contact of a member's key.")] = "",
    days: Annotated[int, typer.Option(min=0, help="How long it is good for; 0: until it is revoked.")] = 0,
    ledger: Ledger = LEDGER_DEFAULT,
    as_json: Json = False,
) -> None:
    """Give a key. It is shown once, and kept nowhere."""
    from guerdon.engine.api.keys import new_key
    from guerdon.engine.api.roles import ROLES
    from guerdon.engine.ledger.access import NEVER, ApiKey, beside

    found = ROLES.get(role)
    if found is None:
        raise _wrong(f"there is no role '{role}'", f"one of {', '.join(ROLES)}")
    if found.own != bool(contact):
        raise _wrong("a member's key is of one contact, any other of none", "--role member --contact ID")
    if found.scoped and not merchant:
        raise _wrong(f"a key of the role '{role}' is bound to merchants", "--merchant ID")
    if programme:
        _known(programme, merchant or [])
    id, key, secret_hash = new_key()
    now = time.time_ns() // 1000
    expires_at = now + days * 86_400 * 10**6 if days else NEVER
    row = ApiKey(
        id, name, role, tuple(merchant or ()), tuple(source or ()), contact, secret_hash, now, expires_at, NEVER
    )
    with beside(ledger) as transaction:
        transaction.add("api_key", [row.row()])
        transaction.add("audit_entry", [entry.row() for entry in _deed(transaction.rows, now, f"key {id}", "keys add")])
    if as_json:
        print_json({"id": id, "key": key, "name": name, "role": role})
    else:
        print(key)


@keys_app.command("list")
def list_keys(ledger: Ledger = LEDGER_DEFAULT, as_json: Json = False) -> None:
    """List the keys that were given, without their secrets."""
    from guerdon.engine.ledger.access import all_keys
    from guerdon.engine.ledger.ledger import Ledger

    with Ledger.open(ledger, create=False, read_only=True) as open_ledger:
        found = all_keys(open_ledger.store.rows)
    if as_json:
        print_json({"keys": [_shown(key) for key in found]})
        return
    columns = ("id", "name", "role", "bound to", "given", "expires", "revoked")
    rows = [tuple(str(value) for value in _shown(key).values()) for key in found]
    table(columns, rows)


@keys_app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, or the key itself.")],
    ledger: Ledger = LEDGER_DEFAULT,
) -> None:
    """Take a key back. A service that runs stops taking it within seconds."""
    from guerdon.engine.api.keys import parts_of
    from guerdon.engine.ledger.access import beside, find_key

    whole = parts_of(id)
    id = whole[0] if whole else id
    now = time.time_ns() // 1000
    with beside(ledger) as transaction:
        found = find_key(transaction.rows, id)
        if found is None:
            raise CommandFailed(f"there is no key '{id}'", Exit.FINDINGS, code="unknown-id", hint="guerdon keys list")
        if found.revoked_at:
            print(f"{id} was revoked before")
            return
        transaction.revoke(id, now)
        entries = _deed(transaction.rows, now, f"key {id}", "keys revoke")
        transaction.add("audit_entry", [entry.row() for entry in entries])
    print(f"{id} is revoked")


def _wrong(message: str, hint: str) -> CommandFailed:
    return CommandFailed(message, Exit.USAGE, code="bad-option", hint=hint)


def _known(folder: str, merchants: list[str]) -> None:
    """Ends the command if the programme has no such merchant: a key bound to nobody would see nothing."""
    from pathlib import Path

    from guerdon.engine.cli.programmes import program_of

    program: Program = program_of(Path(folder))
    known = {merchant.id for merchant in program.merchants}
    for merchant in merchants:
        if merchant not in known:
            raise _wrong(f"the programme has no merchant '{merchant}'", f"one of {', '.join(sorted(known))}")


def _deed(rows: Rows, now: int, object: str, action: str) -> list[Entry]:
    import getpass

    from guerdon.engine.ledger.audit_trail import Deed, chained

    deed = Deed(now, "", "", getpass.getuser(), "operator", "", action, object, "done", "")
    return chained(rows, [deed])


def _shown(key: ApiKey) -> dict[str, str]:
    from guerdon.engine.api.instants import rfc3339

    bound = [*key.merchants, *key.sources, *([key.contact] if key.contact else [])]
    times = [rfc3339(time) if time else "" for time in (key.created_at, key.expires_at, key.revoked_at)]
    return {
        "id": key.id, "name": key.name, "role": key.role, "bound_to": ", ".join(bound), "created_at": times[0],
        "expires_at": times[1], "revoked_at": times[2],
    }  # fmt: skip
