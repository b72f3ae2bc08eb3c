"""What a key of limited scope asks for in vain is denied it in the audit trail, whether or not it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..engines import Engine
from .served import Served, purchase, served


@pytest.fixture
def shop(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as it:
        it.post("/events", purchase("p1", "bob"))
        yield it


def denials(shop: Served) -> list[tuple[str, str, str, str]]:
    """(role, action, object, reason) of what was denied so far."""
    entries = shop.get("/audit?limit=500", "auditor").json()["entries"]
    return [
        (entry["role"], entry["action"], entry["object"], entry["reason"])
        for entry in entries
        if entry["outcome"] == "denied"
    ]


def test_another_contact_and_one_that_nobody_knows_are_denied_alike(shop: Served) -> None:
    answers = [shop.get(f"/contacts/{contact}/wallet", "member") for contact in ("bob", "nobody")]
    assert [answer.status_code for answer in answers] == [404, 404]
    action = "GET /contacts/{contact}/wallet"
    assert denials(shop) == [
        ("member", action, "contact bob", "not_found"),
        ("member", action, "contact nobody", "not_found"),
    ]


def test_no_code_stands_in_what_was_denied(shop: Served) -> None:
    assert shop.get("/certificates/K7F3-W2X9-QQ4T-8MZN", "partner").status_code == 404
    assert shop.get("/events/case/b1%2F6006491234567890", "merchant").status_code == 404
    found = denials(shop)
    assert [object.split()[-1][-5:] for _, _, object, _ in found] == [".8MZN", "b1"]
    assert "W2X9" not in str(found) and "6006" not in str(found)


def test_whoever_may_see_all_is_denied_nothing_by_what_is_not_there(shop: Served) -> None:
    assert shop.get("/contacts/nobody/wallet", "agent").status_code == 404
    assert denials(shop) == []
