"""What a ledger holds, in the shape of ``expect``: read from its tables, so that a case tests what is stored.

Each part is a function of ``Tables``: the rows of the tables and the names that case files use.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from guerdon.engine.cases.compare import Instant
from guerdon.engine.codes import Cause, Outcome, OwnerKind, Reason, Role, Status, TransferKind, account_parts
from guerdon.engine.decide.kept import RETURNED
from guerdon.engine.report.naming import account_name, amount_text, decimal_of, derived_id, owner_name

Row = Mapping[str, Any]
REVERSALS = (TransferKind.AWARD_REVERSAL, TransferKind.PRODUCT_REVERSAL)
REQUESTS = {1: "spend", 2: "redeem", 3: "payout", 4: "card", 5: "exchange"}
CURRENCY_UNIT = 1  # rows.TRANSFER.unit: the currency, where the wallet holds points


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows of a ledger and the words for them.

    ``rows[table]`` are mappings of the columns of ``ledger.tables``. ``events[seq]`` is the name the case uses for an
    event (``p1``, ``p1#2``); ``local`` turns µs UTC into µs of local wall time.
    """

    rows: Mapping[str, Sequence[Row]]
    name_of: Callable[[str, int], str]
    events: Mapping[int, str]
    digits: int  # of the wallet's unit
    currency_digits: int
    worth: Fraction  # minor units of the currency in one minor unit of the wallet
    local: Callable[[int], int]
    funder_of: Callable[[Row], str | None]  # of an award: the merchant that bears its part
    lines_of: Callable[[Row], Mapping[int, int]]  # of an award: line → minor units
    rhythm_of: Callable[[str, int], str]  # of a merchant, at a day: how often it is settled

    def amount(self, row: Row) -> Decimal:
        digits = self.currency_digits if row.get("unit") == CURRENCY_UNIT else self.digits
        return decimal_of(row["amount"], digits)

    def event(self, seq: int) -> str:
        return self.events.get(seq, f"seq {seq}")

    def award_event(self, award: Row) -> str:
        return derived_id(
            self.event(award["seq"]),
            award["cause"],
            self.name_of("scheme", award["scheme"]),
            self.name_of("contact", award["contact"]),
            self.local(award["earned_at"]),
        )


def awards(tables: Tables) -> list[dict[str, Any]]:
    """Every award as it was given."""
    found = []
    for row in tables.rows["award"]:
        merchant = tables.funder_of(row)
        parts = {"business": decimal_of(row["amount"] - row["merchant_part"], tables.digits)}
        if merchant is not None:
            parts[merchant] = decimal_of(row["merchant_part"], tables.digits)
        found.append(
            {
                "event": tables.award_event(row),
                "offer": tables.name_of("offer", row["offer"]),
                "amount": decimal_of(row["amount"], tables.digits),
                "contact": tables.name_of("contact", row["contact"]),
                "pool": tables.name_of("pool", row["pool"]),
                "funders": parts,
                "lines": {str(line): decimal_of(minor, tables.digits) for line, minor in tables.lines_of(row).items()},
            }
        )
    return found


def reversals(tables: Tables) -> list[dict[str, Any]]:
    """What returns and cancels took back, summed by the event that did it and the offer."""
    sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for row in tables.rows["transfer"]:
        if row["kind"] in REVERSALS:
            sums[row["seq"], row["offer"]] += tables.amount(row)
    for row in tables.rows["record"]:
        if row["kind"] == RETURNED:
            for seq, offer, minor in _unmoved(json.loads(row["fields"])):
                sums[seq, offer] += decimal_of(minor, tables.digits)
    return [
        {"event": tables.event(seq), "offer": tables.name_of("offer", offer), "amount": amount}
        for (seq, offer), amount in sums.items()
        if amount
    ]


