"""Codes to be given away: 100 bits that nobody guesses, and two signs by which a slip of the finger is seen.

Such a code begins with a mark and is 24 signs long; others are not looked at. The check is the number modulo a prime
below 32², so that one wrong sign never fits, nor two neighbours exchanged within the number or within the check.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans("OIL", "011")  # what is taken for another when it is read
_MARK: Final = "G7"
_LENGTH: Final = 20  # signs of 5 bits
_PRIME: Final = 1021
_GROUP: Final = 4


def made(count: int) -> Iterator[str]:
    """So many codes, in groups of four signs."""
    for _ in range(count):
        number = secrets.randbits(5 * _LENGTH)
        code = _MARK + _written(number, _LENGTH) + _written(number % _PRIME, 2)
        yield "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def as_made(plain: str) -> str:
    """A code without spaces and hyphens, in capitals, with the letters that are taken for figures mended if it is ours.

    >>> as_made("G7OI" + 20 * "0"), as_made("OIL")
    ('G70100000000000000000000', 'OIL')
    """
    return plain.translate(_ALIKE) if _is_ours(plain) else plain


def is_mistyped(plain: str) -> bool:
    """Whether a code, as ``as_made`` gives it, is one of ours but for its check signs.

    >>> is_mistyped("G7" + 22 * "0"), is_mistyped("G7" + 21 * "0" + "1"), is_mistyped("6006491234561234")
    (False, True, False)
    """
    if not _is_ours(plain):
        return False
    signs = plain[len(_MARK) :]
    if not set(signs) <= set(_SIGNS):
        return True
    number, check = (
        sum(_SIGNS.index(sign) << 5 * place for place, sign in enumerate(reversed(part)))
        for part in (signs[:_LENGTH], signs[_LENGTH:])
    )
    return number % _PRIME != check


def _is_ours(plain: str) -> bool:
    return plain.startswith(_MARK) and len(plain) == len(_MARK) + _LENGTH + 2


def _written(number: int, signs: int) -> str:
    return "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(signs)))
