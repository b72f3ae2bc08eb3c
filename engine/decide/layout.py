"""The records of the desk, and the numbers that stand for words in them.

An *index* is a place in the programme in force; offers stand in the order (priority, id), so that the order of bits
breaks ties. ``desk_fields`` says which arrays of these records there are.
"""

from __future__ import annotations

import numpy as np


def _record(*fields: tuple[str, str]) -> np.dtype[np.void]:
    return np.dtype(list(fields), align=True)


FORM_AMOUNT, FORM_PERCENT, FORM_PER, FORM_BRACKETS, FORM_MULTIPLY, FORM_PRODUCT, FORM_DRAW = range(7)
OF_LINES, OF_EVENT, OF_PROGRESS = range(3)
NEEDS_NONE, NEEDS_QUANTITY, NEEDS_AMOUNT, NEEDS_ALL = range(4)
VALID_FOR, VALID_UNTIL, VALID_ALWAYS = range(3)
SHARE_NONE, SHARE_RATE, SHARE_AMOUNT = range(3)
GOAL_SPEND, GOAL_QUANTITY, GOAL_VISITS, GOAL_VISITS_BY_DAY, GOAL_ACHIEVEMENTS, GOAL_STREAK = range(6)
CAP_TIMES, CAP_AMOUNT = range(2)
PER_EVENT, PER_CONTACT, PER_OFFER = range(3)
MODE_ALL, MODE_BEST, MODE_FIRST = range(3)
REDEEM_AUTOMATIC, REDEEM_ON_SPEND, REDEEM_ON_REQUEST = range(3)
DOWN_ONE_STEP, DOWN_RE_EVALUATE, DOWN_NEVER = range(3)
ON_SPEND, ON_PAYOUT = range(2)

HEAD = _record(
    ("offers", "i4"),
    ("words", "i4"),
    ("groups", "i4"),
    ("selectors", "i4"),
    ("tiers", "i4"),
    ("merchants", "i4"),
    ("limits", "i4"),
    ("fees", "i4"),
    ("slots", "i4"),
    ("rings", "i4"),
    ("version", "i4"),
    ("first_day", "i4"),  # of r_day's second row; the first stands for every day before
    ("redeem_mode", "i4"),
    ("has_share", "i4"),
    ("share_num", "i8"),  # award_share_max
    ("share_den", "i8"),
    ("worth_num", "i8"),  # minor units of the currency in one minor unit of the wallet
    ("worth_den", "i8"),
    ("has_auto_spend", "i4"),
    ("full_cover", "i4"),
    ("auto_min_balance", "i8"),
    ("auto_min", "i8"),
    ("auto_max", "i8"),
    ("tier_net", "i4"),
    ("tier_calendar", "i4"),
    ("tier_unit", "i4"),
    ("tier_n", "i8"),
    ("tier_downgrade", "i4"),
    ("less_spend", "i4"),  # some offer takes spends off its base
    ("multiplies", "i4"),
    ("derives", "i4"),  # some offer is won by register or sign_up
    ("automatic", "u8"),  # schemes that everybody joins, bits by scheme index
    ("keep_refusals", "i4"),  # write a row for each refusal, not only those that are stored
)

OFFER = _record(
    ("number", "i4"),
    ("scheme", "i4"),
    ("pool", "i4"),  # index
    ("pool_number", "i4"),
    ("group", "i4"),
    ("order", "i8"),  # (priority, id) as one key, comparable with those of groups
    ("goal_first", "i4"),
    ("goal_count", "i4"),
    ("cap_first", "i4"),
    ("cap_count", "i4"),
    ("bracket_first", "i4"),
    ("bracket_count", "i4"),
    ("form", "i4"),
    ("of", "i4"),
    ("net", "i4"),
    ("less_spend", "i4"),
    ("rounding", "i4"),
    ("selector", "i4"),  # place in w_selected: 0 all lines, else selector + 1
    ("needs", "i4"),
    ("needs_each", "i4"),
    ("needs_first", "i4"),  # rows of r_needs
    ("needs_count", "i4"),
    ("needs_threshold", "i8"),
    ("amount", "i8"),
    ("num", "i8"),
    ("den", "i8"),
    ("step", "i8"),
    ("reach_any", "i4"),
    ("repeats", "i4"),
    ("carries", "i4"),
    ("wins_slot", "i4"),
    ("cooldown_slot", "i4"),  # -1 none; its amount is the instant from which the offer may be won again
    ("cooldown_unit", "i4"),
    ("cooldown_n", "i8"),
    ("instant", "i4"),
    ("pending_unit", "i4"),
    ("pending_n", "i8"),
    ("valid", "i4"),
    ("valid_unit", "i4"),
    ("valid_n", "i8"),
    ("valid_until", "i8"),
    ("owner", "i4"),  # merchant index; -1 the business
    ("funding", "i4"),
    ("fund_num", "i8"),
    ("fund_den", "i8"),
    ("claw_back", "i4"),
    ("supplier", "i4"),  # of a product: merchant index
    ("tier_bound", "i4"),  # once per tier and contact (reach_tier)
    ("draw_at", "i8"),
    ("entry_slot", "i4"),
)
GOAL = _record(
    ("kind", "i4"),
    ("slot", "i4"),
    ("window", "i4"),
    ("extra_slot", "i4"),  # days visited; the running window of a streak
    ("target", "i8"),
    ("each_kind", "i4"),  # of a streak
    ("each_target", "i8"),
    ("classes", "u8"),  # of achievements: bits by class code
)
CAP = _record(
    ("measure", "i4"),
    ("per", "i4"),
    ("window", "i4"),
    ("days", "i4"),
    ("slot", "i4"),  # of the contact, of s_shared (per offer), or ring (rolling)
    ("limit", "i8"),
)
BRACKET = _record(("upto", "i8"), ("num", "i8"))  # of the offer's common denominator `den`
GROUP = _record(("parent", "i4"), ("mode", "i4"), ("order", "i8"), ("number", "i4"))
SCHEME = _record(
    ("number", "i4"), ("active", "i4"), ("automatic", "i4"), ("funding", "i4"), ("num", "i8"), ("den", "i8")
)
TIER = _record(("needs", "i8"), ("number", "i4"))  # minor units of the currency
POOL = _record(("number", "i4"), ("activation", "i4"), ("payout", "i4"))
MERCHANT = _record(
    ("number", "i4"), ("terms_first", "i4"), ("terms_count", "i4"), ("owns_contacts", "i4"), ("budget_slot", "i4")
)
TERMS = _record(
    ("active", "i4"),
    ("since", "i8"),
    ("until", "i8"),
    ("schemes", "u8"),  # bits by scheme index
    ("award_own", "i4"),
    ("award_others", "i4"),
    ("spend_own", "i4"),
    ("spend_others", "i4"),
    ("contribution", "i4"),
    ("contribution_num", "i8"),
    ("contribution_den", "i8"),
    ("award_fee", "i4"),
    ("award_fee_num", "i8"),
    ("award_fee_den", "i8"),
    ("spend_fee", "i4"),
    ("spend_fee_num", "i8"),
    ("spend_fee_den", "i8"),
    ("prepaid", "i4"),
    ("has_budget", "i4"),
    ("budget", "i8"),
    ("budget_window", "i4"),
    ("expiry_business", "i4"),
)
LIMIT = _record(
    ("on", "i4"),
    ("window", "i4"),
    ("slot", "i4"),
    ("has_amount", "i4"),
    ("has_times", "i4"),
    ("clips", "i4"),
    ("amount", "i8"),
    ("times", "i8"),
)
FEE = _record(("on", "i4"), ("kind", "i4"), ("num", "i8"), ("den", "i8"))

