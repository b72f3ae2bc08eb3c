"""Codes that are made: no two alike, and every slip of the finger is seen."""

from __future__ import annotations

from guerdon.engine.events.code_making import as_made, is_mistyped, made
from guerdon.engine.events.code_names import mistyped, plain_code

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_codes_fit_their_own_check() -> None:
    codes = list(made(1000))
    assert len(set(codes)) == 1000
    assert not any(is_mistyped(plain_code(code)) for code in codes)


def test_one_wrong_sign_never_fits() -> None:
    for plain in map(plain_code, made(3)):
        for at in range(2, len(plain)):
            wrong = (plain[:at] + sign + plain[at + 1 :] for sign in SIGNS if sign != plain[at])
            assert all(is_mistyped(code) for code in wrong)


def test_neighbours_exchanged_never_fit() -> None:
    for plain in map(plain_code, made(20)):
        for at in range(2, len(plain) - 1):
            if plain[at] != plain[at + 1] and at + 1 != len(plain) - 2:
                assert is_mistyped(plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :])


def test_letters_taken_for_figures_are_mended() -> None:
    plain = "G7" + 22 * "0"
    assert plain_code("g7oo-OOOO-oooo-0000-0000-0000") == plain == as_made(plain)
    assert plain_code("oil") == "OIL"


def test_whose_code_is_wrong() -> None:
    code = next(made(1))
    wrong = code[:-1] + ("1" if code[-1] != "1" else "2")
    assert mistyped({"certificate": wrong}) == "certificate"
    assert mistyped({"certificate": code, "card": "6006 4912 3456 1234", "code": 7}) == ""
