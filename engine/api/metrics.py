"""What is counted and timed, in the form that Prometheus reads."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from guerdon.engine.api.answers import EventAnswer
from guerdon.engine.api.logs import trace_of

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "guerdon_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "guerdon_request_seconds", "Time to answer.", ("method", "route"), buckets=_SECONDS, registry=self.registry
        )
        self.events = Counter("guerdon_events", "Events told.", ("outcome", "reason"), registry=self.registry)
        self.groups = Histogram(
            "guerdon_group_requests", "Requests that share a transaction.", registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )  # fmt: skip
        self.waiting = Gauge("guerdon_waiting_events", "Events told and not yet posted.", registry=self.registry)
        self.closed = Counter(
            "guerdon_connections_closed", "Connections that were not prompt.", ("why",), registry=self.registry
        )
        self.failures = Counter("guerdon_writer_failures", "Transactions that failed.", registry=self.registry)

    def told(self, answer: EventAnswer) -> None:
        """One event has ended."""
        reason = answer.reason.name.lower() if answer.reason else ""
        self.events.labels(answer.outcome.name.lower(), reason).inc()

    def failed(self, error: Exception) -> None:
        """A transaction failed."""
        self.failures.inc()
        structlog.get_logger("guerdon.writer").error("transaction_failed", trace=trace_of(error))

    def text(self) -> bytes:
        """All figures as text."""
        return generate_latest(self.registry)
