"""What enters the log: identity keys, numbers of contacts, bodies."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from guerdon.engine.events import body
from guerdon.engine.events.admission import Admission, admit, joined, merged
from guerdon.engine.events.body import decode, encode
from guerdon.engine.events.directory import ContactKey, Directory
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.framing import frames_from_events
from guerdon.engine.events.identity import CONFLICT, FRESH, REPEAT, Identity, identify
from guerdon.engine.events.keys import Owner
from guerdon.engine.events.listed import EventList
from guerdon.engine.events.normalise import CASE, Normaliser
from tests.events.programme import event, programme

PERSONAL = frozenset({"birth_date"})


def told(**fields: object) -> Event | Refused | Parked:
    record = {"id": "p1", "type": "purchase", "contact": "ann", "time": "2026-03-06 09:00", "total": "1.00"} | fields
    return Normaliser(programme(), CASE).normalise(record, 0)


class Known:
    """A ledger's keys: owners by (source, id), and the references that are taken."""

    def __init__(self, owners: dict[tuple[str, str], Owner] | None = None, references: tuple[str, ...] = ()) -> None:
        self.owners, self.references = owners or {}, references

    def known(self, keys: pl.DataFrame) -> pl.DataFrame:
        owners = [(row, self.owners.get(key)) for row, key in enumerate(keys.iter_rows())]
        found = [(row, owner.seq, *struct.unpack("<QQ", owner.content)) for row, owner in owners if owner is not None]
        schema = {"row": pl.Int64, "seq": pl.Int64, "content_a": pl.UInt64, "content_b": pl.UInt64}
        return pl.DataFrame(found, schema=schema, orient="row")

    def known_one(self, source: str, id: str) -> Owner | None:
        return self.owners.get((source, id))

    def taken(self, keys: pl.DataFrame) -> np.ndarray:
        return np.flatnonzero(keys["reference"].is_in(self.references).to_numpy())

    def is_taken(self, merchant: str, series: str, reference: str) -> bool:
        return reference in self.references


def identities(admission: Admission, known: Known | None = None, first: int = 1) -> Identity:
    """What is found of the events as columns and as a list, which must be the same."""
    known = known or Known()
    framed = Admission(admission.frames, admission.asides)
    found, again = (identify(form, form.seqs(first), known) for form in (framed, framed.listed()))
    for name in ("status", "first_seq", "keyed", "contested"):
        one, other = getattr(found, name), getattr(again, name)
        assert one.dtype == other.dtype and one.tolist() == other.tolist(), name
    return found


def test_the_same_fact_twice_and_another_under_its_id() -> None:
    admission = admit([told(), told(), told(total="2.00"), told(source="web")], sort=False)
    found = identities(admission)
    assert found.status.tolist() == [FRESH, REPEAT, CONFLICT, FRESH]
    assert found.first_seq.tolist() == [0, 1, 0, 0]
    assert found.keyed.tolist() == [True, False, False, True]


def test_refused_events_hold_their_id_but_not_what_may_not_be_told() -> None:
    wrong = [told(totl="1"), told(totl="1"), told(), told(id="p2", type="birthday"), told(id="p2")]
    found = identities(admit(wrong, sort=False))
    # rows first (p1 in full, p2), then asides: the first wrong p1 holds the id
    assert found.status.tolist() == [CONFLICT, FRESH, FRESH, REPEAT, FRESH]
    assert found.keyed.tolist() == [False, True, True, False, False]


def test_an_estimate_leaves_its_id_free() -> None:
    estimates = [told(type="estimate"), told(type="estimate"), told(), told(id="p2", type="estimate", hold_for="15min")]
    found = identities(admit(estimates, sort=False))
    assert found.status.tolist() == [FRESH, FRESH, FRESH, FRESH]
    assert found.keyed.tolist() == [False, False, True, True]


def test_what_the_ledger_knows() -> None:
    told_before = [told(), told(id="p2", total="2.00"), told(id="p3")]
    contents = [each.content for each in told_before if isinstance(each, Event)]
    keys = [(each.source or "", each.id or "") for each in told_before]
    crossed = Known({keys[0]: Owner(7, contents[1]), keys[1]: Owner(8, contents[0])})
    found = identities(admit(told_before, sort=False), crossed, 100)
    assert found.status.tolist() == [CONFLICT, CONFLICT, FRESH]
    same = Known({keys[0]: Owner(7, contents[0]), keys[1]: Owner(8, contents[1])})
    found = identities(admit(told_before, sort=False), same, 100)
    assert (found.status.tolist(), found.first_seq.tolist()) == ([REPEAT, REPEAT, FRESH], [7, 8, 0])


def test_contested_business_keys() -> None:
    purchases = [
        told(id="a", reference="INV-1"),
        told(id="b", reference=" inv-1"),
        told(id="c", reference="INV-1", series="B"),
        told(id="d", reference="INV-1", merchant="bakery"),
        told(id="e", reference="TAKEN"),
        told(id="f", corrects="a"),
        told(id="g"),
    ]
    found = identities(admit(purchases, sort=False), Known(references=("TAKEN",)))
    assert found.contested.tolist() == [True, True, False, False, True, True, False]


