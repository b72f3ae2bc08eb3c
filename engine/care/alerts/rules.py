"""What the rule files say of alerts, read for the pass over the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction

from guerdon.engine.events.fields import SHAPES, Kind
from guerdon.rules import figures
from guerdon.rules.program import Program
from guerdon.rules.words import CARD_LOAD

LOADS = ("card_activated", "card_reloaded")
RATIO_FROM = 10  # attempts in a window before their ratio means anything
_SECONDS = {"min": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_592_000, "q": 7_776_000, "y": 31_536_000}
_UNITS = {Kind.UNITS, Kind.UNITS_SIGNED}


@dataclass(frozen=True, slots=True)
class AlertRule:
    """``types``: of events. ``threshold``: a count, a ratio, or minor units of ``digits`` for a sum; reached is raised.

    ``window``: µs. ``scope``: the names whose values make the key.
    """

    id: str
    types: frozenset[str]
    measure: str  # count | sum | distinct | ratio
    window: int
    window_text: str
    threshold: Fraction
    scope: tuple[str, ...]
    notify: str  # head_office | merchant
    action: str  # none | hold | lock | approve
    on: str
    digits: int


def rules_of(program: Program) -> list[AlertRule]:
    """The alerts of a programme; that they can be watched was checked when its files were read (``rules.alerts``)."""
    return [_rule(json.loads(entry), program) for kind, entry in program.instruments if kind == "alerts"]


def _rule(says: dict[str, str], program: Program) -> AlertRule:
    types = LOADS if says["on"] == CARD_LOAD else (says["on"],)
    digits = _digits(types[0], program)
    duration = figures.duration(says["window"])
    figure = Fraction(says["threshold"])
    return AlertRule(
        id=says["id"],
        types=frozenset(types),
        measure=says["measure"],
        window=duration.n * _SECONDS[duration.unit] * 1_000_000,
        window_text=says["window"],
        threshold=figure * 10 ** (digits or 0) if says["measure"] == "sum" else figure,
        scope=tuple(says["scope"].split("+")),
        notify=says["notify"],
        action=says["action"],
        on=says["on"],
        digits=digits or 0,
    )


def _digits(name: str, program: Program) -> int | None:
    """Decimals of the amount that a type of event carries; None: it has none."""
    shape = next(shape for kind, shape in SHAPES.items() if kind.name.lower() == name)
    if shape.bought:
        return program.business.digits
    kind = shape.fields.get("amount")
    if kind is None:
        return None
    return program.business.unit.digits if kind in _UNITS else program.business.digits
