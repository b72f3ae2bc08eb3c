"""Packages: whole or not there, signed, the same bytes each time, and checked against the ledger."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from guerdon.engine.periods import period
from guerdon.engine.replaying import replay
from guerdon.engine.settle import package as packages
from guerdon.engine.settle.accounts import read_accounts, take_up
from guerdon.engine.settle.checking import check_package
from guerdon.engine.settle.package import Wishes, write_package
from guerdon.engine.settle.signing import read_private_key, read_public_key
from guerdon.engine.settle.source import SettleError
from guerdon.engine.settle.statement import draw

from ..cli.door import guerdon
from ..engines import ledger_at
from .shop import APRIL, GOLDEN, MARCH, Town, bought

pytestmark = pytest.mark.usefixtures("engine")


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def key_in(folder: Path, name: str = "key.pem") -> Path:
    path = folder / name
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def write(town: Town, place: Path, wishes: Wishes | None = None, of: str = MARCH) -> Path:
    source = town.source
    write_package(source, draw(source, period(of)), place, wishes or Wishes())
    return place


@pytest.fixture
def settled(town: Town) -> Town:
    """March is closed and sent to the bank."""
    town.tell(GOLDEN, bought("m1", "2026-03-09 09:00", "50.00", "gym"))
    town.settle(steps=["approve", "send"])
    return town


def test_a_package_holds_every_form_and_its_manifest_vouches_for_each(settled: Town, tmp_path: Path) -> None:
    found = content(write(settled, tmp_path / "package"))
    manifest = json.loads(found.pop("manifest.json"))
    assert {name: hashlib.sha256(text).hexdigest() for name, text in found.items()} == {
        name: told["sha256"] for name, told in manifest["files"].items()
    }
    assert {f"merchants/bakery/2026-03.{form}" for form in ("csv", "json", "parquet", "xlsx")} < set(found)
    assert {"books/books.beancount", "books/books.hledger", "books/journal.csv", "states.csv"} < set(found)
    assert [name for name in found if name.startswith("bank/GRD-2026-03-")]
    assert manifest["programme_versions"] == [{"version": settled.program.version, "from_event": 1}]
    assert manifest["ledger"]["digest"] == settled.ledger.digest()
    assert manifest["events"] == {"first": 1, "closed_by": 4, "last": settled.ledger.last_seq}


def test_running_it_twice_gives_the_same_bytes(settled: Town, tmp_path: Path) -> None:
    first = content(write(settled, tmp_path / "one"))
    settled.tell(bought("l1", "2026-03-30 10:00", "70.00"), bought("a1", "2026-04-03 10:00", "70.00"))
    assert content(write(settled, tmp_path / "two")) == first
    assert content(write(settled, tmp_path / "one")) == first  # in the place of the one that is there


def test_what_a_statement_says_stays_as_it_is_when_it_is_paid(settled: Town, tmp_path: Path) -> None:
    before = content(write(settled, tmp_path / "package"))
    settled.settle(steps=["pay"])
    after = content(write(settled, tmp_path / "package"))
    assert {name for name in before if before[name] != after[name]} == {"states.csv", "manifest.json"}


def test_the_ledger_gives_a_package_again(settled: Town, tmp_path: Path) -> None:
    place = write(settled, tmp_path / "package", Wishes(("csv", "json"), {"Income:*": "4000"}))
    settled.settle(APRIL, steps=["approve"])
    settled.settle(steps=["pay"])
    assert check_package(place, settled.ledger) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("merchants/bakery/2026-03.csv", "line 2 is"),
        ("summary.parquet", "it differs from byte"),
        ("states.csv", "line 1"),
    ],
)
def test_a_changed_file_is_found_even_if_the_manifest_was_changed_too(
    settled: Town, tmp_path: Path, name: str, said: str
) -> None:
    place = write(settled, tmp_path / "package")
    text = (place / name).read_bytes()
    changed = text.replace(b"-6.00", b"-5.00") if b"-6.00" in text else b"x" + text[1:]
    (place / name).write_bytes(changed)
    found = check_package(place, settled.ledger)
    assert found[0] == f"{name}: its content is not what the manifest says"
    assert found[1].startswith(f"{name}: {said}")
    manifest = (place / "manifest.json").read_text()
    (place / "manifest.json").write_text(
        manifest.replace(hashlib.sha256(text).hexdigest(), hashlib.sha256(changed).hexdigest())
    )
    assert check_package(place, settled.ledger)[0].startswith(f"{name}: {said}")


def test_missing_and_foreign_files_are_found(settled: Town, tmp_path: Path) -> None:
    place = write(settled, tmp_path / "package")
    (place / "summary.csv").unlink()
    (place / "more.txt").write_text("x")
    assert check_package(place, settled.ledger)[:2] == [
        "summary.csv: it is missing",
        "more.txt: it is not of the package",
    ]


def test_a_partner_who_replays_the_log_gets_the_same_bytes(settled: Town, tmp_path: Path) -> None:
    place = write(settled, tmp_path / "package")
    with replay(settled.ledger) as again:
        take_up(again, read_accounts(settled.folder), None, 0)
        assert check_package(place, again) == []


def test_another_ledger_is_told(settled: Town, tmp_path: Path) -> None:
    place = write(settled, tmp_path / "package")
    other = Town(tmp_path / "other")
    with other.ledger:
        other.tell(GOLDEN, bought("m1", "2026-03-09 09:00", "50.01", "gym"))
        with pytest.raises(SettleError) as caught:
            check_package(place, other.ledger)
        assert caught.value.code == "another-ledger"
        other.settle(steps=["approve", "send"])
        assert check_package(place, other.ledger)[0].split(":")[0] in content(place)
    with pytest.raises(SettleError):
        check_package(tmp_path, settled.ledger)


# ---- signatures


def test_a_signed_package_is_trusted(settled: Town, tmp_path: Path) -> None:
    key = key_in(tmp_path)
    place = write(settled, tmp_path / "package", Wishes(key=read_private_key(key)))
    assert check_package(place, settled.ledger, read_public_key(key)) == []
    assert check_package(place, settled.ledger) == []
    stranger = read_public_key(key_in(tmp_path, "other.pem"))
    assert check_package(place, settled.ledger, stranger) == [
        "manifest.sig: it is signed with another key than the one that is trusted"
    ]


def test_a_signature_is_of_one_manifest(settled: Town, tmp_path: Path) -> None:
    key = key_in(tmp_path)
    place = write(settled, tmp_path / "package", Wishes(key=read_private_key(key)))
    manifest = place / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"business": "town"', '"business": "tawn"'))
    assert check_package(place, settled.ledger)[0] == "manifest.sig: the signature is not that of this manifest"
    (place / "manifest.sig").write_text("nonsense")
    assert check_package(place, settled.ledger)[0] == "manifest.sig: the signature can't be read"
    (place / "manifest.sig").unlink()
    assert check_package(place, settled.ledger, read_public_key(key))[0] == "manifest.sig: the package is not signed"


def test_a_wrong_key_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "key.pem"
    wrong.write_text("nonsense")
    for path in (wrong, tmp_path / "missing.pem"):
        with pytest.raises(SettleError):
            read_private_key(path)
        with pytest.raises(SettleError):
            read_public_key(path)


# ---- whole or not there


def test_a_package_that_breaks_off_leaves_the_one_before(
    settled: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write(settled, tmp_path / "package")
    before = content(place)
    settled.settle(steps=["pay"])
    written = 0

    def breaks_off(path: Path, text: bytes) -> None:
        nonlocal written
        written += 1
        if written == 9:
            raise OSError(28, "no space left", str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)

    monkeypatch.setattr(packages, "write_file", breaks_off)
    with pytest.raises(OSError, match="no space"):
        write(settled, place)
    assert content(place) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("package")] == ["package"]


def test_a_folder_that_is_no_package_is_not_replaced(settled: Town, tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "letter.txt").write_text("dear")
    with pytest.raises(SettleError) as caught:
        write(settled, place)
    assert caught.value.code == "not-a-package"
    assert content(place) == {"letter.txt": b"dear"}


KILLED = """
import os, sys
from pathlib import Path
from guerdon.engine.ledger.ledger import Ledger
from guerdon.engine.settle import files, package
from guerdon.engine.cli.main import main
left = int(sys.argv[1])
def counted(found):
    def told(*given):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        return found(*given)
    return told
