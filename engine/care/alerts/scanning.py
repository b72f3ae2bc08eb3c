"""A pass over the log: attempts into windows, alerts out of them, and what alerts do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from guerdon.engine.care.alerts.attempts import Attempt, attempts
from guerdon.engine.care.alerts.book import ACKNOWLEDGED, CLEARED, CONFIRMED, NOTIFIED, RAISED, Alert, alerts
from guerdon.engine.care.alerts.rules import AlertRule, rules_of
from guerdon.engine.care.alerts.windows import Window
from guerdon.engine.care.marks import mark_of, set_mark
from guerdon.engine.codes import EventType, Outcome
from guerdon.engine.events.admission import admit
from guerdon.engine.events.event import Event
from guerdon.engine.ledger.care_tables import alert, alert_window
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.pipeline import Run
from guerdon.engine.report.naming import amount_text
from guerdon.rules.program import Program

PASS = "alerts"
SOURCE = "alerts"  # who tells the events of actions
_ONE = select(alert_window.c.fields).where(
    alert_window.c.rule == bindparam("rule"), alert_window.c.key == bindparam("key")
)
# What an action does to a card or an account, and what takes it back.
_DONE = {
    ("hold", "card"): (EventType.CARD_SUSPENDED, EventType.CARD_RESUMED),
    ("lock", "card"): (EventType.CARD_LOCKED, EventType.CARD_UNLOCKED),
    ("approve", "card"): (EventType.CARD_SUSPENDED, EventType.CARD_RESUMED),
    ("hold", "contact"): (EventType.HOLD_ACCOUNT, EventType.REACTIVATE),
    ("lock", "contact"): (EventType.HOLD_ACCOUNT, EventType.REACTIVATE),
    ("approve", "contact"): (EventType.HOLD_ACCOUNT, EventType.REACTIVATE),
}


def scan(ledger: Ledger, program: Program) -> list[Alert]:
    """Look at what the log got since the last pass; the alerts that this raises. The ledger is open for writing.

    Windows, alerts and the mark are written in one transaction, so that a pass that is cut off is done again whole.
    """
    rules = rules_of(program)
    last = ledger.last_seq
    windows: dict[tuple[str, str], Window] = {}
    raised: dict[str, dict[str, Any]] = {}
    types = {name for rule in rules for name in rule.types}
    for attempt in attempts(ledger, mark_of(ledger, PASS), types) if types else ():
        for rule in rules:
            key = _key(rule, attempt)
            if attempt.type not in rule.types or key is None or attempt.values.get("source") == SOURCE:
                continue
            window = windows.get((rule.id, key)) or _stored(ledger, rule.id, key)
            windows[rule.id, key] = window
            window.add(attempt, rule.window)
            if window.raises(rule, attempt.time):
                window.raised_at = attempt.time
                row = _raised(rule, key, attempt, window)
                raised[row["id"]] = row
    spans = {rule.id: rule.window for rule in rules}
    statements: list[Any] = [
        *set_mark(PASS, last),
        *_kept(windows),
        *(insert(alert).values(**row) for row in raised.values()),
    ]
    newest = max((window.entries[-1].time for window in windows.values() if window.entries), default=0)
    for id, span in spans.items():  # windows that are over
        over = newest - span
        statements.append(delete(alert_window).where(alert_window.c.rule == id, alert_window.c.newest < over))
    ledger.change(*statements)
    return [found for found in alerts(ledger) if found.id in raised]


def _stored(ledger: Ledger, rule: str, key: str) -> Window:
    found = ledger.store.rows(_ONE, rule=rule, key=key)
    return Window.of(json.loads(found[0][0])) if found else Window()


def _kept(windows: dict[tuple[str, str], Window]) -> Iterator[Any]:
    for (rule, key), window in windows.items():
        yield delete(alert_window).where(alert_window.c.rule == rule, alert_window.c.key == key)
        newest = max([window.raised_at, *(entry.time for entry in window.entries[-1:])])
        fields = json.dumps(window.kept(), separators=(",", ":"))
        yield insert(alert_window).values(rule=rule, key=key, newest=newest, fields=fields)


def _key(rule: AlertRule, attempt: Attempt) -> str | None:
    """The values of the rule's scope; None: the attempt lacks one, and the rule doesn't concern it."""
    values = [attempt.values.get(name) for name in rule.scope]
    return None if None in values else "|".join(str(value) for value in values)


def _raised(rule: AlertRule, key: str, attempt: Attempt, window: Window) -> dict[str, Any]:
    measured, threshold = (_text(figure, rule) for figure in (window.measured(rule), rule.threshold))
    fields = {
        "on": rule.on,
        "measure": rule.measure,
        "measured": measured,
        "threshold": threshold,
        "window": rule.window_text,
        "scope": "+".join(rule.scope),
        "notify": rule.notify,
        "action": rule.action,
        "merchant": attempt.values.get("merchant", "") if _of_one_merchant(rule) else "",
        "touches": window.names() if rule.action != "none" else [],
    }
    return {
        "id": f"{rule.id}/{sha256(key.encode()).hexdigest()[:8]}/{attempt.seq}",
        "rule": rule.id,
        "key": key,
        "seq": attempt.seq,
        "raised_at": attempt.time,
        "state": RAISED,
        "acted": int(rule.action == "none"),
        "by": "",
        "changed_at": attempt.time,
        "fields": json.dumps(fields, separators=(",", ":"), ensure_ascii=False),
    }


def _of_one_merchant(rule: AlertRule) -> bool:
    return bool({"merchant", "venue", "tap"} & set(rule.scope))


def _text(figure: Fraction, rule: AlertRule) -> str:
    if rule.measure == "sum":
        return amount_text(int(figure), rule.digits)
    return str(figure.numerator) if figure.denominator == 1 else f"{float(figure):.2f}"


# ---- actions


def act(ledger: Ledger, program: Program, now: int, run: Run | None = None) -> list[str]:
    """Do what alerts ask for and hasn't been done: ids of the events that were fed, refused ones included.

    ``hold`` suspends the cards (else puts the accounts on hold) that the window touched, ``lock`` locks the cards,
    when the alert is raised; ``approve`` waits until somebody confirms it. Clearing an alert takes its action back.
    ``run``: the one that is at work on the ledger, if there is one.
    """
    fed: list[str] = []
    for found in alerts(ledger):
        if found.acted:
            continue
        events = list(_events(ledger, found, now))
        if events:
            run = run or Run.open(program, ledger)
            run.admit(admit(events))
            fed += [event.id for event in events]
        waits = found.fields["action"] == "approve" and found.state in (RAISED, NOTIFIED, ACKNOWLEDGED)
        if not waits:
            ledger.change(update(alert).where(alert.c.id == found.id).values(acted=1))
    return fed


def _events(ledger: Ledger, found: Alert, now: int) -> Iterator[Event]:
    action = found.fields["action"]
    if action == "none" or (action == "approve" and found.state != CONFIRMED):
        return
    if found.state == CONFIRMED and action != "approve":
        return  # held when it was raised
    for kind, name in found.fields["touches"]:
        both = _DONE.get((action, kind))
        if both is None:
            continue
        event = both[found.state == CLEARED]
        if found.state == CLEARED and not _was_done(ledger, _event_id(found, both[0], name)):
            continue  # it was locked or on hold before, for another reason
        yield Event(
            source=SOURCE,
            id=_event_id(found, event, name),
            type=event,
            time=now,
            received_at=now,
            contact=name if kind == "contact" else None,
            fields={**({"card": name} if kind == "card" else {}), "reason": f"alert {found.rule}"},
            actor=SOURCE,
        )


def _event_id(found: Alert, event: EventType, name: str) -> str:
    return f"{found.id}/{event.name.lower()}/{name}"


def _was_done(ledger: Ledger, id: str) -> bool:
    source = ledger.names.find("source", SOURCE)
    seq = ledger.event_by_key(source, id) if source else 0
    return bool(seq) and ledger.events([seq])[0].outcome == Outcome.POSTED
