"""What is left of a contact that is erased: instead of each value that it told, one that no test tells from it.

The tests are those of all rule versions that have counted when it is erased. What may come later of such a contact, a
return of its purchase, is decided by them too. So a replay ends the same, and what is left says no more of the contact
than how those tests ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from guerdon.engine.decide.history import MERGED_RECORD
from guerdon.engine.events.body import parts_of
from guerdon.engine.events.sealing import mark_of, unsealed
from guerdon.engine.ledger.ledger import Ledger
from guerdon.rules import program_from_canonical
from guerdon.rules.alike import Tests, attribute_tests
from guerdon.rules.program import Program

Present = tuple[int, bytes]


def left_of_erased(
    ledger: Ledger, program: Program, erased: Sequence[int], present: Present
) -> list[tuple[int, str, str]]:
    """(number, mark of a part, JSON) of what is left of contacts, while their keys are there.

    ``program``: the one in force; ``present``: form and body of the chunk that is about to be posted.
    """
    versions = dict(ledger.programmes().values())
    told, of_lines = _tests(tuple((versions | {program.version: program.canonical}).values()))
    if not told and not of_lines:
        return []
    rows: dict[tuple[int, str], str] = {}
    for number in erased:
        key = ledger.keyring.key(number)
        for stored in _parts(ledger, number, present) if key is not None else ():
            assert key is not None
            part = unsealed(key, stored)
            left = {"attributes": _alike(part.get("attributes", {}), told)}
            left["lines"] = {n: _alike(borne, of_lines) for n, borne in part.get("lines", {}).items()}
            if any(left.values()):
                rows[number, mark_of(stored)] = json.dumps(left, sort_keys=True)
    return [(*key, fields) for key, fields in sorted(rows.items())]


@lru_cache(maxsize=8)
def _tests(canonicals: tuple[str, ...]) -> tuple[Tests, Tests]:
    """The tests of what is personal to one of the programmes, by the canonical forms of all.

    Who erases many contacts asks for the same ones again.
    """
    programs = [program_from_canonical(canonical) for canonical in canonicals]
    personal: set[str] = set()
    for business in (program.business for program in programs):
        declared = (*business.attributes_contact, *business.attributes_event, *business.attributes_line)
        personal.update(each.name for each in declared if each.personal)
    told, of_lines = attribute_tests(programs)
    told, of_lines = ({name: tests[name] for name in tests.keys() & personal} for tests in (told, of_lines))
    return told, of_lines


def _alike(told: Mapping[str, Any], tests: Tests) -> dict[str, Any]:
    """Attributes by what stands for their values; of one that nothing tests nothing is left."""
    return {name: tests[name].of(value) for name, value in told.items() if name in tests}


def _parts(ledger: Ledger, number: int, present: Present) -> Iterator[dict[str, Any]]:
    """What is shut under the key of a contact, wherever it stands in the log."""
    contacts = _and_merged_into(ledger, number)
    seqs = np.unique(np.concatenate([ledger.events_of_contact(contact) for contact in contacts]))
    while len(seqs):
        chunk = ledger.chunk_of(int(seqs[0]))
        assert chunk is not None  # every event of the log lies in one
        yield from parts_of(chunk.body_format, chunk.body, number)
        seqs = seqs[np.searchsorted(seqs, chunk.last_seq, side="right") :]
    yield from parts_of(*present, number)


def _and_merged_into(ledger: Ledger, number: int) -> list[int]:
    """The contact, and all that were merged into it, whose events may have been forwarded to it."""
    found = [number]
    for contact in found:
        merged = ledger.records.of_contact(MERGED_RECORD, contact)
        found += [source for record in merged if (source := int(record.id.partition("@")[0])) not in found]
    return found
