"""Plain purchases told in JSON, read by whole columns: the fast way of the common case, same result as one by one.

Plain is a purchase that names its contact by id and carries places, references, amounts, the business's own currency
and attributes that are texts. No column test refuses anything: what is not plain, or looks wrong, is left to
``Normaliser``, as ``Bulk`` leaves what looks wrong in a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from guerdon.engine.events.amounts import MAX_MINOR, MAX_QUANTITY
from guerdon.engine.events.block import Block
from guerdon.engine.events.coding import Coded
from guerdon.engine.events.content import LINE_FACTORS, canonical
from guerdon.engine.events.frames import ATTRIBUTE, EVENT_COLUMNS, PRODUCT_COLUMNS, Frames
from guerdon.engine.events.heads import TOLD_REST, PlaceTexts, Words, compared_texts, event_columns
from guerdon.engine.events.json_scan import START
from guerdon.engine.events.json_told import Form, Told, read_told
from guerdon.engine.events.kernel import compiled, gather_lines
from guerdon.engine.events.mapping import Column
from guerdon.engine.events.normalise import DEFAULT_SOURCE, Normaliser
from guerdon.engine.events.times import DAY
from guerdon.engine.events.units import instants, lanes
from guerdon.rules.program import Attribute

_HEAD = ("id", "source", "contact", "channel", "reference", "series", "currency")
_LINE_FACTORS = np.array(LINE_FACTORS, dtype=np.uint64)
_MOST_BYTES = 1 << 30  # places in them are 32 bits wide
_MOST_PLACES = 100_000  # told before they are forgotten
_ONE = 1000  # a quantity that nobody tells
# What both ways of reading times read alike; what else RFC 3339 allows goes the other way.
_TIME = r"^[12]\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-][01]\d:[0-5]\d)$"


@dataclass(slots=True)
class Plain:
    """The plain purchases among messages, in log order: which message each row is. ``odd``: the other messages."""

    frames: Frames
    rows: np.ndarray  # int64[n]
    odd: np.ndarray  # int64[m], ascending


class JsonColumns:
    """Reads plain purchases for one programme through one door."""

    def __init__(self, normaliser: Normaliser, personal: frozenset[str]) -> None:
        self.normaliser, self.personal = normaliser, personal
        self.form = Form(
            _texts_of(normaliser.event_attributes, personal), _texts_of(normaliser.basket.attributes, personal)
        )
        self.currency = normaliser.basket.business.currency
        self.suits = not normaliser.door.local_times and not normaliser.door.names_actor
        door = {name: value for name in ("actor", "approver") if (value := getattr(normaliser.door, name)) is not None}
        self._rest = canonical(door) if door else None
        self._met = PlaceTexts()

    def read(self, messages: Sequence[bytes], received_at: int) -> Plain:
        """The purchases of messages, one event each."""
        suits = self.suits and sum(map(len, messages)) < _MOST_BYTES
        told = read_told(self.form, messages if suits else [])
        words, times, good = self._heads(told, received_at)
        lines = _Lines.of(told, self.form, self.normaliser.digits)
        order = _log_order(times, words, good & ~lines.bad)
        words, times, lines, rows = words.take(order), times[order], lines.take(order), told.rows[order]
        frames, keep = self._frames(words, times, lines, received_at)
        if not keep.all():
            frames, rows = frames.take(np.flatnonzero(keep)), rows[keep]
        plain = np.zeros(len(messages), bool)
        plain[rows] = True
        return Plain(frames, rows, np.flatnonzero(~plain))

    def _heads(self, told: Told, received_at: int) -> tuple[Words, np.ndarray, np.ndarray]:
        """Texts of all messages, their times, and which of them are plain as far as that goes."""
        places = self.form.event
        words = {name: told.texts(told.events[:, places[name]], name) for name in _HEAD}
        good = _holds(told.texts(told.events[:, places["type"]]) == "purchase") & _holds(words["id"].is_not_null())
        for text in words.values():
            good &= _holds(text.is_null() | (text != ""))
        words["source"] = words["source"].fill_null(DEFAULT_SOURCE)
        sources = words["source"].unique().to_list()
        allowed = [source for source in sources if self._permitted(source)]
        if len(allowed) < len(sources):
            good &= _holds(words["source"].is_in(allowed))
        good &= _holds(words["currency"].is_null() | (words["currency"] == self.currency))
        times, dated = _instants(told.texts(told.events[:, places["time"]]))
        good &= dated
        if self.normaliser.door.from_now:
            good &= times <= received_at + DAY
        words["reference_told"] = words["reference"]
        words["reference"], words["series"] = compared_texts(words["reference"]), compared_texts(words["series"])
        if self._rest is not None:
            words["rest"] = pl.Series("rest", [self._rest]).new_from_index(0, len(good))
        attributes = _attributes(told, told.events, places, self.form.event_attributes)
        if attributes:
            rest = '{"attributes":' + _objects(attributes) + "}"
            words[TOLD_REST] = rest.set(rest == '{"attributes":}', None)
            words |= {ATTRIBUTE + name: values for name, values in attributes.items()}
        place = self._places(told)
        good &= self._met.known[place.rows]
        return Words(words | self._met.gathered(place.rows), None, place, None), times, good

    def _permitted(self, source: str) -> bool:
        """Whether a source may tell purchases of every merchant; else each event is looked at by itself."""
        entry = None if self.normaliser.door.permits_all else self.normaliser.sources.get(source)
        return entry is None or ("purchase" in entry.types and not entry.merchants)

    def _places(self, told: Told) -> Coded:
        if len(self._met.rows) > _MOST_PLACES:
            self._met = PlaceTexts()
        codes, rows = told.distinct(told.events, self.form.place)
        columns = (told.texts(told.events[rows, place]).to_list() for place in self.form.place)
        keys = list(zip(*columns, strict=True))
        self._met.add(keys, self.normaliser.places)
        return Coded(self._met, np.array([self._met.rows[key] for key in keys], np.int32)[codes])

    def _frames(self, words: Words, times: np.ndarray, lines: _Lines, received_at: int) -> tuple[Frames, np.ndarray]:
        """The events, and which of them add up."""
        size = int(lines.count.sum())
        block = Block(size + 1, len(lines.net) > 0)  # of a single row polars makes a copy, and shares no memory
        sums, shares = np.empty((3, len(times)), np.int64), np.zeros((2, len(times)), np.uint64)
        given = (lines.first, lines.count, lines.product, lines.quantity, lines.total, lines.net, lines.lanes)
        compiled(gather_lines)(*given, _LINE_FACTORS, block.arrays(size), sums, shares)
        keep = (sums[0] >= 0) & (sums[0] <= MAX_MINOR) & ((sums[0] == lines.whole) | ~lines.whole_told)
        columns = event_columns(times, words, sums, shares, received_at)
        columns["line_first"] = pl.Series(np.cumsum(lines.count, dtype=np.int64) - lines.count)
        columns["line_count"] = pl.Series(lines.count)
        names = [*EVENT_COLUMNS, *(name for name in words.texts if name.startswith(ATTRIBUTE))]
        events = pl.DataFrame({name: columns[name] for name in names})
        frame = block.frame(block.take(size), size)
        return Frames(events, frame, lines.products, self.personal, coded={"place": words.place}), keep


@dataclass(slots=True)
class _Lines:
    """What the lines of messages tell; a message without lines has one, made of its own amounts, behind the others."""

    first: np.ndarray  # int64[n]
    count: np.ndarray  # int32[n]
    bad: np.ndarray  # bool[n]: not plain
    whole: np.ndarray  # int64[n] total of the event, if it is told
    whole_told: np.ndarray
    total: np.ndarray  # int64[lines]
    net: np.ndarray  # int64[lines]; empty: the total
    quantity: np.ndarray  # int64[lines]
    product: np.ndarray  # int32[lines]
    products: pl.DataFrame
    lanes: np.ndarray  # uint64[products, 2]

    def take(self, rows: np.ndarray) -> _Lines:
        """The same of some of the messages, in another order."""
        of_events = {name: getattr(self, name)[rows] for name in ("first", "count", "bad", "whole", "whole_told")}
        return replace(self, **of_events)

    @classmethod
    def of(cls, told: Told, form: Form, digits: int) -> _Lines:
        """Amounts completed as ``purchase.Basket`` does, and products numbered."""
        size, alone = len(told.lines), told.count == 0
        lines, events = (
            _Amounts.of(told, told.lines, form.line, digits),
            _Amounts.of(told, told.events, form.event, digits),
        )
        quantity, is_told, bad = told.amounts(told.lines[:, form.line["quantity"]], 3, MAX_QUANTITY)
        wrong = np.concatenate([[0], np.cumsum(lines.bad | bad)])
        bad_lines = (wrong[told.first + told.count] > wrong[told.first]) | told.misnumbered(
            told.lines[:, form.line["line"]]
        )
        silent = not (lines.parted.any() or events.parted.any())
        product, products, lanes_of = _products(told, form)
        ones = np.full(len(alone), _ONE, np.int64)
        return cls(
            np.where(alone, size + np.arange(len(alone)), told.first),
            np.maximum(told.count, 1),
            np.where(alone, events.bad, bad_lines | events.odd | events.parted),
            events.total,
            events.told,
            np.concatenate([lines.total, events.total]),
            np.zeros(0, np.int64) if silent else np.concatenate([lines.net, events.net]),
            np.concatenate([np.where(is_told, quantity, _ONE), ones]),
            np.concatenate([product, np.full(len(alone), len(lanes_of) - 1)]).astype(np.int32),
            products,
            lanes_of,
        )


@dataclass(slots=True)
class _Amounts:
    """Totals and nets, completed. ``told``: a total is; ``parted``: net or tax is; ``odd``: one is no amount."""

    total: np.ndarray
    net: np.ndarray
    told: np.ndarray
    parted: np.ndarray
    odd: np.ndarray
    bad: np.ndarray  # no figures can be made of it

    @classmethod
    def of(cls, told: Told, values: np.ndarray, places: Mapping[str, int], digits: int) -> _Amounts:
        """Those of some values, int32[n, places, 3]."""
        (total, has_total, odd), (net, has_net, odd_net), (tax, has_tax, odd_tax) = (
            told.amounts(values[:, places[name]], digits, MAX_MINOR) for name in ("total", "net", "tax")
        )
        odd |= odd_net | odd_tax
        whole = np.where(has_total, total, net + tax)
        net = np.where(has_net, net, whole - tax)
        bad = odd | ~(has_total | has_net) | (has_tax & (whole != net + tax))
        bad |= (np.abs(whole) > MAX_MINOR) | (np.abs(net) > MAX_MINOR)
        return cls(whole, net, has_total, has_net | has_tax, odd, bad)


def _products(told: Told, form: Form) -> tuple[np.ndarray, pl.DataFrame, np.ndarray]:
    """Each line's product, the distinct ones (the last of them: nothing is told), and the lanes of what is told."""
    codes, rows = told.distinct(told.lines, form.product)
    values = told.lines[np.append(rows, -1)] if len(rows) else np.full((1, len(form.line), 3), -1, np.int32)
    values[-1, :, START] = -1
    names = {name: told.texts(values[:, form.line[name]], name) for name in PRODUCT_COLUMNS}
    attributes = _attributes(told, values, form.line, form.line_attributes)
    frame = pl.DataFrame([*names.values(), *(each.alias(name) for name, each in attributes.items())])
    silent = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    told_names = frame.select(pl.concat_str(pl.col(PRODUCT_COLUMNS).fill_null("\x00"), separator="\x1f")).to_series()
    keys = told_names + "\x1e" + (_objects(attributes) if attributes else "")
    return codes, frame, lanes(keys.set(silent, None))


