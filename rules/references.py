"""Names of one thing in the entry of another: every id that is named must be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guerdon.rules.awards import FORMS
from guerdon.rules.names import Names
from guerdon.rules.problems import Problem, did_you_mean
from guerdon.rules.source import OutsideProgramme, Source
from guerdon.rules.view import Found, View

# Where ids are named, and of which kind.
_REFERENCES: tuple[tuple[str, str], ...] = (
    ("business.sources.*.merchants.*", "merchant"),
    ("pools.*.at.merchants.*", "merchant"),
    ("pools.*.at.venues.*", "venue"),
    ("offers.*.owner", "merchant"),
    ("offers.*.at.merchants.*", "merchant"),
    ("offers.*.at.venues.*", "venue"),
    ("offers.*.who.tiers.*", "tier"),
    ("offers.*.who.segments.*", "segment"),
    ("offers.*.group", "group"),
    ("offers.*.pool", "pool"),
    *((f"offers.*.award.{path}", kind) for form in FORMS.values() for path, kind in form.references),
    ("terms.*.merchant", "merchant"),
    ("terms.*.schemes.*", "scheme"),
    ("terms.*.bank", "account"),
    ("certificates.*.site", "site"),
    ("certificates.*.distributor", "merchant"),
    ("codes.*.unlocks", "offer"),
    ("controls.*.merchant", "merchant"),
)
# Where a file is named, and what its lines are.
LISTED_FILES: tuple[tuple[str, str], ...] = (
    ("segments.*.list", "contacts"),
    ("scheme.sign_up.codes", "codes"),
    ("codes.*.numbers", "codes"),
)
_PLURALS = {"terms entry": "terms", "tier": "tiers"}


def unknown_references(view: View, names: Names) -> Iterator[Problem]:
    """Ids that are named and not there."""
    for pattern, kind in _REFERENCES:
        known = names.known(kind)
        for found in view.walk(pattern):
            if kind == "venue" and names.venues_are_open:
                continue
            if kind == "account" and view.bank is None:
                continue  # accounts may be kept apart from the rules
            if isinstance(found.value, str) and found.value not in known:
                yield _unknown(found, found.value, kind, known)
    for found in view.mappings("rewards.*.prices"):
        for tier in found.value:
            if tier not in names.known("tier"):
                yield _unknown(Found(found.document, (*found.path, tier), tier), tier, "tier", names.known("tier"))
    for found in view.walk("cards.*.bonus.funder"):
        if isinstance(found.value, str) and found.value not in {"business", *names.known("merchant")}:
            yield _unknown(found, found.value, "merchant", {"business", *names.known("merchant")})


def _unknown(found: Found, given: str, kind: str, known: set[str]) -> Problem:
    message = f"there is no {kind} '{given}' in this programme"
    return found.problem("unknown-reference", message, did_you_mean(given, known, what=_PLURALS.get(kind, f"{kind}s")))


def listed_files(view: View, source: Source) -> tuple[dict[str, dict[str, tuple[str, ...]]], list[Problem]]:
    """What the named files hold, by what their lines are and by name; and the problems of naming them."""
    contents: dict[str, dict[str, tuple[str, ...]]] = {"contacts": {}, "codes": {}}
    problems: list[Problem] = []
    for pattern, kind in LISTED_FILES:
        for found in view.walk(pattern):
            if isinstance(found.value, str):
                try:
                    contents[kind][found.value] = source.lines(found.value)
                except (OutsideProgramme, OSError, ValueError) as error:
                    problems.append(_unreadable(found, source, error))
    return contents, problems


def _unreadable(found: Found, source: Source, error: Any) -> Problem:
    name = found.value
    if isinstance(error, OutsideProgramme):
        hint = "copy the file into the folder and name it from there"
        return found.problem("path-outside", f"'{name}' lies outside the programme folder", hint)
    if isinstance(error, FileNotFoundError):
        hint = did_you_mean(name, source.listed_names(), what="lists")
        return found.problem("unknown-reference", f"there is no file '{name}' in the programme folder", hint)
    return found.problem("wrong-type", f"'{name}' can't be read as UTF-8 text", "save it as UTF-8, one entry a line")
