"""The ids of a programme: who has which, and those that are given twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guerdon.rules.problems import Problem
from guerdon.rules.view import Found, View
from guerdon.rules.words import FIELDS

ANYWHERE = "anywhere"
MAX_POOLS = 63

# Where the ids of each kind stand.
_KINDS: dict[str, tuple[str, ...]] = {
    "segment": ("segments.*.id",),
    "merchant": ("merchants.*.id",),
    "venue": ("merchants.*.venues.*.id", "business.venues.*"),
    "tap": ("merchants.*.venues.*.taps.*",),
    "pool": ("pools.*.id",),
    "tier": ("tiers.ladder.*.id",),
    "scheme": ("scheme.id",),
    "offer": ("offers.*.id",),
    "terms entry": ("terms.*.merchant",),
    "source": ("business.sources.*.id",),
    "card": ("cards.*.id",),
    "reward": ("rewards.*.id",),
    "certificate": ("certificates.*.id",),
    "site": ("sites.*.id",),
    "code": ("codes.*.id",),
    "control": ("controls.*.id",),
    "alert": ("alerts.*.id",),
}
# Kinds whose entries can't be known when the business leaves them open.
OPEN_VENUES = "any"


class Names:
    """The ids of each kind, each with the place where it is given first."""

    def __init__(self, view: View) -> None:
        self.of: dict[str, dict[str, Found]] = {kind: {} for kind in _KINDS}
        self.twice: list[tuple[str, Found]] = []
        for kind, patterns in _KINDS.items():
            for pattern in patterns:
                for found in view.walk(pattern):
                    self._add(kind, found)
        self.of["group"] = {}
        for found in view.walk("business.resolution.groups"):
            self._add_groups(found)
        self.of["account"] = _accounts(view)
        self.venues_are_open = view.business.get("venues", OPEN_VENUES) == OPEN_VENUES

    def known(self, kind: str) -> set[str]:
        """Every id of this kind that may be named."""
        return set(self.of[kind]) | ({ANYWHERE} if kind == "pool" else set())

    def problems(self) -> Iterator[Problem]:
        """Ids given twice, each at the second place."""
        for kind, found in self.twice:
            first = self.of[kind][found.value]
            where = f"line {first.document.spot(first.path)[0]} of {first.document.file}"
            yield found.problem("duplicate-id", f"{kind} '{found.value}' is given twice", f"it is already in {where}")

    def _add(self, kind: str, found: Found) -> None:
        if not isinstance(found.value, str):
            return
        first = self.of[kind].setdefault(found.value, found)
        if first is found:
            return
        follows = kind == "terms entry" and first.document is found.document and not overlaps_earlier(found)
        if not follows:
            self.twice.append((kind, found))

    def _add_groups(self, groups: Found) -> None:
        """Groups nest, at any depth."""
        for at, group in enumerate(groups.value if isinstance(groups.value, list) else ()):
            if isinstance(group, dict):
                path = (*groups.path, at)
                if "id" in group:
                    self._add("group", Found(groups.document, (*path, "id"), group["id"]))
                self._add_groups(Found(groups.document, (*path, "groups"), group.get("groups")))


def overlaps_earlier(merchant: Found) -> bool:
    """Whether an agreement (the value of its ``merchant``) counts at a time at which one before it in its file does.

    Agreements of one merchant follow each other by their ``effective`` dates, all in one file.
    """
    entries = merchant.document.data["terms"]
    mine = entries[merchant.path[1]]
    before = [
        each
        for each in entries[: merchant.path[1]]
        if isinstance(each, dict) and each.get("merchant") == merchant.value
    ]
    return any(_since(mine) < _until(each) and _since(each) < _until(mine) for each in before)


def _since(terms: dict[str, Any]) -> str:
    return _date(terms, "from", "")


def _until(terms: dict[str, Any]) -> str:
    return _date(terms, "until", "9999-99-99")


def _date(terms: dict[str, Any], key: str, without: str) -> str:
    effective = terms.get("effective")
    given = effective.get(key) if isinstance(effective, dict) else None
    return given if isinstance(given, str) else without


def _accounts(view: View) -> dict[str, Found]:
    if view.bank is None:
        return {}
    entries = View((view.bank,)).walk("accounts.*.id")
    return {found.value: found for found in entries if isinstance(found.value, str)}


def shadowing(view: View) -> Iterator[Problem]:
    """Attributes that bear the name of a field that every programme has."""
    for scope, fields in FIELDS.items():
        for found in view.walk(f"business.attributes.{scope}.*"):
            if found.path[-1] in fields:
                message = f"every {scope} has a field '{found.path[-1]}' already"
                yield found.problem("duplicate-id", message, "remove it, or give it another name")


def several(view: View) -> Iterator[Problem]:
    """A second ``business`` or ``tiers``, and offers without a scheme beside them."""
    for key in ("business", "tiers"):
        given = [*view.walk(key)]
        for found in given[1:]:
            first = given[0].document.file
            yield found.problem("duplicate-id", f"a programme has one '{key}'", f"the first is in {first}")
    for found in view.walk("offers"):
        if "scheme" not in found.document.data:
            hint = "add scheme: to this file; one scheme stands in each file, with its offers"
            yield found.problem("missing-field", "these offers have no scheme beside them", hint)
