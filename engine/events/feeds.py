"""Files of events to admissions: in log order over all files, in bounded memory, with a mark of how far each is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from guerdon.engine.events.admission import Admission, FeedMark, admit, joined, merged
from guerdon.engine.events.bulk import Bulk, changes, suits
from guerdon.engine.events.catalog import Catalog
from guerdon.engine.events.event import Event, Parked, Refused
from guerdon.engine.events.jsonl import JsonLines
from guerdon.engine.events.mapping import FILE, Feed, Feeds
from guerdon.engine.events.normalise import Normaliser
from guerdon.engine.events.records import Records
from guerdon.engine.events.tables import ORDER, Table
from guerdon.engine.events.units import FeedInvalid
from guerdon.rules.program import Program

BATCH_EVENTS = 100_000
_JSON = (".jsonl", ".ndjson", ".json")
_TABLES = (".csv", ".tsv", ".txt", ".parquet")
_HASH_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file to read: JSON Lines without a feed, or a table with the feed that maps its columns."""

    path: Path
    feed: Feed | None
    sha256: str

    @property
    def feed_id(self) -> str:
        """The feed's id; of JSON Lines ``jsonl``."""
        return self.feed.id if self.feed is not None else "jsonl"


def find_files(arguments: Sequence[str], feeds: Feeds, data: Path | None = None) -> list[EventFile]:
    """The files that ``--events`` names: paths, ``FEED=PATH``, or ids of feeds whose files lie in ``data``.

    Raises ``FeedInvalid``: no such file, no mapping for it, or more than one that could be meant.
    """
    found: list[EventFile] = []
    for argument in arguments:
        name, _, path = argument.partition("=")
        if path and name in feeds.feeds:
            found.append(_file(Path(path), feeds.feeds[name]))
        elif argument in feeds.feeds and not Path(argument).is_file():
            found += [_file(each, feeds.feeds[argument]) for each in _of_feed(feeds.feeds[argument], data)]
        else:
            found.append(_file(Path(argument), _mapping(Path(argument), feeds)))
    return found


class Reader:
    """Reads files for one programme through one door.

    ``processed`` says of a file's hash how many of its events are in the ledger, and whether that is all of it.
    Files of which it is all are in ``repeated`` and are not read.
    """

    def __init__(self, files: Sequence[EventFile], program: Program, normaliser: Normaliser) -> None:
        self.files = list(files)
        self.normaliser = normaliser
        self.line_attributes = {each.name: each for each in program.business.attributes_line}
        business = program.business
        declared = (*business.attributes_event, *business.attributes_line, *business.attributes_contact)
        self.personal = frozenset(each.name for each in declared if each.personal)
        self.repeated: list[EventFile] = []

    def admissions(
        self,
        received_at: int,
        processed: Callable[[str], tuple[int, bool] | None] = lambda sha256: None,
        batch_events: int = BATCH_EVENTS,
    ) -> Iterator[Admission]:
        """Batches of about ``batch_events`` in log order over all files; a file given twice is read once."""
        streams: list[_Stream] = []
        seen: set[tuple[str, str]] = set()
        for file in self.files:
            before = processed(file.sha256)
            if (before is not None and before[1]) or (file.sha256, file.feed_id) in seen:
                self.repeated.append(file)
                continue
            seen.add((file.sha256, file.feed_id))
            streams.append(_Stream(file, self._read(file, received_at), before[0] if before is not None else 0))
        yield from _batched(_side_by_side(streams), streams, batch_events)

    def _read(self, file: EventFile, received_at: int) -> Iterator[Admission]:
        if file.feed is None:
            return JsonLines(file.path, self.normaliser, self.personal).admissions(received_at)
        return self._table(file.path, file.feed, received_at)

    def _table(self, path: Path, feed: Feed, received_at: int) -> Iterator[Admission]:
        catalog = Catalog(feed, self.line_attributes, path.parent)
        sources = [*feed.fields.values(), *feed.attributes.values(), *feed.lines.values()]
        names = [source.name for source in sources if source.name] + ([feed.join.on] if feed.join else [])
        separator = "\t" if path.suffix.lower() == ".tsv" else feed.separator
        table = Table(path, names, feed.fields["time"], separator)
        records = Records(feed, self.normaliser, catalog)
        bulk = Bulk(feed, self.normaliser, catalog, self.personal) if suits(feed, catalog) else None
        id_column = feed.fields["id"].name
        last = received_at
        for rows in table.slices():
            rows = _grouped(rows, id_column) if feed.grain == "line" else rows
            last = rows[ORDER][-1] if rows[ORDER][-1] is not None else last
            broken = [Parked(each.detail, each.text, received_at, last) for each in table.take_broken()]
            if bulk is None:
                yield admit([*records.events(rows, received_at), *broken], self.personal)
                continue
            read = bulk.read(rows, received_at)
            odd: list[Event | Refused | Parked] = list(broken)
            for first, count in read.odd.tolist():
                odd.append(records.event(rows.slice(first, count).to_dicts(), received_at))
            whole = Admission(read.frames)
            yield merged([whole, admit(odd, self.personal)]) if odd else whole
        broken = [Parked(each.detail, each.text, received_at, last) for each in table.take_broken()]
        if broken:
            yield admit(broken)


