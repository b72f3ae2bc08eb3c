"""PostgreSQL asks to try again: the whole unit of work is done anew, once in effect, or given up with a clear error."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from guerdon.engine.events.admission import admit
from guerdon.engine.ledger import Ledger, verify
from guerdon.engine.ledger.errors import LedgerInterrupted, LedgerUnwritable
from guerdon.engine.replaying import replay
from guerdon.engine.stream import turns as turns_module
from guerdon.engine.stream.turns import ATTEMPTS, Turns

from ..engines import raw
from .shop import events, program, purchase

RECORDS = [purchase(number, contacts=40) for number in range(40)]
ANNS = [purchase(number, contact="ann", total="100.00", attributes={}) for number in range(2)]
SERIALIZATION, DEADLOCK = "40001", "40P01"
# A sequence goes on when a transaction is rolled back, and so counts the tries.
FAILING = """
CREATE SEQUENCE tries;
CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('tries') <= {times} THEN
    RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'could not serialize access';
  END IF;
  RETURN NULL;
END $$;
CREATE {constraint} TRIGGER failing AFTER INSERT ON "{table}" {deferred} FOR EACH {each} EXECUTE FUNCTION failing()
"""


def fail(ledger: Ledger, table: str, code: str, times: int, *, at_commit: bool = False) -> None:
    """Lets the first tries to write to a table fail; or those to commit what was written to it."""
    words = ("CONSTRAINT", "DEFERRABLE INITIALLY DEFERRED", "ROW") if at_commit else ("", "", "STATEMENT")
    constraint, deferred, each = words
    told = FAILING.format(times=times, code=code, table=table, constraint=constraint, deferred=deferred, each=each)
    raw(ledger).execute(told)


def tries(ledger: Ledger) -> int:
    found: int = raw(ledger).execute("SELECT last_value FROM tries").fetchone()[0]
    return found


def expect_whole(ledger: Ledger, records: list[dict[str, Any]]) -> None:
    """It is the ledger of an undisturbed run."""
    with Ledger.open("sqlite://") as alone:
        for place in range(0, len(records), 20):
            Turns(program(), alone).admit(admit(events(records[place : place + 20])))
        assert ledger.digest() == alone.digest()
    assert verify(ledger, replay=replay).findings == []


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "_PAUSE_SECONDS", 0.001)


@pytest.mark.parametrize("code", [SERIALIZATION, DEADLOCK])
@pytest.mark.parametrize(
    ("table", "at_commit"), [("name", False), ("event", False), ("balance", False), ("chunk", False), ("chunk", True)]
)
def test_it_is_tried_again_as_a_whole(postgresql_url: str, table: str, at_commit: bool, code: str) -> None:
    """At the first statement, in the midst, at the last one and at the commit itself."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events(RECORDS[:20])))
        fail(ledger, table, code, 3, at_commit=at_commit)
        admitted = turns.admit(admit(events(RECORDS[20:])))
        assert admitted is not None and admitted.seqs.tolist() == list(range(22, 42))
        assert tries(ledger) >= 4 and turns.counts.posted == 40
        expect_whole(ledger, RECORDS)


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_up_to_the_last_try(postgresql_url: str, times: int) -> None:
    with Ledger.open(postgresql_url, shared=True) as ledger:
        fail(ledger, "chunk", SERIALIZATION, times)
        Turns(program(), ledger).admit(admit(events(RECORDS[:20])))
        assert tries(ledger) == times + 1
        expect_whole(ledger, RECORDS[:20])


