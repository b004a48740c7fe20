"""Says when an EventBridge schedule expression fires: `cron(minutes hours day month weekday year)`, `rate`, `at`.

Fields as AWS documents them: `*`, `?`, lists, ranges, steps, names of months and weekdays (SUN = 1), `L` (last day
of the month, or last such weekday), `W` (nearest working day) and `#` (n-th such weekday of the month).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
UNITS = {"minute": 60, "hour": 3600, "day": 86400}
FIELDS = (
    ("minutes", 0, 59),
    ("hours", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 1, 7),
    ("year", 1970, 2199),
)


class ScheduleExpressionError(Exception):
    """A schedule expression that EventBridge would refuse."""


@dataclass(frozen=True)
class Cron:
    """The six fields of a cron expression."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day: str
    months: frozenset[int]
    weekday: str
    years: frozenset[int]

    @classmethod
    def parse(cls, expression: str) -> Cron:
        """Read `cron(…)`; raises ScheduleExpressionError naming the field that is wrong."""
        match = re.fullmatch(r"cron\((.+)\)", expression.strip())
        fields = match[1].upper().split() if match else []
        if len(fields) != 6:
            raise ScheduleExpressionError(f"{expression!r} is not cron(minutes hours day month weekday year)")
        if (fields[2] == "?") == (fields[4] == "?"):
            raise ScheduleExpressionError(f"{expression!r}: exactly one of day of month and day of week must be ?")
        for position in (2, 4):
            if fields[position] != "?" and not re.fullmatch(r"L|\d*W|LW|\w+L|\w+#[1-5]", fields[position]):
                _values(fields[position], position)
        sets = {position: _values(fields[position], position) for position in (0, 1, 3, 5)}
        return cls(sets[0], sets[1], fields[2], sets[3], fields[4], sets[5])

    def matches(self, moment: datetime) -> bool:
        """Whether it fires in the minute of `moment` (in the schedule's time zone)."""
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and moment.year in self.years
            and (_is_day(self.day, moment.date()) if self.weekday == "?" else _is_weekday(self.weekday, moment.date()))
        )


def fires(
    expression: str, after: datetime, until: datetime, anchor: datetime, timezone: str = "UTC"
) -> datetime | None:
    """The last time the expression fires in (after, until], None when it does not.

    `anchor` is what a rate counts from: the schedule's creation.
    """
    text = expression.strip()
    if text.startswith("cron("):
        return _last_cron(Cron.parse(text), after, until, ZoneInfo(timezone))
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text):
        period = timedelta(seconds=int(match[1]) * UNITS[match[2]])
        moment = anchor + (until - anchor) // period * period
        return moment if moment > max(after, anchor) else None
    if match := re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", text):
        moment = datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
        return moment if after < moment <= until else None
    raise ScheduleExpressionError(f"{expression!r} is none of cron(…), rate(…), at(…)")


def _last_cron(cron: Cron, after: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    moment = until.replace(second=0, microsecond=0)
    while moment > after:
        if cron.matches(moment.astimezone(zone)):
            return moment
        moment -= timedelta(minutes=1)
    return None


def _values(field: str, position: int) -> frozenset[int]:
    name, low, high = FIELDS[position]
    names = {3: MONTHS, 4: WEEKDAYS}.get(position, ())
    values: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if not match:
            raise ScheduleExpressionError(f"{name}: {part!r} is no value, range or step")
        first = low if match[1] == "*" else _number(match[1], names, name)
        is_open = match[1] == "*" or (match[3] and not match[2])
        last = _number(match[2], names, name) if match[2] else (high if is_open else first)
        if not (low <= first <= high and low <= last <= high):
            raise ScheduleExpressionError(f"{name}: {part!r} is outside {low}-{high}")
        values.update(range(first, last + 1, int(match[3] or 1)))
    return frozenset(values)


def _number(text: str, names: tuple[str, ...], field: str) -> int:
    if text in names:
        return names.index(text) + 1
    if not text.isdigit():
        raise ScheduleExpressionError(f"{field}: {text!r} is no number")
    return int(text)


def _is_day(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if field.endswith("W"):
        wanted = last if field == "LW" else min(int(field[:-1]), last)
        return day.day == _nearest_workday(day.replace(day=wanted), last)
    return day.day in _values(field, 2)


def _nearest_workday(day: date, last: int) -> int:
    if day.weekday() == calendar.SATURDAY:
        return day.day - 1 if day.day > 1 else day.day + 2
    if day.weekday() == calendar.SUNDAY:
        return day.day + 1 if day.day < last else day.day - 2
    return day.day


def _is_weekday(field: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if field == "L":
        return weekday == 7
    if match := re.fullmatch(r"(\w+)L", field):
        last = calendar.monthrange(day.year, day.month)[1]
        return weekday == _number(match[1], WEEKDAYS, "day of week") and day.day > last - 7
    if match := re.fullmatch(r"(\w+)#([1-5])", field):
        return weekday == _number(match[1], WEEKDAYS, "day of week") and (day.day - 1) // 7 + 1 == int(match[2])
    return weekday in _values(field, 4)
