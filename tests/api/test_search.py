"""Searching contacts over HTTP: in every way, in pages, and only among those that the key may see."""

from __future__ import annotations

from typing import Any

import pytest

from guerdon.engine.care import search as care
from tests.api.served import Served, purchase


def found(it: Served, query: str, role: str = "agent", **more: Any) -> list[tuple[str, str]]:
    answer = it.get(f"/contacts?{query}", role, **more)
    assert answer.status_code == 200, answer.text
    return [(each["contact"], each["by"]) for each in answer.json()["contacts"]]


def test_by_whatever_the_person_has(mall: Served) -> None:
    mall.post("/contacts/sy1/register", {"email": "sy@example.org", "phone": "+35799", "document": "X-1"}, "agent")
    mall.post("/contacts/sy1/update", {"card": "M-77"}, "agent")
    mall.post("/events", purchase("sye1", "sy1", merchant="bakery", reference="f-900"))
    for query, way in (
        ("find=sy1", "id"), ("find=SY@example.org", "email"), ("find=%2B35799", "phone"), ("find=X-1", "document"),
        ("find=M-77", "card"), ("find=F-900", "reference"), ("find=sye1", "event"), ("find=sy1&by=id", "id"),
    ):  # fmt: skip
        assert found(mall, query) == [("sy1", way)], query
    assert found(mall, "find=sy1&by=email") == []
    assert mall.get("/contacts?find=x&by=shoe", "agent").json()["errors"][0]["pointer"] == "/by"


def test_pages_hold_all_of_them_once(mall: Served) -> None:
    mall.post("/events", [purchase(f"sp{n}", f"page-{n:02}") for n in range(7)])
    seen, query = [], "find=page-*&limit=3"
    while query:
        page = mall.get(f"/contacts?{query}", "agent").json()
        assert len(page["contacts"]) <= 3
        seen += [each["contact"] for each in page["contacts"]]
        query = f"find=page-*&limit=3&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"page-{n:02}" for n in range(7)]


def test_a_page_is_of_those_that_the_key_may_see(mall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = [purchase(f"sc{n}", f"scope-{n}", merchant="butcher") for n in range(5)]
    mall.post("/events", [*theirs, purchase("sc5", "scope-5", merchant="bakery")])
    assert found(mall, "find=scope-*&limit=1", "merchant") == [("scope-5", "id")]
    assert mall.get("/contacts?find=scope-*&limit=1", "merchant").json()["next"] is None
    monkeypatch.setattr(care, "LOOKED_AT", 3)  # a merchant that asks for everything is not given all day
    assert found(mall, "find=scope-*", "merchant") == []
    assert len(found(mall, "find=scope-*")) == 6
