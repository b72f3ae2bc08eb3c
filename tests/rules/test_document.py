"""YAML as rule files use it: scalars stay text, places are exact, what surprises is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guerdon.rules import read_programme
from guerdon.rules.document import MAX_BYTES, read_document


def test_scalars_stay_text_but_true_and_false() -> None:
    document = read_document("a.yaml", "a: 5.00\nb: yes\nc: 2026-03-01\nd: true\ne: 'true'\nf: 0x10\ng: 1_000\non: x\n")
    assert document.problems == []
    assert document.data == {
        "a": "5.00",
        "b": "yes",
        "c": "2026-03-01",
        "d": True,
        "e": "true",
        "f": "0x10",
        "g": "1_000",
        "on": "x",
    }


def test_places_of_keys_and_items() -> None:
    document = read_document("a.yaml", "offers:\n  - id: one\n    who: {tiers: [gold,\n      silver]}\n")
    assert document.spot(("offers",)) == (1, 1)
    assert document.spot(("offers", 0)) == (2, 5)
    assert document.spot(("offers", 0, "who")) == (3, 5)
    assert document.spot(("offers", 0, "who", "tiers")) == (3, 11)
    assert document.spot(("offers", 0, "who", "tiers", 1)) == (4, 7)
    assert document.spot(("offers", 0, "missing")) == (2, 5)


def test_an_empty_file_says_nothing() -> None:
    for text in ("", "# only a comment\n", "---\n"):
        document = read_document("a.yaml", text)
        assert (document.data, document.problems) == ({}, [])


def test_a_file_over_1_mib_is_refused() -> None:
    document = read_document("a.yaml", "#" * (MAX_BYTES + 1))
    assert [problem.code for problem in document.problems] == ["yaml-forbidden"]
    assert document.data is None


def test_a_bomb_of_aliases_is_cheap() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    document = read_document("a.yaml", "l0: &l0 [x]\n" + levels)
    assert {problem.code for problem in document.problems} == {"yaml-forbidden"}


ODD_TEXTS = ["a: [" * 2000, "{" * 5000, "- " * 3000, "a: 'b\n", "\x00", "a: \t- b\n", "? a\n: b\n"]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_end_in_problems_not_in_tracebacks(text: str) -> None:
    read_document("a.yaml", text)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:{}[],-&*!|>'\"#%@ \n\t01?~", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    reading = read_programme(None, {"a.yaml": text})
    assert reading.program is None
    assert reading.errors


KEYS = re.findall(
    r"\w+",
    """id offers scheme award amount percent goals of per caps each valid for who at lines event needs all any_of tiers
    ladder pools segments contacts list business attributes line wallet unit resolution groups terms may settle merchant
    merchants venues taps codes kind numbers brackets to multiply product draw rolling""",
)
TOP = ["business", "offers", "scheme", "pools", "tiers", "terms", "segments", "merchants", "codes"]
WORDS = st.sampled_from(["id", "month", "amount", "5.00", "x", "true", "[]", "{}"])
DATA = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        ).map(lambda pairs: f"{{{', '.join(f'{key}: {value}' for key, value in pairs.items())}}}"),
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(TOP), DATA))
def test_any_shape_of_data_ends_in_problems(data: dict[str, str]) -> None:
    text = "".join(f"{key}: {value}\n" for key, value in data.items())
    reading = read_programme(None, {"a.yaml": text})
    for problem in reading.problems:
        assert problem.file in ("a.yaml", "business.yaml")
        assert problem.shown("folder")
