"""A programme's files → every problem at once, and the model where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from guerdon.rules import alerts, coherence, offer_coherence
from guerdon.rules.document import Document, Path
from guerdon.rules.figures import Digits
from guerdon.rules.matchers import MATCHERS, read_matcher, vocabulary
from guerdon.rules.model.complaints import problems_of
from guerdon.rules.model.programme import FileSays
from guerdon.rules.model.terms import BankSays
from guerdon.rules.names import Names, several, shadowing
from guerdon.rules.problems import Problem
from guerdon.rules.references import listed_files, unknown_references
from guerdon.rules.source import BANK_FILE, EVENTS_FILE, FINANCE_FILE, SUBSCRIBERS_FILE, Source
from guerdon.rules.view import Found, View

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Checked:
    """What came of reading a programme's files. ``files`` and ``lists`` mean something only without errors."""

    view: View
    names: Names
    files: list[FileSays] = field(default_factory=list)
    lists: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check(source: Source) -> Checked:
    """Read and check all files of a programme; nothing stops at the first problem."""
    documents = source.documents()
    bank = next((document for document in documents if document.file == BANK_FILE), None)
    others = (BANK_FILE, EVENTS_FILE, FINANCE_FILE, SUBSCRIBERS_FILE)
    rules = tuple(document for document in documents if document.file not in others)
    view = View(tuple(document for document in rules if document.data is not None), bank)
    checked = Checked(view, Names(view))
    problems = checked.problems
    problems += [problem for document in documents for problem in document.problems]
    for document in view.documents:
        says = _model(document, FileSays, view.digits, problems)
        checked.files += [] if says is None else [says]
    if bank is not None and bank.data is not None:
        _model(bank, BankSays, view.digits, problems)
    problems += _business_is_there(view, readable=len(view.documents) == len(rules))
    checked.lists, unreadable = listed_files(view, source)
    problems += unreadable
    whole = len(view.documents) == len(rules) and bool(view.business)
    problems += [problem for problem in _over_several_places(view, checked.names) if whole or not _may_follow(problem)]
    return checked


def _may_follow(problem: Problem) -> bool:
    """Whether it may be there only because a file can't be read, or there is no business."""
    return problem.code in ("unknown-reference", "unknown-attribute")


def _over_several_places(view: View, names: Names) -> Iterator[Problem]:
    yield from names.problems()
    yield from shadowing(view)
    yield from several(view)
    yield from unknown_references(view, names)
    yield from matcher_problems(view)
    yield from coherence.exactly_one(view)
    yield from coherence.conflicts(view)
    yield from alerts.conflicts(view)
    yield from offer_coherence.goals_fit_types(view)
    yield from offer_coherence.goals_share_a_window(view)
    yield from offer_coherence.conflicts(view)
    yield from offer_coherence.across_offers(view)


def _model(document: Document, model: type[Model], digits: Digits, problems: list[Problem]) -> Model | None:
    try:
        return model.model_validate(document.data, context=digits)
    except ValidationError as error:
        problems += problems_of(document, error, model)
        return None


def _business_is_there(view: View, *, readable: bool) -> Iterable[Problem]:
    """A programme without ``business``; not told when a file can't be read, which may hold it."""
    if readable and not any(view.walk("business")):
        message = "this programme has no business"
        hint = "write business: {id: corner, currency: EUR, time_zone: Europe/Nicosia} into business.yaml"
        yield Problem("business.yaml", 1, 1, "missing-field", message, hint)


def matcher_problems(view: View) -> Iterator[Problem]:
    """What is wrong with matchers: fields, tests and the types of values."""
    words = vocabulary(_mapping(view.business.get("attributes")), view.digits.currency)
    for pattern, scope in MATCHERS:
        for found in view.mappings(pattern):
            yield from _matcher(found, scope, words)


def _matcher(found: Found, scope: str, words: Any) -> list[Problem]:
    problems: list[Problem] = []

    def complain(path: Path, code: str, message: str, hint: str) -> None:
        problems.append(found.problem(code, message, hint, below=path))

    read_matcher(found.value, scope, words, complain)
    return problems


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
