"""Proving: ``verify`` holds a ledger to its invariants, ``bench`` measures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import LEDGER_DEFAULT, Json, Ledger
from guerdon.engine.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Callable


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(verify)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench)


def verify(
    ledger: Ledger = LEDGER_DEFAULT,
    replay: Annotated[bool, typer.Option("--replay", help="Decide the whole log again and compare digests.")] = False,
    as_json: Json = False,
) -> None:
    """Check every invariant of a ledger."""
    from guerdon.engine.ledger.audit import verify as check
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.report.verdict import verdict_json, verdict_text

    with Ledger.open(ledger, create=False, read_only=True) as open_ledger:
        report = check(open_ledger, replay=_replayer() if replay else None)
    if as_json:
        print_json(verdict_json(report))
    else:
        print(verdict_text(report))
    if not report.ok:
        raise typer.Exit(Exit.FINDINGS)


def _replayer() -> Callable[..., Any]:
    from guerdon.engine.replaying import replay

    return replay


def bench(context: typer.Context) -> None:
    """Run the benchmarks of a checkout; arguments are handed on to them."""
    import runpy
    from importlib.util import find_spec

    sys.path.insert(0, "")
    if find_spec("benchmarks") is None or find_spec("benchmarks.__main__") is None:
        hint = "run it at the top of a checkout of Guerdon; benchmarks are not part of the installed package"
        raise CommandFailed("there are no benchmarks here", Exit.USAGE, code="no-benchmarks", hint=hint)
    sys.argv = ["guerdon bench", *context.args]
    runpy.run_module("benchmarks", run_name="__main__", alter_sys=True)
