"""Time: instants, local dates, calendar steps, windows, hours of the week. Everything is in the business's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
UNITS = {"min", "h", "d", "w", "mo", "q", "y"}


class Clock:
    """Reads and steps time in one zone. Instants are aware datetimes in UTC."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def instant(self, text: str) -> datetime:
        """A local date-time, or an RFC 3339 one with its offset, as an instant."""
        text = str(text).strip().replace("Z", "+00:00").replace("T", " ").replace("t", " ")
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return self.from_local(moment)
        return moment.astimezone(UTC)

    def from_local(self, local: datetime) -> datetime:
        """A local time that does not exist is the next that does; one that occurs twice is the first."""
        while True:
            found = local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
            if found.astimezone(self.zone).replace(tzinfo=None) == local:
                return found
            local = local.replace(second=0, microsecond=0) + timedelta(minutes=1)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def day(self, moment: datetime) -> date:
        return self.local(moment).date()

    def midnight(self, day: date) -> datetime:
        """The instant at which a local day begins."""
        return self.from_local(datetime(day.year, day.month, day.day))

    def midnight_of(self, text: str) -> datetime:
        return self.midnight(date.fromisoformat(str(text)))

    def after(self, moment: datetime, duration: str) -> datetime:
        """The instant one duration later: minutes and hours pass, days and longer are steps of the calendar."""
        number, unit = duration_of(duration)
        if unit == "min":
            return moment + timedelta(minutes=number)
        if unit == "h":
            return moment + timedelta(hours=number)
        local = self.local(moment)
        if unit in ("d", "w"):
            return self.from_local(local + timedelta(days=number * (7 if unit == "w" else 1)))
        months = number * {"mo": 1, "q": 3, "y": 12}[unit]
        return self.from_local(datetime.combine(months_later(local.date(), months), local.time()))

    def window(self, kind: str, moment: datetime) -> str:
        """The name of the window of this kind that holds the instant; windows of one kind sort by their names."""
        day = self.day(moment)
        return {
            "day": day.isoformat(),
            "week": monday(day).isoformat(),
            "month": f"{day:%Y-%m}",
            "quarter": f"{day:%Y}-q{(day.month + 2) // 3}",
            "year": f"{day:%Y}",
            "lifetime": "lifetime",
        }[kind]

    def window_before(self, kind: str, moment: datetime) -> datetime | None:
        """An instant in the window before the one that holds the instant."""
        day = self.day(moment)
        first = {
            "day": day,
            "week": monday(day),
            "month": day.replace(day=1),
            "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
            "year": day.replace(month=1, day=1),
            "lifetime": None,
        }[kind]
        return None if first is None else self.midnight(first) - MICROSECOND

    def in_hours(self, rules: list[dict[str, object]], moment: datetime) -> bool:
        """Whether a local time lies in any of `times`; hours past midnight belong to the day they began on."""
        local = self.local(moment)
        return any(self._in_one(rule, local) for rule in rules)

    def _in_one(self, rule: dict[str, object], local: datetime) -> bool:
        weekdays = rule.get("weekdays") or WEEKDAYS
        assert isinstance(weekdays, list)
        begin, end = (minutes_of(part) for part in str(rule.get("hours", "00:00-24:00")).split("-"))
        now = local.hour * 60 + local.minute
        today = WEEKDAYS[local.weekday()]
        yesterday = WEEKDAYS[(local.weekday() - 1) % 7]
        if begin < end:
            return today in weekdays and begin <= now < end
        return (today in weekdays and now >= begin) or (yesterday in weekdays and now < end)


def duration_of(text: str) -> tuple[int, str]:
    match = re.fullmatch(r"(\d+)\s*([a-z]+)", str(text).strip())
    if match is None or match[2] not in UNITS:
        raise ValueError(f"no duration: {text}")
    return int(match[1]), match[2]


def minutes_of(text: str) -> int:
    hours, minutes = text.strip().split(":")
    return int(hours) * 60 + int(minutes)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))
