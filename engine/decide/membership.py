"""Registration and membership as the step sees them: status, schemes joined, and the masks that follow."""

from __future__ import annotations

from typing import Any

from guerdon.engine.codes import Status
from guerdon.engine.decide.arithmetic import U0, bit, has_bit
from guerdon.engine.decide.tiers import start_tiers

NEW, REGISTERED, ENROLLED = int(Status.NEW), int(Status.REGISTERED), int(Status.ENROLLED)


def register(d: Any, i: int, c: int) -> None:
    """A new contact becomes registered by the event; the event's merchant owns it if it owns contacts."""
    e = d.b_event[i]
    k = d.s_contact[c]
    k.status = REGISTERED
    k.registered_at = e.time
    k.owner = 0
    if e.merchant >= 0 and d.r_merchant[e.merchant].owns_contacts == 1:
        k.owner = d.r_merchant[e.merchant].number
    start_tiers(d, e.seq, c, e.time)
    if k.tier_until < k.due_at:
        k.due_at = k.tier_until


def join(d: Any, seq: int, c: int, scheme: int, at: int) -> None:
    """The contact joins a scheme; a registered contact is enrolled by it."""
    k = d.s_contact[c]
    d.s_member[c, 0] = d.s_member[c, 0] | bit(scheme)
    d.s_member[c, 2] = d.s_member[c, 2] | bit(scheme)
    if k.status == REGISTERED:
        k.status = ENROLLED
    note_member(d, c, scheme, 1, at)
    refresh_masks(d, c)


def leave(d: Any, c: int, scheme: int, at: int) -> None:
    """The contact leaves a scheme; its state does not change by it."""
    d.s_member[c, 0] = d.s_member[c, 0] & ~bit(scheme)
    note_member(d, c, scheme, 0, at)
    refresh_masks(d, c)


def note_member(d: Any, c: int, scheme: int, member: int, at: int) -> None:
    """Write the membership's row."""
    row = d.o_member[d.o_head[0].members]
    d.o_head[0].members += 1
    row.contact = d.s_contact[c].number
    row.scheme = d.r_scheme[scheme].number
    row.member = member
    row.holdout = 1 if has_bit(d.s_member[c, 1], scheme) else 0
    row.since = at


def refresh_masks(d: Any, c: int) -> None:
    """Work out again which offers the contact's memberships open, and from which it is held out."""
    for w in range(d.r_head[0].words):
        member = U0
        held = U0
        for s in range(d.r_scheme.shape[0]):
            if has_bit(d.s_member[c, 0], s):
                member = member | d.r_scheme_mask[s, w]
            if has_bit(d.s_member[c, 1], s):
                held = held | d.r_scheme_mask[s, w]
        d.s_mask[c, 0, w] = member
        d.s_mask[c, 1, w] = ~held
