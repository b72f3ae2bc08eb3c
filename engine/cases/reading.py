"""A case file as a record: the programme, the events in order, and what is expected where. Problems know their line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from guerdon.engine.cases.document import Map, Seq, Text, Value, placed, plain
from guerdon.engine.cases.expectation import PARTS, Part
from guerdon.rules.document import Document, read_document
from guerdon.rules.problems import Problem, did_you_mean

CASE_KEYS = ("case", "source", "programme", "files", "sorted", "events", "expect")


@dataclass(frozen=True, slots=True)
class EventStep:
    """One event as written: JSON-like fields, ``id`` filled in; ``line`` in the case file."""

    fields: dict[str, object]
    line: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An ``expect`` among the events: what must hold after ``after`` events."""

    after: int
    expect: Map


@dataclass(frozen=True, slots=True)
class Case:
    """One case file. ``programme`` is an existing folder or None; ``files`` are laid over it."""

    name: str
    path: Path
    display: str
    source: str
    programme: Path | None
    files: dict[str, str]
    sorted: bool
    events: tuple[EventStep, ...]
    checkpoints: tuple[Checkpoint, ...]
    expect: Map


class CaseInvalid(Exception):
    """A case file that can't be read; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(slots=True)
class _Reading:
    """The file being read, and what is wrong with it."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, line: int, message: str, hint: str = "") -> None:
        self.problems.append(self.document.problem_at(code, (line, 1), message, hint))

    def unknown(self, line: int, what: str, key: str, known: tuple[str, ...]) -> None:
        self.wrong("unknown-field", line, f"'{key}' is no {what}", did_you_mean(key, known, what="keys"))


def is_case(path: Path) -> bool:
    """Whether the file says ``case:`` at its top level; other YAML files below a folder of cases are programmes."""
    try:
        with path.open(encoding="utf-8") as lines:
            return any(line.startswith("case:") for line in lines)
    except (OSError, UnicodeDecodeError):
        return False


def find_cases(path: Path) -> Iterator[Path]:
    """The case files that PATH stands for: a file, a programme's ``cases/``, or every case file below a folder."""
    if path.is_file():
        yield path
        return
    folder = path / "cases" if (path / "business.yaml").exists() and (path / "cases").is_dir() else path
    yield from (file for file in sorted(folder.rglob("*.yaml")) if is_case(file))


def read_case(path: Path) -> Case:
    """The case in ``path``. Raises CaseInvalid with every problem and its line."""
    display = _display(path)
    source = read_document(display, path.read_bytes())
    if source.problems:
        raise CaseInvalid(source.problems)
    document = placed(source, source.data)
    reading = _Reading(source)
    assert isinstance(document, Map)
    for key in document:
        if key not in CASE_KEYS:
            reading.unknown(document.lines[key], "key", key, CASE_KEYS)
    programme = _programme(document, path, reading)
    files = _files(document, reading)
    events, checkpoints = _steps(document, reading)
    expect = document.get("expect", Map(document.line))
    if "case" not in document:
        reading.wrong("missing-field", 1, "the key 'case' is missing", "say in a few words what the case shows")
    if "expect" not in document and not checkpoints:
        reading.wrong("missing-field", 1, "the case expects nothing", "add 'expect:'")
    if programme is None and not files and not reading.problems:
        reading.wrong("missing-field", 1, "the case has neither 'programme' nor 'files'")
    _check_expect(expect, reading)
    if reading.problems:
        raise CaseInvalid(reading.problems)
    assert isinstance(expect, Map)
    return Case(
        name=str(document.get("case", "")),
        path=path,
        display=display,
        source=str(document.get("source", "")),
        programme=programme,
        files=files,
        sorted=document.get("sorted") == "true",
        events=events,
        checkpoints=checkpoints,
        expect=expect,
    )


