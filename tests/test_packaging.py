"""The package list against the tree, and the import names: what an editable install hides and a wheel would lack."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def packages_on_disk(folder: str) -> set[str]:
    """Every folder below ``folder`` that holds Python modules, as its import name."""
    holding = {path.parent for path in (ROOT / folder).rglob("*.py")}
    return {"guerdon." + ".".join(path.relative_to(ROOT).parts) for path in holding}


def test_every_folder_with_modules_is_packaged() -> None:
    on_disk = packages_on_disk("engine") | packages_on_disk("rules") | packages_on_disk("schemes")
    assert sorted(SETUPTOOLS["packages"]) == sorted(on_disk)


def test_packages_have_an_init() -> None:
    mapping = SETUPTOOLS["package-dir"]
    for package in SETUPTOOLS["packages"]:
        root = next(name for name in mapping if package == name or package.startswith(name + "."))
        folder = ROOT / mapping[root] / package.removeprefix(root).replace(".", "/").strip("/")
        assert (folder / "__init__.py").is_file(), package


def test_typed() -> None:
    assert (ROOT / "engine/py.typed").is_file()
    assert (ROOT / "rules/py.typed").is_file()


def test_templates_travel_with_the_package() -> None:
    templates = files("guerdon.schemes")
    for name in ("starter", "complete_journey"):
        assert templates.joinpath(name, "business.yaml").is_file(), name


def test_data_files_of_the_programmes_are_packaged() -> None:
    patterns = SETUPTOOLS["package-data"]["guerdon.schemes"]
    packaged = {path for pattern in patterns for path in (ROOT / "schemes").glob(pattern)}
    there = {p for p in (ROOT / "schemes").rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc"}}
    assert there - packaged == set()


def test_nothing_is_imported_by_its_bare_name() -> None:
    """From the repository's root `import engine` would work too and give a second copy of every module."""
    probe = (
        "import sys, guerdon.engine.cli.main, guerdon.rules.program\n"
        "print([name for name in ('engine', 'rules', 'schemes') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
