"""Compiled twins of ``arithmetic``, and what only machine code can do (prefetch). Imported by the compiler alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_U1 = np.uint64(1)
_U0 = np.uint64(0)
_TOP = np.uint64(1) << np.uint64(63)


@intrinsic
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Count of trailing zeros."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), build


@intrinsic
def bit_count(typing_context: Any, mask: Any) -> Any:
    """Population count."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), build


@intrinsic
def prefetch(typing_context: Any, rows: Any, line: Any) -> Any:
    """Ask for one cache line of a record or of a row of an array, counted from its first byte, before it is needed."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        data = context.make_array(kind)(context, builder, args[0]).data if isinstance(kind, types.Array) else args[0]
        place = builder.bitcast(data, ir.IntType(8).as_pointer())
        place = builder.gep(place, [builder.mul(args[1], ir.Constant(ir.IntType(64), 64))])
        number = ir.IntType(32)
        asking = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        wanted = cgutils.get_or_insert_function(builder.module, asking, "llvm.prefetch.p0i8")
        builder.call(wanted, [place, *(ir.Constant(number, hint) for hint in (1, 3, 1))])  # to write, to keep, data
        return context.get_dummy_value()

    return types.void(rows, types.int64), build


def muldivmod(a: int, b: int, c: int) -> Any:
    """As ``arithmetic.muldivmod``: the product in two 64-bit limbs, divided bit by bit only where it passes 64 bits."""
    x, y, z = np.uint64(a), np.uint64(b), np.uint64(c)
    if (x | y) >> _32 == _U0:
        low = x * y
        return np.int64(low // z), np.int64(low % z)
    x0, x1, y0, y1 = x & _LOW, x >> _32, y & _LOW, y >> _32
    p0, p1, p2, p3 = x0 * y0, x0 * y1, x1 * y0, x1 * y1
    middle = (p0 >> _32) + (p1 & _LOW) + (p2 & _LOW)
    low = (middle << _32) | (p0 & _LOW)
    high = p3 + (p1 >> _32) + (p2 >> _32) + (middle >> _32)
    if high == _U0:
        return np.int64(low // z), np.int64(low % z)
    quotient, remainder = _U0, high % z
    for _ in range(64):
        carry = remainder & _TOP
        remainder = (remainder << _U1) | (low >> np.uint64(63))
        low = low << _U1
        quotient = quotient << _U1
        if carry != _U0 or remainder >= z:
            remainder = remainder - z
            quotient = quotient | _U1
    return np.int64(quotient), np.int64(remainder)


def has_bit(mask: Any, place: int) -> Any:
    """As ``arithmetic.has_bit``."""
    return (np.uint64(mask) >> np.uint64(place)) & _U1 != _U0


def bit(place: int) -> Any:
    """As ``arithmetic.bit``."""
    return _U1 << np.uint64(place)
