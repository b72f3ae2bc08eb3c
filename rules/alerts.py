"""Alerts: by what each type of event can be watched, and rules over several fields of one alert.

The tables say once more what the engine's events carry, since the rule language knows nothing of the engine; a test
holds them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from guerdon.rules import figures
from guerdon.rules.coherence import figure
from guerdon.rules.document import Path
from guerdon.rules.problems import Problem, did_you_mean
from guerdon.rules.view import Found, View
from guerdon.rules.words import CARD_LOAD, SCOPES, SENT_EVENTS

_CARDS = frozenset(
    f"card_{verb}" for verb in (
        "issued", "activated", "reloaded", "spent", "held", "emptied", "transferred", "registered", "pin_failed",
        "locked", "unlocked", "suspended", "resumed", "lost",
    )
)  # fmt: skip
_CERTIFICATES = frozenset(name for name in SENT_EVENTS if name.startswith("certificate_"))
_CLAIMS = frozenset({"certificate_reserved", "certificate_claimed"})
_MEMBERS = frozenset({
    "register", "update", "sign_up", "sign_up_verified", "profile_completed", "referral", "achievement",
})  # fmt: skip
# What only some events name; everything else that an alert's window may be kept for, every event may.
NAMED_BY: dict[str, frozenset[str]] = {
    "card": _CARDS,
    "certificate": _CERTIFICATES,
    "coupon": frozenset({"reward_exchanged", "coupon_used", "coupon_cancelled"}),
    "kind": _CARDS | _CERTIFICATES,
    "site": _CLAIMS,
    "email": _CLAIMS | _MEMBERS,
    "distributor": _CERTIFICATES,
}
# What carries an amount to be summed: in the wallet's unit, and in the currency.
OF_UNITS = frozenset({"adjust", "transfer", "payout", "payout_confirmed", "payout_failed", "limit_set"})
OF_MONEY = _MEMBERS | {
    "purchase", "return", "estimate", "redeem", "hold", "capture", "token", "budget_loaded", "card_activated",
    "card_reloaded", "card_spent", "card_held", "card_captured", "card_cancelled", "card_batch_activated",
}  # fmt: skip
# Of no card, certificate or contact: nothing to be told apart, or to be held.
OF_NOBODY = frozenset(
    {
        "budget_loaded", "statement_closed", "statement_approved", "statement_sent", "statement_paid",
        "statement_failed", "draw", "tick", "reward_restocked", "card_captured", "card_voided", "card_cancelled",
        "card_batch_activated",
    }
)  # fmt: skip
_OF_A_MERCHANT = frozenset({"merchant", "venue", "tap"})
_OF_LOADS = "card_activated"


def conflicts(view: View) -> Iterator[Problem]:
    """Alerts that could never be raised, or whose action or mail would reach nobody."""
    for found in view.mappings("alerts.*"):
        on = _OF_LOADS if found.text("on") == CARD_LOAD else found.text("on")
        if on in SENT_EVENTS:
            yield from _scope(found, on)
            yield from _measure(found, on)
            yield from _action(found, on)
        yield from _threshold(found, view.digits, on)
        yield from _notify(found)


def scope_of(alert: Found) -> list[str]:
    """The names whose values make the key of an alert's window."""
    return [part.strip() for part in alert.text("scope", "business").split("+")]


def _scope(alert: Found, on: str) -> Iterator[Problem]:
    known = [name for name in SCOPES if on in NAMED_BY.get(name, {on})]
    for name in scope_of(alert):
        if name in SCOPES and name not in known:
            message = f"{alert.owner} can't be kept for each {name}: '{alert.text('on')}' names none"
            hint = did_you_mean(name, known, what="scopes")
            yield alert.problem("conflicting-fields", message, hint, below=alert.later("on", "scope"))


def _measure(alert: Found, on: str) -> Iterator[Problem]:
    measure = alert.text("measure", "count")
    below = alert.later("on", "measure") if "measure" in alert.value else ()
    if measure == "sum" and on not in OF_UNITS | OF_MONEY:
        message = f"{alert.owner} has nothing to sum: '{on}' carries no amount"
        yield alert.problem("conflicting-fields", message, "write measure: count, or name another event", below=below)
    if measure != "distinct":
        return
    counted = "card" if on in _CARDS else "certificate" if on in _CERTIFICATES else "contact"
    if on in OF_NOBODY:
        message = f"{alert.owner} has nothing to tell apart: '{on}' names no card, certificate or contact"
        yield alert.problem("conflicting-fields", message, "write measure: count, or name another event", below=below)
    elif counted in scope_of(alert):
        message = f"{alert.owner} counts the {counted}s of each {counted}: it is always one"
        hint = f"leave {counted} out of scope, or write measure: count"
        yield alert.problem("conflicting-fields", message, hint, below=alert.later("measure", "scope"))


def _action(alert: Found, on: str) -> Iterator[Problem]:
    action = alert.text("action", "none")
    if action in ("hold", "lock", "approve") and on in OF_NOBODY | _CERTIFICATES:
        verb = "lock" if action == "lock" else "hold"
        message = f"{alert.owner} has nothing to {verb}: '{on}' names no card or contact"
        yield alert.problem("conflicting-fields", message, "write action: none", below=alert.later("on", "action"))


def _threshold(alert: Found, digits: figures.Digits, on: str) -> Iterator[Problem]:
    text, measure = alert.text("threshold"), alert.text("measure", "count")
    rate = figure(figures.rate, text)
    if rate is None:
        return
    share = Fraction(rate.num, rate.den)
    if measure in ("count", "distinct") and share.denominator != 1:
        message = f"{text} is no number of attempts"
        yield alert.problem("bad-amount", message, "write a whole number", below=("threshold",))
    if measure == "ratio" and share > 1:
        message = f"{text} is more than the whole: no ratio reaches it"
        yield alert.problem("bad-amount", message, "write a part of 1, such as 0.5", below=("threshold",))
    if measure == "sum" and figure(digits.units if on in OF_UNITS else digits.money, text) is None:
        message = f"{text} has more digits after the point than the amounts that are summed"
        yield alert.problem("bad-amount", message, "write fewer digits", below=("threshold",))


def _notify(alert: Found) -> Iterator[Problem]:
    if alert.text("notify") == "merchant" and not _OF_A_MERCHANT & set(scope_of(alert)):
        message = f"{alert.owner} tells no merchant: its scope is of none"
        hint = "add merchant, venue or tap to scope, or write notify: head_office"
        yield alert.problem("conflicting-fields", message, hint, below=_last(alert, "notify", "scope"))


def _last(alert: Found, *keys: str) -> Path:
    return alert.later(*(key for key in keys if key in alert.value))