SLOT = _record(("window", "i8"), ("amount", "i8"), ("wins", "i8"), ("mark", "i8"))
RING = _record(("day", "i8"), ("amount", "i8"))
STATE_HEAD = _record(("free_lot", "i4"), ("free_lots", "i4"), ("ring_length", "i4"), ("tick_slot", "i4"))

WORK = _record(
    ("amount", "i8"),  # what the offer gives as things stand
    ("formed", "i8"),  # what its form gave, before caps
    ("earning", "i8"),  # its base
    ("wins", "i8"),
    ("window", "i8"),
    ("room", "i8"),  # what the tightest amount cap leaves
    ("final", "i8"),  # after resolution, before merchant budgets
    ("clipped_by", "i4"),
    ("alive", "i4"),
    ("goals", "i4"),
    ("part_kind", "i4"),  # of its funder: SHARE_NONE the business alone
    ("part_num", "i8"),
    ("part_den", "i8"),
    ("funder", "i4"),  # merchant index; -1 none
)
GROUP_WORK = _record(
    ("amount", "i8"),
    ("order", "i8"),
    ("best_order", "i8"),
    ("best", "i4"),
    ("lead", "i4"),
    ("filled", "i4"),
    ("kept", "i4"),
)
SELECTED = _record(("total", "i8"), ("net", "i8"), ("quantity", "i8"), ("stamp", "i8"))
BUCKET_WORK = _record(("pools", "u8"), ("left", "i8"), ("first_line", "i4"), ("set_size", "i4"))
QUEUED = _record(("trigger", "i4"), ("cause", "i4"), ("scheme", "i4"), ("contact", "i4"))
WORK_HEAD = _record(
    ("seq", "i8"),  # the event that is being decided
    ("n", "i4"),  # transfers of the event so far
    ("listed", "i4"),  # of w_list
    ("queued", "i4"),
    ("prepared", "i4"),  # the queue was filled by the caller
    ("stamp", "i8"),
    ("cause", "i4"),
    ("scheme", "i4"),
    ("tier_view", "i4"),  # the tier a late event is judged by; TIER_NOW: the present one
    ("terms", "i4"),  # row of the merchant's terms in force; -1
    ("class_code", "i4"),
    ("spent", "i8"),
    ("spend_reason", "i4"),
    ("open_before", "i8"),
    ("money_off", "i8"),  # what less_spend takes off, of the currency
    ("share_stamp", "i8"),
    ("day", "i8"),  # the local day of w_window
    ("instants", "i4"),  # lots that this event's instant awards have made
    ("now", "i8"),  # the later of the event's time and the contact's clock
    ("own_spend", "i8"),  # what the contact's own limits leave of spends and payouts; -1 nothing, NO_OWN_LIMIT all
    ("own_payout", "i8"),
    ("step_from", "i8"),  # the calendar step that was worked out last: most awards of an event expire together
    ("step_unit", "i4"),
    ("step_n", "i8"),
    ("step_to", "i8"),
)
NO_OWN_LIMIT = 1 << 62
OUT_HEAD = _record(
    ("transfers", "i8"),
    ("awards", "i8"),
    ("refusals", "i8"),
    ("outcomes", "i8"),
    ("past", "i8"),
    ("tiers", "i8"),
    ("members", "i8"),
    ("closed", "i8"),
)
CLOSED_LOT = _record(("contact", "i8"), ("seq", "i8"), ("n", "i4"))

# why the step stopped before an event
TIER_NOW = -2
FORCED, FORCED_QUEUE = 1, 2
DONE, STOP_HANDLER, STOP_SPECIAL, STOP_ROOM = range(4)
