"""Memory of large arrays: what one chunk gives back, the next one takes.

A chunk's arrays are tens of megabytes each. glibc by default takes every array of more than 32 MiB from the system and
gives it back when it is freed; the next chunk then pays for every page again, at about a millisecond a megabyte: more
than what is written there costs. See docs/decisions/0005-batch-speed.md.
"""

from __future__ import annotations

import ctypes
from functools import cache

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's mallopt
_KEPT_BYTES = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Let this process keep what it frees. False where the C library can't be told so; nothing else changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)) and bool(mallopt(_MMAP_MAX, 0))
