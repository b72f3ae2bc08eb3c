"""A programme as the judge reads it: the YAML of its files as plain text, gathered by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import yaml

from .clock import Clock
from .copying import Kept
from .money import decimal, minor

DIGITS = {"JPY": 0, "KRW": 0, "ISK": 0, "BHD": 3, "KWD": 3, "TND": 3, "OMR": 3, "JOD": 3}
TRIGGERS = {
    "sign_up": "sign_up",
    "referral": "referral",
    "profile": "profile_completed",
    "reach_tier": "tier_reached",
    "subscription_maturity": "subscription_matured",
    "birthday": "birthday",
    "achievement": "achievement",
    "lottery": "purchase",
}


class Offer(Kept):
    """One offer: its fields as written, and what follows from them."""

    def __init__(self, fields: dict[str, Any], scheme: dict[str, Any]) -> None:
        self.fields = fields
        self.id: str = fields["id"]
        self.scheme = scheme
        self.priority = int(fields.get("priority", 100))
        self.type: str | None = fields.get("type")
        self.trigger: str = fields.get("on") or self._default_trigger()
        self.pool: str = fields.get("pool", "anywhere")
        self.rank = (self.priority, self.id)
        self.caps: list[dict[str, Any]] = list(fields.get("caps") or [])
        self.goals: list[dict[str, Any]] = list((fields.get("goals") or {}).get("of") or [])
        self.award: dict[str, Any] = fields["award"]

    def _default_trigger(self) -> str:
        if self.type in TRIGGERS:
            return TRIGGERS[self.type]
        return {"membership": "sign_up", "achievement": "achievement"}.get(self.fields["goal"], "purchase")

    def get(self, key: str, default: Any = None) -> Any:
        return self.fields.get(key, default)

    @property
    def multiplies(self) -> list[str]:
        return list(self.award.get("offers", [])) if "multiply" in self.award else []

    @property
    def repeats(self) -> bool:
        return self.goal_option("repeat") == "true"

    @property
    def carries(self) -> bool:
        return self.goal_option("carry") == "true"

    @property
    def reach(self) -> str:
        return str(self.goal_option("reach") or "all")

    def goal_option(self, name: str) -> str | None:
        value = (self.fields.get("goals") or {}).get(name)
        return None if value is None else str(value)


class Rules(Kept):
    """Everything the files of a programme say."""

    def __init__(self, files: Mapping[str, str]) -> None:
        documents = [
            yaml.load(text, Loader=yaml.BaseLoader) or {}
            for name, text in sorted(files.items())
            if name.endswith(".yaml")
        ]
        self.files = dict(files)
        self.business: dict[str, Any] = next(d["business"] for d in documents if "business" in d)
        self.clock = Clock(self.business["time_zone"])
        self.digits = DIGITS.get(self.business["currency"], 2)
        self.scale: int = 10**self.digits
        self.wallet: dict[str, Any] = self.business.get("wallet") or {}
        self._read_unit()
        self.schemes: dict[str, dict[str, Any]] = {}
        self.offers: dict[str, Offer] = {}
        for document in documents:
            self._read_scheme(document)
        self.pools = {"anywhere": {"id": "anywhere", "valid": {"for": "1y"}}} | by_id(documents, "pools")
        self.segments = by_id(documents, "segments")
        self.merchants = by_id(documents, "merchants")
        self.terms = {entry["merchant"]: entry for d in documents for entry in d.get("terms") or []}
        self.tiers: dict[str, Any] | None = next((d["tiers"] for d in documents if "tiers" in d), None)
        self.cards = by_id(documents, "cards")
        self.rewards = by_id(documents, "rewards")
        self.certificates = by_id(documents, "certificates")
        self.sites = by_id(documents, "sites")
        self.codes = by_id(documents, "codes")
        self.controls = by_id(documents, "controls")

    def _read_unit(self) -> None:
        unit = self.wallet.get("unit")
        if unit:
            self.unit_digits = int(unit.get("digits", 0))
            # Minor units of the currency that one minor unit of the wallet is worth.
            self.worth: Fraction = decimal(unit["worth"]) * 10**self.digits / 10**self.unit_digits
        else:
            self.unit_digits = self.digits
            self.worth = Fraction(1)

    def _read_scheme(self, document: dict[str, Any]) -> None:
        scheme = document.get("scheme")
        if scheme is None:
            return
        self.schemes[scheme["id"]] = scheme
        for fields in document.get("offers") or []:
            self.offers[fields["id"]] = Offer(fields, scheme)

    def money(self, text: str) -> int:
        """An amount of the currency in minor units."""
        return minor(text, self.digits)

    def units(self, text: str) -> int:
        """An amount of the wallet's unit in its minor units."""
        return minor(text, self.unit_digits)

    def listed(self, name: str) -> list[str]:
        """The lines of a file that a rule file names."""
        return [line.strip() for line in self.files.get(name, "").splitlines() if line.strip()]

    def attribute_kind(self, of: str, name: str) -> str | None:
        declared = ((self.business.get("attributes") or {}).get(of) or {}).get(name)
        if isinstance(declared, dict):
            return str(declared["type"])
        return None if declared is None else str(declared)

    def active_terms(self, merchant: str, moment: Any) -> dict[str, Any] | None:
        """The terms of a merchant, if they count at this instant."""
        terms: dict[str, Any] | None = self.terms.get(merchant)
        if terms is None or terms.get("state", "active") != "active":
            return None
        effective = terms.get("effective") or {}
        if "from" in effective and moment < self.clock.midnight_of(effective["from"]):
            return None
        if "until" in effective and moment >= self.clock.midnight_of(effective["until"]):
            return None
        return terms


def by_id(documents: Iterable[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for document in documents for entry in document.get(key) or []}
