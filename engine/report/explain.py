"""Why: an event, award, transfer or contact, explained down to the cent in text that people read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from guerdon.engine.codes import Reason
from guerdon.engine.report.journal import Given, Journal, Withheld
from guerdon.engine.report.reasons import sentence
from guerdon.rules.program import Amount, Brackets, Draw, Multiply, Offer, Per, Percent, Product, Program, Rate


def explain_journal(journal: Journal, program: Program) -> str:
    """The journal of one event as text: what was given and why, what was not and why, and every transfer."""
    unit, currency = program.business.unit.code, program.business.currency
    offers = {offer.id: offer for offer in program.offers}
    lines = list(_head(journal))
    if journal.given:
        lines += ["", "given"]
        for given in journal.given:
            lines += _given(given, offers.get(given.offer), journal.id, unit, currency)
    if journal.withheld:
        lines += ["", "not given"]
        width = max(len(_what(withheld, journal.id)) for withheld in journal.withheld)
        lines += [f"  {_what(withheld, journal.id):{width}}  {_why(withheld, unit)}" for withheld in journal.withheld]
    if journal.moved:
        lines += ["", "transfers"]
        widths = [
            max(len(getattr(row, name)) for row in journal.moved) for name in ("transfer", "kind", "debit", "credit")
        ]
        lines += [
            f"  {row.transfer:{widths[0]}}  {row.kind:{widths[1]}}  {row.debit:{widths[2]}} → {row.credit:{widths[3]}}"
            f"  {row.amount:>10}" + (f"  as of {row.at}" if row.at != journal.time else "")
            for row in journal.moved
        ]
    return "\n".join(lines)


def _head(journal: Journal) -> Iterator[str]:
    who = f" of {journal.contact}" if journal.contact else ""
    where = f" at {journal.merchant}" if journal.merchant else ""
    yield f"{journal.type} {journal.id}{who}{where}, {journal.time} (seq {journal.seq}, source {journal.source})"
    if journal.reason:
        yield f"{journal.outcome}: {journal.reason}, {sentence(Reason[journal.reason.upper()])}"
    else:
        yield journal.outcome
    if journal.programme:
        yield f"decided by programme version {journal.programme[:12]}"


def _given(given: Given, offer: Offer | None, event: str, unit: str, currency: str) -> Iterator[str]:
    derived = f" [{given.event}]" if given.event != event else ""
    to = f" to {given.contact}" + (f", pool {given.pool}" if given.pool else "")
    yield f"  {given.offer}: {given.amount} {unit}{to}{derived}"
    if offer is not None:
        yield f"    because  {offer.title}: {_form(offer, given, unit, currency)}"
    if given.clipped_by:
        code = Reason[given.clipped_by.upper()]
        yield f"    clipped  {given.clipped} {unit} less: {given.clipped_by}, {sentence(code)}"
    if given.funders:
        yield "    funded   " + ", ".join(f"{name} {amount}" for name, amount in given.funders.items())
    if given.debt_repaid:
        yield f"    debt     {given.debt_repaid} {unit} of it repaid what was owed"
    yield f"    usable   from {given.usable} " + (f"until {given.expires}" if given.expires else "for ever")


def _form(offer: Offer, given: Given, unit: str, currency: str) -> str:
    """How the amount came about, with its figures."""
    earning = f"{given.earning} {currency}"
    wins = f"{given.wins} × " if given.wins > 1 else ""
    award = offer.award
    match award:
        case Amount(amount_minor):
            return f"{wins}{_scaled(amount_minor, given)} {unit}"
        case Percent(rate, of):
            over = {"lines": "the matched lines", "event": "the whole purchase", "progress": "the progress"}[of]
            return f"{percent(rate)} of {earning}, {over}, rounded {offer.rounding}"
        case Per(step_minor, give_minor):
            return f"{_scaled(give_minor, given)} {unit} for every whole step in {earning}" if step_minor else ""
        case Brackets(brackets):
            return f"{len(brackets)} brackets over {earning}, rounded {offer.rounding}"
        case Multiply(factor, offers):
            extra = percent(Rate(factor.num - factor.den, factor.den))
            return f"{extra} on top of what {', '.join(offers)} gave ({given.earning} {unit})"
        case Product(sku, quantity, _, supplier):
            return f"{wins}{quantity} × {sku}, supplied by {supplier}"
        case Draw(at, winners, _, _, _):
            return f"one of {winners} drawn at {at}"


def _scaled(minor: int, given: Given) -> Decimal:
    exponent = given.amount.as_tuple().exponent
    return Decimal(minor).scaleb(exponent if isinstance(exponent, int) else 0)


def percent(rate: Rate) -> str:
    """A rate as per cent, exact where it ends within six decimals.

    >>> percent(Rate(1, 40)), percent(Rate(1, 3))
    ('2.5%', '1/3')
    """
    scaled = rate.num * 100 * 10**6
    if scaled % rate.den:
        return f"{rate.num}/{rate.den}"
    text = f"{Decimal(scaled // rate.den).scaleb(-6):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _what(withheld: Withheld, event: str) -> str:
    name = withheld.offer or f"({withheld.request})"
    return name if withheld.event == event else f"{name} [{withheld.event}]"


def _why(withheld: Withheld, unit: str) -> str:
    parts = [f"{withheld.code}: {withheld.why}"]
    if withheld.winner:
        parts.append(f"given: {withheld.winner}")
    if withheld.figures:
        parts.append(withheld.figures)
    if withheld.lost and withheld.code != "outranked":
        parts.append(f"{withheld.lost} {unit} lost")
    return "; ".join(parts)


def explain_contact(contact: str, entries: list[Journal]) -> str:
    """A contact: one line for each event that gave or refused something."""
    lines = [f"contact {contact}: {len(entries)} events"]
    for journal in entries:
        gave = ", ".join(f"{given.offer} {given.amount}" for given in journal.given if given.contact == contact)
        refused = f" ({journal.reason})" if journal.reason else ""
        lines.append(
            f"  {journal.time}  {journal.type} {journal.id}: {journal.outcome}{refused}" + (f"; {gave}" if gave else "")
        )
    return "\n".join(lines)
