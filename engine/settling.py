"""What merchants owe or are owed (spec 6): which statement a transfer stands on, and in which column of it.

Shared by what decides (an approval moves a statement's net) and by what reads a ledger out. A period is a calendar
month of the business's zone, as the number ``year × 12 + month - 1``; text as ``2026-03``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from guerdon.engine.codes import KIND_SHIFT, OwnerKind, Role, TransferKind

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

CLOSING = "closing"  # kind of record: a period was closed; id the period, fields {"seq"}
STATEMENT = "statement"  # kind of record: one merchant's; id as of ``statement_id``
DRAFT = "draft"  # the state of a statement when its period is closed


class Closing(NamedTuple):
    """A period was closed by the event at a place in the log; all periods before it are closed too."""

    period: int
    seq: int


class Stretch(NamedTuple):
    """Which transfers a period that is being closed has: those effective before ``until`` and not before ``begins``,
    and those that came after the last closing (posted later in the log than ``since``), effective from ``reaches`` on.
    """

    begins: int
    until: int
    since: int
    reaches: int


def moved_by(rows: np.ndarray, places: np.ndarray, stretch: Stretch) -> dict[tuple[int, int], int]:
    """How transfers (TRANSFER) of a period moved the balance of each merchant's account: (account, unit) → minor.

    ``places``: where in the log each was posted.
    """
    at = rows["effective_at"]
    late = (places > stretch.since) & (at >= stretch.reaches)
    counts = (at < stretch.until) & ((at >= stretch.begins) | late)
    counts &= ~np.isin(rows["kind"], [int(kind) for kind in APPROVALS])
    sums: dict[tuple[int, int], int] = {}
    for side, sign in (("debit", -1), ("credit", 1)):
        mine = counts & (rows[side] >= MERCHANT_ACCOUNTS[0]) & (rows[side] < MERCHANT_ACCOUNTS[1])
        for row in rows[mine]:
            key = int(row[side]), int(row["unit"])
            sums[key] = sums.get(key, 0) + sign * int(row["amount"])
    return sums


def period_number(text: str) -> int:
    """A period by its text.

    >>> period_number("1970-01"), period_number("2026-03") - period_number("2025-12")
    (23640, 3)
    """
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1


def period_text(number: int) -> str:
    """A period as people write it.

    >>> period_text(period_number("2026-12") + 1)
    '2027-01'
    """
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def first_day(period: int) -> int:
    """The day number (since 1970-01-01) on which a period begins.

    >>> first_day(period_number("1970-02"))
    31
    """
    return int(np.datetime64(period - _EPOCH_MONTH, "M").astype("datetime64[D]").astype(np.int64))


def months_of(locals: np.ndarray) -> np.ndarray:
    """The calendar months (as periods) of instants given as µs of local wall time, int64."""
    months = (locals // _DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months + _EPOCH_MONTH, np.int64)


def periods_of(months: np.ndarray, places: np.ndarray, closings: Sequence[Closing]) -> np.ndarray:
    """The period of each transfer: its month, or the first that was not closed in the log before it.

    ``months``: of their effective_at. ``places``: where in the log they were posted: their event's seq, or, of one that
    had waited, the seq that ended its waiting. ``closings`` in the order of the log.

    >>> periods_of(np.array([10, 10, 12]), np.array([1, 9, 9]), [Closing(10, 5)]).tolist()
    [10, 11, 12]
    """
    if not closings:
        return months
    seqs = np.array([closing.seq for closing in closings], np.int64)
    first_open = np.array([np.iinfo(np.int64).min, *(closing.period + 1 for closing in closings)], np.int64)
    return np.asarray(np.maximum(months, first_open[np.searchsorted(seqs, places, side="left")]), np.int64)


def statement_id(merchant: str, period: int) -> str:
    """The name of the record of a merchant's statement."""
    return f"{merchant}/{period_text(period)}"