def _attributes(
    told: Told, values: np.ndarray, places: Mapping[str, int], names: Sequence[str]
) -> dict[str, pl.Series]:
    """Those attributes that any of the values tell."""
    found = {name: told.texts(values[:, places[ATTRIBUTE + name]], name) for name in names}
    return {name: each for name, each in found.items() if each.null_count() < len(each)}


def _objects(texts: Mapping[str, pl.Series]) -> pl.Series:
    """``content.canonical`` of the texts of each row under their sorted names; '' where there are none.

    The texts hold nothing that JSON escapes.
    """
    members = [f'{canonical(name)}:"' + texts[name] + '"' for name in sorted(texts)]
    frame = pl.DataFrame([each.alias(str(place)) for place, each in enumerate(members)])
    joined = frame.select(pl.concat_str(pl.all(), separator=",", ignore_nulls=True)).to_series()
    return ("{" + joined + "}").set(joined == "", "")


def _texts_of(declared: Mapping[str, Attribute], personal: frozenset[str]) -> list[str]:
    return [name for name, each in declared.items() if each.type == "string" and name not in personal]


def _instants(told: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """µs UTC of texts, int64, and which of them could be read."""
    found = instants(told.set(~told.str.contains(_TIME), None), Column("time"))
    return found.fill_null(0).to_numpy(), found.is_not_null().to_numpy()


def _log_order(times: np.ndarray, words: Words, good: np.ndarray) -> np.ndarray:
    """int64: the good ones in log order; what is the same in that comes as it came."""
    rows = np.flatnonzero(good)
    if (times[rows][1:] > times[rows][:-1]).all():
        return rows
    frame = pl.DataFrame({"time": times, "source": words.texts["source"], "id": words.texts["id"]})[rows]
    order = frame.select(pl.arg_sort_by("time", "source", "id", maintain_order=True)).to_series()
    ordered: np.ndarray = rows[order.to_numpy()]
    return ordered


def _holds(test: pl.Series) -> np.ndarray:
    return test.fill_null(False).to_numpy()
