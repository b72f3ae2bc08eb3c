"""V4 to V7: lots against balances and against the transfers that carry their ids; reversals; times of use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from guerdon.engine.codes import KIND_SHIFT, OWNER_SHIFT, OwnerKind, Role, TransferKind
from guerdon.engine.ledger.audit import Finding, Frames
from guerdon.engine.ledger.audit_balances import account_words

_ROLE_MASK: Final = (1 << OWNER_SHIFT) - 1
_MOVED = ("seq", "n", "kind", "unit", "debit", "credit", "amount", "lot_seq", "lot_n", "effective_at")
# What makes a lot, and what uses one as its holder wishes.
_GRANTS: Final = (TransferKind.AWARD, TransferKind.ADJUST, TransferKind.COMPENSATION)
_USES: Final = (TransferKind.REDEEM, TransferKind.EXCHANGE, TransferKind.TRANSFER)
_BACK: Final = (TransferKind.REDEEM_REVERSAL, TransferKind.EXCHANGE_REVERSAL)


def _in_lots(account: str) -> pl.Expr:
    role = pl.col(account) & _ROLE_MASK
    of_contact = pl.col(account) // (1 << KIND_SHIFT) == int(OwnerKind.CONTACT)
    found: pl.Expr = of_contact & ((role == int(Role.PENDING)) | (role >= int(Role.COMMERCE)))
    return found


def money_in_lots(tables: Frames) -> Iterator[Finding]:
    """V4: commerce:<pool> = Σ remaining of its usable lots, pending = Σ remaining of pending lots."""
    role = pl.when(pl.col("pending") != 0).then(int(Role.PENDING)).otherwise(int(Role.COMMERCE) + pl.col("pool"))
    account = (int(OwnerKind.CONTACT) << KIND_SHIFT) + pl.col("contact") * (1 << OWNER_SHIFT) + role.cast(pl.Int64)
    lots = tables.frame("lot", ("contact", "pool", "remaining", "pending"))
    held = lots.group_by(account=account).agg(pl.col("remaining").sum())
    balances = tables.frame("balance").filter((pl.col("unit") == 0) & _in_lots("account")).select("account", "minor")
    both = held.join(balances, on="account", how="full", coalesce=True)
    wrong = both.filter(pl.col("remaining").fill_null(0) != pl.col("minor").fill_null(0)).sort("account")
    for number, remaining, minor in wrong.select("account", "remaining", "minor").iter_rows():
        yield Finding("V4", "balance against its lots", account_words(number), str(remaining or 0), str(minor or 0))


def lot_histories(tables: Frames) -> Iterator[Finding]:
    """V5: remaining = granted − Σ taken + Σ put back, between 0 and granted; lot money moves with its lot."""
    transfers = tables.frame("transfer", _MOVED)
    nameless = transfers.filter((pl.col("lot_seq") == 0) & (_in_lots("debit") | _in_lots("credit")))
    for seq, n in nameless.select("seq", "n").iter_rows():
        yield Finding("V5", "money of a lot moved without its id", f"transfer {seq}/{n}", "a lot", "none")
    moved = _movements(transfers)
    del transfers
    sums = moved.group_by("lot_seq", "lot_n").agg(
        net=pl.col("change").sum(), granted=pl.col("change").filter(pl.col("grant")).sum()
    )
    lots = tables.frame("lot", ("contact", "seq", "n", "remaining")).rename({"seq": "lot_seq", "n": "lot_n"})
    both = sums.join(lots, on=("lot_seq", "lot_n"), how="full", coalesce=True)
    both = both.with_columns(pl.col("net", "granted", "remaining").fill_null(0))
    wrong = both.filter(
        (pl.col("net") != pl.col("remaining")) | (pl.col("net") < 0) | (pl.col("net") > pl.col("granted"))
    )
    for seq, n, net, granted, remaining in (
        wrong.select("lot_seq", "lot_n", "net", "granted", "remaining").sort("lot_seq", "lot_n").iter_rows()
    ):
        where = f"lot {seq}/{n}"
        if net != remaining:
            yield Finding("V5", "remaining", where, str(net), str(remaining))
        if not 0 <= net <= granted:
            yield Finding("V5", "left by its transfers", where, f"0 to {granted}", str(net))


def _movements(transfers: pl.DataFrame) -> pl.DataFrame:
    """What each transfer changes in which lot. A transfer between contacts makes a new lot of its own id."""
    lots = transfers.lazy().filter(pl.col("lot_seq") != 0)
    given = pl.col("kind") == int(TransferKind.TRANSFER)
    out = lots.filter(_in_lots("debit")).select("lot_seq", "lot_n", change=-pl.col("amount"), grant=pl.lit(False))
    into = lots.filter(_in_lots("credit")).select(
        lot_seq=pl.when(given).then("seq").otherwise("lot_seq"),
        lot_n=pl.when(given).then("n").otherwise("lot_n"),
        change="amount",
        grant=pl.col("kind").is_in([int(kind) for kind in _GRANTS]) | given,
    )
    return pl.concat([out, into]).collect()


def reversals(tables: Frames) -> Iterator[Finding]:
    """V6: what is reversed of a transfer is at most its amount."""
    transfers = tables.frame("transfer", ("seq", "n", "unit", "amount", "reverses_seq", "reverses_n"))
    back = (
        transfers.filter(pl.col("reverses_seq") != 0)
        .group_by("reverses_seq", "reverses_n", "unit")
        .agg(pl.col("amount").sum().alias("reversed"))
    )
    if not len(back):
        return
    originals = transfers.select(reverses_seq="seq", reverses_n="n", of_unit="unit", amount="amount")
    both = back.join(originals, on=("reverses_seq", "reverses_n"), how="left")
    wrong = both.filter(
        pl.col("amount").is_null() | (pl.col("reversed") > pl.col("amount")) | (pl.col("unit") != pl.col("of_unit"))
    )
    for seq, n, unit, reversed_, of_unit, amount in wrong.sort("reverses_seq", "reverses_n").iter_rows():
        where = f"transfer {seq}/{n}"
        if amount is None:
            yield Finding("V6", "a reversal of it", where, "the transfer", "none")
        elif unit != of_unit:
            yield Finding("V6", "unit of its reversal", where, str(of_unit), str(unit))
        else:
            yield Finding("V6", "reversed of it", where, f"at most {amount}", str(reversed_))


def times_of_use(tables: Frames) -> Iterator[Finding]:
    """V7: a lot is used from usable_at to expires_at, and vests no earlier. A lot put back later may live on."""
    transfers = tables.frame("transfer", _MOVED).filter(pl.col("lot_seq") != 0)
    kinds = [int(kind) for kind in (*_USES, TransferKind.VEST)]
    used = transfers.filter(pl.col("kind").is_in(kinds) & _in_lots("debit"))
    back = transfers.filter(pl.col("kind").is_in([int(kind) for kind in _BACK]))
    back = back.group_by("lot_seq", "lot_n").agg(back_at=pl.col("effective_at").max())
    columns = ("seq", "n", "usable_at", "expires_at")
    dates = pl.concat([tables.frame(name, columns).select(columns) for name in ("award", "lot")])
    dates = dates.group_by("seq", "n").agg(pl.col("usable_at").min(), pl.col("expires_at").max())
    dates = dates.rename({"seq": "lot_seq", "n": "lot_n"})
    both = used.join(dates, on=("lot_seq", "lot_n"), how="left").join(back, on=("lot_seq", "lot_n"), how="left")
    at, vest = pl.col("effective_at"), pl.col("kind") == int(TransferKind.VEST)
    restored = (pl.col("back_at") > pl.col("expires_at")).fill_null(False)
    early, late = at < pl.col("usable_at"), (at > pl.col("expires_at")) & ~restored & ~vest
    wrong = both.filter(early | late).sort("seq", "n")
    wrong = wrong.select("seq", "n", "effective_at", "usable_at", "expires_at")
    for seq, n, when, usable, expires in wrong.iter_rows():
        yield Finding("V7", "use of its lot", f"transfer {seq}/{n}", f"from {usable} to {expires}", str(when))
