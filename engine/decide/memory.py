"""The desk as one pointer, for compiled code: numba passes a tuple of sixty arrays as four hundred arguments.

``addresses`` writes each array's head (as numba lays out arrays) into one int64 array; compiled code gets that array,
and ``as_desk`` reads it as a desk whose attributes are the arrays. Heads do not change while the step runs, so their
loads are marked invariant and cost nothing in loops. Measured in docs/decisions/0002-step-function.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic

from guerdon.engine.decide.desk_fields import FIELDS

_HEAD = 5  # meminfo, parent, number of items, size of an item, data; then shape and strides


class DeskType(types.Type):  # type: ignore[misc]
    """A pointer to the heads of the desk's arrays."""

    def __init__(self) -> None:
        super().__init__(name="GuerdonDesk")
        self.arrays: dict[str, Any] = {}
        self.offsets: dict[str, int] = {}
        place = 0
        for name, (dtype, dimensions) in FIELDS.items():
            self.arrays[name] = types.Array(from_dtype(dtype), dimensions, "C", aligned=True)
            self.offsets[name] = place
            place += 8 * (_HEAD + 2 * dimensions)
        self.size = place // 8


DESK = DeskType()


@register_default(DeskType)
class _DeskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(8).as_pointer())


@infer_getattr
class _DeskAttributes(AttributeTemplate):  # type: ignore[misc]
    key = DeskType

    def generic_resolve(self, kind: DeskType, name: str) -> Any:
        """The type of the array of that name."""
        return kind.arrays.get(name)


@lower_getattr_generic(DeskType)
def _array(context: Any, builder: Any, kind: DeskType, value: Any, name: str) -> Any:
    head = context.get_value_type(kind.arrays[name])
    place = cgutils.pointer_add(builder, value, kind.offsets[name], head.as_pointer())
    fields = []
    for k, element in enumerate(head.elements):
        if isinstance(element, ir.ArrayType):
            parts = [_load(builder, cgutils.gep_inbounds(builder, place, 0, k, j)) for j in range(element.count)]
            fields.append(cgutils.pack_array(builder, parts, element.element))
        else:
            fields.append(_load(builder, cgutils.gep_inbounds(builder, place, 0, k)))
    packed = ir.Constant(head, ir.Undefined)
    for k, field in enumerate(fields):
        packed = builder.insert_value(packed, field, k)
    return packed


def _load(builder: Any, place: Any) -> Any:
    loaded = builder.load(place)
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


@intrinsic
def as_desk(typing_context: Any, heads: Any) -> Any:
    """The desk whose array heads an int64 array holds."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.bitcast(array.data, ir.IntType(8).as_pointer())

    return DESK(heads), build


def addresses(desk: Any) -> np.ndarray:
    """The heads of a desk's arrays. The desk must be kept alive as long as they are used."""
    words: list[int] = []
    for name, (dtype, dimensions) in FIELDS.items():
        array = getattr(desk, name)
        if array.dtype != dtype or array.ndim != dimensions or not array.flags.c_contiguous:
            raise TypeError(
                f"desk.{name}: {array.dtype} {array.shape} is not a contiguous {dtype} of {dimensions} dimensions"
            )
        words += [0, 0, array.size, array.itemsize, array.ctypes.data, *array.shape, *array.strides]
    return np.array(words, np.int64)
