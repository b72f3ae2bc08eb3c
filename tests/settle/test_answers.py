"""What the bank answers, read back: pain.002 and camt.053 files, each once, whole or not at all."""

from __future__ import annotations

import pytest

from guerdon.engine.ledger.audit import verify
from guerdon.engine.settle.answers import Taken, take_answers
from guerdon.engine.settle.bank_files import files_of
from guerdon.engine.settle.payouts import on_their_way, pay_out
from guerdon.engine.settle.source import SettleError

from .shop import GOLDEN, PAYING, Town


def pain_002(*answers: tuple[str, str], group: str = "", message: str = "M") -> str:
    """A status report: (end-to-end id, status) of payments."""
    rows = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        f"<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
        for name, status in answers
    )
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>B</MsgId></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId>{status}</OrgnlGrpInfAndSts>"
        f"<OrgnlPmtInfAndSts>{rows}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )


def camt_053(*entries: tuple[str, str, str], back: bool = False, state: str = "BOOK") -> str:
    """An account statement: (end-to-end id, amount, DBIT or CRDT) of entries."""
    returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if back else ""
    rows = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{state}</Cd></Sts><NtryDtls><TxDtls>'
        f"<Refs><EndToEndId>{name}</EndToEndId></Refs>{returned}</TxDtls></NtryDtls></Ntry>"
        for name, amount, side in entries
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id>'
        f"{rows}</Stmt></BkToCstmrStmt></Document>"
    )


def answered(town: Town, text: str, **how: bool) -> Taken:
    path = town.folder.parent / "answer.xml"
    path.write_text(text, "utf-8")
    return take_answers(town.ledger, town.program, path, town.teller("2026-07-09 09:00"), **how)


@pytest.fixture
def owed(town: Town) -> Town:
    """The bakery is owed 1.34, the gym owes 22.00, ann waits for her payouts; all of it is with the bank."""
    town.tell(GOLDEN, *PAYING)
    town.settle(steps=["approve", "send"])
    pay_out(town.source, town.teller().now)
    return town


def unchanged(town: Town, code: str, text: str, **how: bool) -> None:
    before = town.ledger.digest()
    with pytest.raises(SettleError) as caught:
        answered(town, text, **how)
    assert (caught.value.code, town.ledger.digest()) == (code, before)


def test_a_status_report_pays_and_fails(owed: Town) -> None:
    payouts = [f"payout/{each.seq}" for each in on_their_way(owed.source)]
    report = pain_002(("bakery/2026-03", "RJCT"), (payouts[0], "ACSC"), (payouts[1], "RJCT"))
    taken = answered(owed, report)
    assert (taken.paid, taken.failed) == ((payouts[0],), ("bakery/2026-03", payouts[1]))
    assert owed.states()["bakery/2026-03"] == "failed"
    assert on_their_way(owed.source) == []
    assert owed.source.steps("bakery/2026-03")[-1]["note"] == "AC04"
    unchanged(owed, "already-read", report)
    assert verify(owed.ledger).findings == []


def test_an_account_statement_pays(owed: Town) -> None:
    payouts = on_their_way(owed.source)
    entries = [("bakery/2026-03", "1.34", "DBIT"), ("gym/2026-Q1", "22.00", "CRDT")]
    entries += [(f"payout/{each.seq}", f"{each.units // 100}.{each.units % 100:02d}", "DBIT") for each in payouts]
    assert len(answered(owed, camt_053(*entries)).paid) == 4
    assert (owed.states()["bakery/2026-03"], owed.states()["gym/2026-Q1"]) == ("paid", "paid")


def test_money_that_comes_back_has_failed(owed: Town) -> None:
    assert answered(owed, camt_053(("bakery/2026-03", "1.34", "CRDT"), back=True)).failed == ("bakery/2026-03",)


def test_a_refused_file_fails_all_that_was_in_it(owed: Town) -> None:
    (message,) = dict(files_of(owed.source, owed.drawn()))
    assert answered(owed, pain_002(group="RJCT", message=message)).failed == ("bakery/2026-03",)
    unchanged(owed, "unknown-payment", pain_002(group="RJCT", message="M-UNKNOWN"))


def test_what_is_under_way_changes_nothing_but_is_read_once(owed: Town) -> None:
    report = pain_002(("bakery/2026-03", "ACSP"))
    assert answered(owed, report).underway == 1
    assert owed.states()["bakery/2026-03"] == "sent"
    unchanged(owed, "already-read", report)
    assert answered(owed, camt_053(("bakery/2026-03", "1.34", "DBIT"), state="PDNG")).paid == ()


def test_wrong_answers_change_nothing(owed: Town) -> None:
    bakery = ("bakery/2026-03", "ACSC")
    unchanged(owed, "unknown-payment", pain_002(bakery, ("nobody/2026-03", "ACSC")))
    unchanged(owed, "wrong-amount", camt_053(("bakery/2026-03", "1.35", "DBIT")))
    unchanged(owed, "wrong-amount", camt_053(("bakery/2026-03", "1.34", "CRDT")))
    unchanged(owed, "wrong-currency", camt_053(("bakery/2026-03", "1.34", "DBIT")).replace("EUR", "USD"))
    unchanged(owed, "contradiction", pain_002(bakery, ("bakery/2026-03", "RJCT")))
    unchanged(owed, "not-from-a-bank", pain_002(("bakery/2026-03", "WHAT")))
    unchanged(owed, "not-from-a-bank", "<Document><Other/></Document>")
    unchanged(owed, "not-from-a-bank", "no xml")
    unchanged(owed, "not-from-a-bank", '<!DOCTYPE x [<!ENTITY a "b">]><Document/>')
    answered(owed, pain_002(bakery))
    unchanged(owed, "wrong-state", pain_002(("bakery/2026-03", "RJCT")))


def test_others_on_the_same_account_are_left_alone(owed: Town) -> None:
    taken = answered(owed, camt_053(("rent-7", "900.00", "DBIT"), ("NOTPROVIDED", "5.00", "CRDT")), skip_unknown=True)
    assert (taken.paid, taken.others) == ((), 2)