def test_the_order_of_the_log() -> None:
    same = "2026-03-06 10:00"
    mixed = [
        told(id="t", type="tick", time=same, contact=None, total=None),
        told(id="c", type="cancel", of="b", time=same, total=None),
        told(id="b", time=same),
        told(id="a", time=same),
        told(id="r", type="register", time=same, total=None),
        told(id="x", time="2026-03-06 09:00", totl="1"),
    ]
    mixed = [each for each in mixed if not isinstance(each, Parked)]
    admission = admit(mixed)
    assert admission.frames.events["id"].to_list() == ["r", "a", "b", "c", "t"]
    assert admission.asides[0].before == 0
    halves = [admit(mixed[:3]), admit(mixed[3:])]
    whole = merged(halves)
    assert whole.frames.to_events() == admission.frames.to_events()
    assert whole.asides == admission.asides
    assert [part.frames.events["id"].to_list() for part in admission.split(3)] == [["r", "a"], ["b", "c", "t"]]
    assert joined(admission.split(3)).frames.to_events() == admission.frames.to_events()


def test_contacts_are_numbered_as_they_appear() -> None:
    events = [event(contact=name) for name in ("ann", "bob", "ann", None, "cat", "dan")]
    asked: list[Sequence[ContactKey]] = []

    def look_up(keys: Sequence[ContactKey]) -> dict[ContactKey, int]:
        asked.append(keys)
        return {key: 3 for key in keys if key.id == "cat"}

    directory = Directory(look_up, 10)
    assert directory.numbers(frames_from_events(events)).tolist() == [10, 11, 10, 0, 3, 12]
    assert directory.numbers(frames_from_events(events)).tolist() == [10, 11, 10, 0, 3, 12]
    assert len(asked) == 1
    assert list(directory.take_given().values()) == [10, 11, 12]
    assert [directory.number(each) for each in events] == [10, 11, 10, 0, 3, 12]


def test_who_is_not_admitted_gets_no_number() -> None:
    events = [event(contact=name) for name in ("ann", "bob", "ann")]
    directory = Directory(lambda keys: {}, 1)
    admitted = np.array([False, True, True])
    assert directory.numbers(frames_from_events(events), admitted).tolist() == [0, 1, 2]
    assert Directory(lambda keys: {}, 1).numbers(EventList(events), admitted).tolist() == [0, 1, 2]
    assert Directory(lambda keys: {}).numbers(frames_from_events(events), np.zeros(3, dtype=bool)).tolist() == [
        0,
        0,
        0,
    ]


def test_an_identifier_finds_its_contact() -> None:
    directory = Directory(lambda keys: {}, 1)
    first = [event(contact="ann"), event(contact={"card": "77"})]
    assert directory.numbers(frames_from_events(first)).tolist() == [1, 0]
    assert directory.register_identifier("card", "77", 1)
    assert not directory.register_identifier("card", "77", 2)
    assert directory.numbers(frames_from_events(first)).tolist() == [1, 1]
    assert directory.number(first[1]) == 1


def log() -> Admission:
    purchases = [
        told(
            id=f"p{n}",
            contact=f"c{n % 7}",
            total=None,
            lines=[{"sku": f"s{n % 3}", "total": "2", "organic": True}] * (n % 4 + 1),
        )
        for n in range(30)
    ]
    member = told(id="r", type="register", total=None, email="a@b.org", attributes={"birth_date": "1990-01-02"})
    others = [
        member,
        told(id="w", contact={"card": "7"}),
        told(id="bad", totl="1"),
        told(id=""),
        told(id="s", attributes={"heat": "1.5"}),
    ]
    for place, each in enumerate(everything := [*purchases, *others]):
        if isinstance(each, Event):
            each.seq, each.contact_number = place + 1, place % 7
    return admit(everything, PERSONAL)


@pytest.mark.parametrize("few", [1000, 0])
def test_a_body_gives_back_what_it_was_given(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "FEW", few)
    for admission in (log(), admit([]), log().split(3)[1]):
        form, raw = encode(admission)
        again = decode(form, raw)
        assert again.frames.to_events() == admission.frames.to_events()
        assert again.asides == admission.asides
        assert encode(again) == (form, raw)


def test_what_is_personal_lies_apart() -> None:
    form, raw = encode(log())
    lines = body._expanded(raw).decode().split("\n")
    assert form == body.LINES
    import json

    open_parts = [json.dumps({**json.loads(line), "sealed": None}) for line in lines]
    assert not any(word in part for part in open_parts for word in ("a@b.org", "birth_date", '"c1"', "totl"))
    events = log().frames.events  # an attribute is tested as a column, and goes into the part when it is stored
    assert events["sealed"].drop_nulls().to_list() == ['{"fields":{"email":"a@b.org"}}']
    assert events["@birth_date"].drop_nulls().to_list() == [7306]


def test_a_body_of_a_later_version_says_so() -> None:
    with pytest.raises(ValueError, match="later version"):
        decode(99, b"")
