"""pydantic's complaints about a rule file in our own codes and words, at their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from guerdon.rules.awards import FORMS
from guerdon.rules.document import Document, Path
from guerdon.rules.model.values import word_hint
from guerdon.rules.problems import Problem, nearest

_QUOTED = re.compile(r"'([^']*)'")
_ELSEWHERE = {
    "feeds": "feeds belong in events.yaml",
    "accounts": "accounts belong in bank.yaml",
    "schemes": "one scheme stands in each file, under scheme:",
    "offer": "write offers: with a list",
}
_WANTED = {
    "tuple_type": "a list is wanted here",
    "list_type": "a list is wanted here",
    "model_type": "a mapping is wanted here",
    "model_attributes_type": "a mapping is wanted here",
    "dict_type": "a mapping is wanted here",
    "string_type": "a text is wanted here",
    "too_short": "this list is empty",
}
_HINTS = {
    "too_short": "give it an entry, or remove the key",
    "tuple_type": "write it in [ ], or as lines with -",
    "model_type": "write key: value pairs",
    "dict_type": "write key: value pairs",
}


def problems_of(document: Document, error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Each complaint about ``document`` as a problem; what follows from a value that was left out is left out too."""
    for complaint in error.errors(include_url=False):
        loc = tuple(complaint["loc"])
        path = _path(loc)
        kind, context = complaint["type"], complaint.get("ctx", {})
        if kind == "guerdon":
            yield document.problem(context["code"], path, context["message"], context["hint"])
        elif kind == "missing":
            if path not in document.dropped:
                message = f"{owner(document, path[:-1])} lacks '{path[-1]}'"
                yield document.problem("missing-field", path[:-1], message, f"add {path[-1]}:")
        elif kind == "extra_forbidden":
            yield _unknown(document, path, known_keys(model, loc[:-1]))
        elif kind == "union_tag_not_found":
            yield from _award(document, path, complaint["input"])
        elif kind == "literal_error":
            yield _literal(document, path, complaint["input"], context["expected"])
        elif kind != "too_short" or not complaint["input"]:  # a list whose only entries are wrong is not empty
            wanted = _shapes(context.get("expected_tags", ""))
            message = _WANTED.get(kind, f"{wanted} is wanted here")
            yield document.problem("wrong-type", path, message, _HINTS.get(kind, f"write {wanted}"))


def _shapes(tags: str) -> str:
    """What a value may be whose shape is none of those that fit."""
    shapes = [f"a {tag}" for tag in re.findall(r"<(\w+)>", tags)]
    return " or ".join(shapes) or "another value"


def owner(document: Document, path: Path) -> str:
    """The nearest named thing around ``path``, in the author's words: ``offer 'own-brand-5'``."""
    around = ""
    value: Any = document.data
    for at, step in enumerate(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, int) and isinstance(value, dict):
            name = value.get("id", value.get("merchant"))
            if isinstance(name, str):
                around = f"{_singular(str(path[at - 1]))} '{name}'"
                if at == len(path) - 1:
                    return around
    last = path[-1] if path else ""
    if isinstance(last, int):
        last_named = f"{_singular(str(path[-2]))} {last + 1}" if len(path) > 1 else "this entry"
    else:
        last_named = f"'{last}'" if last else "this file"
    return f"{last_named} of {around}" if around else last_named


def _singular(plural: str) -> str:
    other = {"terms": "terms entry", "ladder": "tier", "of": "goal", "all": "matcher", "times": "span"}
    return other.get(plural, plural.removesuffix("s"))


def _path(loc: tuple[Any, ...]) -> Path:
    """The path in the file: without the tags of unions and the mark of keys."""
    return tuple(step for step in loc if not (isinstance(step, str) and (step[:1] == "<" or step == "[key]")))


def _unknown(document: Document, path: Path, known: list[str]) -> Problem:
    key = str(path[-1])
    near = nearest(key, known)
    listed = f"keys here: {', '.join(sorted(known))}"
    hint = f"did you mean '{near}'? {listed}" if near else _ELSEWHERE.get(key, listed)
    return document.problem("unknown-field", path, f"{owner(document, path[:-1])} has no key '{key}'", hint)


def _literal(document: Document, path: Path, given: Any, expected: str) -> Problem:
    words = _QUOTED.findall(expected)
    if isinstance(given, str):
        message = f"'{given}' is not one of the words that fit here"
        return document.problem("wrong-type", path, message, word_hint(given, words))
    return document.problem("wrong-type", path, "a word is wanted here", f"write one of: {', '.join(words)}")


def _award(document: Document, path: Path, given: Any) -> Iterator[Problem]:
    """An award that names no form, or several."""
    if not isinstance(given, dict):
        yield document.problem("wrong-type", path, "an award is a mapping", "write award: {amount: 5.00}")
        return
    named = [key for key in FORMS if key in given]
    known = {key for form in FORMS.values() for key in form.says.model_fields}
    unknown = [key for key in given if key not in known]
    for key in unknown:
        yield _unknown(document, (*path, key), sorted(known))
    if named or not unknown:
        found = " and ".join(named) if named else "none"
        message = f"{owner(document, path)} needs exactly one form, and has {found}"
        yield document.problem("exactly-one", path, message, f"keep one of: {', '.join(FORMS)}")


def known_keys(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys that the mapping at ``loc`` of a file may have."""
    models = [model]
    for step in loc:
        if isinstance(step, str) and step[:1] == "<":
            form = FORMS.get(step[1:-1])
            models = [form.says] if form else models
        elif isinstance(step, str):
            named = [one.model_fields.items() for one in models]
            fields = [field for items in named for name, field in items if step in (name, field.alias)]
            models = [part for field in fields for part in _models_in(field.annotation)] or models
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]
