"""Pages of long lists: an opaque cursor says where the next one begins, whatever was added meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Query

from guerdon.engine.api.problems import Problem, wrong_field

T = TypeVar("T")
LIMIT_MAX = 500
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before.")]


class Page(NamedTuple):
    """Up to ``limit`` things after a place; 0 and '': from the start."""

    limit: int
    after: int
    after_id: str = ""


def cursor(place: int | str) -> str:
    """The cursor of a page that begins after a place."""
    return base64.urlsafe_b64encode(json.dumps([place]).encode()).decode().rstrip("=")


def part_of(listed: Sequence[T], page: Page, id_of: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The page of a list that is at hand, and its ``next``. Problem 422: the cursor names nothing that is in it."""
    start = 0
    if page.after or page.after_id:
        start = next((place for place, each in enumerate(listed, 1) if id_of(each) == page.after_id), 0)
        if not start:
            raise _bad_cursor()
    here = listed[start : start + page.limit]
    return here, cursor(id_of(here[-1])) if start + len(here) < len(listed) else None


def _bad_cursor() -> Problem:
    return wrong_field("cursor", "bad_cursor", "the cursor is none that a page gave")


def page_of(limit: int, told: str) -> Page:
    """The page that a request asks for. Problem 422: its cursor is none of ours."""
    if not told:
        return Page(limit, 0)
    try:
        padded = told + "=" * (-len(told) % 4)
        place = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))[0]
        if isinstance(place, bool) or not isinstance(place, (int, str)) or (isinstance(place, int) and place < 0):
            raise ValueError
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    if isinstance(place, int):
        return Page(limit, min(place, 2**63 - 1))
    return Page(limit, 0, place)
