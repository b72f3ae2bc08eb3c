"""``verify`` finds nothing in a good ledger and every seeded corruption in a bad one, under the right number."""

from __future__ import annotations

import pytest

from guerdon.engine.codes import OwnerKind, Role, TransferKind, account
from guerdon.engine.ledger import Chunk, Ledger, Report, verify
from guerdon.engine.ledger.chunk import ProgrammeVersion
from guerdon.rules import Program, read_programme

from ..engines import in_its_words, new, raw, unguarded
from .small import DAY, START, Script, commerce, filled, open_money

pytestmark = pytest.mark.usefixtures("engine")

CAPPED = {
    "business.yaml": "business: {id: corner, name: Corner, currency: EUR, time_zone: Europe/Nicosia}\n"
    "merchants: [{id: bakery, name: Bakery}]\n",
    "everyday.yaml": """
scheme: {id: everyday, title: Everyday, state: active, sign_up: auto}
offers:
  - id: capped
    title: Five percent
    goal: spend
    award: {percent: 5}
    caps:
      - {amount: 2.00, per: event}
      - {amount: 4.00, per: contact, each: month}
      - {times: 1, per: contact, each: day}
      - {times: 6, per: contact, each: {rolling: 7d}}
      - {amount: 20.00, per: offer}
""",
}


def capped_programme() -> Program:
    reading = read_programme(None, files=CAPPED)
    assert reading.program is not None, reading.problems
    return reading.program


def good() -> Ledger:
    """The small ledger under a programme with caps, none of which it exceeds."""
    ledger = Ledger.open(new())
    program = capped_programme()
    script = Script(ledger)
    assert ledger.names.number("offer", "capped") == 1
    chunks = [script.purchases(whos) for whos in (["ann", "bob", "ann"], ["cy", "ann"])]
    chunks[0].programmes = [
        ProgrammeVersion(1, ledger.names.number("version", program.version), program.version, program.canonical)
    ]
    for chunk in chunks:
        ledger.post(chunk)
    return ledger


def broken(*statements: str) -> Report:
    """What verify says after raw changes to the good ledger, its guards taken away."""
    ledger = good()
    connection = unguarded(ledger)
    for statement in statements:
        assert connection.execute(in_its_words(statement)).rowcount > 0, statement
    return verify(ledger)


