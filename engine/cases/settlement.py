"""What merchants owe or are owed by period, for case files: the columns of a statement straight from the transfers."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from guerdon.engine.cases.readout import Tables
from guerdon.engine.codes import OwnerKind, Role, TransferKind, account_parts
from guerdon.engine.report.naming import date_text

_K = TransferKind
COLUMNS = {
    _K.AWARD: "award",
    _K.AWARD_REVERSAL: "award",
    _K.AWARD_FEE: "award_fee",
    _K.AWARD_FEE_REVERSAL: "award_fee",
    _K.SPEND: "spend",
    _K.SPEND_REVERSAL: "spend",
    _K.CAPTURE: "spend",
    _K.SPEND_FEE: "spend_fee",
    _K.SPEND_FEE_REVERSAL: "spend_fee",
    _K.EXPIRY: "expiry",
    _K.PRODUCT: "product",
    _K.PRODUCT_REVERSAL: "product",
    _K.CARD_LOAD: "card_load",
    _K.CARD_LOAD_REVERSAL: "card_load",
    _K.CARD_BONUS: "card_bonus",
    _K.CARD_BONUS_REVERSAL: "card_bonus",
    _K.CARD_COMMISSION: "card_commission",
    _K.CARD_COMMISSION_REVERSAL: "card_commission",
    _K.CARD_SPEND: "card_spend",
    _K.CARD_SPEND_REVERSAL: "card_spend",
    _K.CERTIFICATE_SALE: "certificate_sale",
    _K.CERTIFICATE_SALE_REVERSAL: "certificate_sale",
    _K.CERTIFICATE_CLAIM: "certificate_claim",
}
NETTED = (Role.RECEIVABLE, Role.PAYABLE)
APPROVALS = (_K.STATEMENT_APPROVED, _K.STATEMENT_PAID, _K.STATEMENT_FAILED)


def settlement(tables: Tables) -> list[dict[str, Any]]:
    """One entry a merchant and month: the net over receivable and payable, approvals left out; prepaid beside it."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in tables.rows["transfer"]:
        if row["kind"] in APPROVALS:
            continue
        period = date_text(tables.local(row["effective_at"]))[:7]
        for account, sign in ((row["debit"], -1), (row["credit"], 1)):
            kind, owner, role = account_parts(account)
            if kind != OwnerKind.MERCHANT:
                continue
            columns = sums[tables.name_of("merchant", owner), period]
            amount = sign * tables.amount(row)
            if role in NETTED:
                columns["net"] += amount
                if row["kind"] in COLUMNS:
                    columns[COLUMNS[TransferKind(row["kind"])]] += amount
            elif role == Role.BUDGET and row["kind"] in (_K.AWARD, _K.AWARD_REVERSAL):
                columns["prepaid"] += amount
    return [{"merchant": merchant, "period": period, **columns} for (merchant, period), columns in sums.items()]