def _display(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _programme(document: Map, path: Path, reading: _Reading) -> Path | None:
    named = document.get("programme")
    if named is None:
        return None
    line = document.lines["programme"]
    if not isinstance(named, Text):
        reading.wrong("wrong-type", line, "'programme' is a folder, relative to this file")
        return None
    folder = path.parent / named
    if not folder.is_dir():
        reading.wrong("unknown-reference", line, f"there is no folder '{named}'", "paths start at this case file")
        return None
    return folder


def _files(document: Map, reading: _Reading) -> dict[str, str]:
    files = document.get("files")
    if files is None:
        return {}
    if not isinstance(files, Map):
        reading.wrong("wrong-type", document.lines["files"], "'files' maps file names to their text")
        return {}
    for name, text in files.items():
        if not isinstance(text, Text):
            hint = f"write '{name}: |' and indent it"
            reading.wrong("wrong-type", files.lines[name], f"the content of '{name}' must be text", hint)
        elif Path(name).is_absolute() or ".." in Path(name).parts:
            reading.wrong("path-outside", files.lines[name], f"'{name}' lies outside the programme")
    return {name: str(text) for name, text in files.items() if isinstance(text, Text)}


def _steps(document: Map, reading: _Reading) -> tuple[tuple[EventStep, ...], tuple[Checkpoint, ...]]:
    steps = document.get("events", Seq(1))
    if not isinstance(steps, Seq):
        reading.wrong("wrong-type", document.lines["events"], "'events' is a list")
        return (), ()
    events: list[EventStep] = []
    checkpoints: list[Checkpoint] = []
    for step in steps:
        if not isinstance(step, Map):
            reading.wrong("wrong-type", step.line, "an event is a mapping")
        elif set(step) == {"expect"}:
            _check_expect(step["expect"], reading)
            if isinstance(step["expect"], Map):
                checkpoints.append(Checkpoint(len(events), step["expect"]))
        else:
            events.append(_event(step, len(events) + 1, reading))
    if checkpoints and document.get("sorted") == "true":
        line = document.lines["sorted"]
        reading.wrong("conflicting-fields", line, "'sorted' leaves no place for an 'expect' among the events")
    return tuple(events), tuple(checkpoints)


def _event(step: Map, number: int, reading: _Reading) -> EventStep:
    for key in ("type", "time"):
        if key not in step:
            reading.wrong("missing-field", step.line, f"the event has no '{key}'")
    fields = plain(step)
    assert isinstance(fields, dict)
    fields.setdefault("id", f"e{number}")
    fields.setdefault("source", "case")
    return EventStep(fields, step.line)


def _check_expect(expect: Value, reading: _Reading) -> None:
    if not isinstance(expect, Map):
        reading.wrong("wrong-type", expect.line, "'expect' is a mapping", f"its keys: {', '.join(PARTS)}")
        return
    for key, value in expect.items():
        if key not in PARTS:
            reading.unknown(expect.lines[key], "part of 'expect'", key, tuple(PARTS))
        else:
            _check_part(key, PARTS[key], value, reading)


def _check_part(name: str, part: Part, value: Value, reading: _Reading) -> None:
    if part.shape == "entries":
        if not isinstance(value, Seq):
            reading.wrong("wrong-type", value.line, f"'{name}' is a list")
            return
        for entry in value:
            _check_entry(name, part, entry, reading)
        return
    if not isinstance(value, Map):
        reading.wrong("wrong-type", value.line, f"'{name}' is a mapping")
        return
    for key, child in value.items():
        if part.shape == "mappings":
            _check_entry(name, part, child, reading)
        elif part.shape == "lists":
            for entry in child if isinstance(child, Seq) else [child]:
                _check_entry(name, part, entry, reading)
        elif part.shape == "texts":
            if not isinstance(child, Text):
                reading.wrong("wrong-type", value.lines[key], f"'{name}' maps names to single values")
            elif part.amounts:
                _check_amount(child, reading)


def _check_entry(name: str, part: Part, entry: Value, reading: _Reading) -> None:
    if not isinstance(entry, Map):
        reading.wrong("wrong-type", entry.line, f"an entry of '{name}' is a mapping")
        return
    known = part.needed + part.optional
    for key, value in entry.items():
        if key not in known:
            reading.unknown(entry.lines[key], f"field of '{name}'", key, known)
        elif key in part.amounts:
            for amount in value.values() if isinstance(value, Map) else [value]:
                _check_amount(amount, reading)
    for key in part.needed:
        if key not in entry:
            reading.wrong("missing-field", entry.line, f"an entry of '{name}' needs '{key}'")
    if name == "refusals" and ("offer" in entry) == ("request" in entry):
        reading.wrong("exactly-one", entry.line, "a refusal names either an 'offer' or a 'request'")


def _check_amount(value: Value, reading: _Reading) -> None:
    try:
        if isinstance(value, Text) and Decimal(value).is_finite():
            return
    except InvalidOperation:
        pass
    reading.wrong("bad-amount", value.line, f"'{value}' is not an amount", "decimals without a currency, as in 10.00")
