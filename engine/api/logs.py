"""Structured logs: one JSON object a line on standard error. Never a body, a query, a header or a local variable."""

from __future__ import annotations

import logging
import sys
import traceback

import structlog


def set_up(*, lines: bool = False) -> None:
    """Sets logging up for the process. ``lines``: for people, on a terminal."""
    shown = structlog.dev.ConsoleRenderer(colors=False) if lines else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def trace_of(error: BaseException) -> str:
    """Where an error came from: places in the code and its message, no values of variables."""
    return "".join(traceback.format_exception(error, limit=20))
