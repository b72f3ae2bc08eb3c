"""Writes ``cases/waiting.txt`` anew: the cases that fail now. Look at every line that this adds.

python -m tests.waiting
"""

from __future__ import annotations

from guerdon.engine.cases.running import check_case

from .test_cases import CASES, FILES, name_of

HEAD = "# Cases of what is not built yet; python -m tests.waiting writes this list. Each must fail.\n"


def main() -> None:
    """Run every case and list those that fail."""
    failing = [name_of(file) for file in FILES if (report := check_case(file)) is not None and report.failures]
    (CASES / "waiting.txt").write_text(HEAD + "".join(f"{name}\n" for name in failing))
    print(f"{len(FILES)} cases, {len(failing)} wait")


if __name__ == "__main__":
    main()