REVERSAL = (
    f"INSERT INTO transfer SELECT 5, 90, {int(TransferKind.AWARD_REVERSAL)}, unit, credit, debit, {{amount}}, lot_seq, "
    "lot_n, offer, {seq}, n, line, effective_at FROM transfer WHERE seq = 4 AND n = 1"
)
REDEEM = f"seq = 3 AND kind = {int(TransferKind.REDEEM)}"
# what is changed, and which check must find it
CORRUPTIONS = {
    "balance raised": ("V1", f"UPDATE balance SET minor = minor + 1 WHERE account = {open_money(1)}"),
    "balance gone": ("V1", f"DELETE FROM balance WHERE account = {open_money(1)}"),
    "wallet row differs": ("V1", "UPDATE contact SET open = open + 1 WHERE number = 1"),
    "debt out of nothing": ("V1", "UPDATE contact SET debt = 7 WHERE number = 2"),
    "transfer raised": ("V1", "UPDATE transfer SET amount = amount + 1 WHERE seq = 4"),
    "units no longer balance": ("V2", f"UPDATE balance SET minor = minor - 1 WHERE account = {commerce(2)}"),
    "other unit": ("V2", f"UPDATE balance SET unit = 1 WHERE account = {commerce(2)}"),
    "open below zero": ("V3", f"UPDATE balance SET minor = -1 WHERE account = {open_money(1)}"),
    "commerce below zero": ("V3", f"UPDATE balance SET minor = -100 WHERE account = {commerce(3)}"),
    "budget below zero": ("V3", f"INSERT INTO balance VALUES ({account(OwnerKind.MERCHANT, 1, Role.BUDGET)}, 0, -3)"),
    "debt above zero": ("V3", f"INSERT INTO balance VALUES ({account(OwnerKind.CONTACT, 1, Role.DEBT)}, 0, 3)"),
    "lot of another contact": ("V4", "UPDATE lot SET contact = 2 WHERE contact = 3"),
    "lot in another pool": ("V4", "UPDATE lot SET pool = 2 WHERE contact = 3"),
    "lot pending": ("V4", "UPDATE lot SET pending = 1 WHERE contact = 3"),
    "lot gone": ("V4", "DELETE FROM lot WHERE contact = 3"),
    "lot holds too much": ("V5", "UPDATE lot SET remaining = remaining + 1 WHERE contact = 1"),
    "lot holds too little": ("V5", "UPDATE lot SET remaining = remaining - 1 WHERE contact = 1"),
    "lot never granted": ("V5", "INSERT INTO lot SELECT contact, 77, n, pool, remaining, live, earned_at, usable_at, "
                          "expires_at, offer, version, funder, part_num, part_den, prepaid, expiry_business, "
                          "instant, pending FROM lot WHERE contact = 1"),
    "taken from another lot": ("V5", f"UPDATE transfer SET lot_seq = 2 WHERE {REDEEM}"),
    "redeem without a lot": ("V5", f"UPDATE transfer SET lot_seq = 0 WHERE {REDEEM}"),
    "reversed too much": ("V6", REVERSAL.format(amount=101, seq=4)),
    "reversal of nothing": ("V6", REVERSAL.format(amount=1, seq=44)),
    "used before usable": ("V7", f"UPDATE transfer SET effective_at = {START} WHERE {REDEEM}"),
    "used after expiry": ("V7", f"UPDATE transfer SET effective_at = {START + 900 * DAY} WHERE seq = 3 AND n = 1"),
    "award expired before it was used": ("V7", f"UPDATE award SET expires_at = {START} WHERE seq = 1"),
    "two events of one id": ("V8", "UPDATE event SET id = 'p1' WHERE seq = 4"),
    "key lost": ("V8", "DELETE FROM event_key WHERE seq = 4"),
    "key of another event": ("V8", "UPDATE event_key SET seq = 2 WHERE seq = 4"),
    "business key of another event": ("V8", "UPDATE business_key SET seq = 2 WHERE seq = 4"),
    "business key of a refused event": ("V8", "UPDATE event SET outcome = 3 WHERE seq = 4"),
    "one receipt earned twice": ("V8", "UPDATE event SET reference = 'R2' WHERE seq = 5"),
    "cap per event": ("V9", "UPDATE award SET amount = 201 WHERE seq = 2"),
    "cap per contact and month": ("V9", "UPDATE award SET amount = 199 WHERE contact = 1"),
    "cap of times a day": ("V9", "UPDATE award SET wins = 2 WHERE seq = 2"),
    "cap of times in seven days": ("V9", "UPDATE award SET wins = 3 WHERE contact = 1"),
    "cap per offer": ("V9", "UPDATE award SET amount = 401 WHERE amount > 0"),
    "run counts less": ("V12", "UPDATE run SET read = read - 1"),
    "run counts otherwise": ("V12", "UPDATE run SET posted = posted - 1, refused = refused + 1"),
    "outcome changed": ("V12", "UPDATE event SET outcome = 2 WHERE seq = 2"),
    "event gone": ("V12", "DELETE FROM event WHERE seq = 2"),
    "wait that never was": ("V12", "INSERT INTO resolved VALUES (2, 3, 0, 1, 0)"),
    "event's time": ("V13", "UPDATE event SET time = time + 1 WHERE seq = 2"),
    "event received at another time": ("V13", "UPDATE event SET received_at = received_at + 1 WHERE seq = 2"),
    "content": ("V13", "UPDATE chunk SET body = 'other' WHERE number = 1"),
    "transfer's kind": ("V13", "UPDATE transfer SET kind = 1 WHERE seq = 3 AND n = 1"),
    "transfer gone": ("V13", "DELETE FROM transfer WHERE seq = 4"),
    "award": ("V13", "UPDATE award SET earning = earning + 1 WHERE seq = 2"),
    "refusal": ("V13", "UPDATE refusal SET had = had + 1 WHERE seq = 2"),
    "tier history": ("V13", "UPDATE tier_period SET ends_at = ends_at + 1 WHERE seq = 2"),
    "chunk's bounds": ("V13", "UPDATE chunk SET last_seq = 4 WHERE number = 2"),
    "chunk gone": ("V13", "DELETE FROM chunk WHERE number = 1"),
    "link": ("V13", "UPDATE chunk SET chain = zeroblob(32) WHERE number = 2"),
    "digest": ("V13", "UPDATE chunk SET digest = zeroblob(96) WHERE number = 2"),
    "event outside the chunks": ("V13", "INSERT INTO event SELECT 99, time, received_at, contact, content_hi, "
                                 "content_lo, source, merchant, version, transfers, type, outcome, reason, id || 'x', "
                                 "series, '' FROM event WHERE seq = 5"),
    "rules": ("V13", "UPDATE programme SET canonical = replace(canonical, 'Corner', 'Cornet')"),
    "rules that are none": ("V13", "UPDATE programme SET canonical = 'x'"),
}  # fmt: skip


