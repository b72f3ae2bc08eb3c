"""How far each pass over the log has come: a mark beside the ledger, written with what the pass made."""

from __future__ import annotations

from sqlalchemy import Executable, bindparam, delete, insert, select

from guerdon.engine.ledger.care_tables import care_mark
from guerdon.engine.ledger.ledger import Ledger

_SEQ = select(care_mark.c.seq).where(care_mark.c["pass"] == bindparam("pass_"))


def mark_of(ledger: Ledger, name: str) -> int:
    """The last seq that a pass has looked at; 0: none yet."""
    found = ledger.store.rows(_SEQ, pass_=name)
    return int(found[0][0]) if found else 0


def set_mark(name: str, seq: int) -> tuple[Executable, Executable]:
    """The statements that set it, to go with what the pass writes."""
    gone = delete(care_mark).where(care_mark.c["pass"] == name)
    return gone, insert(care_mark).values({"pass": name, "seq": seq})
