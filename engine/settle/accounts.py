"""The bank accounts of bank.yaml: checked, and a changed one counts only after a second person has approved it.

The first account of an id counts at once. A change waits until somebody else than who proposed it approves it, and then
counts for statements that are closed after that: a statement keeps the account that counted when it was closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Executable, bindparam, delete, insert, select

from guerdon.engine.ledger.bank_tables import bank_account
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.ledger.store import Row
from guerdon.engine.rows import FOREVER
from guerdon.engine.settle.source import SettleError

_ALL = select(bank_account).order_by(bank_account.c.id, bank_account.c.since)
_ONE = _ALL.where(bank_account.c.id == bindparam("id"))


class Account(NamedTuple):
    """Where money is sent; ``iban`` and ``bic`` in their compact form, ``bic`` '' where the IBAN says enough."""

    name: str
    iban: str
    bic: str

    @property
    def last_four(self) -> str:
        """What is shown of it."""
        return f"…{self.iban[-4:]}"


class Known(NamedTuple):
    """An account as the ledger knows it: it counts since a place in the log; FOREVER: it waits for approval."""

    id: str
    since: int
    account: Account
    proposed_by: str
    approved_by: str


def read_accounts(folder: Path) -> dict[str, Account]:
    """The accounts of a programme's bank.yaml; none without one. SettleError: an IBAN or BIC is wrong."""
    import yaml

    path = folder / "bank.yaml"
    if not path.is_file():
        return {}
    told = yaml.safe_load(path.read_text("utf-8")) or {}  # its form was checked with the programme's
    accounts = told.get("accounts") or []
    return {
        str(each["id"]): checked(each["name"], each["iban"], each.get("bic") or "", each["id"]) for each in accounts
    }


def checked(name: str, iban: str, bic: str, place: str) -> Account:
    """An account whose IBAN and BIC are right. SettleError: they are not."""
    from schwifty import BIC, IBAN
    from schwifty.exceptions import SchwiftyException

    try:
        number = IBAN(iban)
    except SchwiftyException as error:
        hint = "an IBAN has two check digits; compare it with the one on a statement of the bank"
        raise SettleError(f"{iban}: {_words(error)}", code="bad-iban", place=place, hint=hint) from None
    try:
        bank = BIC(bic).compact if bic else ""
    except SchwiftyException as error:
        hint = "a BIC has 8 or 11 signs, like BCYPCY2N; leave it out where the IBAN is enough"
        raise SettleError(f"{bic}: {_words(error)}", code="bad-bic", place=place, hint=hint) from None
    return Account(name, number.compact, bank)


def _words(error: Exception) -> str:
    return str(error).rstrip(".").lower() or "it is wrong"


def known_accounts(ledger: Ledger) -> list[Known]:
    """Every account that ever counted or waits, by id and since when."""
    return [_known(row) for row in ledger.store.rows(_ALL)]


def _known(row: Row) -> Known:
    id, since, name, iban, bic, proposed_by, _, approved_by, _ = row
    return Known(str(id), int(since), Account(str(name), str(iban), str(bic)), str(proposed_by), str(approved_by))


def account_at(ledger: Ledger, id: str, seq: int) -> Account | None:
    """The account of an id that counted before a place in the log; None: there was none."""
    found = [known for known in map(_known, ledger.store.rows(_ONE, id=id)) if known.since < seq]
    return found[-1].account if found else None


def take_up(ledger: Ledger, accounts: Mapping[str, Account], actor: str | None, now: int) -> list[str]:
    """Bring the ledger up to bank.yaml. Returns the ids of changed accounts that wait for approval.

    A change counts as proposed by ``actor``. SettleError: nobody is named for one.
    """
    known: dict[str, list[Known]] = {}
    for each in known_accounts(ledger):
        known.setdefault(each.id, []).append(each)
    changes: list[Executable] = []
    waiting = []
    for id, account in accounts.items():
        counted = [each for each in known.get(id, ()) if each.since != FOREVER]
        proposed = next((each for each in known.get(id, ()) if each.since == FOREVER), None)
        if not counted:
            changes.append(_put(Known(id, 0, account, actor or "", ""), now))
        elif counted[-1].account == account:
            changes += [_without(id)] if proposed else []
        else:
            waiting.append(id)
            if proposed is None or proposed.account != account:
                if not actor:
                    hint = "say who changed it: --as NAME; a second person approves it then"
                    raise SettleError("this account was changed", code="account-changed", place=id, hint=hint)
                changes += [_without(id), _put(Known(id, FOREVER, account, actor, ""), now)]
    if changes:
        ledger.change(*changes)
    return waiting


def approve(ledger: Ledger, id: str, actor: str | None, now: int) -> Account:
    """Approve a changed account; it counts for statements that are closed from now on. SettleError: it can't be."""
    proposed = next((known for known in known_accounts(ledger) if known.id == id and known.since == FOREVER), None)
    if proposed is None:
        raise SettleError("no change of this account waits", code="nothing-to-approve", place=id)
    if not actor or actor == proposed.proposed_by:
        hint = f"it was proposed by {proposed.proposed_by}; somebody else approves it: --as NAME"
        raise SettleError("a second person must approve it", code="second-person", place=id, hint=hint)
    counts = proposed._replace(since=ledger.last_seq, approved_by=actor)
    ledger.change(_without(id), _put(counts, now))
    return proposed.account


def _without(id: str) -> Executable:
    """Takes away the change of an account that waits."""
    return delete(bank_account).where(bank_account.c.id == id, bank_account.c.since == FOREVER)


def _put(known: Known, now: int) -> Executable:
    return insert(bank_account).values(
        id=known.id,
        since=known.since,
        **known.account._asdict(),
        proposed_by=known.proposed_by,
        proposed_at=now,
        approved_by=known.approved_by,
        approved_at=now if known.approved_by else 0,
    )
