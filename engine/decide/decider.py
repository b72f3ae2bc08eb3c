"""Driving the step: batches through the compiled loop, and what the loop leaves to handlers in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from guerdon.engine.decide import compiler, layout
from guerdon.engine.decide.audience import Audience
from guerdon.engine.decide.desk import Outputs, Scratch, arrays_of
from guerdon.engine.decide.journal import Journal, Resolved, take
from guerdon.engine.decide.laying import LaidDesk
from guerdon.engine.decide.profiles import Identifiers
from guerdon.engine.decide.records import Records
from guerdon.engine.decide.slots import NO_WINDOW
from guerdon.engine.decide.state import State
from guerdon.engine.decide.store import Store
from guerdon.engine.decide.tables import Tables, build
from guerdon.engine.events.present import Present
from guerdon.engine.rows import FOREVER, Batch
from guerdon.rules.program import Program

if TYPE_CHECKING:
    from guerdon.engine.decide.estimates import Estimate
    from guerdon.engine.decide.rule_versions import RuleVersion
    from guerdon.engine.decide.waiting import Waiting


class Decider:
    """One programme version deciding on the state of one ledger.

    ``plain``: run the step uncompiled, as the explanation does. ``keep_refusals``: keep a row of every refusal.
    """

    def __init__(
        self,
        program: Program,
        store: Store,
        version: int,
        *,
        rows: int = 4096,
        keep_refusals: bool = False,
        plain: bool = False,
    ) -> None:
        self.program, self.store, self.plain_only = program, store, plain
        self.tables: Tables = build(program, store.names, version)
        self.tables.arrays["r_head"]["keep_refusals"] = keep_refusals
        self.state = State(self.tables, store, Audience(program, self.tables.words))
        self.outputs = Outputs(len(program.offers), rows)
        self.scratch = Scratch(self.tables)
        self.records = Records(store.records)
        self.step = compiler.plain() if plain else compiler.compiled()
        self.batch: Batch | None = None
        self.event_of: Present | None = None  # row of the batch → events.Event, and what finds them
        self.opened: dict[int, Any] = {}  # chunks of the log that were read last: number → events
        self.out_of_order = False  # an event that had waited wrote rows after later ones
        self.versions: dict[int, RuleVersion] = {}  # compiled again for what comes back, see rule_versions
        self.has_forfeited: bool | None = None  # what rule_versions found out about that
        self.foreign: dict[tuple[int, int, int], Any] = {}  # counters of rules no longer in force, see counters
        self.estimates: dict[int, Estimate] = {}  # answers to estimates that hold money, by seq, until the journal
        self.resolved: list[Resolved] = []  # events that had waited and were decided since the last journal
        self.identifiers = Identifiers(store)
        self.erased: list[int] = []  # contacts erased since the last journal
        self.rules_changed = (
            False  # this version has not been in force yet: what is due by its rules is worked out anew
        )
        self.watched: set[int] = set()  # rows of contacts whose purchases the loop leaves to their handler
        self._on: Any = None  # what the step reads
        self._laid = LaidDesk(None if plain else self.step.on)
        self._waiting: Waiting | None = None

    @property
    def waiting(self) -> Waiting:
        """The events that wait for what they name."""
        if self._waiting is None:
            from guerdon.engine.decide.waiting import Waiting

            self._waiting = Waiting(self)
        return self._waiting

    # ---- the loop ----

    def decide(self, batch: Batch, event_of: Present) -> None:
        """Decide a batch in its order; what comes of it is collected until ``journal`` takes it."""
        from guerdon.engine.decide.addressing import address
        from guerdon.engine.decide.handling import handle

        self.batch, self.event_of = batch, event_of
        self.outputs.expect(len(batch.events))
        self.lay()
        address(self)
        self.waiting.mark()
        i, end = 0, len(batch.events)
        while i < end:
            stop = self.next_stop(i, end)
            i, why = self.run(i, stop, 0)
            if why == layout.STOP_ROOM:
                self.make_room()
            elif i < end and (why != layout.DONE or i == stop):
                handle(self, i)
                i += 1

    def next_stop(self, start: int, end: int) -> int:
        """The first event from ``start`` on that belongs to a handler by its route."""
        assert self.batch is not None
        routed = np.flatnonzero(self.batch.events["route"][start:end])
        first = start + int(routed[0]) if len(routed) else end
        deadline = self.waiting.deadline
        if deadline < FOREVER:
            after = np.flatnonzero(self.batch.events["time"][start:first] > deadline)
            first = start + int(after[0]) if len(after) else first
        return first

    def run(self, start: int, end: int, forced: int) -> tuple[int, int]:
        """Run the step over events of the batch."""
        stopped, why = self.step.run(self._on, start, end, forced)
        return int(stopped), int(why)

    def run_one(self, i: int, forced: int) -> None:
        """Run the step on one event that the caller has prepared."""
        while self.run(i, i + 1, forced)[1] == layout.STOP_ROOM:
            self.make_room()

    def tick(self, rows: np.ndarray, seq: int, until: int) -> None:
        """Catch up contacts, by row, in the order given."""
        done = 0
        while done < len(rows):
            done = int(self.step.tick(self._on, np.ascontiguousarray(rows, np.int32), seq, until, done))
            if done < len(rows):
                self.make_room()

    # ---- the desk ----

    @property
    def desk(self) -> Any:
        """What the plain functions read."""
        return self._laid.plain

    def lay(self) -> None:
        """Lay the desk anew: after arrays have moved, or for another batch."""
        assert self.batch is not None
        self._laid.lay(arrays_of(self.tables, self.state.arrays, self.batch, self.scratch, self.outputs))
        self._on = self._laid.plain if self.plain_only else self._laid.heads

    def make_room(self) -> None:
        """Let what is nearly full double: lots, outputs, or both if neither is plainly short."""
        wanted = 8 * len(self.program.offers) * (3 + len(self.program.schemes)) + 1024
        short_of_lots = int(self.state.arrays["s_head"]["free_lots"][0]) < wanted
        if short_of_lots:
            self.state.room_for_lots(wanted + len(self.state.arrays["s_lot"]))
        if not self.outputs.grow() and not short_of_lots:
            self.outputs.grow(all_of_them=True)
        self.lay()

    def row(self, number: int, time: int = 0) -> int:
        """State row of a contact; loading one may move the arrays, so the desk is laid anew then."""
        if number >= len(self.state.row_of) or self.state.row_of[number] < 0:
            row = self.state.row(number, time)
            if self.batch is not None:
                self.lay()
            return row
        return int(self.state.row_of[number])

    def snapshot(self) -> Any:
        """All that an event can change, for ``restore``. Costs a copy of the state arrays in use."""
        arrays = {name: array.copy() for name, array in self.state.arrays.items()}
        profiles = {number: dict(fields) for number, fields in self.state.profiles.items()}
        head, refused = self.outputs.head.copy(), self.outputs.refused.copy()
        kept = self.records.snapshot(), self.identifiers.snapshot()
        return arrays, profiles, set(self.state.changed_profiles), head, refused, kept

    def restore(self, snapshot: Any) -> None:
        """Take everything back to a snapshot: the event has not happened."""
        arrays, self.state.profiles, self.state.changed_profiles, head, refused, records = snapshot
        for name, array in arrays.items():
            grown = len(self.state.arrays[name]) != len(array)
            self.state.arrays[name] = array if grown else self.state.arrays[name]
            if not grown:
                self.state.arrays[name][...] = array
        self.outputs.put_back(head, refused)
        self.records.restore(records[0])
        self.identifiers.restore(records[1])
        self.lay()

    # ---- what came of it ----

    def journal(self) -> Journal:
        """What was decided since the last call, with every row of state that changed; marks it as saved."""
        from guerdon.engine.decide.counters import foreign_rows

        self.out_of_order = False
        resolved, self.resolved = self.resolved, []
        journal = take(self.state, self.outputs, self.records)
        past = np.concatenate([journal.counters_past, foreign_rows(self)]) if self.foreign else journal.counters_past
        erased, self.erased = self.erased, []
        identifiers = self.identifiers.take()
        return journal._replace(resolved=resolved, counters_past=past, identifiers=identifiers, erased=erased)

    def windows_of(self, slot: int) -> int:
        """Kind of window of a contact's counter, or NO_WINDOW."""
        return self.tables.slots.windows[slot] if slot < len(self.tables.slots.windows) else NO_WINDOW