package.write_file = counted(package.write_file)
Path.rename = counted(Path.rename)
opened = Ledger.open.__func__
def watched(cls, *given, **named):
    ledger = opened(cls, *given, **named)
    ledger.reached = counted(lambda step: None)
    return ledger
Ledger.open = classmethod(watched)
main(sys.argv[2:])
"""


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="it kills a process")
@pytest.mark.parametrize("at", range(1, 48) if os.environ.get("GUERDON_SOAK") else [2, 9, 30])
def test_a_kill_leaves_all_of_a_settlement_or_none(tmp_path: Path, at: int) -> None:
    url = ledger_at(tmp_path / "town.db")
    town = Town(tmp_path / "town", url)
    with town.ledger:
        town.tell(GOLDEN)
    out = tmp_path / "out"
    words = [
        "settle",
        str(town.folder),
        "--period",
        MARCH,
        "--out",
        str(out),
        "--ledger",
        url,
        "--at",
        "2026-04-02",
        "--as",
    ]
    words += ["eve", "--approve", "--send"]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(at), *words], capture_output=True, check=False)
    assert killed.returncode in (-9, 0), killed.stderr.decode()
    place = out / MARCH
    if place.exists():
        assert json.loads((place / "manifest.json").read_text())["files"].keys() == content(place).keys() - {
            "manifest.json"
        }
    again = guerdon(*words)
    assert again.code == 0, again.err
    whole = content(place)
    assert [path.name for path in out.iterdir()] == [MARCH]
    undisturbed = Town(tmp_path / "undisturbed")
    with undisturbed.ledger:
        undisturbed.tell(GOLDEN)
        undisturbed.settle(steps=["approve"], at="2026-04-02 00:00")
        undisturbed.settle(steps=["send"], at="2026-04-02 00:00", out=tmp_path / "other")
    other = content(tmp_path / "other" / MARCH)
    varying = {name for name in {*whole, *other} if name == "manifest.json" or name.startswith("bank/")}
    assert {name: whole[name] for name in whole if name not in varying} == {
        name: other[name] for name in other if name not in varying
    }
