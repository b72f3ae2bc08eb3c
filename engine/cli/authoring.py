"""Writing programmes: ``init``, ``check``, ``schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import Json, Programme
from guerdon.engine.cli.output import counted, print_json

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from guerdon.rules.program import Program


def register(app: typer.Typer) -> None:
    """Add these commands to the door."""
    app.command()(init)
    app.command()(check)
    app.command()(schema)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; must not exist, or be empty.")],
    template: Annotated[
        str, typer.Option(help="starter, complete-journey, coalition, gift-cards, certificates or cdnow.")
    ] = "starter",
) -> None:
    """Write a programme that passes check and test."""
    source = _template(template)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandFailed(
            "the folder is not empty", Exit.USAGE, code="not-empty", place=str(folder), hint="name a new folder"
        )
    count = _copy(source, folder)
    print(f"{folder}: a programme of {count} files from the template '{template}'")
    print("next:")
    for words in (f"guerdon check {folder}", f"guerdon test {folder}"):
        print(f"  {words}")


def _template(name: str) -> Traversable:
    from importlib.resources import files

    there = {
        folder.name.replace("_", "-"): folder
        for folder in files("guerdon.schemes").iterdir()
        if folder.is_dir() and folder.joinpath("business.yaml").is_file()
    }
    if name not in there:
        hint = f"one of {', '.join(sorted(there))}"
        raise CommandFailed(f"there is no template '{name}'", Exit.USAGE, code="unknown-template", hint=hint)
    return there[name]


def _copy(source: Traversable, target: Path) -> int:
    """Copy a folder of the package, which may lie in an archive; returns the number of files."""
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for item in source.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                count += _copy(item, target / item.name)
        else:
            (target / item.name).write_bytes(item.read_bytes())
            count += 1
    return count


def check(
    programme: Programme,
    events: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="FILE...", help="A history to hold the budgets against; nothing is posted."),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Where the files of the feed lie.")] = None,
    as_json: Json = False,
) -> None:
    """Find every problem of a programme at once: errors and lints, with place and hint."""
    from guerdon.engine.cli.programmes import problem_json, read, show_problems

    reading = read(programme)
    problems, rehearsed = list(reading.problems), None
    if reading.program is not None and (events or data is not None):
        from guerdon.engine.cli.rehearsing import rehearse

        rehearsed = rehearse(reading.program, programme, events or [], data)
        problems = sorted({*problems, *rehearsed.problems})
    errors = len(reading.errors)
    lints = len(problems) - errors
    if as_json:
        version = reading.program.version if reading.program else None
        told = {}
        if rehearsed is not None and reading.program is not None:
            told = rehearsed.as_json(reading.program.business.unit.digits)
        shown = [problem_json(problem) for problem in problems]
        print_json({"programme": version, "errors": errors, "lints": lints, "problems": shown, **told})
    else:
        show_problems(problems, programme)
        if reading.program is not None:
            print(f"{programme}: {_contents(reading.program)}")
        history = "" if rehearsed is None else f"; a history of {counted(rehearsed.events, 'event')} was run in memory"
        print(f"{counted(errors, 'error')}, {counted(lints, 'lint')}{history}")
    if errors:
        raise typer.Exit(Exit.RULES_INVALID)


def _contents(program: Program) -> str:
    running = {scheme.id for scheme in program.schemes if scheme.active}
    active = sum(offer.active and offer.scheme in running for offer in program.offers)
    parts = (
        counted(len(program.schemes), "scheme"),
        f"{counted(len(program.offers), 'offer')} ({active} active)",
        counted(len(program.pools), "pool"),
        counted(len(program.merchants), "merchant"),
    )
    return f"version {program.version[:12]}, " + ", ".join(parts)


def schema(
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write one file each into a folder.")] = None,
) -> None:
    """JSON Schema of every kind of rule file, for editors."""
    schemas: dict[str, Any] = _schemas()
    if out is None:
        print_json(schemas)
        return
    import json

    out.mkdir(parents=True, exist_ok=True)
    for name, content in schemas.items():
        path = out / name
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        print(path)


def _schemas() -> dict[str, Any]:
    from guerdon.rules.schema import schemas

    return schemas()