@pytest.mark.parametrize("at_commit", [False, True])
def test_after_the_last_try_it_is_given_up_and_nothing_is_half_done(postgresql_url: str, at_commit: bool) -> None:
    """The error says what to do; the same events may be told again, and count once."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns = Turns(program(), ledger)
        turns.admit(admit(events(RECORDS[:20])))
        before = ledger.digest(), len(ledger.frame("name")), len(ledger.frame("balance"))
        fail(ledger, "chunk", DEADLOCK, 1_000, at_commit=at_commit)
        with pytest.raises(LedgerInterrupted, match="could not serialize access") as caught:
            turns.admit(admit(events(RECORDS[20:])))
        assert caught.value.code == "ledger_interrupted" and caught.value.hint
        assert tries(ledger) == ATTEMPTS
        assert (ledger.digest(), len(ledger.frame("name")), len(ledger.frame("balance"))) == before
        assert verify(ledger, replay=replay).findings == []
        raw(ledger).execute("DROP TRIGGER failing ON chunk")
        turns.admit(admit(events(RECORDS[20:])))
        assert turns.counts.posted == 40
        expect_whole(ledger, RECORDS)


class Other:
    """Another session on the database that holds a row, and does something when somebody waits for it."""

    def __init__(self, url: str, holds: str, then: str) -> None:
        import psycopg

        self._connection = psycopg.connect(url.replace("+psycopg", ""))
        self._looks = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._connection.execute("SET deadlock_timeout = '60s'")  # posting looks for a deadlock first, and is ended
        self._connection.execute(holds.encode())
        self._then = then
        self.waited = False
        self._thread = threading.Thread(target=self._act)
        self._thread.start()

    def _act(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and not self.waited:
            found = self._looks.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            self.waited = bool(found and found[0])
            time.sleep(0.01)
        if self._then:
            self._connection.execute(self._then.encode())
        self._connection.commit()

    def end(self) -> None:
        self._thread.join()
        self._connection.close()
        self._looks.close()


def disturbed(ledger: Ledger, url: str, setting: str, holds: str, then: str) -> tuple[Turns, list[str], bool]:
    """A purchase while another session is at it; the errors of the database that posting met."""
    turns = Turns(program(), ledger)
    turns.admit(admit(events(ANNS[:1])))
    raw(ledger).execute(setting)
    codes: list[str] = []
    put = ledger.store.put

    def watched(*told: Any) -> None:
        try:
            put(*told)
        except LedgerInterrupted as error:
            codes.append(getattr(error.__cause__, "sqlstate", ""))
            raise

    ledger.store.put = watched  # type: ignore[method-assign]
    other = Other(url, holds, then)
    turns.admit(admit(events(ANNS[1:])))
    other.end()
    return turns, codes, other.waited


def test_a_real_deadlock(postgresql_url: str) -> None:
    """The other session has the balance and wants the contact; posting has the contact and wants the balance."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns, codes, waited = disturbed(
            ledger,
            postgresql_url,
            "SET deadlock_timeout = '1s'",
            "UPDATE balance SET minor = minor",
            "UPDATE contact SET open = open",
        )
        assert waited and codes == [DEADLOCK]
        assert turns.counts.posted == 2 and ledger.last_seq == 3
        assert verify(ledger, replay=replay).findings == []


def test_a_real_serialization_failure(postgresql_url: str) -> None:
    """In a database that isolates more than is asked for, a row that another session changed meanwhile."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        turns, codes, waited = disturbed(
            ledger,
            postgresql_url,
            "SET default_transaction_isolation = 'serializable'",
            "UPDATE balance SET minor = minor",
            "",
        )
        assert waited and codes == [SERIALIZATION]
        assert turns.counts.posted == 2 and ledger.last_seq == 3
        assert verify(ledger, replay=replay).findings == []


@pytest.mark.parametrize("code", ["53100", "58030"])
def test_a_disk_that_takes_no_more_is_said_at_once(postgresql_url: str, code: str) -> None:
    """Trying again would not help: it is told as what it is, and all of it can be told again when there is room."""
    with Ledger.open(postgresql_url, shared=True) as ledger:
        fail(ledger, "transfer", code, 1)
        turns = Turns(program(), ledger)
        with pytest.raises(LedgerUnwritable, match="server's disk full"):
            turns.admit(admit(events(RECORDS)))
        assert tries(ledger) == 1 and ledger.last_seq == 0
        turns.admit(admit(events(RECORDS[:20])))
        turns.admit(admit(events(RECORDS[20:])))
        expect_whole(ledger, RECORDS)
