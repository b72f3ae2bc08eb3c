"""Certificates: issued, distributed, reserved, claimed, fulfilled, voided, replaced, expired."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .awarding import expiry
from .clock import MICROSECOND
from .ledger import balance, move
from .state import Refused
from .statements import known_merchant

if TYPE_CHECKING:
    from .judge import Judge

FROM = {
    "certificate_distributed": ("generated",),
    "certificate_reserved": ("distributed",),
    "certificate_fulfilled": ("claimed",),
    "certificate_voided": ("generated", "distributed", "reserved"),
    "certificate_replaced": ("distributed", "reserved"),
}
UNKNOWN = ("generated", "voided", "replaced")


def account(name: str) -> str:
    return f"certificate:{name}/certificate"


def expire_one(j: Judge, name: str, until: datetime) -> None:
    """What fell due for a certificate before an event on it, or at a tick."""
    entry = j.state.certificates.get(name)
    if entry is None or entry["status"] not in ("distributed", "reserved") or entry["expires_at"] is None:
        return
    due = entry["expires_at"] + MICROSECOND
    if due <= until:
        entry["status"] = "expired"
        move(j, account(name), "business/breakage", balance(j, account(name)), due, "certificate_expiry")


def event(j: Judge, name: str, e: dict[str, Any], moment: datetime) -> None:
    which = e["certificate"]
    kind = e["type"]
    if kind == "certificate_issued":
        if e["kind"] not in j.rules.certificates:
            raise Refused("unknown_instrument")
        if which in j.state.certificates:
            raise Refused("invalid_transition")
        j.state.certificates[which] = {"kind": e["kind"], "status": "generated", "email": None, "expires_at": None}
        return
    merchant = known_merchant(j, e) if kind == "certificate_claimed" else None
    expire_one(j, which, moment)
    j.checkpoint()
    entry = j.state.certificates.get(which)
    if merchant is not None:
        claim(j, which, entry, e, merchant, moment)
        return
    if entry is None:
        raise Refused("unknown_instrument")
    if entry["status"] not in FROM[kind]:
        raise Refused("invalid_transition")
    {
        "certificate_distributed": distribute,
        "certificate_reserved": reserve,
        "certificate_fulfilled": fulfil,
        "certificate_voided": void,
        "certificate_replaced": replace,
    }[kind](j, which, entry, e, moment)


def rule(j: Judge, entry: dict[str, Any]) -> dict[str, Any]:
    return j.rules.certificates[entry["kind"]]


def distribute(j: Judge, which: str, entry: dict[str, Any], e: dict[str, Any], moment: datetime) -> None:
    terms = rule(j, entry)
    entry["status"] = "distributed"
    entry["expires_at"] = expiry(j, terms.get("valid", "always"), moment)
    value = j.rules.money(terms["value"])
    move(j, f"{terms['distributor']}/receivable", account(which), value, moment, "certificate_sale")


def reserve(j: Judge, which: str, entry: dict[str, Any], e: dict[str, Any], moment: datetime) -> None:
    test_claim(j, entry, e, moment, with_terms=False)
    entry["status"] = "reserved"
    entry["email"] = normal(e["email"])


def fulfil(j: Judge, which: str, entry: dict[str, Any], e: dict[str, Any], moment: datetime) -> None:
    entry["status"] = "fulfilled"


def void(j: Judge, which: str, entry: dict[str, Any], e: dict[str, Any], moment: datetime) -> None:
    entry["status"] = "voided"
    back = f"{rule(j, entry)['distributor']}/receivable"
    move(j, account(which), back, balance(j, account(which)), moment, "certificate_sale")


def replace(j: Judge, which: str, entry: dict[str, Any], e: dict[str, Any], moment: datetime) -> None:
    if e["by"] in j.state.certificates:
        raise Refused("invalid_transition")
    j.state.certificates[e["by"]] = {**entry, "status": "distributed", "email": None}
    entry["status"] = "replaced"
    move(j, account(which), account(e["by"]), balance(j, account(which)), moment, "certificate_move")


def normal(email: str) -> str:
    return str(email).strip().lower()


def claim(
    j: Judge, which: str, entry: dict[str, Any] | None, e: dict[str, Any], merchant: str, moment: datetime
) -> None:
    if entry is None:
        raise Refused("code_unknown")
    test_claim(j, entry, e, moment, with_terms=True)
    entry["status"] = "claimed"
    entry["email"] = normal(e["email"])
    move(j, account(which), f"{merchant}/payable", balance(j, account(which)), moment, "certificate_claim")


def test_claim(j: Judge, entry: dict[str, Any], e: dict[str, Any], moment: datetime, with_terms: bool) -> None:
    terms = rule(j, entry)
    if entry["status"] in UNKNOWN or e["site"] != terms["site"]:
        raise Refused("code_unknown")
    if entry["status"] == "reserved" and entry["email"] != normal(e["email"]):
        raise Refused("code_unknown")
    if entry["status"] in ("claimed", "fulfilled"):
        raise Refused("code_used")
    if entry["status"] == "expired" or j.rules.sites[terms["site"]].get("state", "open") != "open":
        raise Refused("not_available")
    closed = j.rules.active_terms(terms["distributor"], moment) is None
    if closed and terms.get("on_distributor_closed") == "refuse":
        raise Refused("not_available")
    if with_terms and e.get("terms") != terms.get("terms"):
        raise Refused("terms_not_accepted")
