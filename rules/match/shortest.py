"""The shortest text that fits the same patterns as another one, and is none of some texts.

All patterns are walked at once, a character at a time: where each of them stands is a set of places, held as bits. The
walk that ends soonest where the given text ends is the answer. It depends on which patterns the text fits, and on
nothing else of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guerdon.rules.match.patterns import STAR, Class, Token

_MOST_STANDS = 3_000  # that are looked at before the text itself is cut down instead
_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ "
_SURROGATES = range(0xD800, 0xE000)

Pattern = tuple[Token, ...]
_Fitted = tuple[bool, ...]


class _Stand(NamedTuple):
    """How far a walk is: the places in each pattern, and the text so far while one of those to be avoided begins so."""

    places: tuple[int, ...]
    so_far: str | None


class Shortest:
    """Texts that stand for others: they fit those of ``patterns`` (``patterns.tokens``) that the others fit.

    >>> from guerdon.rules.match.patterns import tokens
    >>> shortest = Shortest([tuple(tokens(each, any_case=False)) for each in ("An*", "*k", "?????*")], frozenset({""}))
    >>> shortest.like("Anouk"), shortest.like("Anna"), shortest.like("Bob")
    ('Anaak', 'An', 'a')
    """

    def __init__(self, patterns: Sequence[Pattern], none_of: frozenset[str] = frozenset()) -> None:
        self._patterns, self._none_of = patterns, none_of
        self._classes = list(dict.fromkeys(token for each in patterns for token in each if isinstance(token, Class)))
        self._stars = [sum(1 << n for n, token in enumerate(each) if token == STAR) for each in patterns]
        self._ends = [1 << len(each) for each in patterns]
        self._spelled = {character for each in none_of for character in each}
        self._begins = frozenset(each[:length] for each in none_of for length in range(len(each) + 1))
        self._letters: dict[_Fitted, str] = {}  # by the classes that it is of; those spelled are none of them
        self._steps: dict[str, list[int]] = {}  # by letter: the places of each pattern whose class it is of
        for letter in (*_PLAIN, *self._edges(), *(chr(0x100 + n) for n in range(len(self._spelled) + 1))):
            self._letter(letter)
        for letter in sorted(self._spelled):
            self._learn(letter)
        self._found: dict[_Fitted, str] = {}

    def like(self, text: str) -> str:
        """The first of the shortest texts that fit the patterns that ``text`` fits, no other, and are not avoided.

        ``text`` must not be one of those to be avoided. Where there is too much to look through, it is ``text`` itself
        without what makes no difference.
        """
        letters = [self._letter(character) for character in text]
        stands = [self._first()]
        for letter in letters:
            stands.append(self._next(stands[-1], letter))
        wanted = self._fitted(stands[-1])
        if wanted not in self._found:
            found = self._search(wanted)
            if found is None:
                return _without_loops(letters, stands)
            self._found[wanted] = found
        return self._found[wanted]

    def _search(self, wanted: _Fitted) -> str | None:
        first = self._first()
        reached = {first: ""}
        waiting = deque([first])
        while waiting and len(reached) < _MOST_STANDS:
            stand = waiting.popleft()
            if self._fitted(stand) == wanted and stand.so_far not in self._none_of:
                return reached[stand]
            for letter in self._steps:
                following = self._next(stand, letter)
                if following not in reached:
                    reached[following] = reached[stand] + letter
                    waiting.append(following)
        return None

    def _first(self) -> _Stand:
        return _Stand(tuple(1 | (stars & 1) << 1 for stars in self._stars), "" if "" in self._begins else None)

    def _next(self, stand: _Stand, letter: str) -> _Stand:
        places = []
        for now, stars, fits in zip(stand.places, self._stars, self._steps[letter], strict=True):
            then = (now & fits) << 1 | now & stars
            places.append(then | (then & stars) << 1)
        longer = None if stand.so_far is None else stand.so_far + letter
        return _Stand(tuple(places), longer if longer in self._begins else None)

    def _fitted(self, stand: _Stand) -> _Fitted:
        return tuple(bool(places & end) for places, end in zip(stand.places, self._ends, strict=True))

    # ---- characters that make a difference

    def _letter(self, character: str) -> str:
        """The one that stands for all that no class tells from it; a character that is spelled stands for itself."""
        if character in self._spelled:
            return character
        known = self._letters.setdefault(tuple(character in each for each in self._classes), character)
        if known not in self._steps:
            self._learn(known)
        return known

    def _learn(self, letter: str) -> None:
        fits = {each for each in self._classes if letter in each}
        self._steps[letter] = [sum(1 << n for n, token in enumerate(each) if token in fits) for each in self._patterns]

    def _edges(self) -> Iterator[str]:
        """Where the spans of classes begin, and where what lies behind them does."""
        codes = {code for each in self._classes for low, high in each.spans for code in (ord(low), ord(high) + 1)}
        return (chr(code) for code in sorted(codes) if code <= 0x10FFFF and code not in _SURROGATES)


def _without_loops(text: Sequence[str], stands: Sequence[_Stand]) -> str:
    """The text without the parts that lead back to where the patterns stood before them."""
    last = {stand: place for place, stand in enumerate(stands)}
    kept, place = "", last[stands[0]]
    while place < len(text):
        kept += text[place]
        place = last[stands[place + 1]]
    return kept