class _Stream:
    """One file's admissions, what of it is still to be posted, and how much has been handed out."""

    def __init__(self, file: EventFile, admissions: Iterator[Admission], skip: int) -> None:
        self.file = file
        self.events = 0
        self.skip = skip
        self.marked = -1
        self.admissions = admissions
        self.next: Admission | None = None
        self.ended = False

    def head(self) -> Admission | None:
        """What comes next; None at the end."""
        while self.next is None and not self.ended:
            self.next = next(self.admissions, None)
            self.ended = self.next is None
            if self.next is not None and self.skip:
                passed = min(self.skip, len(self.next))
                self.skip -= passed
                self.events += passed
                self.next = self.next.split(passed)[1]
            if self.next is not None and not len(self.next):
                self.next = None
        return self.next

    def take(self, time: int) -> Admission:
        """What of the head is not later than ``time``."""
        assert self.next is not None
        count = self.next.until(time)
        taken, rest = (self.next, None) if count == len(self.next) else self.next.split(count)
        self.events += len(taken)
        self.next = rest
        return taken

    def mark(self, ended: bool) -> FeedMark:
        """How far the file is."""
        file = self.file
        return FeedMark(file.feed_id, file.path.name, file.sha256, self.events, ended)


def _side_by_side(streams: list[_Stream]) -> Iterator[tuple[Admission, list[FeedMark]]]:
    """All streams as one in log order: up to the time to which every one of them has been read."""
    while True:
        heads = [(stream, head) for stream in streams if (head := stream.head()) is not None]
        if not heads:
            return
        limit = min(head.last_time for _, head in heads)
        taken = merged([stream.take(limit) for stream, _ in heads])
        yield taken, [stream.mark(False) for stream, _ in heads]


def _batched(
    parts: Iterator[tuple[Admission, list[FeedMark]]], streams: list[_Stream], batch_events: int
) -> Iterator[Admission]:
    """Parts gathered into batches; the last one marks all files as done, even if nothing is left to post."""
    held: list[Admission] = []
    marks: dict[str, FeedMark] = {}
    for part, reached in parts:
        while len(reached) == 1 and len(part) >= 2 * batch_events:
            head, part = part.split(batch_events)
            yield from ([_with(joined(held), list(marks.values()))] if held else [])
            held, marks = [], {}
            yield _with(head, [replace(reached[0], events=reached[0].events - len(part))])
        if held and sum(map(len, held)) + len(part) > batch_events:
            yield _with(joined(held), list(marks.values()))
            held, marks = [], {}
        held.append(part)
        marks |= {mark.sha256: mark for mark in reached}
    if streams:
        done = [stream.mark(True) for stream in streams]
        yield _with(joined(held) if held else admit([]), done)


def _with(admission: Admission, marks: list[FeedMark]) -> Admission:
    return Admission(admission.frames, admission.asides, marks)


def _grouped(rows: pl.DataFrame, id_column: str) -> pl.DataFrame:
    """Rows of one id and time together, where they do not stand so."""
    heads = rows[id_column][np.append(0, changes(rows[id_column]) + 1)]
    if heads.n_unique() == len(heads):
        return rows
    rows = rows.with_row_index("__row").with_columns(pl.col("__row").min().over(ORDER, id_column).alias("__first"))
    return rows.sort("__first", maintain_order=True).drop("__first", "__row")


def _file(path: Path, feed: Feed | None) -> EventFile:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
    except OSError as error:
        raise FeedInvalid(f"{path}: {error.strerror or error}") from None
    return EventFile(path, feed, digest.hexdigest())


def _mapping(path: Path, feeds: Feeds) -> Feed | None:
    suffix = path.suffix.lower()
    if suffix in _JSON:
        return None
    if not path.is_file():
        known = f" or one of the feeds {', '.join(feeds.feeds)}" if feeds.feeds else ""
        raise FeedInvalid(f"there is no file {path}; --events takes files{known}")
    if suffix not in _TABLES:
        raise FeedInvalid(f"{path.name}: events are read from {', '.join((*_JSON, *_TABLES))}")
    named = [feed for feed in feeds.feeds.values() if any(path.match(pattern) for pattern in feed.files)]
    fitting = named or list(feeds.feeds.values())
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise FeedInvalid(f"{path.name} needs a mapping of its columns in {FILE}")
    raise FeedInvalid(f"which feed maps {path.name}? write FEED={path}, FEED one of {', '.join(f.id for f in fitting)}")


def _of_feed(feed: Feed, data: Path | None) -> list[Path]:
    if data is None:
        raise FeedInvalid(f"feed {feed.id!r} needs --data DIR, where its files lie")
    patterns = feed.files or tuple(f"{feed.id}{suffix}" for suffix in (*_TABLES, *_JSON))
    found = sorted({path for pattern in patterns for path in data.glob(pattern)})
    if not found:
        raise FeedInvalid(f"{data} holds no {' or '.join(patterns)}; say files: in the feed {feed.id!r}")
    return found
