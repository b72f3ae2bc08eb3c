"""The table of a zone against the standard library, and the readings of local times that clocks skip or repeat."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from guerdon.engine.events.times import SECOND, BadTime, Zone, instant, microseconds, text

ZONES = ["Europe/Nicosia", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC"]


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_agrees_with_the_standard_library(name: str) -> None:
    zone, info, dice = Zone(name), ZoneInfo(name), random.Random(7)
    for seconds in (dice.randrange(0, 4_000_000_000) for _ in range(2000)):
        moment = datetime.fromtimestamp(seconds, info)
        local = microseconds(moment.replace(tzinfo=None))
        assert zone.local(seconds * SECOND) == local
        assert zone.utc(local) <= seconds * SECOND
        if moment.fold == 0:
            assert zone.utc(local) == seconds * SECOND


@pytest.mark.parametrize("name", ZONES)
def test_columns_give_what_single_times_give(name: str) -> None:
    zone = Zone(name)
    times = np.sort(np.random.default_rng(7).integers(0, 4_000_000_000 * SECOND, 500))
    for some in (times, times[:1], times[100:101], times[:0]):
        assert zone.locals(some).tolist() == [zone.local(int(time)) for time in some]
        assert zone.utcs(some).tolist() == [zone.utc(int(local)) for local in some]
    assert (np.diff(zone.utcs(times)) >= 0).all()


def test_a_skipped_time_is_the_next_and_a_repeated_one_the_first() -> None:
    zone = Zone("Europe/Nicosia")
    assert text(instant("2026-03-29 03:30", zone)) == "2026-03-29T01:00:00Z"
    assert text(instant("2026-10-25 03:30", zone)) == "2026-10-25T00:30:00Z"


@pytest.mark.parametrize("wrong", ["2026-03-06", "2026-03-06T09:00", "2026-13-06T09:00Z", "now", 5, None])
def test_what_is_no_instant(wrong: object) -> None:
    with pytest.raises(BadTime):
        instant(wrong)
