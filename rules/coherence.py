"""Rules over several fields of one entry: exactly one of several keys; tiers, pools, terms, codes, units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guerdon.rules import figures
from guerdon.rules.names import ANYWHERE, MAX_POOLS
from guerdon.rules.problems import Problem, nearest
from guerdon.rules.view import Found, View

# Mappings that say exactly one of several things.
_EXACTLY_ONE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("segments.*", ("contacts", "list")),
    ("scheme.sign_up", ("email_domains", "codes")),
    ("pools.*.valid", ("for", "until")),
    ("tiers.window", ("from_achieved", "calendar")),
    ("offers.*.needs", ("quantity", "amount", "all")),
    ("offers.*.goals.of.*", ("spend", "quantity", "visits", "achievements", "streak")),
    ("offers.*.goals.of.*.each", ("spend", "quantity", "visits")),
    ("offers.*.caps.*", ("amount", "times")),
    ("offers.*.valid", ("for", "until")),
    ("business.wallet.limits.*", ("amount", "times")),
    ("business.wallet.fees.*", ("amount", "percent")),
    ("certificates.*.valid", ("for", "until")),
)


def exactly_one(view: View) -> Iterator[Problem]:
    """Mappings that lack what they must say, or say two things."""
    for pattern, keys in _EXACTLY_ONE:
        for found in view.mappings(pattern):
            named = [key for key in keys if key in found.value]
            if len(named) != 1 and not _explained(found, keys):
                said = " and ".join(named) if named else "none"
                message = f"{found.owner} needs exactly one of {', '.join(keys)}, and has {said}"
                yield found.problem("exactly-one", message, "keep one" if named else f"add {' or '.join(keys)}")


def _explained(found: Found, keys: tuple[str, ...]) -> bool:
    """Whether an empty or misspelt key, which is a problem of its own, stands for the one that is missing."""
    if any((*found.path, key) in found.document.dropped for key in keys):
        return True
    return not any(key in found.value for key in keys) and any(nearest(key, keys) for key in found.value)


def figure(reader: Callable[[str], Any], text: Any) -> Any:
    """The figure; None for what is none, which is a problem of its own."""
    try:
        return reader(text) if isinstance(text, str) else None
    except figures.NoFigure:
        return None


def conflicts(view: View) -> Iterator[Problem]:
    """Rules over the fields of tiers, pools, terms and codes."""
    yield from _ladder(view)
    yield from _too_many_pools(view)
    yield from _worth(view)
    for found in view.mappings("terms.*.settle"):
        if found.value.get("mode") == "prepaid" and "budget" in found.value:
            message = "prepaid terms are filled by budget_loaded events; 'budget' is for post_paid"
            yield found.problem("conflicting-fields", message, "remove budget", below=found.later("mode", "budget"))
    for found in view.mappings("codes.*"):
        wanted = {"single": "maximum_usage", "unique": "numbers"}
        kind = found.text("kind")
        for other, key in wanted.items():
            if kind == other and key not in found.value:
                hint = f"add {key}: for codes of kind {kind}"
                yield found.problem("missing-field", f"{found.owner} lacks '{key}'", hint)
            elif kind in wanted and kind != other and key in found.value:
                message = f"'{key}' is for codes of kind {other}"
                yield found.problem("conflicting-fields", message, "remove it", below=found.later("kind", key))


def _too_many_pools(view: View) -> Iterator[Problem]:
    """``anywhere`` counts if an offer uses it, declared or not."""
    declared = list(view.mappings("pools.*"))
    used = any(offer.value.get("pool", ANYWHERE) == ANYWHERE for offer in view.offers)
    most = MAX_POOLS - (used and all(pool.id != ANYWHERE for pool in declared))
    for found in declared[most : most + 1]:
        message = f"a programme has at most {MAX_POOLS} pools, '{ANYWHERE}' included"
        yield found.problem("too-many", message, "remove pools that nobody uses")


def _worth(view: View) -> Iterator[Problem]:
    """What one minor unit of the wallet is worth must be a rate too."""
    for found in view.mappings("business.wallet.unit"):
        worth = figure(figures.rate, found.text("worth"))
        if worth is not None:
            scaled = figures.lowest(worth.num * 10**view.digits.currency, worth.den * 10**view.digits.unit)
            if max(scaled.num, scaled.den) > figures.LARGEST_RATE_PART:
                message = "the worth of the smallest part of a unit is too fine or too large for a rate"
                yield found.problem("bad-amount", message, "write fewer digits", below=("worth",))


def _ladder(view: View) -> Iterator[Problem]:
    ladders = [found.value for found in view.walk("tiers.ladder")]
    before = -1
    for at, found in enumerate(view.mappings("tiers.ladder.*")):
        if not ladders or found.value not in ladders[0]:
            continue  # of a second ladder, which is a problem of its own
        needs = found.value.get("needs")
        if not (isinstance(needs, str) and needs.isdecimal()):
            continue
        if at == 0 and int(needs) != 0:
            message = f"the first tier, '{found.id}', is everybody's: it needs 0"
            hint = "write needs: 0, or put a tier that needs 0 before it"
            yield found.problem("bad-amount", message, hint, below=("needs",))
        elif int(needs) < before:
            message = f"tier '{found.id}' needs less than the one before it"
            yield found.problem("conflicting-fields", message, "write the ladder in ascending order", below=("needs",))
        before = int(needs)
