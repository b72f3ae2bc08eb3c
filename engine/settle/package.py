"""The package of a period: a folder with its statements, books and bank files, and a manifest that vouches for them.

It is written beside its place and moved there whole, so that no half of one is ever seen. The same ledger gives the
same bytes: nothing in it comes from a clock. Only where statements stand (``states.csv``, ``bank/``, the manifest)
changes as they are approved, sent and paid; what they say never does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from guerdon.engine.events.times import text
from guerdon.engine.ledger.digest import hex_digest
from guerdon.engine.settle import books_form, csv_form, json_form, parquet_form, xlsx_form
from guerdon.engine.settle.bank_files import files_of
from guerdon.engine.settle.books import keep_books
from guerdon.engine.settle.columns import Cell
from guerdon.engine.settle.files import PARTIAL, move_whole, write_file
from guerdon.engine.settle.lines import SCHEMA
from guerdon.engine.settle.signing import signature_of
from guerdon.engine.settle.source import SettleError, Source
from guerdon.engine.settle.statement import BUSINESS, Drawn, Statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT: Final = "guerdon-settlement/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FORMS: Final = ("csv", "json", "parquet", "xlsx")
STATES: Final = ("statement", "state", "step", "time", "actor", "approver")
Files = Iterator[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a package is made of beside the ledger: forms of statements, account map, key that signs."""

    forms: tuple[str, ...] = FORMS
    codes: books_form.Codes | None = None
    key: Ed25519PrivateKey | None = None


def _nothing(done: int, of: int) -> None:
    """Told how many statements are written."""


def write_package(
    source: Source, drawn: Drawn, place: Path, wishes: Wishes, told: Callable[[int, int], None] = _nothing
) -> dict[str, Any]:
    """Write the package of a closed period as the folder ``place``; one that is there is replaced. Its manifest."""
    partial = place.with_name(place.name + PARTIAL)
    if place.exists() and not (place / MANIFEST).is_file():
        hint = "name a folder that holds packages, or nothing yet"
        raise SettleError("this is there, and is no package", code="not-a-package", place=str(place), hint=hint)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        files = {name: _write(partial / name, content) for name, content in _files(source, drawn, wishes, told)}
        manifest = _manifest(source, drawn, files, wishes)
        content = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
        _write(partial / MANIFEST, content)
        if wishes.key is not None:
            _write(partial / SIGNATURE, signature_of(content, wishes.key))
        move_whole(partial, place)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _write(path: Path, content: bytes) -> dict[str, Any]:
    write_file(path, content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


# ---- what is in it


def _files(source: Source, drawn: Drawn, wishes: Wishes, told: Callable[[int, int], None]) -> Files:
    """Name and content of each file but the manifest."""
    currency, digits = source.business.currency, source.digits
    whole = [*drawn.statements, drawn.business]
    title = f"{source.business.name} {drawn.period.text}"
    summaries: dict[str, Callable[[], bytes]] = {
        "csv": lambda: csv_form.summary_csv(whole, digits),
        "json": lambda: json_form.summary_json(whole, currency, digits),
        "parquet": lambda: parquet_form.summary_parquet(whole, digits),
        "xlsx": lambda: xlsx_form.summary_xlsx(title, whole, digits),
    }
    for form in wishes.forms:
        yield f"summary.{form}", summaries[form]()
    if "parquet" in wishes.forms:
        yield "lines.parquet", parquet_form.lines_parquet(drawn.lines, digits)
    yield from _statement_files(source, drawn.business, _business_lines(drawn), f"{BUSINESS}/", wishes)
    for done, statement in enumerate(drawn.statements):
        told(done, len(drawn.statements))
        place = f"merchants/{statement.merchant}/"
        yield from _statement_files(source, statement, drawn.lines_of(statement), place, wishes)
    yield "states.csv", csv_form.table_csv(STATES, list(_states(source, drawn)))
    for message, content in files_of(source, drawn):
        yield f"bank/{message}.xml", content
    books = keep_books(source, drawn.period.first_day, drawn.period.end_day)
    codes = wishes.codes or {}
    yield "books/journal.csv", books_form.journal_csv(books, codes)
    yield "books/books.beancount", books_form.beancount_text(books, title, codes)
    yield "books/books.hledger", books_form.hledger_text(books, title, codes)


def _statement_files(source: Source, statement: Statement, lines: pl.DataFrame, place: str, wishes: Wishes) -> Files:
    """One statement in every form."""
    currency, digits = source.business.currency, source.digits
    written: dict[str, Callable[[], bytes]] = {
        "csv": lambda: csv_form.lines_csv(lines, digits),
        "json": lambda: json_form.statement_json(statement, lines, currency, digits),
        "parquet": lambda: parquet_form.lines_parquet(lines, digits),
        "xlsx": lambda: xlsx_form.statement_xlsx(statement, lines, digits),
    }
    for form in wishes.forms:
        yield f"{place}{statement.period}.{form}", written[form]()


def _business_lines(drawn: Drawn) -> pl.DataFrame:
    """The lines of the business's own statement: one a merchant's statement and kind, the other way round."""
    rows = [
        {"statement": drawn.business.id, "kind": kind, "reference": statement.id, "amount": -minor, "prepaid": 0}
        for statement in drawn.statements
        for kind, minor in statement.totals_minor.items()
    ]
    told = ("statement", "kind", "reference", "amount", "prepaid")
    frame = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in told})
    nothing = {pl.String: "", pl.Boolean: False, pl.Int64: 0}
    others = {name: pl.lit(nothing[kind]) for name, kind in SCHEMA.items() if name not in told}
    numbered = {**others, "line": pl.int_range(1, pl.len() + 1)}
    return frame.with_columns(**numbered).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _states(source: Source, drawn: Drawn) -> Iterator[list[Cell]]:
    """A row for each step of each statement, the draft first."""
    for statement in drawn.statements:
        yield [statement.id, "draft", 0, "", "", ""]
        for number, step in enumerate(source.steps(statement.id), 1):
            people = [step.get("actor", ""), step.get("approver", "")]
            yield [statement.id, step["to"], number, text(step["time"]), *people]


def _manifest(source: Source, drawn: Drawn, files: dict[str, Any], wishes: Wishes) -> dict[str, Any]:
    closing = drawn.closing
    steps = [step["seq"] for statement in drawn.statements for step in source.steps(statement.id)]
    last = max([closing.seq, *steps])
    chunk_last, sums, _ = source.ledger.settlement.digest_at(last)
    versions = source.ledger.programmes()
    return {
        "format": FORMAT,
        "business": source.business.id,
        "period": drawn.period.text,
        "first_day": drawn.business.first_day.isoformat(),
        "last_day": drawn.business.last_day.isoformat(),
        "time_zone": source.business.time_zone,
        "currency": source.business.currency,
        "programme_versions": [
            {"version": versions[number][0], "from_event": seq}
            for seq, number in source.ledger.in_force()
            if seq <= closing.seq
        ],
        "events": {"first": 1, "closed_by": closing.seq, "last": last},
        "ledger": {"last_event": chunk_last, "digest": hex_digest(sums)},
        "forms": list(wishes.forms),
        "codes": dict(wishes.codes or {}),
        "statements": [
            {
                "statement": statement.id,
                "net": f"{source.amount(statement.net_minor):f}",
                "state": source.state(statement.id),
            }
            for statement in drawn.statements
        ],
        "net_of_business": f"{source.amount(drawn.business.net_minor):f}",
        "files": dict(sorted(files.items())),
    }
