"""What merchants are owed, and what finance asks of a ledger: the same figures as ``guerdon settle`` and ``report``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from starlette.responses import Response

from guerdon.engine.api.calling import called
from guerdon.engine.api.decimals import decimal_json
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.problems import Problem, wrong_field
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules.program import Program

REPORTS: Final = ("liability", "breakage", "offers", "deferred-revenue")
Day = Annotated[date | None, Query(description="A local day, as 2026-03-31; its end counts.")]
ReportName = Annotated[
    str,
    Path(pattern=f"^({'|'.join(REPORTS)})$", description="Which report.", json_schema_extra={"enum": list(REPORTS)}),
]
PeriodText = Annotated[str, Query(max_length=16, description="A closed period: 2026-10, 2026-Q4, 2026-W41, 2026.")]
Percent = Annotated[str, Query(max_length=20, description="Of deferred-revenue: expected to be redeemed, as 80%.")]
Price = Annotated[str, Query(max_length=40, description="Of deferred-revenue: stand-alone price of one unit.")]


async def get_settlements(request: Request, period: PeriodText) -> Response:
    """The statements of a closed period, with how far each has come."""
    service, principal = called(request)
    found = await service.readers.fresh(_settlements, service.program, principal, period)
    return decimal_json(found)


def _settlements(ledger: Ledger, program: Program, principal: Principal, text: str) -> dict[str, Any]:
    from guerdon.engine.periods import BadPeriod, period
    from guerdon.engine.settle.json_form import statement_object
    from guerdon.engine.settle.source import SettleError, Source
    from guerdon.engine.settle.statement import draw

    try:
        wanted = period(text)
    except BadPeriod as error:
        raise wrong_field("period", "bad_period", str(error)) from None
    source = Source(ledger, program)
    if not source.is_closed(wanted):
        raise Problem(409, "period_open", "this period is not closed")
    try:
        drawn = draw(source, wanted)
    except SettleError as error:
        raise Problem(500, "does_not_tie", "the statements of this period contradict the ledger") from error
    business = program.business
    statements = [
        {**statement_object(each, business.currency, business.digits), "state": source.state(each.id)}
        for each in drawn.statements
        if principal.sees(each.merchant)
    ]
    return {"period": text, "currency": business.currency, "statements": statements}


async def get_report(
    request: Request,
    report: ReportName,
    as_of: Day = None,
    known_at: Day = None,
    since: Day = None,
    expected: Percent = "",
    price: Price = "",
) -> Response:
    """Liability, breakage, profit and loss of offers, or deferred revenue, at the end of a day as known at another."""
    service, principal = called(request)
    if principal.merchants:
        raise Problem(403, "not_permitted", "reports are of the whole business; this key is bound to merchants")
    if as_of and since and since > as_of:
        raise wrong_field("since", "bad_date", "it is after as_of")
    make = _maker(report, (as_of, known_at), since, expected, price)
    return decimal_json(await service.readers.fresh(_made, service.program, make))


def _made(ledger: Ledger, program: Program, make: Callable[[Ledger, Program], Any]) -> dict[str, Any]:
    from guerdon.engine.report.versions import program_in_force
    from guerdon.engine.settle.reports.checking import ReportMismatch

    try:
        made = make(ledger, program_in_force(ledger) if ledger.in_force() else program)
    except ReportMismatch as error:
        raise Problem(500, "does_not_tie", "the report contradicts the ledger") from error
    found: dict[str, Any] = made.as_json()
    return found


def _maker(
    report: str, days: tuple[date | None, date | None], since: date | None, expected: str, price: str
) -> Callable[[Ledger, Program], Any]:
    if report == "liability":
        from guerdon.engine.settle.reports.liability import liability

        return lambda ledger, program: liability(ledger, program, *days, since)
    if report == "breakage":
        from guerdon.engine.settle.reports.breakage import breakage

        return lambda ledger, program: breakage(ledger, program, *days)
    if report == "offers":
        from guerdon.engine.settle.reports.offers import offers

        return lambda ledger, program: offers(ledger, program, *days)
    from guerdon.engine.settle.reports.deferred_revenue import deferred_revenue
    from guerdon.engine.settle.reports.finance_file import Finance, by_date

    told = Finance(
        by_date([(None, _figure("price", price))]) if price else None, by_date([(None, _figure("expected", expected))])
    )
    return lambda ledger, program: deferred_revenue(ledger, program, told, *days)


def _figure(name: str, text: str) -> Fraction:
    from guerdon.rules.figures import NoFigure, rate

    try:
        found = rate(text)
    except NoFigure as error:
        raise wrong_field(name, "bad_amount", str(error)) from None
    if found.num == 0 or (name == "expected" and found.num > found.den):
        raise wrong_field(name, "bad_amount", "above 0" + (" and at most 100%" if name == "expected" else ""))
    return Fraction(found.num, found.den)
