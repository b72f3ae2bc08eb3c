"""``test``: case files, each as one batch, event by event, and cut in two at every place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guerdon.engine.cli.failing import CommandFailed, Exit
from guerdon.engine.cli.options import Json
from guerdon.engine.cli.output import print_json, progress

if TYPE_CHECKING:
    from guerdon.engine.cases.running import Failure


def register(app: typer.Typer) -> None:
    """Add this command to the door."""
    app.command()(test)


def test(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Programmes, folders or case files.")],
    name: Annotated[str, typer.Option("-k", metavar="NAME", help="Only cases whose name or path has this text.")] = "",
    as_json: Json = False,
) -> None:
    """Run case files and say what differs from what they expect."""
    from guerdon.engine.cases.reading import find_cases
    from guerdon.engine.cases.running import check_case

    for path in paths:
        if not path.exists():
            raise CommandFailed("there is no such file or folder", Exit.USAGE, code="no-such-path", place=str(path))
    files = list(dict.fromkeys(file for path in paths for file in find_cases(path)))
    passed, reports = 0, []
    with progress("cases") as bar:
        for number, file in enumerate(files):
            bar.advance(number, len(files))
            report = check_case(file, only=name)
            if report is None:
                continue
            passed += not report.failures
            reports.append(report)
            if not as_json:
                for failure in report.failures:
                    _show(report.display, report.name, failure)
    failed = len(reports) - passed
    if as_json:
        cases = [
            {"case": r.name, "file": r.display, "passed": not r.failures, "failures": [f.as_json() for f in r.failures]}
            for r in reports
        ]
        print_json({"passed": passed, "failed": failed, "cases": cases})
    else:
        print(f"{passed} passed, {failed} failed")
    if failed:
        raise typer.Exit(Exit.FINDINGS)


def _show(file: str, name: str, failure: Failure) -> None:
    print(f"{file}:{failure.line}: {name}")
    print(f"  {failure.part}, {failure.ways}")
    print(f"    expected  {failure.expected}")
    print(f"    found     {failure.found}")
    for line in failure.explanation.splitlines():
        print(f"    | {line}")
