"""What ``run`` and ``tick`` do: open the ledger, let the pipeline admit what the feeds tell, summarise."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from guerdon.engine.cli.output import Progress, progress

if TYPE_CHECKING:
    from guerdon.engine.ledger.ledger import Ledger
    from guerdon.engine.report.summary import Summary
    from guerdon.rules.program import Program


@dataclass(slots=True)
class Job:
    """A run that has ended. ``messages`` are for people."""

    summary: Summary
    messages: list[str] = field(default_factory=list)
