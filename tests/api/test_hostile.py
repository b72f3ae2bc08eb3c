"""What clients send by mistake or in malice: it is refused where it is wrong, and nothing else happens."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from guerdon.engine.ledger.audit import verify
from guerdon.engine.ledger.ledger import Ledger
from tests.api.served import Served, purchase, served

pytestmark = pytest.mark.usefixtures("engine")

JSON = {"content-type": "application/json"}


def raw(mall: Served, text: str | bytes, path: str = "/events", **headers: str) -> Any:
    return mall.ask("POST", path, content=text, headers={**JSON, **headers})


def test_no_key_twice_no_nan_no_half_text(mall: Served) -> None:
    whole = json.dumps(purchase("h1"))
    twice = whole[:-1] + ', "total": "1.00"}'
    for text in (twice, whole.replace('"60.00"', "NaN"), whole.replace('"60.00"', "-Infinity"), whole[:-1], "",
                 "\x00", b"\xff\xfe\x00", "[" * 100_000, '{"a":' * 100_000, "[1,]", "'x'"):  # fmt: skip
        answer = raw(mall, text)
        assert (answer.status_code, answer.json()["code"]) == (400, "unreadable"), text[:40]
    assert mall.get("/events/default/h1").status_code == 404


@pytest.mark.parametrize(
    "total",
    ["1e400", "1e-400", "1.005", "9" * 5_000, "9" * 30, '"1,000.00"', '"１２３"', '"0x10"', '""', "true", "{}", "[]",
     '"1_000"', '" 1"', '"+-1"', "-1", '"NaN"', "12345678901234567890.00"],
)  # fmt: skip
def test_amounts_that_are_none_are_refused_with_the_field_named(mall: Served, total: str) -> None:
    text = json.dumps(purchase(f"amount {total[:40]}")).replace('"60.00"', total)
    answer = raw(mall, text)
    assert answer.status_code in (400, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["errors"][0]["pointer"] in ("/total", "")


def test_amounts_are_read_from_their_text(mall: Served) -> None:
    text = json.dumps(purchase("exact", "eve")).replace('"60.00"', "1234567.89")
    assert raw(mall, text).status_code == 200
    assert mall.get("/events/default/exact").json()["given"][1]["earning"] == "1234567.89"


@pytest.mark.parametrize(
    "time",
    ["2026-03-06", "2026-03-06T10:00:00", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-03-06T24:30:00Z",
     "2026-W10-5T00:00:00Z", 1772791200, None, "", "9999-12-31T23:59:59Z", "now"],
)  # fmt: skip
def test_times_without_a_zone_or_sense_are_refused(mall: Served, time: Any) -> None:
    answer = mall.post("/events", {**purchase("time"), "time": time})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/time")


TEXTS = (
    "'; DROP TABLE event; --", '" OR 1=1 --', "ann' UNION SELECT 1,2,3 --", "%", "_", "*", "\\", "\u202e\u202dann",
    "ａｎｎ", "ann\u200b", "Ann", " ann", "名前", "\u00e9", "e\u0301",
    "<script>alert(1)</script>", "${jndi:ldap://x}", "../../etc",
    "=1+1", "a\nb", "{{7*7}}", "😀", "x" * 128,
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_text_wherever_it_stands(mall: Served, text: str) -> None:
    """Ids, contacts and sources are what they say: looked up literally, merged with nothing, never part of SQL."""
    from urllib.parse import quote

    told = purchase(f"t{hash(text)}", text, source=text, channel="till", note=text)
    answer = mall.post("/events", told)
    assert answer.status_code == 200, answer.text
    name = quote(text, safe="")
    wallet = mall.get(f"/contacts/{name}/wallet")
    assert wallet.status_code == 200
    assert wallet.json()["contact"] == text
    assert len(mall.get(f"/contacts/{name}/timeline").json()["entries"]) == 1
    assert mall.get(f"/events/{name}/{told['id']}").json()["source"] == text
    assert mall.get(f"/contacts?find={name}&by=email").json()["contacts"] == []
    assert mall.get(f"/contacts?find=x&by={name}").status_code == 422


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "x" * 129])
def test_text_that_cannot_be_kept_is_refused(mall: Served, text: str) -> None:
    for field in ("id", "contact", "source", "merchant", "channel"):
        answer = raw(mall, json.dumps({**purchase(f"bad {field} {len(text)}"), field: text}))
        assert answer.status_code in (400, 422), answer.text
    assert raw(mall, json.dumps({**purchase(f"bad name {len(text)}"), text: 1})).status_code in (400, 422)
    update = raw(mall, json.dumps({"attributes": {text: 1}}), "/contacts/ann/update")
    assert update.status_code in (400, 422)


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "null", "true", "[1]", "[null]", "[[]]", '{"type": {}}', "[{}]"])
def test_other_shapes_are_refused(mall: Served, body: str) -> None:
    for path in ("/events", "/estimates", "/contacts/ann/update"):
        answer = mall.ask("POST", path, "admin", content=body, headers=JSON)
        assert answer.status_code in (400, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_mass_assignment_changes_nothing(mall: Served) -> None:
    for field in ("seq", "status", "tier", "amount", "awards", "received_at", "contact_number", "fields", "verified"):
        answer = mall.post("/events", {**purchase(f"mass {field}"), field: "1"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


def test_bodies_and_headers_have_limits(mall: Served) -> None:
    big = json.dumps({**purchase("big"), "note": "x" * (1 << 20)})
    assert raw(mall, big).status_code == 413
    huge = b" " * ((8 << 20) + 1)
    assert raw(mall, huge).status_code == 413

    async def slowly() -> Any:
        for _ in range(9):
            yield b" " * (1 << 20)

    assert mall.ask("POST", "/events", content=slowly(), headers=JSON).status_code == 413  # of unknown length
    assert raw(mall, "{}", **{"content-length": "x"}).status_code in (400, 422)
    assert mall.ask("POST", "/events", content="a=1", headers={"content-type": "text/plain"}).status_code == 415


def test_a_body_that_does_not_come_ends_in_408(tmp_path: Path) -> None:
    import anyio

    with served(tmp_path, body_seconds=1) as it:

        async def stuck() -> Any:
            yield b"{"
            await anyio.sleep(5)

        assert it.ask("POST", "/events", content=stuck(), headers=JSON).status_code == 408


def test_rates_are_limited_by_key_and_strangers_by_address(tmp_path: Path) -> None:
    with served(tmp_path, rate="5/minute", failures="3/minute") as it:
        assert [it.get("/contacts/ann").status_code for _ in range(7)] == [404] * 5 + [429] * 2
        assert 1 < int(it.get("/contacts/ann").headers["retry-after"]) <= 60  # when the minute is over
        assert it.get("/contacts/ann", "agent").status_code == 404  # another key is another matter
        assert [it.get("/contacts/ann", key="gk_x").status_code for _ in range(5)] == [401] * 3 + [429] * 2
        assert it.get("/contacts/ann", "supervisor").status_code == 404  # a good key is let in from there all the same
        assert it.get("/healthz", key=None).status_code == 200


def test_answers_keep_browsers_out_and_say_nothing_of_the_inside(mall: Served) -> None:
    answer = mall.get("/contacts/ann", headers={"Origin": "https://evil.example", "X-Request-Id": "abc-1"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] == "abc-1"
    assert "access-control-allow-origin" not in answer.headers
    odd = mall.get("/contacts/ann", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["x-request-id"] != "a b\tc"
    assert mall.get("/docs").status_code == 404


def test_a_fault_is_told_without_its_inside(mall: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from guerdon.engine.api import views

    def broken(*_: Any) -> Any:
        raise RuntimeError("secret-inside")

    monkeypatch.setattr(views, "wallet", broken)
    answer = mall.get("/contacts/ann/wallet", headers={"X-Request-Id": "fault-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.json()["instance"] == "urn:guerdon:request:fault-1"
    assert "secret-inside" not in answer.text and "Traceback" not in answer.text


def test_secrets_are_in_no_log_no_answer_and_no_table(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served(tmp_path) as it:
        secrets = {key.split("_", 2)[2] for key in it.keys.values()}
        seen = [it.post("/events", purchase("c1", note="canary-note")).text]
        seen += [it.get("/contacts/ann", role).text for role in it.keys]
        seen += [it.get("/contacts?find=canary-query", "agent").text, it.get("/audit", "auditor").text]
        seen += [it.post("/events", {"id": "canary-body"}, "auditor").text, it.get("/metrics", "admin").text]
        seen += [repr(it.service.settings)]
    out = capfd.readouterr()
    logs = out.out + out.err + "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    for secret in secrets:
        assert secret not in logs and all(secret not in text for text in seen)
    for canary in ("canary-note", "canary-query", "canary-body"):
        assert canary not in logs
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("guerdon.db*"))
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_after_all_of_it_the_ledger_verifies(mall: Served) -> None:
    with Ledger.open(mall.url, read_only=True) as ledger:
        assert verify(ledger).findings == []
