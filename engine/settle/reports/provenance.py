"""What every report says of itself: which ledger, which rules, which days."""

from __future__ import annotations

from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle.reports.cut import Cut, versions_known


def facts_of(ledger: Ledger, cut: Cut) -> tuple[tuple[str, str], ...]:
    """The facts in the order in which they are shown."""
    business = cut.program.business
    versions = versions_known(ledger, cut)
    return (
        ("business", business.name),
        ("as of", cut.as_of.isoformat()),
        ("known at", cut.known_at.isoformat() if cut.known_at else "everything in the ledger"),
        ("unit", business.unit.code),
        ("events", f"1 to {cut.last_seq}" if cut.last_seq else "none"),
        ("ledger digest", cut.digest),
        ("programme versions", " ".join(versions) or "none"),
    )
