"""Writes the public holidays that `server/domain/src/rota/holidays.txt` has, for `cargo xtask holidays`.

    python3 public_holidays.py FIRST_YEAR LAST_YEAR
"""

import re
import sys
from importlib import metadata

import holidays
from holidays.constants import PUBLIC
from holidays.registry import COUNTRIES

MONTHS = "123456789abc"
SMALL_WORDS = {"And": "and", "Of": "of", "The": "the"}


def days(country, subdivision, year):
    """Public holidays in a year, whose own days may be observed in the next."""
    found = holidays.country_holidays(
        country, subdiv=subdivision, years=(year - 1, year, year + 1), categories=PUBLIC
    )
    return {day for day in found if day.year == year}


def written(dates):
    return "".join(f"{MONTHS[day.month - 1]}{day.day:02}" for day in sorted(dates))


def country_names():
    """By code, as the package calls its classes."""
    names = {}
    for name, code, *_ in COUNTRIES.values():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).split()
        words = [words[0], *(SMALL_WORDS.get(word, word) for word in words[1:])]
        names[code] = " ".join(words)
    return names


def subdivision_names(kind):
    """By code: the longest name that has no digits, so that codes are not taken for names."""
    names = {}
    for alias, code in kind.subdivisions_aliases.items():
        if len(alias) > len(names.get(code, "")):
            names[code] = alias
    return names


def licence():
    for file in metadata.files("holidays"):
        if file.name == "LICENSE":
            return file.read_text()
    raise FileNotFoundError("the package has no LICENSE")


def main():
    first, last = int(sys.argv[1]), int(sys.argv[2])
    years = range(first, last + 1)
    print(f"# Public holidays from {first} to {last}, by `cargo xtask holidays` from the Python")
    print(f"# package holidays {metadata.version('holidays')}, which has this licence:")
    print("#")
    for line in licence().strip().splitlines():
        print(f"# {line}".rstrip())
    print("#")
    print("# A country: its code, its name, the days of its weekend from Monday, which is 1, and its")
    print("# holidays in each of the years, each as a month from 1 to c and two digits for the day.")
    print("# A part of a country likewise, without a weekend, and with what it has more or less.")
    print(f"{first}")
    names = country_names()
    for country, subdivisions in sorted(holidays.list_supported_countries(False).items()):
        kind = getattr(holidays, country)
        everywhere = [days(country, None, year) for year in years]
        if not all(everywhere):
            # Nothing is known of some of the years.
            continue
        weekend = "".join(str(day + 1) for day in sorted(kind.weekend))
        print("|".join([country, names[country], weekend, *map(written, everywhere)]))
        of_parts = subdivision_names(kind)
        for part in subdivisions:
            there = [days(country, part, year) for year in years]
            differ = [one ^ other for one, other in zip(everywhere, there)]
            name = of_parts.get(part, part)
            print("|".join([f"{country}-{part}", name, *map(written, differ)]))


main()
