"""What merchants owe or are owed (spec 6): which statement a transfer stands on, and in which column of it.

Shared by what decides (an approval moves a statement's net) and by what reads a ledger out. A closing closes everything
before a day; what of it stands on which statement follows from the rhythm of each merchant's terms. A transfer belongs
to the period of its effective time or, if that was closed in the log before it, to the first one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from guerdon.engine.codes import KIND_SHIFT, OwnerKind, Role, TransferKind
from guerdon.engine.periods import MONTH, day_date, period_at
from guerdon.engine.rows import NEVER

if TYPE_CHECKING:
    from guerdon.rules.program import Program, Terms

_K = TransferKind
_DAY = 86_400_000_000
_EPOCH_MONTH = 1970 * 12

# The column of a statement that a transfer on a merchant's receivable or payable counts in; a reversal in its own's.
COLUMNS: dict[TransferKind, str] = {
    _K.AWARD: "award",
    _K.AWARD_REVERSAL: "award",
    _K.AWARD_FEE: "award_fee",
    _K.AWARD_FEE_REVERSAL: "award_fee",
    _K.SPEND: "spend",
    _K.SPEND_REVERSAL: "spend",
    _K.CAPTURE: "spend",
    _K.SPEND_FEE: "spend_fee",
    _K.SPEND_FEE_REVERSAL: "spend_fee",
    _K.EXPIRY: "expiry",
    _K.PRODUCT: "product",
    _K.PRODUCT_REVERSAL: "product",
    _K.CARD_LOAD: "card_load",
    _K.CARD_LOAD_REVERSAL: "card_load",
    _K.CARD_BONUS: "card_bonus",
    _K.CARD_BONUS_REVERSAL: "card_bonus",
    _K.CARD_COMMISSION: "card_commission",
    _K.CARD_COMMISSION_REVERSAL: "card_commission",
    _K.CARD_SPEND: "card_spend",
    _K.CARD_CASH_OUT: "card_spend",
    _K.CARD_SPEND_REVERSAL: "card_spend",
    _K.CARD_EXPIRY: "expiry",
    _K.CERTIFICATE_SALE: "certificate_sale",
    _K.CERTIFICATE_SALE_REVERSAL: "certificate_sale",
    _K.CERTIFICATE_CLAIM: "certificate_claim",
}
PREPAID = "prepaid"  # the column of what a merchant's budget bore; outside the net
PREPAID_KINDS = (_K.AWARD, _K.AWARD_REVERSAL)
NETTED = (Role.RECEIVABLE, Role.PAYABLE)
APPROVALS = (_K.STATEMENT_APPROVED, _K.STATEMENT_PAID, _K.STATEMENT_FAILED)  # these stand on no statement

# Account numbers of merchants: from the first on, below the second.
MERCHANT_ACCOUNTS = int(OwnerKind.MERCHANT) << KIND_SHIFT, (int(OwnerKind.MERCHANT) + 1) << KIND_SHIFT

CLOSING = "closing"  # kind of record: a period was closed; id the period, fields as of ``Closing``
STATEMENT = "statement"  # kind of record: one merchant's; id as of ``statement_id``
DRAFT = "draft"  # the state of a statement when its period is closed


class Closing(NamedTuple):
    """The event at a place in the log closed every day before ``until``; the first of all closes from ``since`` on.

    ``rhythms``: how often the merchants are settled that are not settled by the month.
    """

    seq: int
    since: int
    until: int
    rhythms: Mapping[str, str]


class Span(NamedTuple):
    """A closed period of one merchant: the days from ``since`` to before ``until``, closed by the event ``seq``.

    A period is cut short where the merchant's rhythm changed within it.
    """

    period: str
    since: int
    until: int
    seq: int


class Stretch(NamedTuple):
    """Which transfers a closed period has, in instants and places in the log.

    Those effective before ``until`` and not before ``begins``, and the late ones: effective from ``reaches`` on and
    posted after ``since``, the closing of the period before. None of them is posted after ``last``, its own closing.
    """

    begins: int
    until: int
    since: int
    reaches: int
    last: int


def closings_in(records: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Closing]:
    """The closings of a ledger in the order of the log, from (id, fields) of its records of kind ``closing``."""
    found = [Closing(f["seq"], f["since"], f["until"], f.get("rhythms", {})) for _, f in records]
    return sorted(found)


def closed_spans(closings: Sequence[Closing], merchant: str) -> list[Span]:
    """The closed periods of a merchant, one after the other.

    >>> [span.period for span in closed_spans([Closing(7, 40, 90, {"m": "week"})], "m")][-1]
    '1970-W13'
    >>> closed_spans([Closing(7, 40, 90, {}), Closing(9, 40, 120, {})], "m")[1:]
    [Span(period='1970-03', since=59, until=90, seq=7), Span(period='1970-04', since=90, until=120, seq=9)]
    """
    spans: list[Span] = []
    for closing in closings:
        every = closing.rhythms.get(merchant, MONTH)
        until = period_at(closing.until, every).first_day
        day = spans[-1].until if spans else period_at(closings[0].since, every).first_day
        while day < until:
            each = period_at(day, every)
            spans.append(Span(each.text, day, each.end_day, closing.seq))
            day = each.end_day
    return spans


def stretch_of(spans: Sequence[Span], place: int, starts_at: Callable[[int], int]) -> Stretch:
    """Which transfers the period at a place of a merchant's ``spans`` has; ``starts_at``: when a day begins, µs UTC."""
    span = spans[place]
    begins, until = starts_at(span.since), starts_at(span.until)
    if place == 0:  # whatever came before it
        return Stretch(NEVER, until, 0, NEVER, span.seq)
    before = spans[place - 1].seq
    return Stretch(begins, until, before, NEVER if before < span.seq else begins, span.seq)


