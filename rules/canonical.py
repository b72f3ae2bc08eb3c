"""The canonical form of a programme: what its files say, in one order, as one JSON text; its hash is the version.

Order, layout and comments do not matter, nor whether a default is written out. Lists that files name are in it (codes
as hashes); bank accounts and feeds are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from guerdon.rules.compile import compile_programme, digits_of
from guerdon.rules.model.business import BusinessSays, UnitSays
from guerdon.rules.model.programme import INSTRUMENTS, FileSays, ListsSay, ProgrammeSays
from guerdon.rules.model.scheme import WholeScheme
from guerdon.rules.program import Program
from guerdon.rules.source import kept_code

_FORMAT = 1
_ADDED_TO = ("segments", "merchants", "pools", "terms", *INSTRUMENTS)


def merge(files: Iterable[FileSays], lists: dict[str, dict[str, tuple[str, ...]]]) -> ProgrammeSays:
    """What the valid files of a programme say together; the default scheme where there is none."""
    given = list(files)
    business = next(file.business for file in given if file.business is not None)
    schemes = [_whole(file) for file in given if file.scheme is not None]
    shared = {key: _sorted(entry for file in given for entry in getattr(file, key)) for key in _ADDED_TO}
    shared["codes"] = tuple(_kept(code) for code in shared["codes"])
    return ProgrammeSays(
        business=business,
        tiers=next((file.tiers for file in given if file.tiers is not None), None),
        schemes=_sorted(schemes or [default_scheme(business)]),
        lists=_lists(lists),
        **shared,
    )


def _whole(file: FileSays) -> WholeScheme:
    assert file.scheme is not None
    said = {name: getattr(file.scheme, name) for name in file.scheme.model_fields_set}
    return WholeScheme.model_construct(**said, offers=_sorted(file.offers))


def _sorted(entries: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(entries, key=lambda entry: str(getattr(entry, "id", getattr(entry, "merchant", "")))))


def _lists(lists: dict[str, dict[str, tuple[str, ...]]]) -> ListsSay:
    contacts = {name: tuple(sorted(set(lines))) for name, lines in lists["contacts"].items()}
    codes = {name: _hashes(lines) for name, lines in lists["codes"].items()}
    return ListsSay(contacts=contacts or None, codes=codes or None)


def _kept(code: Any) -> Any:
    """An entry of ``codes`` with the hashes of the numbers that it lists itself, not by a file's name."""
    written = code.numbers is not None and not isinstance(code.numbers, str)
    return code.model_copy(update={"numbers": _hashes(code.numbers)}) if written else code


def _hashes(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({kept_code(code) for code in codes}))


def default_scheme(business: BusinessSays) -> WholeScheme:
    """The scheme of a programme without one: inactive, named after the business, with four usual offers."""
    offers = [
        {"id": id_, "title": title, "goal": "membership", "type": kind, "award": {"amount": amount}}
        for id_, title, kind, amount in (
            ("sign-up", "Welcome", "sign_up", "5"),
            ("referral", "Bring a friend", "referral", "5"),
            ("profile", "Complete your profile", "profile", "2"),
        )
    ] + [{"id": "percent-back", "title": "1% back", "goal": "spend", "type": "discount", "award": {"percent": "1"}}]
    said = {"id": business.id, "title": business.name or business.id, "state": "inactive", "offers": offers}
    unit = business.wallet.unit
    return WholeScheme.model_validate(said, context=digits_of(business.currency, unit))


def program_of(says: ProgrammeSays) -> Program:
    """The compiled programme of what its files say."""
    said = says.model_dump(by_alias=True, exclude_defaults=True)
    canonical = json.dumps({"format": _FORMAT, **said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return compile_programme(says, canonical, version_of(canonical))


def version_of(canonical: str) -> str:
    """The version of a canonical form: its SHA-256 in hexadecimal."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def program_from_canonical(text: str) -> Program:
    """Compile again a version that was kept.

    Raises:
        ValueError: ``text`` is no canonical form of a programme.
    """
    said = json.loads(text)
    if not isinstance(said, dict) or said.pop("format", None) != _FORMAT:
        raise ValueError("this is no canonical form of a programme")
    business = said["business"]
    unit = business.get("wallet", {}).get("unit")
    digits = digits_of(business["currency"], None if unit is None else UnitSays.model_validate(unit))
    return compile_programme(ProgrammeSays.model_validate(said, context=digits), text, version_of(text))
