"""A feed that silently loses one message in a thousand: held against the till's own list, each is named."""

from __future__ import annotations

import random
from typing import Any

from guerdon.engine.care.reconcile import Extract, reconcile
from guerdon.engine.events.admission import admit
from guerdon.engine.events.normalise import CASE, Normaliser

from .desk import NOW, Desk

HEAD = "reference,amount,day,merchant\n"
RECEIPTS = 1_000


def test_what_a_feed_lost_is_named_within_its_day(shop: Desk) -> None:
    """Counts and sums of the day differ by exactly what is missing, and no other day is touched."""
    chance = random.Random(11)
    told: list[dict[str, Any]] = [
        {
            "type": "purchase",
            "contact": f"c{n % 40}",
            "merchant": "bakery",
            "total": f"{chance.randint(100, 9_999) / 100:.2f}",
            "reference": f"F-{n}",
            "time": f"2026-03-{2 + n // 500:02} {8 + n % 500 // 60:02}:{n % 60:02}",
        }
        for n in range(RECEIPTS)
    ]
    lost = told[chance.randrange(500, 1_000)]  # of the second day
    normaliser = Normaliser(shop.program, CASE)
    fed = [{"id": each["reference"], "source": "till", **each} for each in told if each is not lost]
    shop.run.admit(admit([normaliser.normalise(each, NOW) for each in fed]))
    file = shop.folder / "till.csv"
    rows = (f"{each['reference']},{each['total']},{each['time'][:10]},bakery\n" for each in told)
    file.write_text(HEAD + "".join(rows), encoding="utf-8")
    found = reconcile(shop.ledger, shop.program, Extract(file, merchant="bakery"))
    assert {name: sums.lines for name, sums in found.sums.items() if sums.lines} == {
        "matched": RECEIPTS - 1, "only_till": 1,
    }  # fmt: skip
    (missing,) = found.exceptions
    assert (missing["reference"], str(missing["day"])) == (lost["reference"], "2026-03-03")
