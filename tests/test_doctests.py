"""Every example in a docstring is run, under the module's full name."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import guerdon.engine
import guerdon.rules

MODULES = sorted(
    module.name
    for package in (guerdon.engine, guerdon.rules)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if ".migrations" not in module.name
)


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    examples = sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name), name))
    assert examples > 10
