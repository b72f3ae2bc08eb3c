"""The fold, compiled when it is first wanted and kept on disk."""

from __future__ import annotations

from functools import cache
from typing import Any


def fold(*arguments: Any) -> tuple[int, int, int, int]:
    """``fold_lines``, compiled."""
    result: tuple[int, int, int, int] = _compiled()(*arguments)
    return result


@cache
def _compiled() -> Any:
    import numba

    from guerdon.engine.match.fold import fold_lines

    return numba.njit(cache=True, error_model="numpy")(fold_lines)
