"""What a command would do, shown with the token that confirms it (``care.previews``). Nothing is posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from guerdon.engine.api.answers import Answering
from guerdon.engine.api.decimals import plain
from guerdon.engine.api.door import FrontDoor, Told
from guerdon.engine.api.instants import money, rfc3339
from guerdon.engine.api.keys import Principal
from guerdon.engine.api.views import may_see, number_of
from guerdon.engine.care.preview_tokens import Held, sealed
from guerdon.engine.care.previews import (
    contacts_of,
    last_posted,
    previewed_after,
    rehearsed,
    seen_of,
    wallets,
    wallets_json,
)
from guerdon.engine.codes import Outcome, TransferKind
from guerdon.engine.events.code_names import NamedRecord
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.report.naming import account_name
from guerdon.engine.rows import REFUSAL, TRANSFER
from guerdon.rules.program import Program

_NONE: Final = np.zeros(0, TRANSFER)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that is looked at: who told it and, where there is one, who approves it.

    ``told``: its event's fields as they were told (a ``NamedRecord`` if that was before); ``made``: those that went
    without saying.
    """

    maker: Principal
    told: Mapping[str, Any]
    made: Mapping[str, Any]
    approver: str = ""


def look(
    ledger: Ledger, program: Program, door: FrontDoor, proposal: Proposal, now: int
) -> tuple[Told, dict[str, Any]]:
    """The event of a proposal, and what it would do; {} if it can't be read or may not be told.

    ``ledger`` is open for reading only. Problem 404: its contact is out of the maker's scope.
    """
    maker = proposal.maker
    kind = NamedRecord if isinstance(proposal.told, NamedRecord) else dict[str, Any]
    record = kind({**proposal.made, **proposal.told})
    told = door.told(maker, [record], now, ledger=ledger, approver=proposal.approver)[0]
    event = told.item
    if not isinstance(event, Event):
        return told, {}
    named = event.contact if event.contact_kind == "id" and event.contact else ""
    known = ledger.names.find("contact", named)
    if known and (maker.contact or maker.merchants):  # a stranger may be registered
        number_of(ledger, maker, named)
    seen = seen_of(ledger, event)  # before the rehearsal, which gives strangers a number
    shown = _shown(ledger, program, maker, told, event)
    last = last_posted(ledger, known) if known else None
    shown["previewed_after"] = last.id if last is not None else None
    said = {name: told.record.get(name) for name in proposal.told}
    made = {**proposal.made, **previewed_after(ledger, event)}
    if event.merchant and "merchant" not in said:
        made["merchant"] = event.merchant  # whoever approves it must see that it is theirs
    held = Held(said, made, seen, maker.key_id, now)
    shown |= {"token": sealed(held, ledger.keyring.secret()), "token_expires_at": rfc3339(held.expires_at)}
    return told, shown


def _shown(ledger: Ledger, program: Program, maker: Principal, told: Told, event: Event) -> dict[str, Any]:
    admitted, chunk = rehearsed(ledger, program, event)
    answering = Answering(program)
    answer = answering.events([told], admitted, chunk, ledger)[0]
    shown = {name: value for name, value in answer.shown.items() if name != "seq"}
    posts = chunk is not None and answer.outcome is Outcome.POSTED
    moved = chunk.transfers[chunk.transfers["seq"] == answer.shown["seq"]] if chunk is not None and posts else _NONE
    # the wallet of whoever a member sends money to is not theirs to see
    mine = [number for number in contacts_of(ledger, event) if may_see(ledger, maker, number)]
    shown["wallets"] = plain(wallets_json(wallets(ledger, program, mine, moved)))
    if chunk is not None and posts:
        refused = chunk.refusals[chunk.refusals["seq"] == answer.shown["seq"]]
        shown["changes"] = answering.changes(moved, ledger)
        shown["refusals"] = answering.refusals(refused.astype(REFUSAL, copy=False), ledger)
        shown["transfers"] = [_transfer(ledger, program, row) for row in moved]
    return shown


def _transfer(ledger: Ledger, program: Program, row: np.void) -> dict[str, Any]:
    digits = (program.business.unit.digits, program.business.digits)
    return {
        "kind": TransferKind(int(row["kind"])).name.lower(),
        "debit": account_name(int(row["debit"]), ledger.names.id),
        "credit": account_name(int(row["credit"]), ledger.names.id),
        "amount": money(row["amount"], digits[int(row["unit"])]),
        "effective_at": rfc3339(int(row["effective_at"])),
    }
