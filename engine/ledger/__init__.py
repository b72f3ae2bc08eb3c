"""The ledger: tables, migrations, bulk posting, state in and out, verify. Names are loaded when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guerdon.engine.ledger.audit import Finding as Finding
    from guerdon.engine.ledger.audit import Report as Report
    from guerdon.engine.ledger.audit import verify as verify
    from guerdon.engine.ledger.chunk import Chunk as Chunk
    from guerdon.engine.ledger.errors import LedgerBusy as LedgerBusy
    from guerdon.engine.ledger.errors import LedgerConflict as LedgerConflict
    from guerdon.engine.ledger.errors import LedgerError as LedgerError
    from guerdon.engine.ledger.errors import LedgerUnreachable as LedgerUnreachable
    from guerdon.engine.ledger.ledger import Ledger as Ledger
    from guerdon.engine.ledger.state import ContactState as ContactState

_HOMES = {
    "Finding": "audit",
    "Report": "audit",
    "verify": "audit",
    "Chunk": "chunk",
    "ContactState": "state",
    "Ledger": "ledger",
    "LedgerBusy": "errors",
    "LedgerConflict": "errors",
    "LedgerError": "errors",
    "LedgerUnreachable": "errors",
}
__all__ = [
    "Chunk",
    "ContactState",
    "Finding",
    "Ledger",
    "LedgerBusy",
    "LedgerConflict",
    "LedgerError",
    "LedgerUnreachable",
    "Report",
    "verify",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
