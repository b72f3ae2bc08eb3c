"""What ``report deferred-revenue`` is told: a ``finance.yaml``, or a price and an expectation on the command line."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from guerdon.engine.cli.failing import CommandFailed, Exit

if TYPE_CHECKING:
    from guerdon.engine.settle.reports.finance_file import Finance

_FILE = "finance.yaml"


def finance_of(path: Path | None, price: str, expected: str) -> Finance:
    """The file's figures, or those of the options; a wrong file ends the command with all its problems."""
    from guerdon.engine.settle.reports.finance_file import Finance, by_date

    if expected:
        prices = by_date([(None, _figure("--price", price))]) if price else None
        return Finance(prices, by_date([(None, _part("--expected", expected))]))
    if price:
        raise CommandFailed("--price needs --expected", Exit.USAGE, code="no-expectation", hint="add --expected 80%")
    return _from_file(path)


def _from_file(path: Path | None) -> Finance:
    from guerdon.engine.settle.reports.finance_file import read_finance

    file = Path(_FILE) if path is None else path / _FILE if path.is_dir() else path
    if not file.is_file():
        hint = f"write a {_FILE} as docs/reports.md says, or add --expected 80%"
        raise CommandFailed(
            "how much is expected to be redeemed?", Exit.USAGE, code="no-expectation", place=str(file), hint=hint
        )
    found = read_finance(file)
    if found.finance is None:
        for problem in found.problems:
            print(problem.shown(str(file.parent)), file=sys.stderr)
        hint = "mend it first"
        raise CommandFailed("it is wrong", Exit.RULES_INVALID, code="finance-invalid", place=str(file), hint=hint)
    return found.finance


def _figure(option: str, text: str) -> Fraction:
    from guerdon.rules.figures import NoFigure, rate

    try:
        found = rate(text)
    except NoFigure as error:
        raise CommandFailed(str(error), Exit.USAGE, code="bad-amount", place=option, hint=error.hint) from None
    if found.num == 0:
        raise CommandFailed(f"{text} is too small", Exit.USAGE, code="bad-amount", place=option, hint="above 0")
    return Fraction(found.num, found.den)


def _part(option: str, text: str) -> Fraction:
    found = _figure(option, text.removesuffix("%").rstrip()) / 100
    if found > 1:
        hint = "write at most 100%"
        raise CommandFailed(f"{text} is more than the whole", Exit.USAGE, code="bad-amount", place=option, hint=hint)
    return found
