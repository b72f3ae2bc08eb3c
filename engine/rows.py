"""The records that pass between match, decide and ledger: one numpy dtype each.

Amounts are int64 minor units of the wallet's unit unless the name says otherwise, times int64 microseconds UTC,
``FOREVER`` stands for "never". Numbers of names (merchant, pool, offer, ...) are those of the ledger's registry and
hold for its life; *index* means the place in the programme in force. Fields never bear a name that numpy scalars
have (``round``, ``min``, ``base``, ``repeat``, ...): compiled and plain code would then differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

FOREVER = np.iinfo(np.int64).max
NEVER = np.iinfo(np.int64).min


def _record(*fields: tuple[str, str]) -> np.dtype[np.void]:
    return np.dtype(list(fields), align=True)


# ---- match → decide ------------------------------------------------------------------------------------------------

EVENT = _record(
    ("seq", "i8"),
    ("time", "i8"),  # µs UTC
    ("local", "i8"),  # the same instant as µs of local wall time since 1970 in the business's zone
    ("total", "i8"),  # minor units of the currency
    ("net", "i8"),
    ("quantity", "i8"),  # thousandths, of all lines
    ("spend_amount", "i8"),  # minor units of the currency; 0 unless spend_kind is AMOUNT
    ("contact", "i4"),  # row of the state arrays; -1 without contact
    ("merchant", "i4"),  # index in the programme; -1 the business itself
    ("place", "i4"),  # row of Batch.place_masks
    ("selector_first", "i4"),  # rows of Batch.selectors
    ("selector_count", "i4"),
    ("bucket_first", "i4"),  # rows of Batch.buckets
    ("bucket_count", "i4"),
    ("line_first", "i4"),  # rows of Batch.lines
    ("line_count", "i4"),
    ("type", "i2"),  # codes.EventType
    ("spend_kind", "i1"),  # SPEND_NONE, SPEND_AMOUNT, SPEND_MAX, SPEND_FULL
    ("token", "i1"),  # TOKEN_NONE, TOKEN_GOOD, TOKEN_BAD
    ("route", "i1"),  # ROUTE_STEP, ROUTE_HANDLER
    ("auto_registers", "i1"),  # 1: registers an unknown contact
)
SPEND_NONE, SPEND_AMOUNT, SPEND_MAX, SPEND_FULL = 0, 1, 2, 3
TOKEN_NONE, TOKEN_GOOD, TOKEN_BAD = 0, 1, 2
ROUTE_STEP, ROUTE_HANDLER = 0, 1

# What the lines of one event that a selector matches add up to.
SELECTOR = _record(("selector", "i4"), ("total", "i8"), ("net", "i8"), ("quantity", "i8"))

# The value of the lines of one event that the same set of pools allows, in ascending (first_line).
BUCKET = _record(("pools", "u8"), ("total", "i8"), ("first_line", "i4"))

# One line: for less_spend and for the split of awards over lines. ``selectors`` has one word for each 64 selectors.
LINE = _record(("total", "i8"), ("net", "i8"), ("quantity", "i8"), ("number", "i4"))

# ---- decide → ledger -----------------------------------------------------------------------------------------------

TRANSFER = _record(
    ("seq", "i8"),
    ("n", "i4"),  # 1.. within the event; (seq, n) is the id
    ("kind", "i2"),
    ("unit", "i2"),  # 0 the wallet's unit, 1 the currency where the wallet holds points
    ("debit", "i8"),
    ("credit", "i8"),
    ("amount", "i8"),  # > 0
    ("lot_seq", "i8"),  # 0: none
    ("lot_n", "i4"),
    ("offer", "i4"),  # number; 0: none
    ("reverses_seq", "i8"),  # 0: none
    ("reverses_n", "i4"),
    ("line", "i4"),  # 0: not of one line
    ("effective_at", "i8"),
)

# Who bears and who pays fees follows from the version's offer and terms at ``earned_at``; it is not stored again.
AWARD = _record(
    ("seq", "i8"),
    ("n", "i4"),  # the number of its first transfer: (seq, n) names the award and its lot
    ("offer", "i4"),
    ("contact", "i8"),  # number
    ("merchant", "i4"),  # number; 0 none: where it was won
    ("pool", "i4"),  # number; 0: a product
    ("cause", "i2"),  # codes.Cause
    ("clipped_by", "i2"),  # codes.Reason: CAP_REACHED, BUDGET_USED, AWARD_SHARE_REACHED or 0
    ("scheme", "i4"),  # number of the scheme joined, for Cause.SIGN_UP; else 0
    ("amount", "i8"),  # granted
    ("merchant_part", "i8"),  # of amount, borne by the funding merchant
    ("clipped", "i8"),  # what was clipped off
    ("earning", "i8"),  # the money the form was computed from (its base), minor units of the currency
    ("wins", "i8"),
    ("window", "i8"),  # of the offer's goals; 0 without goals
    ("debt_repaid", "i8"),  # what of it went to debt when it was given
    ("earned_at", "i8"),
    ("usable_at", "i8"),
    ("expires_at", "i8"),
)
PENDING_ONLY, WITHIN_BALANCE, DEBT = 0, 1, 2

REFUSAL = _record(
    ("seq", "i8"),
    ("offer", "i4"),  # number; 0: a request
    ("reason", "i2"),
    ("request", "i2"),  # REQUEST_NONE, REQUEST_SPEND, REQUEST_REDEEM, REQUEST_PAYOUT
    ("cause", "i2"),
    ("scheme", "i2"),
    ("winner", "i4"),  # the offer that outranked it (number), or 0
    ("needed", "i8"),  # the figure that was needed (goal, cap, ...), in the reason's own measure
    ("had", "i8"),
    ("lost", "i8"),  # award lost with a win that was used up, or the amount outranked
)
REQUEST_NONE, REQUEST_SPEND, REQUEST_REDEEM, REQUEST_PAYOUT = 0, 1, 2, 3
REQUEST_CARD, REQUEST_EXCHANGE = 4, 5  # of a gift card (figures in the currency), of a reward

# One outcome a decided event.
OUTCOME = _record(("seq", "i8"), ("outcome", "i2"), ("reason", "i2"), ("transfers", "i4"))

# ---- state between runs --------------------------------------------------------------------------------------------

CONTACT = _record(
    ("number", "i8"),
    ("clock", "i8"),  # latest time processed for the contact
    ("due_at", "i8"),  # the earliest thing that can fall due; FOREVER: nothing
    ("registered_at", "i8"),  # NEVER: not registered
    ("open", "i8"),
    ("payable", "i8"),  # open:payable
    ("held", "i8"),
    ("payout", "i8"),
    ("debt", "i8"),  # >= 0 here; the account's balance is its negative
    ("climb", "i8"),  # tier units, minor units of the currency
    ("keep", "i8"),
    ("lifetime", "i8"),
    ("window_from", "i8"),  # end of the last tier window (first: registration); climb counts since then
    ("tier_from", "i8"),  # start of the running tier window (keep counts since then)
    ("tier_until", "i8"),  # end of the running tier window; FOREVER without tiers
    ("tier", "i4"),  # index on the ladder; -1 none
    ("owner", "i4"),  # number of the merchant that owns the contact; 0 the business
    ("status", "i2"),  # codes.Status
    ("spend_blocked", "i1"),
    ("payment_method", "i1"),
    ("subscribed_at", "i8"),  # last subscription_started; NEVER: none running
    ("special_at", "i8"),  # earliest due thing that the step leaves to its caller (hold, maturity, birthday, forfeit)
    ("birth_month", "i1"),  # 0 unknown
    ("birth_day", "i1"),
    ("referred", "i1"),
    ("erased", "i1"),
    ("pools_active", "u8"),  # bit by pool index: activated pools
    # in memory only:
    ("lots", "i4"),
    ("lot_head", "i4"),
    ("lot_tail", "i4"),
    ("pending_head", "i4"),
    ("dirty", "i1"),
)

LOT = _record(
    ("seq", "i8"),
    ("n", "i4"),
    ("pool", "i4"),  # number
    ("contact", "i8"),  # number
    ("remaining", "i8"),
    ("live", "i8"),  # of the award: not yet reversed, expired or given up
    ("earned_at", "i8"),
    ("usable_at", "i8"),
    ("expires_at", "i8"),
    ("offer", "i4"),  # number; 0: an adjustment
    ("version", "i4"),
    ("funder", "i4"),
    ("part_num", "i8"),
    ("part_den", "i8"),
    ("prepaid", "i2"),
    ("expiry_business", "i2"),
    ("instant", "i1"),
    ("pending", "i1"),  # 1: still in the pending account
    ("stored", "i1"),  # in memory only: the ledger has a row of it
    ("dirty", "i1"),
    ("next", "i4"),
    ("prev", "i4"),
)

# One counter of a contact (contact 0: of the business) in one window. ``slot`` is a number of the registry.
# The table ``counter`` holds those on the desk (the windows last in use), ``counter_past`` the older windows.
COUNTER = _record(
    ("contact", "i8"),
    ("slot", "i4"),
    ("window", "i8"),
    ("amount", "i8"),  # progress, amount capped, times, ...
    ("wins", "i8"),  # of goals: wins counted in the window
    ("mark", "i8"),  # of streaks: the last window completed
)

TIER_PERIOD = _record(("contact", "i8"), ("tier", "i4"), ("starts_at", "i8"), ("ends_at", "i8"), ("seq", "i8"))

MEMBERSHIP = _record(("contact", "i8"), ("scheme", "i4"), ("member", "i1"), ("holdout", "i1"), ("since", "i8"))

_IN_MEMORY = {"lots", "lot_head", "lot_tail", "pending_head", "dirty", "stored", "next", "prev"}
PERSISTED_CONTACT = tuple(name for name in CONTACT.names or () if name not in _IN_MEMORY)
PERSISTED_LOT = tuple(name for name in LOT.names or () if name not in _IN_MEMORY)


class Record(NamedTuple):
    """A thing with a state of its own (hold, token, card, waiting event, ...); without fields it is taken away."""

    kind: str
    id: str
    contact: int  # number; 0: of no contact
    due_at: int  # µs UTC; FOREVER: the clock changes nothing
    fields: Mapping[str, Any]  # JSON values, amounts as int


class Batch(NamedTuple):
    """What match hands to decide: events in the order of ``seq`` and what their lines add up to.

    A mask has one bit for each offer of the programme in its order (priority, id), 64 offers a word, lowest bit first.
    """

    events: np.ndarray  # EVENT[n]
    selectors: np.ndarray  # SELECTOR, of each event contiguous, ascending selector; only those with a matching line
    buckets: (
        np.ndarray
    )  # BUCKET, of each event contiguous; pools: bits by pool index, `at`, `times` and `lines` applied
    lines: np.ndarray  # LINE, of each event contiguous, in line order
    line_selectors: np.ndarray  # uint64[lines, selector words]: which selectors the line matches
    event_masks: np.ndarray  # uint64[n, words]: offers whose `event` test holds (set where there is none)
    place_masks: np.ndarray  # uint64[places, words]: offers whose `at` holds at the place (merchant, venue, channel)
