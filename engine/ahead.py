"""The next batch is read while this one is decided and posted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same batches in the same order, each read by another thread while its predecessor is in use.

    The first is read by the caller's own thread: to begin may mean to ask the ledger, which belongs to that thread.
    Reading spends its time in compiled loops and in polars, which let other threads run.
    """
    try:
        batch = next(batches)
    except StopIteration:
        return
    with ThreadPoolExecutor(1, "read") as reader:
        while True:
            coming = reader.submit(next, batches, None)
            yield batch
            following = coming.result()
            if following is None:
                return
            batch = following
