"""How a problem is printed: place, source line, caret, hint."""

from __future__ import annotations

from guerdon.rules.problems import Problem, did_you_mean, nearest


def shown(line: str, column: int) -> tuple[str, str]:
    _, source, caret, _ = Problem("a.yaml", 1, column, "bad-id", "wrong", "mend it", line).shown().splitlines()
    return source, caret


def test_the_caret_stands_under_the_column() -> None:
    source, caret = shown("  - id: Coffee", 5)
    assert source[caret.index("^")] == "i"


def test_a_tab_before_the_column_is_kept_so_that_the_caret_fits() -> None:
    assert shown("\tid: x", 2) == ("\tid: x", "\t^")


def test_a_long_line_is_cut_around_the_column() -> None:
    line = "x" * 300 + "Y" + "z" * 300
    source, caret = shown(line, 301)
    assert len(source) < 130
    assert source[caret.index("^")] == "Y"
    assert source[0] == source[-1] == "…"
    for column in (1, 600):
        source, caret = shown(line, column)
        assert source[caret.index("^")] == line[column - 1]


def test_the_folder_goes_before_the_file_and_a_lint_says_so() -> None:
    lint = Problem("a.yaml", 3, 1, "no-terms", "message", severity="lint")
    assert lint.shown("demo/") == "demo/a.yaml:3:1: lint[no-terms]: message"


def test_hints() -> None:
    assert nearest("Sliver", ["silver", "gold"]) == "silver"
    assert nearest("xyz", ["silver"]) is None
    assert did_you_mean("x", [], what="tiers") == "there are no tiers in this programme"
