"""Histories of members for property tests: a programme with every kind of contact offer, and what happens to a few."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]

FILES = {
    "business.yaml": """
business:
  id: corner
  name: Corner
  currency: EUR
  time_zone: Europe/Nicosia
  redeem: on_request
  attributes: {contact: {birth_date: {type: date, personal: true}}}
  referrals: {per_day: 1}
  adjust: {reasons: [goodwill], agent_cap: {each: day, amount: 30.00}}
merchants: [{id: bakery, name: Bakery, venues: [{id: b1}]}]
segments: [{id: students, contacts: {email_domain: uni.edu}}]
""",
    "terms.yaml": "terms: [{merchant: bakery, contribution: 50%, fees: {award: 5%}}]\n",
    "pools.yaml": "pools: [{id: short, valid: {for: 40d}}, {id: anywhere, valid: {for: 1y}}]\n",
    "codes.yaml": "codes: [{id: spring, unlocks: opened, kind: single, maximum_usage: 3}]\n",
    "club.yaml": """
scheme: {id: club, sign_up: auto, on_close: {forfeit_after: 30d}}
offers:
  - {id: ten, goal: spend, award: {percent: 10}, pool: short, pending: {for: 5d}}
  - {id: every-50, goal: spend, goals: {of: [{spend: 50.00, per: month}], repeat: true}, award: {amount: 5.00}}
  - {id: twice, goal: spend, award: {amount: 1.00}, caps: [{times: 2, per: contact, each: month}], cooldown: 2d}
  - {id: opened, goal: spend, award: {amount: 3.00}}
  - {id: study, goal: spend, who: {segments: [students]}, award: {amount: 0.50}}
  - {id: mine, goal: spend, who: {contact: {birth_month: this_month}}, award: {amount: 0.25}}
  - {id: cake, goal: membership, type: birthday, award: {amount: 4.00}}
  - {id: loyal, goal: membership, type: subscription_maturity, after: 1mo, award: {amount: 2.00}}
  - {id: bring, goal: membership, type: referral, award: {amount: 6.00}, pool: short}
  - {id: tell, goal: membership, type: profile, award: {amount: 0.75}}
  - id: fan
    goal: achievement
    type: achievement
    goals: {reach: all, of: [{achievements: [like, visit], per: month}]}
    award: {amount: 0.80}
  - {id: hello, goal: membership, type: sign_up, award: {amount: 1.10}}
""",
    "extra.yaml": """
scheme: {id: extra, sign_up: self}
offers:
  - {id: more, goal: spend, award: {percent: 3}}
  - {id: hi, goal: membership, type: sign_up, award: {amount: 1.20}}
""",
}

CONTACTS = ("ann", "bob", "cat", "dan")
_who = st.sampled_from(CONTACTS)
_BIRTHDAYS = ("1990-01-20", "1992-02-29", "1985-03-01")
_AGENT = {"actor": "eve"}


def _cents(most: int) -> st.SearchStrategy[str]:
    return st.integers(1, most).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


def _plain(*types: str) -> st.SearchStrategy[Event]:
    return st.builds(lambda kind, c: {"type": kind, "contact": c}, st.sampled_from(types), _who)


def _cared(*types: str) -> st.SearchStrategy[Event]:
    return _plain(*types).map(lambda event: event | _AGENT)


KINDS: list[st.SearchStrategy[Event]] = [
    st.builds(lambda c, total: {"type": "purchase", "contact": c, "total": total}, _who, _cents(9000)),
    st.builds(
        lambda c, total: {"type": "purchase", "contact": c, "total": total, "merchant": "bakery"}, _who, _cents(9000)
    ),
    st.builds(
        lambda c, born: {"type": "register", "contact": c, "attributes": {"birth_date": born}},
        _who,
        st.sampled_from(_BIRTHDAYS),
    ),
    st.builds(lambda c: {"type": "register", "contact": c, "complete": "false"}, _who),
    st.builds(
        lambda c, where: {"type": "sign_up", "contact": c, "scheme": where}, _who, st.sampled_from(["club", "extra"])
    ),
    st.builds(
        lambda c, where: {"type": "sign_out", "contact": c, "scheme": where}, _who, st.sampled_from(["club", "extra"])
    ),
    _plain("profile_completed", "subscription_started", "subscription_started"),
    st.builds(
        lambda c, what: {"type": "achievement", "contact": c, "classification": what},
        _who,
        st.sampled_from(["like", "visit", "nod"]),
    ),
    st.builds(lambda c: {"type": "code_entered", "contact": c, "code": "spring"}, _who),
    _cared("enrol", "unenrol", "hold_account", "reactivate", "reactivate", "enrol"),
    st.builds(lambda c: {"type": "close", "contact": c, "actor": c}, _who),
    st.builds(
        lambda c, amount, pool: {
            "type": "adjust",
            "contact": c,
            "amount": amount,
            "reason": "goodwill",
            **pool,
            **_AGENT,
        },
        _who,
        st.one_of(_cents(2000), _cents(600).map(lambda text: f"-{text}")),
        st.sampled_from([{}, {"pool": "short"}, {"pool": "anywhere"}]),
    ),
    st.builds(lambda a, b: {"type": "merge", "contact": a, "into": b, **_AGENT}, _who, _who),
    st.builds(
        lambda a, b, amount, pool: {"type": "transfer", "contact": a, "to": b, "amount": amount, **pool},
        _who,
        _who,
        _cents(500),
        st.sampled_from([{}, {"pool": "short"}]),
    ),
    st.builds(lambda a, b: {"type": "referral", "contact": a, "referrer": b}, _who, _who),
    st.just({"type": "tick"}),
]


# The judge takes no first event of a contact of these types; the engine registers by them.
NEEDS_KNOWN = ("sign_up", "code_entered", "update")
MAKES_KNOWN = ("purchase", "register", "profile_completed", "subscription_started", "achievement")


@st.composite
def histories(draw: st.DrawFn, most: int = 22) -> list[Event]:
    """Events of a few contacts over some months, in the order of their times, ended by a tick."""
    time = datetime(2026, 1, 10, 9)
    events: list[Event] = []
    known: set[str] = set()
    for place in range(draw(st.integers(4, most))):
        time += timedelta(minutes=draw(st.sampled_from([1, 60, 1440, 4320, 14400, 44640])))
        told = draw(st.one_of(KINDS))
        if told["type"] in NEEDS_KNOWN and told["contact"] not in known:
            continue
        if told["type"] == "referral" and (told["contact"] in known or told["referrer"] not in known):
            continue  # the judge lets a contact be referred more than once
        if told["type"] in MAKES_KNOWN or told["type"] == "referral":
            known.add(told["contact"])
        events.append({"id": f"e{place}", "source": "case", "time": f"{time:%Y-%m-%d %H:%M}", **told})
    time += timedelta(days=60)
    return [*events, {"id": "last", "source": "case", "type": "tick", "time": f"{time:%Y-%m-%d %H:%M}"}]
