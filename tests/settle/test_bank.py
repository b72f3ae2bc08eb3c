"""Bank files against the official schema, accounts and their approval, payouts of contacts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from guerdon.engine.settle.accounts import account_at, approve, checked, known_accounts, read_accounts, take_up
from guerdon.engine.settle.bank_files import account_of, files_of
from guerdon.engine.settle.pain import ID_LENGTH, Message, Payment, end_to_end_id, latin, pain_001
from guerdon.engine.settle.payouts import message_again, on_their_way, pay_out
from guerdon.engine.settle.source import SettleError

from .shop import APRIL, GOLDEN, IBANS, MARCH, OTHER_IBAN, PAYING, REGISTERED, Town, bank_yaml, bought

sepaxml = pytest.importorskip("sepaxml", reason="its wheel carries the official schemas")
etree = pytest.importorskip("lxml.etree", reason="it validates against schemas")
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def valid(content: bytes) -> object:
    """The file, parsed, after the official schema has accepted it."""
    schema = etree.XMLSchema(file=str(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"))
    document = etree.fromstring(content)
    schema.assertValid(document)
    return document


def texts(document: object, path: str) -> list[str]:
    return [str(each) for each in document.xpath(f"{path}/text()", namespaces=NS)]  # type: ignore[attr-defined]


def sent(town: Town, of: str = MARCH) -> dict[str, bytes]:
    return dict(files_of(town.source, town.drawn(of)))


def test_what_merchants_are_owed_is_a_valid_bank_file(town: Town) -> None:
    town.tell(GOLDEN, bought("c1", "2026-03-05 09:00", "10.00", "cinema", spend={"amount": "0.80"}))
    town.settle(steps=["approve", "send"], at="2026-04-03 09:00")
    ((message, content),) = sent(town).items()
    document = valid(content)
    nets = {each.id: each.net_minor for each in town.drawn().statements if each.net_minor > 0}
    amounts = [Decimal(text) for text in texts(document, "//p:InstdAmt")]
    assert dict(zip(texts(document, "//p:EndToEndId"), [int(amount * 100) for amount in amounts], strict=True)) == nets
    assert set(texts(document, "//p:CtrlSum")) == {str(sum(amounts))}
    assert set(texts(document, "//p:NbOfTxs")) == {str(len(amounts))}
    assert texts(document, "//p:GrpHdr/p:MsgId") == [message] and len(message) <= ID_LENGTH
    assert texts(document, "//p:CreDtTm") == ["2026-04-03T06:00:00Z"]
    assert texts(document, "//p:ReqdExctnDt/p:Dt") == ["2026-04-16"]
    assert texts(document, "//p:DbtrAcct//p:IBAN") == [IBANS["town"].replace(" ", "")]
    assert sent(town) == {message: content}


def test_a_statement_sent_again_keeps_its_end_to_end_id(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle(steps=["approve", "send", "fail", "approve", "send"])
    files = sent(town)
    assert len(files) == 2
    assert {tuple(texts(valid(content), "//p:EndToEndId")) for content in files.values()} == {("bakery/2026-03",)}


def test_no_two_messages_have_the_same_id(town: Town, tmp_path: Path) -> None:
    ids = []
    for place in (tmp_path / "one", tmp_path / "two"):
        other = Town(place)
        with other.ledger:
            other.tell(GOLDEN, bought(place.name, "2026-03-07 10:00", "1.00"))
            other.settle(steps=["approve", "send", "fail", "approve", "send"])
            ids += list(sent(other))
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("iban", "bic", "code"),
    [("DE89370400440532013001", "", "bad-iban"), ("XX12", "", "bad-iban"), ("", "", "bad-iban"),
     ("DE89370400440532013000", "NOBIC", "bad-bic")],
)  # fmt: skip
def test_a_wrong_account_is_told(iban: str, bic: str, code: str) -> None:
    with pytest.raises(SettleError) as caught:
        checked("Bakery", iban, bic, "bakery-1")
    assert (caught.value.code, caught.value.place) == (code, "bakery-1")


def test_a_missing_account_stops_the_sending_before_anything_is_sent(town: Town) -> None:
    (town.folder / "bank.yaml").write_text("accounts: [{id: bakery-1, name: B, iban: DE89370400440532013000}]\n")
    terms = (town.folder / "terms.yaml").read_text().replace(", bank: cinema-1", "")
    (town.folder / "terms.yaml").write_text(terms)
    town.tell(GOLDEN)
    town.settle(steps=["approve"])
    before = town.ledger.last_seq
    with pytest.raises(SettleError) as caught:
        town.settle(steps=["send"])
    assert (caught.value.code, caught.value.place, town.ledger.last_seq) == ("no-account", "town", before)


def test_a_merchant_whose_terms_name_no_account_is_in_no_bank_file(town: Town) -> None:
    won = bought("m1", "2026-03-09 09:00", "90.00", "cinema", "ben")
    spent = bought("m2", "2026-03-10 09:00", "10.00", "gym", "ben", spend={"amount": "9.00"})
    town.tell(GOLDEN, won, spent)
    settled = town.settle(steps=["approve", "send"])
    assert "gym/2026-Q1: its terms name no account, so it is in no bank file" in settled.messages
    assert town.states()["gym/2026-Q1"] == "sent"
    assert [texts(valid(content), "//p:EndToEndId") for content in sent(town).values()] == [["bakery/2026-03"]]


# ---- changed accounts


def change(town: Town, actor: str | None = "eve") -> list[str]:
    (town.folder / "bank.yaml").write_text(bank_yaml(bakery_1=OTHER_IBAN))
    return take_up(town.ledger, read_accounts(town.folder), actor, 0)


def test_a_changed_account_counts_from_the_next_statement_on_after_a_second_person(town: Town) -> None:
    town.tell(GOLDEN)
    town.settle()
    assert change(town) == ["bakery-1"]
    with pytest.raises(SettleError) as caught:
        approve(town.ledger, "bakery-1", "eve", 0)
    assert caught.value.code == "second-person"
    with pytest.raises(SettleError):
        approve(town.ledger, "bakery-1", None, 0)
    approve(town.ledger, "bakery-1", "sam", 0)
    town.tell(bought("a1", "2026-04-05 09:00", "50.00", spend={"amount": "5.00"}))
    town.settle(APRIL)
    accounts = [account_of(town.source, town.statement(f"bakery/{of}", of)) for of in (MARCH, APRIL)]
    assert [account and account.last_four for account in accounts] == ["…3000", "…2606"]
    assert [each.approved_by for each in known_accounts(town.ledger) if each.id == "bakery-1"] == ["", "sam"]
    with pytest.raises(SettleError) as caught:
        approve(town.ledger, "bakery-1", "sam", 0)
    assert caught.value.code == "nothing-to-approve"


def test_an_account_that_is_changed_back_needs_nobody(town: Town) -> None:
    town.settle()
    change(town)
    (town.folder / "bank.yaml").write_text(bank_yaml())
    assert take_up(town.ledger, read_accounts(town.folder), None, 0) == []
    assert [each.id for each in known_accounts(town.ledger)] == sorted(IBANS)


def test_nobody_changes_an_account_without_a_name(town: Town) -> None:
    town.settle()
    with pytest.raises(SettleError) as caught:
        change(town, None)
    assert caught.value.code == "account-changed"
    account = account_at(town.ledger, "bakery-1", 10**9)
    assert account and account.last_four == "…3000"


# ---- texts and ids


def test_ids_and_texts_fit_the_bank() -> None:
    long = "a" * 64 + "/2026-03"
    assert len(end_to_end_id(long)) == ID_LENGTH and end_to_end_id(long) != end_to_end_id("a" * 63 + "b/2026-03")
    assert latin("Ζαχαροπλαστείο <Ελένη> & Υιοί", 70).isascii()
    assert latin("", 70) == "?"


def test_a_file_with_every_odd_name_is_valid() -> None:
    account = checked("x", OTHER_IBAN, "", "x")
    payments = tuple(
        Payment(end_to_end_id(f"{name}/2026-03"), account._replace(name=name), Decimal("0.01"), name * 9)
        for name in ("=Bakery & Φούρνος", "Ünïcödé GmbH", "漢字", "'\"<>\n\t", "x" * 200)
    )
    message = Message("M1", "2026-04-03T06:00:00Z", "Ö & Söhne", account, date(2026, 4, 3), "EUR", payments)
    document = valid(pain_001(message))
    assert texts(document, "//p:GrpHdr/p:CtrlSum") == ["0.05"]


# ---- payouts of contacts


def test_each_payout_goes_into_one_valid_file_once(town: Town) -> None:
    take_up(town.ledger, read_accounts(town.folder), None, 0)
    town.tell(*PAYING)
    out = on_their_way(town.source)
    batch = pay_out(town.source, town.teller().now)
    document = valid(batch.content)
    assert texts(document, "//p:EndToEndId") == [f"payout/{payout.seq}" for payout in out]
    assert (
        sum(Decimal(text) for text in texts(document, "//p:InstdAmt")) == Decimal(sum(each.units for each in out)) / 100
    )
    assert message_again(town.source, batch.message) == batch.content
    assert pay_out(town.source, town.teller().now).message == ""
    with pytest.raises(SettleError):
        message_again(town.source, "nothing")


def test_a_payout_without_an_iban_is_left_out_and_told(town: Town) -> None:
    take_up(town.ledger, read_accounts(town.folder), None, 0)
    town.tell(REGISTERED | {"payment_method": {"kind": "iban", "reference": "nonsense"}}, *PAYING[1:])
    batch = pay_out(town.source, town.teller().now)
    assert (batch.message, batch.payouts) == ("", ())
    assert batch.left_out and all(left.startswith("ann: ") for left in batch.left_out)


def test_a_programme_without_accounts_is_one(town: Town) -> None:
    (town.folder / "bank.yaml").unlink()
    assert read_accounts(town.folder) == {}
