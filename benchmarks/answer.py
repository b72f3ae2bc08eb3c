"""What every implementation of the ten-offer programme must answer, so that answers can be compared to the cent."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

OFFERS = (
    "base",
    "own-brand",
    "evening",
    "big-basket",
    "produce-steps",
    "weekend-meat",
    "dairy-week",
    "every-100",
    "every-1000",
    "gold-extra",
)


@dataclass(slots=True)
class Answer:
    """Awards per offer and redeems, each as (count, sum in minor units); ``redeems`` counts redeeming events."""

    events: int = 0
    awards: dict[str, tuple[int, int]] = field(default_factory=dict)
    redeems: tuple[int, int] = (0, 0)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Answer:
        found: dict[str, Any] = json.loads(text)
        awards = {offer: (int(count), int(amount)) for offer, (count, amount) in found["awards"].items()}
        return Answer(int(found["events"]), awards, (int(found["redeems"][0]), int(found["redeems"][1])))

    def differences(self, other: Answer) -> list[str]:
        """Where two answers differ, in words; empty when they are equal."""
        found = []
        if self.events != other.events:
            found.append(f"events: {self.events} and {other.events}")
        for offer in sorted(self.awards.keys() | other.awards.keys()):
            mine, theirs = self.awards.get(offer, (0, 0)), other.awards.get(offer, (0, 0))
            if mine != theirs:
                found.append(f"{offer}: {mine} and {theirs}")
        if self.redeems != other.redeems:
            found.append(f"redeems: {self.redeems} and {other.redeems}")
        return found