def test_a_good_ledger_has_no_findings() -> None:
    report = verify(good())
    assert report.findings == []
    assert report.ok
    assert [checked.check for checked in report.checks] == [f"V{number}" for number in range(1, 15)]
    assert {checked.check for checked in report.checks if checked.skipped} == {"V10", "V11", "V14"}
    assert verify(Ledger.open(new())).findings == []


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_seeded_corruption_is_found(name: str) -> None:
    check, statement = CORRUPTIONS[name]
    report = broken(statement)
    found = [finding for finding in report.findings if finding.check == check]
    assert found, [str(finding) for finding in report.findings]
    assert not report.ok
    assert all(f.what and f.where and f.expected != f.found for f in found)


@pytest.mark.parametrize(
    ("statement", "check", "where"),
    [
        (None, None, ""),
        ("UPDATE counter SET amount = amount + 1 WHERE contact = 2", "V10", "counter contact 2"),
        ("UPDATE contact SET climb = 5 WHERE number = 1", "V10", "contact number 1"),
        ("DELETE FROM membership WHERE contact = 3", "V10", "membership contact 3"),
    ],
)
def test_state_is_held_against_a_replay(statement: str | None, check: str | None, where: str) -> None:
    ledger = filled()
    if statement:
        raw(ledger).execute(statement)
    findings = verify(ledger, replay=lambda _: filled()).findings
    assert [finding.check for finding in findings[:1]] == ([check] if check else [])
    assert all(finding.where.startswith(where) for finding in findings)


def test_a_check_that_breaks_down_is_a_finding() -> None:
    report = broken("UPDATE chunk SET digest = 'x' WHERE number = 1")
    assert [finding.found.split(":")[0] for finding in report.findings if finding.what == "the check"] in (
        ["TypeError"],
        ["ValueError"],
    )


def test_a_replay_that_ends_otherwise_names_the_first_difference() -> None:
    def otherwise(_: Ledger) -> Ledger:
        other = Ledger.open(new())
        script = Script(other)
        other.post(script.purchases(["ann", "bob"]))
        chunk: Chunk = script.purchases(["ann"])
        chunk.transfers["amount"] += 1
        other.post(chunk)
        return other

    findings = verify(filled(), replay=otherwise).findings
    last = [finding for finding in findings if finding.check == "V14"]
    assert len(last) == 1
    assert last[0].where == "event of seq 4"


def test_many_findings_are_counted_and_a_few_are_shown() -> None:
    ledger = Ledger.open(new())
    script = Script(ledger)
    ledger.post(script.purchases([f"contact {k}" for k in range(50)]))
    raw(ledger).execute("UPDATE balance SET minor = minor + 1")
    report = verify(ledger)
    counted = next(checked for checked in report.checks if checked.check == "V1")
    assert counted.found == 51
    assert sum(finding.check == "V1" for finding in report.findings) == 20
