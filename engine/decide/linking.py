"""Inner functions of the step as unfinished libraries: linked into the entry, and made machine code once, there.

By itself numba optimises every function together with all that it calls, and makes machine code of it, over and over
up the call tree. Nobody calls our inner functions from Python, so they keep their plain intermediate form.
"""

from __future__ import annotations

import itertools
from typing import Any

from numba import njit
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

_number = itertools.count()


class _UnfinishedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Code that is linked into others and never run by itself."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """The entry that links this optimises it."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


class InnerCompiler(Compiler):  # type: ignore[misc]
    """numba's pipeline for functions that only compiled code calls."""

    def __init__(
        self, typing: Any, target: Any, library: Any, args: Any, return_type: Any, flags: Any, local_types: Any
    ) -> None:
        flags = flags.copy()
        flags.no_compile = True
        name = cgutils.normalize_ir_text(f"guerdon.inner.{next(_number)}")
        super().__init__(
            typing, target, _UnfinishedLibrary(target.codegen(), name), args, return_type, flags, local_types
        )


def inner(function: Any, signature: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compile a function for one signature, to be called by compiled code alone."""
    dispatcher = njit(pipeline_class=InnerCompiler, **options)(function)

    def keep(result: Any) -> None:
        # Callers look the code up by its entry point. There is none to be had without machine code: an object stands
        # for it that nobody calls.
        stand_in = object()
        dispatcher.targetctx.insert_user_function(stand_in, result.fndesc, [result.library])
        dispatcher.overloads[tuple(result.signature.args)] = result._replace(entry_point=stand_in)

    dispatcher.add_overload = keep
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher
