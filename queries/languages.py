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

import numpy as np
import pandas as pd

from embeddings.release import Release
from queries.asked import Asked
from queries.audience import Audience
from queries.entities import Entities
from queries.errors import NotInRelease
from queries.facts import Facts
from queries.forecast import Forecasts
from queries.nodes import Node

_TABLE = Path(__file__).with_name("languages.csv")
_COLUMNS = ["title_id", "title", "unit", "rank", "language", "name", "added", "share", "audience", "prepare", "because"]
_COLUMNS += ["simulated"]
_REASONS = 5
_COMPARABLES = 10


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


class Languages:
    """Answers :meth:`queries.space.TitleSpace.languages`."""

    def __init__(
        self, release: Release, entities: Entities, facts: Facts, forecasts: Forecasts, audience: Audience
    ) -> None:
        self._release, self._entities, self._facts = release, entities, facts
        self._forecasts, self._audience = forecasts, audience

    def __call__(self, asked: Asked, countries: Sequence[str] | None, k: int) -> pd.DataFrame:
        """One row a title, unit and language."""
        expected, notes = self._expected(asked, countries)
        originals = {}
        for name, label, node in zip(asked.ids, asked.labels, asked.nodes, strict=True):
            originals[name], note = self._originals(node, label)
            notes += [note] if note else []
        result = languages(expected, originals, k)
        if notes := [*notes, *([result.attrs["note"]] if "note" in result.attrs else [])]:
            result.attrs["note"] = " ".join(notes)
        return result

    def _expected(self, asked: Asked, countries: Sequence[str] | None) -> tuple[pd.DataFrame, list[str]]:
        """What to expect of each title in each country: title_id, title, country, unit, size, simulated; and notes.

        The size that is foreseen there, times the probability of one. A release without a model of audiences has what
        comparable titles had instead: their size there, times the share of them that had one at all.
        """
        try:
            frame, notes = self._forecasts(asked, countries, 1, None), []
            frame["size"] = frame["probability"] * frame["expected"]
        except NotInRelease:
            notes = [f"There is no model of audiences: what the {_COMPARABLES} nearest titles had is expected."]
            frame = self._audience.features(asked, countries, _COMPARABLES, None)
            frame["size"] = (frame["comparable_size"] * frame["comparable_share"]).fillna(0.0)
        return frame[["title_id", "title", "country", "unit", "size", "simulated"]], notes

    def _originals(self, title: Node, label: str) -> tuple[list[str], str]:
        """Codes of the languages that a title was made in, and what to say where they are only assumed."""
        spoken = self._codes(title, "in_language")
        made = self._codes(title, "produced_in")
        if isinstance(title, int):
            row = self._release.table("titles.parquet", "languages", "countries").slice(title, 1).to_pylist()[0]
            spoken += [code.rpartition(":")[2] for code in row["languages"] or ()]
            made = [*(code.rpartition(":")[2] for code in row["countries"] or ()), *made]
        if spoken:
            return list(dict.fromkeys(spoken)), ""
        if guess := assumed(made):
            return guess, f"The original language of {label} is not known; {guess[0]} is assumed."
        return [], f"The original language of {label} is not known."

    def _codes(self, title: Node, relation: str) -> list[str]:
        relations, entities, _ = self._facts.of(title)
        tails = entities[np.isin(relations, self._facts.numbers(relation))]
        return [name.rpartition(":")[2] for name in self._entities.ids(tails.astype(np.int64))]


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
