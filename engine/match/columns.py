"""Conditions over columns: each distinct test once, over distinct products where they decide it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from guerdon.engine.events.fields import TYPE_NAMES
from guerdon.engine.events.frames import ATTRIBUTE, LINE_FIELDS, PRODUCT_COLUMNS, Frames
from guerdon.engine.match.terms import EventTest, Terms
from guerdon.rules.condition import Condition, Test, fields
from guerdon.rules.match.polars import expression
from guerdon.rules.program import Attribute

_LINE_FIELDS = frozenset(LINE_FIELDS)
_FIGURES = frozenset({"total", "net", "tax", "quantity"})
_DTYPES = {"string": pl.String, "boolean": pl.Boolean}


class EventTests:
    """The ``event`` tests of a programme over columns.

    Tests of one figure of the event alone (its total, say) are worked out once for each span between their bounds: then
    all of them together are one look-up, however many offers make them. Others are one expression each.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.spans: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.others: list[EventTest] = []
        by_figure: dict[str, list[EventTest]] = {}
        for test in terms.event_tests:
            names = fields(test.condition)
            if len(names) == 1 and names[0] in _FIGURES:
                by_figure.setdefault(names[0], []).append(test)
            else:
                self.others.append(test)
        for name, tests in by_figure.items():
            self.spans[name] = self._spanned(name, tests)

    def _spanned(self, name: str, tests: list[EventTest]) -> tuple[np.ndarray, np.ndarray]:
        """Where spans begin (beyond the first), and the mask of each span."""
        bounds = sorted({value + step for test in tests for value in _bounds(test.condition) for step in (0, 1)})
        masks = np.zeros((len(bounds) + 1, self.terms.offer_words), dtype=np.uint64)
        inside = [bounds[0] - 1 if bounds else 0, *bounds]
        for row, figure in enumerate(inside):
            for test in tests:
                if test.test({name: figure}):
                    masks[row] |= test.mask
        return np.array(bounds, dtype=np.int64), masks

    def table(self, frames: Frames) -> np.ndarray:
        """uint64[n, words]: the offers whose ``event`` test holds, or who have none."""
        masks = np.tile(self.terms.untested, (len(frames), 1))
        for name, (bounds, spans) in self.spans.items():
            masks |= spans[np.searchsorted(bounds, frames.events[name].to_numpy(), side="right")]
        if self.others:
            names = {name for test in self.others for name in fields(test.condition)}
            table = _event_columns(self.terms, frames, names)
            found = table.select(expression(test.condition).alias(str(n)) for n, test in enumerate(self.others))
            for test, column in zip(self.others, found, strict=True):
                held = column.to_numpy()
                for word in np.flatnonzero(test.mask):
                    masks[:, word] |= np.where(held, test.mask[word], np.uint64(0))
        return masks


class ProductWords:
    """The selectors that products decide, worked out once for each product of a catalog."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.wanted = [index for index, by_product in enumerate(terms.by_product) if by_product]
        self._known: dict[int, tuple[object, np.ndarray]] = {}

    def words(self, frames: Frames) -> np.ndarray:
        """uint64[products, words], at least one row."""
        products = frames.products
        if frames.catalog is None:
            return self._of(products) if products.height else np.zeros((1, self.terms.selector_words), dtype=np.uint64)
        _, known = self._known.get(
            id(frames.catalog), (None, np.zeros((0, self.terms.selector_words), dtype=np.uint64))
        )
        if len(known) < products.height:
            known = np.concatenate([known, self._of(products.slice(len(known)))])
            self._known[id(frames.catalog)] = (frames.catalog, known)  # held, so that its id stays its own
        return known

    def _of(self, products: pl.DataFrame) -> np.ndarray:
        words = np.zeros((products.height, self.terms.selector_words), dtype=np.uint64)
        _set(words, self.terms, self.wanted, _with_missing(self.terms, products))
        return words


def word_table(terms: Terms, frames: Frames) -> np.ndarray:
    """uint64[lines, words]: the selectors that need the line itself; no rows if there are none."""
    wanted = [index for index, by_product in enumerate(terms.by_product) if not by_product]
    if not wanted:
        return np.zeros((0, terms.selector_words), dtype=np.uint64)
    names = {name for index in wanted for name in fields(terms.selectors[index])} - _LINE_FIELDS
    table = frames.line_table(names)
    words = np.zeros((max(1, table.height), terms.selector_words), dtype=np.uint64)
    _set(words, terms, wanted, _with_missing(terms, table))
    return words


def _set(words: np.ndarray, terms: Terms, wanted: list[int], table: pl.DataFrame) -> None:
    if not wanted or not table.height:
        return
    found = table.select(expression(terms.selectors[index]).alias(str(index)) for index in wanted)
    for index in wanted:
        words[:, index // 64] |= np.where(found[str(index)].to_numpy(), np.uint64(1 << (index % 64)), np.uint64(0))


def _with_missing(terms: Terms, table: pl.DataFrame) -> pl.DataFrame:
    """The table with an empty column for each product field and line attribute that it lacks."""
    attributes = {each.name: _dtype(each) for each in terms.program.business.attributes_line}
    lacking: dict[str, type[pl.DataType]] = {**dict.fromkeys(PRODUCT_COLUMNS, pl.String), **attributes}
    return table.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in lacking.items() if name not in table.columns
    )


def _event_columns(terms: Terms, frames: Frames, names: set[str]) -> pl.DataFrame:
    """The named event fields as columns, under the names that conditions use."""
    events = frames.events
    declared = {each.name: _dtype(each) for each in terms.program.business.attributes_event}
    chosen = []
    for name in sorted(names):
        if name in declared:
            present = ATTRIBUTE + name in events.columns
            source = events[ATTRIBUTE + name] if present else pl.Series([None], dtype=declared[name])
            chosen.append(source.alias(name) if present else source.new_from_index(0, events.height).alias(name))
        elif name == "type":
            chosen.append(_type_names(events["type"]))
        elif name == "currency":
            chosen.append(events["currency"].fill_null(terms.currency))
        elif name in ("classification", "amount"):
            dtype = pl.String if name == "classification" else pl.Int64
            chosen.append(_told(events["rest"], name, dtype))
        else:
            chosen.append(events[name])
    return pl.DataFrame(chosen)


def _bounds(condition: Condition) -> Iterator[int]:
    """The figures that the tests of a condition compare with."""
    if isinstance(condition, Test):
        yield from (int(value) for value in condition.values)
    else:
        for child in condition.children:
            yield from _bounds(child)


def _type_names(types: pl.Series) -> pl.Series:
    names = {int(kind): name for kind, name in TYPE_NAMES.items()}
    return types.replace_strict(names, return_dtype=pl.String).alias("type")


def _told(rest: pl.Series, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """A field of the few events that have one, out of their JSON."""
    if rest.null_count() == len(rest):
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, len(rest))
    schema = pl.Struct({"fields": pl.Struct({name: dtype})})
    return rest.str.json_decode(schema).struct.field("fields").struct.field(name).alias(name)


def _dtype(attribute: Attribute) -> type[pl.DataType]:
    return _DTYPES.get(attribute.type, pl.Int64)
