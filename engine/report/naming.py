"""How people call what a ledger numbers: accounts, derived events, amounts, instants.

The same words serve reports, case files and ``--json``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from guerdon.engine.codes import Cause, OwnerKind, Role, account_parts

NameOf = Callable[[str, int], str]
_EPOCH = datetime(1970, 1, 1)


def decimal_of(minor: int, digits: int) -> Decimal:
    """Minor units as an exact decimal with the unit's digits.

    >>> decimal_of(-1234, 2)
    Decimal('-12.34')
    """
    return Decimal(minor).scaleb(-digits)


def amount_text(minor: int, digits: int) -> str:
    """Minor units as decimal text.

    >>> amount_text(5, 2), amount_text(5, 0)
    ('0.05', '5')
    """
    return f"{decimal_of(minor, digits):f}"


def local_text(local: int) -> str:
    """µs of local wall time as people write them: minutes, or as fine as the time is.

    >>> local_text(60_000_000), local_text(61_000_000), local_text(61_000_001)
    ('1970-01-01 00:01', '1970-01-01 00:01:01', '1970-01-01 00:01:01.000001')
    """
    moment = _EPOCH + timedelta(microseconds=local)
    if moment.microsecond:
        return moment.isoformat(" ")
    return moment.isoformat(" ", "seconds" if moment.second else "minutes")


def date_text(local: int) -> str:
    """The local date of a local wall time in µs.

    >>> date_text(86_400_000_000)
    '1970-01-02'
    """
    return (_EPOCH + timedelta(microseconds=local)).date().isoformat()


def role_name(role: int, name_of: NameOf) -> str:
    """A role as accounts show it: ``open:payable``, ``commerce/anywhere``, ``card:paid``."""
    if role >= Role.COMMERCE:
        return f"commerce/{name_of('pool', role - Role.COMMERCE)}"
    name = Role(role).name.lower()
    return _COLONS.get(name, name)


_COLONS = {"open_payable": "open:payable", "card_paid": "card:paid", "card_promo": "card:promo"}


def account_name(number: int, name_of: NameOf) -> str:
    """An account as ``owner/role[/pool]``: ``ann/open``, ``business/rewards_cost``, ``card:c1/card:paid``.

    ``name_of(kind, number)`` gives the name of a registered number; a name that was erased is shown as ``#number``.
    """
    kind, owner, role = account_parts(number)
    return f"{owner_name(kind, owner, name_of)}/{role_name(role, name_of)}"


def owner_name(kind: OwnerKind, owner: int, name_of: NameOf) -> str:
    """Who owns an account, as accounts and reports show it."""
    if kind == OwnerKind.BUSINESS:
        return "business"
    name = name_of(kind.name.lower(), owner) or f"#{owner}"
    return f"{kind.name.lower()}:{name}" if kind in (OwnerKind.CARD, OwnerKind.CERTIFICATE) else name


def derived_id(event_id: str, cause: int, scheme: str, contact: str, local: int) -> str:
    """The id of the event that an award belongs to: the cause's id and what was derived from it (spec 4).

    ``scheme`` is the one joined (sign_up), ``contact`` and ``local`` name what the calendar derives.

    >>> derived_id("p1", Cause.SIGN_UP, "everyday", "ann", 0), derived_id("t1", Cause.BIRTHDAY, "", "ann", 0)
    ('p1/sign_up/everyday', 'ann/birthday/1970-01-01')
    """
    kind = Cause(cause)
    if kind == Cause.ITSELF:
        return event_id
    if kind == Cause.SIGN_UP:
        return f"{event_id}/sign_up/{scheme}"
    if kind in (Cause.SUBSCRIPTION_MATURED, Cause.BIRTHDAY):
        return f"{contact}/{kind.name.lower()}/{date_text(local)}"
    if kind == Cause.REFERRER:
        return f"{event_id}/referral"
    return f"{event_id}/{kind.name.lower()}"
