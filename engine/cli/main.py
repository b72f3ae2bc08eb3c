"""The door: ``guerdon COMMAND``. Registers the commands, and turns every error into words and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from guerdon.engine.cli import (
    asking,
    authoring,
    banking,
    caring,
    certifying,
    notifying,
    proving,
    reporting,
    running,
    serving,
    settling,
    streaming,
    terms,
    testing,
)
from guerdon.engine.cli.failing import CommandFailed, as_failure
from guerdon.engine.cli.stopping import Stopped, listen

app = typer.Typer(
    name="guerdon",
    help="Rewards as code: rule files in, a double-entry wallet ledger out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (
    authoring,
    testing,
    running,
    asking,
    banking,
    caring,
    certifying,
    notifying,
    proving,
    reporting,
    serving,
    settling,
    terms,
    streaming,
):
    group.register(app)

# Options that take every word up to the next option.
_VARIADIC = ("--events",)


@app.callback()
def _about(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        print(f"guerdon {version_of('guerdon')}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and end the process with its exit code."""
    if arguments is None:
        listen()
    words = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in words
    words = _spread([word for word in words if word != "--debug"])
    if words == ["--version"]:
        words = ["--version", "check"]  # the callback ends before a command is looked at
    try:
        app(args=words, prog_name="guerdon")
    except Stopped as stopped:
        _tell(stopped.failure())
        sys.exit(stopped.exit_code)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        failure = as_failure(error)
        _tell(failure)
        sys.exit(int(failure.exit_code))
    sys.exit(0)


def _spread(words: list[str]) -> list[str]:
    """``--events a b`` as ``--events a --events b``.

    >>> _spread(["run", "shop", "--events", "a.csv", "b.csv", "--json"])
    ['run', 'shop', '--events', 'a.csv', '--events', 'b.csv', '--json']
    """
    spread: list[str] = []
    open_option = ""
    taken = 0
    for word in words:
        if word.startswith("-") and word != "-":
            open_option, taken = (word if word in _VARIADIC else ""), 0
            spread.append(word)
            continue
        if open_option and taken:
            spread.append(open_option)
        taken += 1
        spread.append(word)
    return spread


def _tell(failure: CommandFailed) -> None:
    where = f"{failure.place}: " if failure.place else ""
    code = f" [{failure.code}]" if failure.code else ""
    print(f"guerdon: {where}{failure.message}{code}", file=sys.stderr)
    if failure.hint:
        print(f"  hint: {failure.hint}", file=sys.stderr)


if __name__ == "__main__":
    main()