def _unmoved(returned: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Free products taken back between a merchant and itself, which no transfer tells of: seq, offer, minor units."""
    for award in returned.get("awards", {}).values():
        yield from award.get("unmoved", ())


def refusals(tables: Tables) -> list[dict[str, Any]]:
    """Refused offers and requests; refused events are among the outcomes."""
    found = []
    for row in tables.rows["refusal"]:
        scheme = tables.name_of("scheme", row["scheme"])
        event = tables.event(row["seq"])
        cause = Cause(row["cause"])
        if cause not in (Cause.SUBSCRIPTION_MATURED, Cause.BIRTHDAY):
            event = derived_id(event, cause, scheme, "", 0)
        entry = {"event": event, "code": Reason(row["reason"]).name.lower()}
        if row["request"]:
            entry["request"] = REQUESTS[row["request"]]
        else:
            entry["offer"] = tables.name_of("offer", row["offer"])
        found.append(entry)
    return found


def redeems(tables: Tables) -> list[dict[str, Any]]:
    """Redeemed money, summed by event and pool."""
    sums: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for row in tables.rows["transfer"]:
        if row["kind"] == TransferKind.REDEEM:
            sums[row["seq"], account_parts(row["debit"])[2] - Role.COMMERCE] += tables.amount(row)
    return [
        {"event": tables.event(seq), "pool": tables.name_of("pool", pool), "amount": amount}
        for (seq, pool), amount in sums.items()
    ]


def spends(tables: Tables) -> list[dict[str, Any]]:
    """Spends of purchases and captures with their fee."""
    sums: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in tables.rows["transfer"]:
        kind = TransferKind.SPEND if row["kind"] == TransferKind.CAPTURE else row["kind"]
        if kind in (TransferKind.SPEND, TransferKind.WALLET_FEE):
            sums[row["seq"]][kind] += tables.amount(row)
    return [
        {"event": tables.event(seq), "amount": parts[TransferKind.SPEND], "fee": parts[TransferKind.WALLET_FEE]}
        for seq, parts in sums.items()
        if parts[TransferKind.SPEND]
    ]


def expiries(tables: Tables) -> list[dict[str, Any]]:
    """What expired, one entry a lot and instant; the funders' parts of a lot are added up."""
    sums: dict[tuple[int, ...], Decimal] = defaultdict(Decimal)
    for row in tables.rows["transfer"]:
        if row["kind"] == TransferKind.EXPIRY:
            contact = account_parts(row["debit"])[1]
            sums[contact, row["lot_seq"], row["lot_n"], row["effective_at"]] += tables.amount(row)
    return [
        {"contact": tables.name_of("contact", contact), "amount": amount, "at": Instant(at, tables.local(at))}
        for (contact, _, _, at), amount in sums.items()
    ]


def transfers(tables: Tables) -> list[dict[str, Any]]:
    """Every transfer, and the sum of those of one event between the same two accounts."""
    award_events = {(row["seq"], row["n"]): tables.award_event(row) for row in tables.rows["award"]}
    found = []
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for row in tables.rows["transfer"]:
        own = award_events.get((row["lot_seq"], row["lot_n"])) if row["lot_seq"] == row["seq"] else None
        event = own if own and row["kind"] in (TransferKind.AWARD, TransferKind.AWARD_FEE) else tables.event(row["seq"])
        between = account_name(row["debit"], tables.name_of), account_name(row["credit"], tables.name_of)
        sums[(event, *between)].append(tables.amount(row))
        found.append({"event": event, "from": between[0], "to": between[1], "amount": tables.amount(row)})
    found.extend(
        {"event": event, "from": debit, "to": credit, "amount": sum(amounts, Decimal(0))}
        for (event, debit, credit), amounts in sums.items()
        if len(amounts) > 1
    )
    return found


_WALLET = {
    Role.PENDING: "pending",
    Role.OPEN: "open",
    Role.OPEN_PAYABLE: "payable",
    Role.HELD: "held",
    Role.PAYOUT: "payout",
    Role.DEBT: "debt",
}


def _balances(tables: Tables) -> list[tuple[int, Decimal]]:
    digits = {0: tables.digits, CURRENCY_UNIT: tables.currency_digits}
    return [(row["account"], decimal_of(row["minor"], digits[row["unit"]])) for row in tables.rows["balance"]]


def wallets(tables: Tables) -> dict[str, dict[str, Any]]:
    """Balances of each contact by role, commerce by pool."""
    found: dict[str, dict[str, Any]] = {}
    for account, amount in _balances(tables):
        kind, owner, role = account_parts(account)
        if kind != OwnerKind.CONTACT:
            continue
        wallet = found.setdefault(owner_name(kind, owner, tables.name_of), {"commerce": Decimal(0), "pools": {}})
        if role >= Role.COMMERCE:
            wallet["commerce"] += amount
            wallet["pools"][tables.name_of("pool", role - Role.COMMERCE)] = amount
        else:
            wallet[_WALLET[Role(role)]] = amount
    return found


def accounts(tables: Tables) -> dict[str, Decimal]:
    """The balance of every account."""
    return {account_name(account, tables.name_of): amount for account, amount in _balances(tables)}


def cards(tables: Tables) -> dict[str, dict[str, Any]]:
    """State and pockets of gift cards."""
    found: dict[str, dict[str, Any]] = {
        name: {"status": fields["status"], "paid": Decimal(0), "promo": Decimal(0)}
        for name, _, fields in _records(tables, "card")
    }
    for account, amount in _balances(tables):
        kind, owner, role = account_parts(account)
        if kind == OwnerKind.CARD:
            pocket = "paid" if role == Role.CARD_PAID else "promo"
            found.setdefault(tables.name_of("card", owner), {})[pocket] = amount
    return found


def certificates(tables: Tables) -> dict[str, str]:
    """The state of each certificate."""
    return {name: fields["status"] for name, _, fields in _records(tables, "certificate")}


def coupons(tables: Tables) -> dict[str, list[dict[str, str]]]:
    """The coupons of each contact."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for _, contact, fields in _records(tables, "coupon"):
        entry = {"reward": fields["reward"], "status": fields["status"]}
        found[tables.name_of("contact", contact)].append(entry)
    return found


def _records(tables: Tables, kind: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Name, contact (number) and fields of the records of a kind."""
    rows = [row for row in tables.rows["record"] if row["kind"] == kind]
    return [(row["id"], row["contact"], json.loads(row["fields"])) for row in rows]


def tiers(tables: Tables, ladder: Sequence[str]) -> dict[str, str]:
    """The tier of each contact; ``ladder`` are the tiers of the programme in force."""
    return {
        tables.name_of("contact", row["number"]): ladder[row["tier"]]
        for row in tables.rows["contact"]
        if 0 <= row["tier"] < len(ladder)
    }


def contacts(tables: Tables) -> dict[str, dict[str, Any]]:
    """Status, schemes and spend block of each contact."""
    members: dict[int, list[str]] = defaultdict(list)
    for row in tables.rows["membership"]:
        if row["member"]:
            members[row["contact"]].append(tables.name_of("scheme", row["scheme"]))
    return {
        tables.name_of("contact", row["number"]): {
            "status": Status(row["status"]).name.lower(),
            "member_of": members[row["number"]],
            "spend_blocked": bool(row["spend_blocked"]),
        }
        for row in tables.rows["contact"]
    }


def outcome_text(outcome: int, reason: int) -> str | dict[str, str]:
    """An outcome as case files write it."""
    kind, why = Outcome(outcome), Reason(reason).name.lower()
    if kind in (Outcome.IGNORED, Outcome.REFUSED):
        return {kind.name.lower(): why}
    return kind.name.lower()


def amount_or_count(value: int, digits: int | None) -> Decimal:
    """Progress: an amount with its digits, or a plain count."""
    return Decimal(value) if digits is None else Decimal(amount_text(value, digits))
