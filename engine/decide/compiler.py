"""The step, compiled: every plain function of ``decide``'s step modules becomes a numba function.

The modules stay plain Python. Here each function is copied with its globals bound to the compiled twins, so compiled
and plain form live side by side in one process: ``compiled()`` for batches and streams, the plain functions for the
explanation. Reference counting is off inside (a function of the step allocates nothing), which is what makes calls
between small functions free; see docs/decisions/0002-step-function.md.

numba keeps the machine code of the entries on disk. Its own key does not see edits in imported modules, so the
folder's name carries a hash of all the step's sources and of the numba and numpy versions.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import types
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_MODULES = (
    "arithmetic",
    "calendar",
    "booking",
    "lots",
    "windows",
    "funding",
    "tiers",
    "due",
    "candidates",
    "progress",
    "amounts",
    "caps",
    "resolution",
    "granting",
    "awarding",
    "membership",
    "redeeming",
    "spending",
    "step",
)
_PACKAGE = "guerdon.engine.decide"
# Functions that stay calls: each is big or called from several places, and inlining them would only multiply code.
_CALLED = {
    "step.purchase",
    "awarding.award_round",
    "awarding.weigh",
    "awarding.multiply_all",
    "awarding.settle_finals",
    "due.catch_up",
    "resolution.resolve",
    "granting.grant",
    "redeeming.redeem",
    "redeeming.redeem_short",
    "redeeming.take_lots",
    "spending.spend",
    "spending.pay_out",
    "spending.asked_by_rule",
    "candidates.sift_word",
    "candidates.refuse_needs",
    "amounts.formed",
    "amounts.spread",
    "booking.refuse_all",
    "booking.refuse_request",
    "arithmetic.muldivmod",
    "tiers.end_window",
    "tiers.start_tiers",
    "calendar.step_of",
    "calendar.to_utc",
    "membership.register",
    "membership.join",
    "membership.refresh_masks",
    "progress.advance",
    "caps.cut",
    "caps.count",
    "funding.budget_left",
    "funding.fitting",
    "step.enrolment",
    "step.settle_wallet",
}


_INNER = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "error_model": "numpy"}


class Step(NamedTuple):
    """The entries of the step: ``run(desk, start, end, forced)`` and ``tick(desk, rows, seq, until, start)``.

    ``desk``: what ``on`` makes of a ``desk_fields.Desk``: itself for the plain step, the heads of its arrays for the
    compiled one.
    """

    run: Callable[..., Any]
    tick: Callable[..., Any]
    on: Callable[[Any], Any]


@lru_cache(maxsize=1)
def plain() -> Step:
    """The step as it stands: slow, and able to tell what it does."""
    from guerdon.engine.decide import step

    return Step(step.run, step.tick, lambda desk: desk)


@lru_cache(maxsize=1)
def compiled() -> Step:
    """The step as machine code: from the cache of an earlier run, or compiled now (some seconds)."""
    from numba.core import config
    from numba.core.errors import NumbaError

    from guerdon.engine.decide import memory

    config.CACHE_DIR = str(cache_folder())
    if is_cached():
        try:
            return Step(*_entries({}), memory.addresses)
        except (NumbaError, NameError, OSError):
            pass  # half a cache: compile as if there were none
    return Step(*_entries(_inner_functions()), memory.addresses)


def _entries(space: dict[str, Any]) -> tuple[Any, Any]:
    """The two functions that Python calls; with an empty space they can only come from the cache."""
    import numba

    heads, number = numba.int64[::1], numba.int64
    run, tick = (numba.njit(_nrt=False, nogil=True, cache=True, error_model="numpy")(_copy(f, space)) for f in _ENTRIES)
    run.compile((heads, number, number, number))
    tick.compile((heads, numba.int32[::1], number, number, number))
    return run, tick


def _inner_functions() -> dict[str, Any]:
    """Compile all that the entries call; returns the globals of the step's module, bound to it."""
    from guerdon.engine.decide import intrinsics, linking, memory

    modules = {name: importlib.import_module(f"{_PACKAGE}.{name}") for name in _MODULES}
    spaces = {name: dict(vars(module)) for name, module in modules.items()}
    sources: dict[Any, Any] = {}  # plain function → what is compiled for it
    twins: dict[Any, Any] = {}
    for name, module in modules.items():
        for key, function in vars(module).items():
            if not isinstance(function, types.FunctionType) or function.__module__ != module.__name__:
                continue
            twin = getattr(intrinsics, key, None) if name == "arithmetic" else None
            if twin is not None and not isinstance(twin, types.FunctionType):
                twins[function] = twin  # an intrinsic
            else:
                sources[function] = _copy(twin or function, dict(vars(intrinsics)) if twin else spaces[name])
    _bind(spaces, twins)
    for function in _callees_first(sources):
        inlined = f"{function.__module__.rpartition('.')[2]}.{function.__name__}" not in _CALLED
        options = {**_INNER, "forceinline": inlined}
        twins[function] = linking.inner(sources[function], _signature(function, memory.DESK), options)
        _bind(spaces, {function: twins[function]})
    return {**spaces["step"], "as_desk": memory.as_desk}


