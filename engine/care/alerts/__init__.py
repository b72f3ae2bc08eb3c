"""Alerts over the log, refused attempts included: what rules say, what happened, whom to tell, what was done (spec 7).

    log → attempts → windows of each rule and key → alerts → actions (events), mails and webhooks

A pass looks at what the log got since the one before; the windows are kept, so that passes may be cut anywhere.
"""

from __future__ import annotations

from guerdon.engine.care.alerts.book import Alert, AlertError, alerts, change_state
from guerdon.engine.care.alerts.rules import AlertRule, rules_of
from guerdon.engine.care.alerts.scanning import act, scan

__all__ = [
    "Alert",
    "AlertError",
    "AlertRule",
    "act",
    "alerts",
    "change_state",
    "rules_of",
    "scan",
]
