"""The same town in PostgreSQL gives the same statements and books, byte for byte."""

from __future__ import annotations

from pathlib import Path

from guerdon.engine.ledger.audit import verify
from guerdon.engine.settle.accounts import approve, known_accounts, read_accounts, take_up
from guerdon.engine.settle.checking import check_package
from guerdon.engine.settle.payouts import message_again, pay_out

from .shop import APRIL, GOLDEN, MARCH, OTHER_IBAN, PAYING, Town, bank_yaml, bought


def lived(town: Town, out: Path) -> dict[str, bytes]:
    """Two months settled, an account changed, payouts sent: the files of it but those that bear a message's id."""
    town.tell(GOLDEN, *PAYING)
    town.settle(steps=["approve", "send", "fail", "approve", "send"], out=out)
    town.tell(bought("l1", "2026-03-30 09:00", "50.00"), bought("a1", "2026-04-03 09:00", "50.00"))
    (town.folder / "bank.yaml").write_text(bank_yaml(bakery_1=OTHER_IBAN))
    take_up(town.ledger, read_accounts(town.folder), "eve", 0)
    approve(town.ledger, "bakery-1", "sam", 0)
    town.settle(APRIL, steps=["approve"], out=out)
    batch = pay_out(town.source, town.teller().now)
    assert len(batch.payouts) == 2 and message_again(town.source, batch.message) == batch.content
    assert len([each for each in known_accounts(town.ledger) if each.id == "bakery-1"]) == 2
    assert verify(town.ledger).findings == []
    assert check_package(out / MARCH, town.ledger) == check_package(out / APRIL, town.ledger) == []
    files = [path for path in out.rglob("*") if path.is_file()]
    own = [path for path in files if path.parent.name != "bank" and path.name != "manifest.json"]
    assert len(files) == len(own) + 4
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in own}


def test_both_engines_give_the_same_files(postgresql_url: str, tmp_path: Path) -> None:
    one, other = Town(tmp_path / "one", postgresql_url), Town(tmp_path / "other", "sqlite://")
    with one.ledger, other.ledger:
        assert lived(one, tmp_path / "a") == lived(other, tmp_path / "b")
