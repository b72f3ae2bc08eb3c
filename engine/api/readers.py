"""Reading beside the writer: threads, each with a ledger of its own that is open for reading only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

from guerdon.engine.api.names import FreshNames
from guerdon.engine.ledger.ledger import Ledger

P = ParamSpec("P")
T = TypeVar("T")


class Readers:
    """A few threads that answer questions to the ledger at ``url``; every answer is as of one instant."""

    def __init__(self, url: str, threads: int) -> None:
        self._url = url
        self._pool = ThreadPoolExecutor(threads, "reader")
        self._own = threading.local()
        self._all: list[Ledger] = []
        self._lock = threading.Lock()

    async def read(self, asked: Callable[Concatenate[Ledger, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``asked(ledger, ...)`` returns."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: self.now(asked, *args, **kwargs))

    def now(self, asked: Callable[Concatenate[Ledger, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same in the thread that calls."""
        ledger = self._ledger()
        with ledger.snapshot():
            return asked(ledger, *args, **kwargs)

    async def fresh(self, asked: Callable[Concatenate[Ledger, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same with a ledger opened for this alone, which knows where the log ends: for what takes longer."""

        def ask() -> T:
            with Ledger.open(self._url, read_only=True) as ledger:
                ledger.names = FreshNames(ledger.store)
                return asked(ledger, *args, **kwargs)

        return await asyncio.to_thread(ask)

    def _ledger(self) -> Ledger:
        found: Ledger | None = getattr(self._own, "ledger", None)
        if found is None:
            found = self._own.ledger = Ledger.open(self._url, read_only=True)
            found.names = FreshNames(found.store)
            with self._lock:
                self._all.append(found)
        return found

    def close(self) -> None:
        """Ends the threads and their ledgers; what is being read is read to its end."""
        self._pool.shutdown(wait=True)
        for ledger in self._all:
            ledger.close()
        self._all.clear()
