"""The options of every command that runs jobs which say what care does meanwhile: alerts, mails, retention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit

if TYPE_CHECKING:
    from guerdon.engine.stream.passes import Pass
    from guerdon.engine.stream.turns import Turns
    from guerdon.rules.program import Program

Smtp = Annotated[
    str,
    typer.Option("--smtp", metavar="URL", envvar="GUERDON_SMTP", help="Send mails there; without it none are sent."),
]
MailFrom = Annotated[
    str, typer.Option("--from", metavar="ADDRESS", envvar="GUERDON_MAIL_FROM", help="Whom mails come from.")
]
AlertsTo = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="[MERCHANT=]ADDRESS", help="Whom alerts go to; without a merchant head office."),
]
Webhooks = Annotated[
    bool, typer.Option("--webhooks", help="Tell alerts to the webhooks of subscribers.yaml too, as send-mail does.")
]
ParkedFor = Annotated[
    int,
    typer.Option(
        min=0, metavar="DAYS", envvar="GUERDON_PARKED_FOR",
        help="How long after its month what refused and parked events said is kept; 0: for ever.",
    ),
]  # fmt: skip
Passes = Callable[["Turns"], "Sequence[Pass]"]


def passes(
    program: Program,
    folder: Path,
    smtp: str,
    mail_from: str,
    to: Sequence[str] | None,
    *,
    webhooks: bool,
    parked_for: int,
) -> Passes:
    """The passes that a scheduler is to do, for the ledger it will have. Half of a way to mail ends the command."""
    from guerdon.engine.care.passes import Care, passes_of
    from guerdon.engine.cli.streams import subscribers_of

    if bool(smtp) != bool(mail_from):
        hint = "--smtp smtp://host --from shop@example.com, or neither"
        raise CommandFailed("mails need a server and a sender", Exit.USAGE, code="bad-option", hint=hint)
    if webhooks and not smtp:
        hint = "--smtp smtp://host, or without --webhooks"
        raise CommandFailed("alerts go out with the mails", Exit.USAGE, code="bad-option", hint=hint)
    hooks = subscribers_of(folder) if webhooks else []
    care = Care(smtp, mail_from, addresses_of(to or ()), hooks, parked_for)
    return lambda turns: passes_of(program, turns, care)


def addresses_of(words: Sequence[str]) -> dict[str, list[str]]:
    """Addresses by merchant, '' for head office, of ``[MERCHANT=]ADDRESS``."""
    addresses: dict[str, list[str]] = {}
    for word in words:
        merchant, separator, address = word.partition("=")
        addresses.setdefault(merchant if separator else "", []).append(address if separator else merchant)
    return addresses
