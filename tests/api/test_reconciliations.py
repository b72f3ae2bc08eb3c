"""A till's extract against the ledger, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.served import Served, purchase

CSV = "reference,amount,day,merchant\n"


def compared(
    it: Served, text: str, role: str = "auditor", query: str = "", media: str = "text/csv", **more: Any
) -> Any:
    headers = {"Content-Type": media, **more.pop("headers", {})}
    return it.ask("POST", f"/reconciliations{query}", role, content=text.encode(), headers=headers, **more)


def test_a_till_against_the_ledger(mall: Served) -> None:
    told = [("rc1", "R-1", "bakery"), ("rc2", "R-2", "bakery"), ("rc3", "R-3", "butcher")]
    mall.post(
        "/events", [purchase(id, "rod", merchant=m, reference=r, time="2026-03-02T09:00:00Z") for id, r, m in told]
    )
    before = len(mall.get("/contacts/rod/timeline").json()["entries"])
    lines = "R-1,60.00,2026-03-02,bakery\nR-2,50.00,2026-03-02,bakery\nR-9,1.00,2026-03-02,bakery\n"
    found = compared(mall, CSV + lines).json()
    counts = {name: sums["lines"] for name, sums in found["classes"].items() if sums["lines"]}
    assert counts == {"matched": 1, "amount_differs": 1, "only_till": 1}
    assert (found["agrees"], found["till"], found["ledger"], found["difference"]) == (
        False,
        "111.00",
        "120.00",
        "-9.00",
    )
    (differs,) = [row for row in found["exceptions"] if row["class"] == "amount_differs"]
    assert (differs["amount"], differs["ledger_amount"], differs["event"]) == ("50.00", "60.00", "rc2")
    assert (differs["day"], differs["ledger_day"]) == ("2026-03-02", "2026-03-02")
    assert len(mall.get("/contacts/rod/timeline").json()["entries"]) == before

    row = '{"no": "R-3", "amount": "60.00", "day": "2026-03-02"}\n'
    query = "?merchant=butcher&column=reference%3Dno"
    assert compared(mall, row, query=query, media="application/x-ndjson").json()["agrees"] is True


def test_a_merchant_compares_its_own_till_alone(mall: Served) -> None:
    told = [("rm1", "M-1", "bakery"), ("rm2", "M-2", "butcher")]
    mall.post(
        "/events", [purchase(id, "ron", merchant=m, reference=r, time="2026-04-02T09:00:00Z") for id, r, m in told]
    )
    found = compared(mall, "reference,amount,day\nM-1,60.00,2026-04-02\nM-2,60.00,2026-04-02\n", "merchant").json()
    assert found["merchants"] == ["bakery"]
    (row,) = found["exceptions"]
    assert (row["class"], row["ledger_merchant"], row["event"], row["ledger_amount"]) == (
        "wrong_merchant", None, None, None,
    )  # fmt: skip
    assert compared(mall, f"{CSV}M-2,60.00,2026-04-02,butcher\n", "merchant").json()["code"] == "not_found"
    assert compared(mall, CSV, "merchant", "?merchant=butcher").status_code == 404


def test_what_is_no_extract_is_refused(mall: Served) -> None:
    for text in ("", "\n", "no,heading\n1,2\n", "\x00"):
        answer = compared(mall, text)
        assert (answer.status_code, answer.json()["code"]) == (422, "extract_invalid"), answer.text
        assert "extract-" not in answer.json()["detail"]
    assert compared(mall, CSV, media="application/json").status_code == 415
    assert compared(mall, CSV, query="?column=reference").json()["code"] == "bad_query"
    large = compared(mall, CSV + "x" * mall.service.settings.body_bytes)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    same = [compared(mall, CSV + "Z-1,1.00,2026-05-01,bakery\n", headers={"Idempotency-Key": "till"}) for _ in range(2)]
    assert same[0].json() == same[1].json() and same[1].headers["idempotent-replayed"] == "true"
