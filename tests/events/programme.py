"""A small programme for the tests of events and match."""

from __future__ import annotations

from functools import cache

from guerdon.engine.events.event import Event
from guerdon.engine.events.normalise import CASE, Normaliser
from guerdon.rules import read_programme
from guerdon.rules.program import Program

BUSINESS = """
business:
  id: corner
  currency: EUR
  time_zone: Europe/Nicosia
  venues: [kiosk]
  attributes:
    event: {weather: string, heat: decimal, day: date}
    line: {department: string, organic: boolean, grade: integer}
    contact: {birth_date: {type: date, personal: true}}
  sources:
    - {id: tills, types: [purchase, return], merchants: [bakery]}
  wallet: {unit: {code: PTS, digits: 0, worth: 0.01}}
merchants:
  - {id: bakery, venues: [{id: bakery-north, taps: [t1, t2]}, {id: bakery-south}]}
  - {id: butcher}
"""
SCHEME = """
scheme: {id: everyday}
offers:
  - {id: coffee, goal: spend, lines: {family: COFFEE}, award: {percent: 5}}
  - {id: again, goal: spend, lines: {family: COFFEE}, event: {total: {min: 5.00}}, award: {percent: 5}}
  - {id: big, goal: spend, event: {total: {min: 5.00}}, at: {merchants: [bakery], channels: [web]}, award: {amount: 5}}
  - {id: sunny, goal: spend, event: {weather: {not: rain}}, award: {amount: 5}}
  - {id: hot, goal: spend, event: {heat: {above: 30.5}}, award: {amount: 5}}
  - {id: like, goal: achievement, event: {classification: like}, award: {amount: 5}}
  - {id: several, goal: spend, lines: {quantity: {min: 2}, department: [A, B]}, award: {percent: 5}}
  - {id: dear, goal: spend, lines: {unit_price: {min: 1.50}}, at: {venues: [kiosk]}, award: {percent: 5}}
  - {id: green, goal: spend, lines: {organic: true, grade: {max: 3}}, award: {percent: 5}}
  - {id: set, goal: spend, needs: {all: [{family: COFFEE}, {total: {above: 1.00}}]}, award: {amount: 5}}
  - {id: dollars, goal: spend, event: {currency: [USD, EUR], type: purchase}, award: {amount: 5}}
"""
POOLS = """
pools:
  - {id: anywhere}
  - {id: coffee, lines: {family: COFFEE}}
  - {id: pairs, lines: {quantity: {min: 2}}}
  - {id: morning, at: {merchants: [bakery]}, times: [{weekdays: [fri, sat], hours: "22:00-10:00"}]}
"""


@cache
def programme(business: str = BUSINESS) -> Program:
    """The programme, compiled once."""
    reading = read_programme(None, {"business.yaml": business, "everyday.yaml": SCHEME, "pools.yaml": POOLS})
    assert reading.program is not None, [str(problem) for problem in reading.problems]
    return reading.program


def event(**fields: object) -> Event:
    """A normalised event as a case file would tell it; a purchase of 1.00 unless the fields say otherwise."""
    told = {"id": "p1", "type": "purchase", "contact": "ann", "time": "2026-03-06 09:00"} | fields
    if told["type"] == "purchase" and not told.keys() & {"lines", "total", "net"}:
        told["total"] = "1.00"
    normalised = Normaliser(programme(), CASE).normalise(told, 0)
    assert isinstance(normalised, Event), normalised
    return normalised
