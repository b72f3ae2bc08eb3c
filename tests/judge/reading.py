"""Reading an event: which fields it may have, its amounts and lines, its place."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .matching import Fields, Value
from .money import BadAmount, decimal, minor, rounded
from .state import Contact, Happening, Line, Refused

if TYPE_CHECKING:
    from .judge import Judge

PRODUCT_FIELDS = {"sku", "type", "family", "brand", "category"}
LINE_FIELDS = PRODUCT_FIELDS | {"line", "quantity", "net", "tax", "total", "attributes"}


def read_lines(j: Judge, e: dict[str, Any]) -> list[Line]:
    """The lines of a purchase in the business's currency; a purchase without lines is one line."""
    try:
        given = e.get("lines")
        raws = [dict(raw) for raw in given] if given else [{k: e[k] for k in ("net", "tax", "total") if k in e}]
        rate = rate_of(j, e)
        lines = [read_line(j, raw, number, rate) for number, raw in enumerate(raws, start=1)]
        if given:
            for name in ("net", "tax", "total"):
                if name in e and amount(j, e[name], rate) != sum(getattr(line, name) for line in lines) and not rate:
                    raise Refused("amounts_disagree")
    except BadAmount as error:
        raise Refused("bad_amount") from error
    if sum(line.total for line in lines) < 0:
        raise Refused("bad_amount")
    return lines


def rate_of(j: Judge, e: dict[str, Any]) -> Fraction | None:
    if e.get("currency", j.rules.business["currency"]) == j.rules.business["currency"]:
        return None
    if "rate" not in e:
        raise Refused("rate_missing")
    return decimal(e["rate"])


def amount(j: Judge, text: str, rate: Fraction | None) -> int:
    if rate is None:
        return j.rules.money(text)
    return rounded(decimal(text) * rate * j.rules.scale, "half_up")


def read_line(j: Judge, raw: dict[str, Any], number: int, rate: Fraction | None) -> Line:
    fields = {k: v for k, v in raw.items() if k != "attributes"} | dict(raw.get("attributes") or {})
    for name in fields:
        if name not in LINE_FIELDS and j.rules.attribute_kind("line", name) is None:
            raise Refused("undeclared_field")
    quantity = decimal(fields.get("quantity", "1"))
    minor(fields.get("quantity", "1"), 3)
    given = {name: amount(j, fields[name], rate) for name in ("net", "tax", "total") if name in fields}
    if "total" in given:
        total = given["total"]
        if "net" in given:
            net = given["net"]
            if "tax" in given and net + given["tax"] != total and rate is None:
                raise Refused("amounts_disagree")
        else:
            net = total - given.get("tax", 0)
    elif "net" in given:
        net = given["net"]
        total = net + given.get("tax", 0)
    else:
        raise Refused("bad_amount")
    return Line(number, fields, quantity, net, total - net, total)


def normal_reference(text: str) -> str:
    return unicodedata.normalize("NFKC", str(text)).strip().upper()


def business_key(e: dict[str, Any], merchant: str | None) -> tuple[str, str, str] | None:
    """(merchant, series, reference) of a purchase, if it has a reference."""
    if not normal_reference(e.get("reference", "")):
        return None
    return (merchant or "", normal_reference(e.get("series", "")), normal_reference(e["reference"]))


def place_of(j: Judge, e: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Merchant, venue and tap: any one is enough, the others are looked up."""
    merchant, venue, tap = e.get("merchant"), e.get("venue"), e.get("tap")
    if merchant is not None and merchant not in j.rules.merchants:
        raise Refused("unknown_merchant")
    for owner, entry in j.rules.merchants.items():
        for place in entry.get("venues") or []:
            if tap is not None and tap in (place.get("taps") or []):
                if venue not in (None, place["id"]) or merchant not in (None, owner):
                    raise Refused("unknown_merchant")
                return owner, place["id"], tap
            if venue is not None and place["id"] == venue:
                if merchant not in (None, owner):
                    raise Refused("unknown_merchant")
                return owner, venue, tap
    own = j.rules.business.get("venues", "any")
    if venue is not None and merchant is None and own != "any" and venue not in own:
        raise Refused("unknown_merchant")
    if venue is not None and merchant is not None:
        raise Refused("unknown_merchant")
    if tap is not None and venue is None:
        raise Refused("unknown_merchant")
    return merchant, venue, tap


# Fields that matchers test

EVENT_AMOUNTS = {"total", "net", "tax", "amount"}


def event_fields(j: Judge, h: Happening, kept: bool = False) -> Fields:
    """The fields of an event; `kept` is the event less what was returned of it."""

    def value(name: str) -> Value:
        if name in ("total", "net", "tax"):
            ratio = (lambda line: 1 - line.returned) if kept else (lambda line: Fraction(1))
            return sum((getattr(line, name) * ratio(line) for line in h.lines), Fraction(0)) / j.rules.scale
        if name == "quantity":
            return sum((line.kept_quantity if kept else line.quantity for line in h.lines), Fraction(0))
        if name == "currency":
            return str(h.fields.get("currency", j.rules.business["currency"]))
        if name == "type":
            return h.type
        given = h.fields.get(name)
        if given is None:
            given = (h.fields.get("attributes") or {}).get(name)
        return typed(given, kind(name))

    def kind(name: str) -> str:
        if name in EVENT_AMOUNTS:
            return "amount"
        if name == "quantity":
            return "quantity"
        return j.rules.attribute_kind("event", name) or "string"

    return Fields(value, kind, j.rules.clock.day(h.moment))


def line_fields(j: Judge, h: Happening, line: Line, kept: bool = False) -> Fields:
    def value(name: str) -> Value:
        left = 1 - line.returned if kept else Fraction(1)
        quantity = line.kept_quantity if kept else line.quantity
        if name in ("total", "net", "tax"):
            return Fraction(getattr(line, name)) * left / j.rules.scale
        if name == "quantity":
            return quantity
        if name == "unit_price":
            return None if quantity == 0 else line.total * left / quantity / j.rules.scale
        return typed(line.fields.get(name), kind(name))

    def kind(name: str) -> str:
        if name in ("total", "net", "tax", "unit_price"):
            return "amount"
        if name == "quantity":
            return "quantity"
        return j.rules.attribute_kind("line", name) or "string"

    return Fields(value, kind, j.rules.clock.day(h.moment))


def contact_fields(j: Judge, contact: Contact, h: Happening) -> Fields:
    def value(name: str) -> Value:
        if name == "id":
            return contact.name
        if name == "email_domain":
            return contact.email_domain
        if name == "registered_on":
            return j.rules.clock.day(contact.registered_at).isoformat()
        if name == "referred":
            return "true" if contact.referred else "false"
        if name in ("birth_month", "birth_day"):
            return contact.attributes.get("birth_date")
        return typed(contact.attributes.get(name), kind(name))

    def kind(name: str) -> str:
        if name in ("birth_month", "birth_day"):
            return name
        if name == "registered_on":
            return "date"
        return j.rules.attribute_kind("contact", name) or "string"

    return Fields(value, kind, j.rules.clock.day(h.moment))


def typed(given: Any, kind: str) -> Value:
    if given is None:
        return None
    return decimal(given) if kind in ("amount", "integer", "decimal") else str(given)
