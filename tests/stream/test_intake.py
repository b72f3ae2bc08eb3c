"""What an intake holds back and gives is the same whether messages are read one by one or by columns."""

from __future__ import annotations

import json
import random

import pytest

from guerdon.engine.events.normalise import Door, Normaliser
from guerdon.engine.stream.feed import Feed, Message
from guerdon.engine.stream.intake import HELD_EVENTS, Intake

from .shop import program, purchase

RECORDS = [purchase(number) for number in range(300)]
MINUTE = 60_000_000
NOW = 1_800_000_000_000_000


class Positions(Feed):
    """A feed whose positions the ledger keeps."""

    name = "told"

    def start(self, shard: str, position: int) -> int:
        return position

    def poll(self, most: int, wait_seconds: float) -> list[Message]:
        return []


def intake(window_minutes: int) -> Intake:
    """Of a feed with two shards."""
    made = Intake(Positions(), Normaliser(program(), Door(permits_all=True)), frozenset(), window_minutes * MINUTE)
    made.start("0", 0)
    made.start("1", 0)
    return made


@pytest.mark.parametrize("shaken", [False, True])
def test_what_is_held_is_the_same_however_it_was_taken(shaken: bool) -> None:
    """One by one, in tens and by columns; with a shard that is lost on the way."""
    order = list(range(300))
    if shaken:
        random.Random(4).shuffle(order)
    raw = [json.dumps(RECORDS[number]).encode() for number in order]
    messages = [Message(str(place % 2), 1 + place // 2, each) for place, each in enumerate(raw)]
    given = []
    for size in (1, 10, 100):
        held = intake(90)
        found: list[object] = []
        marks: list[tuple[str, int]] = []
        for first in range(0, 300, size):
            if first == 200:
                held.drop("1")
            held.take(held.read(messages[first : first + size], NOW))
            if first % 100 + size == 100:
                admission = held.admission(flush=first + size == 300)
                found += admission.each()
                marks += [(mark.name, mark.events) for mark in admission.marks]
        assert len(held) == 0
        given.append((found, marks))
    assert given[0] == given[1] == given[2]
    assert marks[-1] == ("0", 150) and 150 < len(found) <= 250


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guerdon.engine.stream.intake.HELD_EVENTS", 100)
    held = intake(100_000)
    told = [Message("0", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS, 1)]
    held.take(held.read(told, NOW))
    given = held.admission()
    assert (len(given), len(held), HELD_EVENTS) == (200, 100, 20_000)
    assert given.marks[0].events == 200


def test_what_can_not_be_read_waits_only_for_what_is_before_it() -> None:
    held = intake(60)
    first = [Message("0", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS[:100], 1)]
    held.take(held.read([*first, Message("0", 101, b"not json")], NOW))
    due = held.admission()
    assert (len(due.told), len(due.asides), len(held)) == (40, 0, 61)
    rest = held.admission(flush=True)
    assert (len(rest.told), len(rest.asides), rest.marks[0].events) == (60, 1, 101)


def test_messages_that_come_twice_are_dropped_by_their_position() -> None:
    held = intake(0)
    told = [Message("0", place, json.dumps(record).encode()) for place, record in enumerate(RECORDS[:100], 1)]
    held.take(held.read(told, NOW))
    held.take(held.read([*told[50:], Message("2", 1, told[0].raw)], NOW))  # shard 2 is another's
    assert len(held.admission()) == 100 and held.admission().marks == []