def places_among(days: np.ndarray, posted_at: np.ndarray, spans: Sequence[Span]) -> np.ndarray:
    """The place among a merchant's closed periods of each transfer; ``len(spans)``: it stands on none of them yet.

    ``days``: local ones of their effective_at, int64. ``posted_at``: where in the log, see ``Stretch``.

    >>> closed = [Span("a", 0, 10, 5), Span("b", 10, 20, 9)]
    >>> places_among(np.array([3, 3, 3, 25]), np.array([5, 6, 10, 1]), closed).tolist()
    [0, 1, 2, 2]
    """
    by_day = np.searchsorted([span.until for span in spans], days, side="right")
    by_log = np.searchsorted([span.seq for span in spans], posted_at, side="left")
    return np.asarray(np.maximum(by_day, by_log), np.int64)


def open_period(day: int, spans: Sequence[Span], every: str) -> str:
    """The period on which a transfer of a day stands that no closed one has."""
    return period_at(max(day, spans[-1].until) if spans else day, every).text


def rhythm(program: Program, merchant: str, day: int) -> str:
    """How often a merchant is settled: by its terms of a day, else by its last; by the month without any."""
    own = [terms for terms in program.terms if terms.merchant == merchant]
    now = [terms for terms in own if _counts(terms, day_date(day))]
    return (now or own)[-1].settle_every if own else MONTH


def rhythms(program: Program, day: int) -> dict[str, str]:
    """How often the merchants are settled that are not settled by the month."""
    found = {merchant.id: rhythm(program, merchant.id, day) for merchant in program.merchants}
    return {merchant: every for merchant, every in found.items() if every != MONTH}


def _counts(terms: Terms, day: date) -> bool:
    since, until = terms.effective_from, terms.effective_until
    return (since is None or since <= day) and (until is None or day < until)


def moved_by(rows: np.ndarray, places: np.ndarray, stretch: Stretch) -> dict[tuple[int, int], int]:
    """How transfers (TRANSFER) of a period moved the balance of each merchant's account: (account, unit) → minor.

    ``places``: where in the log each was posted.
    """
    at = rows["effective_at"]
    late = (places > stretch.since) & (at >= stretch.reaches)
    counts = (at < stretch.until) & ((at >= stretch.begins) | late) & (places <= stretch.last)
    counts &= ~np.isin(rows["kind"], [int(kind) for kind in APPROVALS])
    sums: dict[tuple[int, int], int] = {}
    for side, sign in (("debit", -1), ("credit", 1)):
        mine = counts & (rows[side] >= MERCHANT_ACCOUNTS[0]) & (rows[side] < MERCHANT_ACCOUNTS[1])
        for row in rows[mine]:
            key = int(row[side]), int(row["unit"])
            sums[key] = sums.get(key, 0) + sign * int(row["amount"])
    return sums


def months_of(locals: np.ndarray) -> np.ndarray:
    """The calendar months (``year × 12 + month - 1``) of instants given as µs of local wall time, int64."""
    months = (locals // _DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months + _EPOCH_MONTH, np.int64)


def statement_id(merchant: str, period: str) -> str:
    """The name of a merchant's statement, in the ledger and in every file.

    >>> statement_id("bakery", "2026-03")
    'bakery/2026-03'
    """
    return f"{merchant}/{period}"
