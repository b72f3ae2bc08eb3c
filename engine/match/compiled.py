"""The fold, compiled when it is first wanted and kept on disk."""

from __future__ import annotations

from typing import Any

_fold: Any = None


def fold(*arguments: Any) -> tuple[int, int, int, int]:
    """``fold_lines``, compiled."""
    global _fold
    if _fold is None:
        import numba

        from guerdon.engine.match.fold import fold_lines

        _fold = numba.njit(cache=True, error_model="numpy", boundscheck=False)(fold_lines)
    result: tuple[int, int, int, int] = _fold(*arguments)
    return result
