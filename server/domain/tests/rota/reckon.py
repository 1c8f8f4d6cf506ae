"""Reckons random hand-offs with Python's zoneinfo, to hold the rules against.

    python3 -m pip install tzdata==2026.6
    PYTHONTZPATH= python3 reckon.py > reckoned.txt

A line is a rota: zone; start date; kind and its numbers; times of day; the number of the first
day that is told, then the hand-offs of two of its days or more: the first in seconds since 1970,
each other one in seconds since the one before it. The version of tzdata has to be the one that
jiff has built in, which the first line names.
"""

import random
import zoneinfo
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from importlib import resources

HAND_OFFS = 10_000
A_LINE = 10
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

zoneinfo.reset_tzpath(to=[])
random.seed(18)


def first_weekday(start, weekday):
    return start + timedelta(days=(weekday - start.weekday()) % 7)


def in_month(year, month, kind, numbers):
    length = monthrange(year, month)[1]
    if kind == "monthly":
        return date(year, month, min(numbers[0], length))
    nth, weekday = numbers[0], numbers[1]
    days = [d for d in range(1, length + 1) if date(year, month, d).weekday() == weekday]
    return date(year, month, days[min(nth, len(days)) - 1])


def nth_day(start, kind, numbers, number):
    if kind == "daily":
        return start + timedelta(days=number)
    if kind == "weekly":
        weekday, every = numbers
        return first_weekday(start, weekday) + timedelta(weeks=number * every)
    if kind == "custom":
        first = sorted(first_weekday(start, weekday) for weekday in numbers)
        return first[number % len(first)] + timedelta(weeks=number // len(first))
    if kind == "working":
        day, left = start, number * numbers[0]
        while left or day.weekday() >= 5:
            left -= day.weekday() < 5
            day += timedelta(days=1)
        return day
    months = start.year * 12 + start.month - 1
    if in_month(start.year, start.month, kind, numbers) < start:
        months += 1
    months += number * numbers[-1]
    return in_month(months // 12, months % 12 + 1, kind, numbers)


def random_kind():
    kind = random.choice(["daily", "daily", "working", "weekly", "monthly", "nth", "custom"])
    every, weekday = random.randint(1, 4), random.randrange(7)
    numbers = {
        "daily": [],
        "working": [every],
        "weekly": [weekday, every],
        "monthly": [random.randint(1, 31), every],
        "nth": [random.randint(1, 5), weekday, every],
        "custom": sorted(random.sample(range(7), random.randint(1, 6))),
    }
    return kind, numbers[kind]


def random_times():
    """Mostly of the night, when clocks change, and apart enough to keep their order then."""
    hours = random.sample(range(0, 4) if random.random() < 0.7 else range(24), random.randint(1, 2))
    minute = random.choice([0, 15, 30, 59])
    return [time(hour, minute) for hour in sorted(hours)]


def near_a_change(zone):
    """A date near a change of clocks, where the zone has one in some random years."""
    for _ in range(4):
        day = date(random.randint(1975, 2060), random.randint(1, 12), 1)
        for _ in range(200):
            offsets = [datetime(d.year, d.month, d.day, 12, tzinfo=zone).utcoffset()
                       for d in (day, day + timedelta(days=1))]
            if offsets[0] != offsets[1]:
                return day - timedelta(days=random.randrange(4))
            day += timedelta(days=1)
    return day


def written(kind, numbers):
    if kind in ("weekly", "custom"):
        days = numbers if kind == "custom" else numbers[:1]
        rest = [] if kind == "custom" else numbers[1:]
        numbers = ["+".join(WEEKDAYS[day] for day in days), *rest]
    elif kind == "nth":
        numbers = [numbers[0], WEEKDAYS[numbers[1]], numbers[2]]
    return " ".join([kind, *map(str, numbers)])


def main():
    version = resources.files("tzdata").joinpath("zoneinfo/tzdata.zi").open().readline().split()[-1]
    print("#", version)
    names = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
    told = 0
    while told < HAND_OFFS:
        name = random.choice(names)
        zone = zoneinfo.ZoneInfo(name)
        target = near_a_change(zone)
        start = target - timedelta(days=random.randrange(0, 1500))
        kind, numbers = random_kind()
        times = random_times()
        number = 0
        while nth_day(start, kind, numbers, number + 1) < target:
            number += 1
        moments = set()
        for day in range(number, number + A_LINE):
            for at in times:
                civil = datetime.combine(nth_day(start, kind, numbers, day), at, tzinfo=zone)
                moments.add(int(civil.timestamp()))
        moments = sorted(moments)[:A_LINE]
        steps = [later - earlier for earlier, later in zip(moments, moments[1:])]
        print(name, start, written(kind, numbers),
              "+".join(at.strftime("%H:%M") for at in times),
              number, " ".join(map(str, [moments[0], *steps])), sep=";")
        told += len(moments)


main()