def _bind(spaces: dict[str, dict[str, Any]], twins: dict[Any, Any]) -> None:
    """Let the globals of the copies name compiled functions."""
    for space in spaces.values():
        for key, value in space.items():
            if isinstance(value, types.FunctionType) and value in twins:
                space[key] = twins[value]


def _callees_first(sources: dict[Any, Any]) -> list[Any]:
    """The functions in an order in which each comes after all that it calls. There is no recursion."""
    order: dict[Any, None] = {}

    def visit(function: Any) -> None:
        if function in order:
            return
        for name in sources[function].__code__.co_names:
            called = function.__globals__.get(name)
            if isinstance(called, types.FunctionType) and called in sources and called is not function:
                visit(called)
        order[function] = None

    for function in sources:
        visit(function)
    return list(order)


def _signature(function: types.FunctionType, desk: Any) -> Any:
    """Argument types from the annotations: the desk, int64, masks as uint64, truth values."""
    import numba

    of = {"Any": desk, "int": numba.int64, "np.uint64": numba.uint64, "bool": numba.boolean}
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    kinds = [of[str(function.__annotations__[name])] for name in names]
    if "rows" in names:
        kinds[names.index("rows")] = numba.int32[::1]
    return tuple(kinds)


def _run(heads: Any, start: int, end: int, forced: int) -> Any:
    return run(as_desk(heads), start, end, forced)  # type: ignore[name-defined]  # noqa: F821


def _tick(heads: Any, rows: Any, seq: int, until: int, start: int) -> Any:
    return tick(as_desk(heads), rows, seq, until, start)  # type: ignore[name-defined]  # noqa: F821


def is_cached() -> bool:
    """Whether an earlier run has left machine code for these sources."""
    folder = cache_folder()
    return folder.is_dir() and any(folder.rglob("*.nbi"))


def cache_folder() -> Path:
    """Where the machine code of exactly these sources, on these versions, is kept."""
    root = os.environ.get("GUERDON_CACHE")
    if root is None:
        root = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache"), "guerdon")
    return Path(root) / f"step-{_stamp()}"


@lru_cache(maxsize=1)
def _stamp() -> str:
    import numba
    import numpy

    digest = hashlib.sha256()
    here = Path(__file__).parent
    sources = [
        here / f"{name}.py"
        for name in (*_MODULES, "intrinsics", "memory", "linking", "layout", "desk_fields", "compiler")
    ]
    for path in [*sources, here.parent / "rows.py", here.parent / "codes.py"]:
        digest.update(path.read_bytes())
    digest.update(f"{numba.__version__} {numpy.__version__} {sys.version}".encode())
    return digest.hexdigest()[:16]


_ENTRIES: tuple[Any, ...] = (_run, _tick)


def _copy(function: types.FunctionType, space: dict[str, Any]) -> types.FunctionType:
    twin = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__, function.__closure__)
    twin.__qualname__ = function.__qualname__
    twin.__module__ = function.__module__
    return twin
