"""For which languages to prepare dubbing or subtitles first.

`languages.csv` is ours and approximate: the people of a country in millions, what its audience is used to, its
languages, and the share of its people who would watch in each (roughly: native and fluent speakers; shares of one
country overlap and may add up to more than 1). It is there to put languages in an order, not to count speakers.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from queries.asked import Asked
from queries.audience import Audience

_TABLE = Path(__file__).with_name("languages.csv")
_COLUMNS = ["title_id", "title", "unit", "rank", "language", "name", "added", "share", "audience", "prepare", "because"]
_COLUMNS += ["simulated"]
_REASONS = 5


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is spoken in a country.

    Attributes:
        people: in millions.
        habit: what they are used to: dubbing, voice-over or subtitles.
        shares: of the people, by language (ISO 639-1).
    """

    people: float
    habit: str
    shares: dict[str, float]


@cache
def spoken() -> Mapping[str, Spoken]:
    """The packaged table by country (ISO 3166-1 alpha-2)."""
    table: dict[str, Spoken] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            country = table.setdefault(row["country"], Spoken(float(row["people"]), row["habit"], {}))
            country.shares[row["language"]] = float(row["share"])
    return MappingProxyType(table)


def assumed(countries: Sequence[str]) -> list[str]:
    """The language that most people speak in the first of these countries that the table lists, as a list."""
    listed = next((spoken()[code].shares for code in countries if code in spoken()), {})
    return [max(listed, key=lambda code: listed[code])] if listed else []


def expected_sizes(audience: Audience, asked: Asked, countries: Sequence[str] | None, k: int) -> pd.DataFrame:
    """What to expect of each title in each country: title_id, title, country, unit, size, simulated.

    The size that comparable titles had there, times the share of them that had one at all.
    """
    frame = audience.features(asked, countries, k, None)
    frame["size"] = (frame["comparable_size"] * frame["comparable_share"]).fillna(0.0)
    return frame[["title_id", "title", "country", "unit", "size", "simulated"]]


def languages(expected: pd.DataFrame, originals: Mapping[str, Sequence[str]], k: int) -> pd.DataFrame:
    """The languages that add most, one after the other, for each title and unit.

    A language adds those who understand neither the original nor a language ranked before it; as nobody knows how
    speakers overlap, in each country as few of them as the shares allow are thought to speak both.

    Args:
        expected: title_id, title, country, unit, size, simulated.
        originals: the languages of each title by its id, in which nothing has to be prepared.
        k: at most so many languages for each title and unit.
    """
    rows: list[dict[str, Any]] = []
    for (title, unit), part in expected.groupby(["title_id", "unit"], sort=False):
        known = part[(part["size"] > 0) & part["country"].isin(list(spoken()))]
        sizes = dict(zip(known["country"].astype(str), known["size"].astype(float), strict=True))
        words = str(unit)
        if "points" in words:  # of a chart: as many in a small country as in a large one
            sizes = {country: size * spoken()[country].people for country, size in sizes.items()}
            words += " × million people"
        about = {"title_id": title, "title": part["title"].iloc[0], "unit": words, "simulated": part["simulated"].any()}
        rows += [about | row for row in _ordered(sizes, set(originals[str(title)]), k)]
    result = pd.DataFrame(rows, columns=_COLUMNS)
    if unlisted := sorted(set(expected.loc[expected["size"] > 0, "country"]) - set(spoken())):
        result.attrs["note"] = f"No languages are listed for {', '.join(unlisted)}; they are left out."
    return result


def _ordered(sizes: Mapping[str, float], originals: set[str], k: int) -> list[dict[str, Any]]:
    """Languages for sizes by country, the one that adds most first."""
    total = sum(sizes.values())
    shares = {country: spoken()[country].shares for country in sizes}
    covered = {
        country: min(1.0, sum(listed.get(code, 0.0) for code in originals)) for country, listed in shares.items()
    }
    left = {code for listed in shares.values() for code in listed} - originals
    rows: list[dict[str, Any]] = []
    while left and len(rows) < k:
        added = {code: _added(code, sizes, shares, covered) for code in left}
        best = min(left, key=lambda code: (-sum(added[code].values()), code))
        gain = sum(added[best].values())
        if gain <= 1e-9 * total:
            break
        left.remove(best)
        order = sorted((c for c, size in added[best].items() if size > 0), key=lambda c: -added[best][c])
        habits: dict[str, float] = {}
        for country in order:
            habit = spoken()[country].habit
            habits[habit] = habits.get(habit, 0.0) + added[best][country]
            covered[country] += added[best][country] / sizes[country]
        rows.append(
            {
                "rank": len(rows) + 1,
                "language": best,
                "name": _name(best),
                "added": gain,
                "share": gain / total,
                "audience": sum(size * shares[country].get(best, 0.0) for country, size in sizes.items()),
                "prepare": max(habits, key=lambda habit: habits[habit]),
                "because": _because(order, added[best]),
            }
        )
    return rows


def _added(
    code: str, sizes: Mapping[str, float], shares: Mapping[str, Mapping[str, float]], covered: Mapping[str, float]
) -> dict[str, float]:
    """Whom a language adds, by country."""
    return {
        country: sizes[country] * min(listed[code], max(0.0, 1 - covered[country]))
        for country, listed in shares.items()
        if code in listed
    }


def _because(countries: Sequence[str], added: Mapping[str, float]) -> str:
    named = [f"{c} {added[c]:,.0f}" if added[c] >= 10 else f"{c} {added[c]:.2g}" for c in countries[:_REASONS]]
    more = len(countries) - _REASONS
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


@cache
def _name(code: str) -> str:
    import pycountry

    found = pycountry.languages.get(alpha_2=code)
    return str(found.name).partition(" (")[0] if found else code
