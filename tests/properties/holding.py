"""Holding the engine to the judge: how many examples, and what counts as the same."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

from .comparing import differences, engine_says, judged

Events = list[dict[str, Any]]
# Two readings of the specification: of a cancelled purchase nothing more comes back because it is cancelled (the
# engine) or because it would be too much (the judge); a refused purchase is unknown at once, or may still come; an
# estimate whose automatic spend passes a limit is refused by that, or has nothing to do.
READ_TWO_WAYS = frozenset(
    {
        ("refused limit_reached", "ignored nothing_to_do"),
        ("refused already_cancelled", "refused returns_too_much"),
        ("refused unknown_purchase", "waiting"),
    }
)


def examples(number: int) -> settings:
    """So many examples, unless GUERDON_EXAMPLES asks for other; slow and large ones are meant."""
    return settings(
        max_examples=int(os.environ.get("GUERDON_EXAMPLES", number)),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


def hold(
    files: dict[str, str],
    events: Events,
    way: str,
    cut: int | None = None,
    readings: frozenset[tuple[str, str]] = frozenset(),
) -> None:
    """Fails unless engine and judge say the same of a programme and a history. ``readings``: outcomes read two ways."""
    found = differences(engine_says(files, events, way, cut), judged(files, events))
    outcomes = {name: both for name, both in found.pop("outcomes", {}).items() if both not in readings}
    programme = "\n".join(f"# {name}\n{text}" for name, text in files.items())
    assert not found and not outcomes, f"{found} {outcomes}\n{programme}\n" + "\n".join(map(str, events))
