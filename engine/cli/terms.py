"""``guerdon terms``: what customers may read of a scheme."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import Programme


class Format(StrEnum):
    """How the terms are written."""

    TEXT = "text"
    HTML = "html"


def register(app: typer.Typer) -> None:
    """Add this command to the door."""
    app.command()(terms)


def terms(
    programme: Programme,
    scheme: Annotated[str, typer.Option(metavar="ID", help="One scheme; all of them unless told.")] = "",
    format_: Annotated[Format, typer.Option("--format", help="Plain text or one HTML page.")] = Format.TEXT,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to a file; of several schemes into a folder.")
    ] = None,
    locale: Annotated[str, typer.Option(metavar="NAME", help="How figures are written: en, en_GB, de, ...")] = "en",
) -> None:
    """Write the terms and conditions of schemes for customers, with examples that were played."""
    from guerdon.engine.cli.jobs import say_if_compiling
    from guerdon.engine.cli.programmes import program_of
    from guerdon.engine.report.terms import terms_of
    from guerdon.engine.report.terms_page import as_html, as_text

    program = program_of(programme)
    chosen = [each for each in program.schemes if scheme in ("", each.id)]
    if not chosen:
        hint = f"one of {', '.join(each.id for each in program.schemes)}"
        raise CommandFailed(f"there is no scheme '{scheme}'", Exit.USAGE, code="unknown-scheme", hint=hint)
    say_if_compiling()
    write = as_html if format_ is Format.HTML else as_text
    try:
        texts = {each.id: write(terms_of(program, each, locale)) for each in chosen}
    except ValueError as error:
        raise CommandFailed(str(error), Exit.USAGE, code="unknown-locale", hint="write en, en_GB or de") from None
    _written(texts, out, "html" if format_ is Format.HTML else "txt")


def _written(texts: dict[str, str], out: Path | None, ending: str) -> None:
    """Print the texts, or write one file, or one each into a folder."""
    if out is None:
        print("\n\n".join(texts.values()), end="")
        return
    if len(texts) == 1:
        files = {out: next(iter(texts.values()))}
    else:
        files = {out / f"{id_}.{ending}": text for id_, text in texts.items()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
