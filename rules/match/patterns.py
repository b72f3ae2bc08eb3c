"""Shell-style patterns (``like``) as regular expressions that Python and Rust read alike.

``*`` any text, ``?`` one character, ``[a-z]`` one of, ``[!a-z]`` none of; a pattern fits the whole text. Letter case is
widened here, character by character, since the two engines fold case by different tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_WIDEST_FOLDED_RANGE = 4096


@dataclass(frozen=True, slots=True)
class Class:
    """Characters within one of the ``spans`` (both ends in it); ``negated``: those in none of them."""

    spans: tuple[tuple[str, str], ...]
    negated: bool

    def __contains__(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.spans) is not self.negated


STAR = "*"
Token = str | Class  # STAR, or what fits one character


def python_regex(pattern: str, *, any_case: bool) -> str:
    """For ``re.fullmatch``. Atomic groups keep a pattern of many stars from running for ever.

    >>> import re
    >>> bool(re.fullmatch(python_regex("br[ae]w-*", any_case=True), "BREW-10"))
    True
    """
    head, *runs = _runs(tokens(pattern, any_case))
    if not runs:
        return f"(?s:{_join(head)})"
    *middle, tail = runs
    return f"(?s:{_join(head)}{''.join(f'(?>.*?{_join(run)})' for run in middle)}.*{_join(tail)})"


def rust_regex(pattern: str, *, any_case: bool) -> str:
    """For polars, whose engine never runs for ever."""
    return f"^(?s:{'.*'.join(_join(run) for run in _runs(tokens(pattern, any_case)))})$"


def _runs(tokens: list[Token]) -> list[list[Token]]:
    runs: list[list[Token]] = [[]]
    for token in tokens:
        if token == STAR:
            runs.append([])
        else:
            runs[-1].append(token)
    return runs


def tokens(pattern: str, any_case: bool) -> list[Token]:
    """What a pattern is made of, in its order: STAR (never twice in a row), or the class that one character is of."""
    widen: Callable[[str], str] = _cases if any_case else str
    found: list[Token] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        end = _class_end(pattern, at) if character == "[" else -1
        if character == "*":
            if not found or found[-1] != STAR:
                found.append(STAR)
        elif character == "?":
            found.append(Class((), negated=True))
        elif end >= 0:
            found.append(_class(pattern[at:end], any_case))
            at = end + 1
        else:
            found.append(Class(tuple((each, each) for each in widen(character)), negated=False))
    return found


def _class_end(pattern: str, at: int) -> int:
    """Where the bracket opened just before ``at`` closes; -1 if it does not, and is then a plain character."""
    first = at + 1 if pattern[at : at + 1] == "!" else at
    return pattern.find("]", first + 1)


def _class(inside: str, any_case: bool) -> Class:
    negated = inside.startswith("!")
    text = inside[1:] if negated else inside
    spans: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            spans.append((text[at], text[at + 2]))
            at += 3
        else:
            spans.append((text[at], text[at]))
            at += 1
    spans = [span for span in spans if span[0] <= span[1]]
    return Class(tuple(_widened(spans) if any_case else spans), negated)


def _widened(spans: list[tuple[str, str]]) -> list[tuple[str, str]]:
    wide = list(spans)
    for low, high in spans:
        if ord(high) - ord(low) <= _WIDEST_FOLDED_RANGE:
            letters = (chr(code) for code in range(ord(low), ord(high) + 1))
            wide += [(each, each) for letter in letters for each in _cases(letter) if each != letter]
    return wide


def _cases(character: str) -> str:
    """The character, and its other case where that is one character too."""
    forms = (character, character.lower(), character.upper(), character.lower().upper(), character.upper().lower())
    return "".join(dict.fromkeys(form for form in forms if len(form) == 1))


def _join(tokens: list[Token]) -> str:
    return "".join(_render(token) for token in tokens if isinstance(token, Class))


def _render(token: Class) -> str:
    if not token.spans:
        return "." if token.negated else r"[^\U00000000-\U0010FFFF]"
    spans = "".join(_code(low) if low == high else f"{_code(low)}-{_code(high)}" for low, high in token.spans)
    return f"[{'^' if token.negated else ''}{spans}]"


def _code(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"\\U{ord(character):08X}"
