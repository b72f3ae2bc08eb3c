"""V1 to V3: balances against transfers, the zero sum, and the side of zero on which accounts stand."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role, account_parts
from guerdon.engine.ledger.audit import Finding, Frames

_MONEY = ("debit", "credit", "unit", "amount")
_ROLE = pl.col("account") & ((1 << OWNER_SHIFT) - 1)
_KIND = pl.col("account") // (1 << KIND_SHIFT)
_OF_CONTACT = {
    "open": Role.OPEN,
    "payable": Role.OPEN_PAYABLE,
    "held": Role.HELD,
    "payout": Role.PAYOUT,
    "debt": Role.DEBT,
}
_NOT_BELOW_ZERO = {
    OwnerKind.CONTACT: (Role.PENDING, Role.OPEN, Role.OPEN_PAYABLE, Role.HELD, Role.PAYOUT),
    OwnerKind.MERCHANT: (Role.BUDGET,),
    OwnerKind.CARD: (Role.CARD_PAID, Role.CARD_PROMO),
    OwnerKind.CERTIFICATE: (Role.CERTIFICATE,),
}


def account_words(account: int) -> str:
    """An account in words, its owner by number.

    >>> account_words((2 << 56) | (7 << 16) | 257)
    'contact 7 commerce pool 1'
    """
    kind, owner, role = account_parts(account)
    words = f"commerce pool {role - Role.COMMERCE}" if role >= Role.COMMERCE else Role(role).name.lower()
    return f"{kind.name.lower()} {owner} {words}" if owner else f"{kind.name.lower()} {words}"


def _sums(tables: Frames) -> pl.DataFrame:
    transfers = tables.frame("transfer", _MONEY).lazy()
    credits = transfers.select(account="credit", unit="unit", minor="amount")
    debits = transfers.select(account="debit", unit="unit", minor=-pl.col("amount"))
    both = pl.concat([credits, debits])
    found: pl.DataFrame = both.group_by("account", "unit").agg(pl.col("minor").sum()).collect()
    return found


def stored_balances(tables: Frames) -> Iterator[Finding]:
    """V1: every stored balance is Σ credits − Σ debits; a contact's row repeats its balances."""
    stored = tables.frame("balance")
    both = _sums(tables).join(stored, on=("account", "unit"), how="full", coalesce=True, suffix="_stored")
    wrong = both.filter(pl.col("minor").fill_null(0) != pl.col("minor_stored").fill_null(0)).sort("account", "unit")
    for account, unit, minor, found in wrong.iter_rows():
        yield Finding("V1", "balance", _account(account, unit), str(minor or 0), str(found or 0))
    contacts = tables.frame("contact", ("number", *_OF_CONTACT))
    wallet = stored.filter(_KIND.eq(int(OwnerKind.CONTACT)) & pl.col("unit").eq(0)).with_columns(
        number=(pl.col("account") // (1 << OWNER_SHIFT)) & ((1 << (KIND_SHIFT - OWNER_SHIFT)) - 1), role=_ROLE
    )
    for column, role in _OF_CONTACT.items():
        sign = -1 if role is Role.DEBT else 1
        of_role = wallet.filter(pl.col("role") == int(role)).select("number", minor=sign * pl.col("minor"))
        both = contacts.select("number", column).join(of_role, on="number", how="full", coalesce=True)
        wrong = both.filter(pl.col(column).fill_null(0) != pl.col("minor").fill_null(0)).sort("number")
        for number, found, minor in wrong.iter_rows():
            yield Finding("V1", f"{column} in the contact's row", f"contact {number}", str(minor or 0), str(found or 0))


def zero_sum(tables: Frames) -> Iterator[Finding]:
    """V2: the stored balances of each unit add up to zero."""
    for unit, minor in tables.frame("balance").group_by("unit").agg(pl.col("minor").sum()).sort("unit").iter_rows():
        if minor:
            yield Finding("V2", "sum of all balances", f"unit {unit}", "0", str(minor))


def signs(tables: Frames) -> Iterator[Finding]:
    """V3: wallets, budgets, cards and certificates are not below zero; debt is not above."""
    balances = tables.frame("balance").with_columns(kind=_KIND, role=_ROLE)
    commerce = (pl.col("kind") == int(OwnerKind.CONTACT)) & (pl.col("role") >= int(Role.COMMERCE))
    guarded = commerce
    for kind, roles in _NOT_BELOW_ZERO.items():
        guarded |= (pl.col("kind") == int(kind)) & pl.col("role").is_in([int(role) for role in roles])
    below = balances.filter(guarded & (pl.col("minor") < 0))
    for account, unit, minor in below.select("account", "unit", "minor").iter_rows():
        yield Finding("V3", "balance", _account(account, unit), "0 or more", str(minor))
    debt = (pl.col("kind") == int(OwnerKind.CONTACT)) & (pl.col("role") == int(Role.DEBT)) & (pl.col("minor") > 0)
    for account, unit, minor in balances.filter(debt).select("account", "unit", "minor").iter_rows():
        yield Finding("V3", "debt as a balance", _account(account, unit), "0 or less", str(minor))


def _account(account: int, unit: int) -> str:
    return account_words(account) + (" in the currency" if unit else "")
