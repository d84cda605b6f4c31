"""What audience to expect: what comparable titles had, country by country.

Charts are censored: no size known somewhere means that a title was too small there or not to be had, and not that
nobody watched. So two figures stand side by side: how large the comparables with a known size were, and what share of
the comparables have one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from embeddings.release import Release
from queries.countries import Countries
from queries.entities import Entities, Flags, Positions
from queries.errors import BadQuestion, EmptyQuestion, NoAudience
from queries.vectors import Vectors, mean_similarity

Dates = npt.NDArray[np.datetime64]

#: The views that know nothing of audiences; comparables are chosen by them, or a title's own audience would choose.
CONTENT = ("graph", "theme")

_COLUMNS = [
    "title_id", "title", "country", "unit", "observed", "comparable_size", "comparable_count", "comparable_share",
    "comparable_similarity", "country_mean", "comparables", "comparable_ids", "simulated",
]  # fmt: skip
_FIGURES = ("observed", "comparable_size", "comparable_share", "comparable_similarity", "country_mean")
_NEVER, _ALWAYS = np.datetime64("9999-12-31"), np.datetime64("0001-01-01")


@dataclass(frozen=True, slots=True)
class _Unit:
    """Sizes in one unit: one row each, ordered by country and title; `countries` numbers `names`."""

    titles: Positions
    names: list[str]
    countries: Positions
    sizes: npt.NDArray[np.float64]
    starts: Dates
    ends: Dates
    complete: Flags
    simulated: Flags


class Audience:
    """Observed sizes and who is comparable to whom."""

    def __init__(self, release: Release, entities: Entities, vectors: Vectors, countries: Countries) -> None:
        self._release, self._entities, self._vectors, self._countries = release, entities, vectors, countries

    @cached_property
    def _units(self) -> dict[str, _Unit]:
        table = self._release.table("audience.parquet")
        units = {}
        for unit in pc.unique(table["unit"]).to_pylist():
            part = table.filter(pc.equal(table["unit"], unit))
            start, end = (part[name].to_numpy().astype("datetime64[D]") for name in ("start", "end"))
            codes = part["country"].combine_chunks().dictionary_encode()
            units[unit] = _Unit(
                titles=part["title"].to_numpy().astype(np.int64),
                names=codes.dictionary.to_pylist(),
                countries=codes.indices.to_numpy().astype(np.int64),
                sizes=part["size"].to_numpy(),
                starts=start,
                ends=end,
                complete=part["complete"].to_numpy(),
                simulated=part["simulated"].to_numpy(),
            )
        return units

    @cached_property
    def _launches(self) -> tuple[Dates, Dates]:
        """The earliest and the latest day on which each title may have launched, datetime64 [T]; NaT where unknown."""
        table = self._release.table("titles.parquet", "launch", "year")
        launch = table["launch"].to_numpy().astype("datetime64[D]")
        years = pc.fill_null(table["year"], 0).to_numpy()
        known = years > 0
        first = np.full(len(years), np.datetime64("NaT", "D"))
        last = first.copy()
        starts = (years[known] - 1970).astype("datetime64[Y]")
        first[known], last[known] = starts.astype("datetime64[D]"), (starts + 1).astype("datetime64[D]") - 1
        return np.where(np.isnat(launch), first, launch), np.where(np.isnat(launch), last, launch)

    def features(
        self, titles: Positions, countries: Sequence[str] | None, k: int, before: object | None
    ) -> pd.DataFrame:
        """One row for each title, unit and country. See :meth:`queries.space.TitleSpace.audience_features`."""
        known = sorted({code for unit in self._units.values() for code in unit.names})
        codes = known if countries is None else [self._known(name, known) for name in countries]
        if not codes and countries is not None:
            raise EmptyQuestion("No country is given: the list is empty.")
        limit = None if before is None else _day(before)
        rows: list[dict[str, Any]] = []
        for title in titles.tolist():
            for name, unit in self._units.items():
                rows += self._of(title, name, unit, codes, k, limit)
        return pd.DataFrame(rows, columns=_COLUMNS).astype(dict.fromkeys(_FIGURES, float))

    def _known(self, name: object, known: list[str]) -> str:
        code = self._countries.code(name)
        if code not in known:
            raise NoAudience(code, known)
        return code

    def _of(
        self, title: int, name: str, unit: _Unit, codes: Sequence[str], k: int, limit: np.datetime64 | None
    ) -> list[dict[str, Any]]:
        own = unit.titles == title
        eligible = self._eligible(title, unit, own, limit)
        observed, at = np.unique(unit.titles[eligible], return_inverse=True)
        pairs = [(self._vectors.titles(view), self._vectors.present(view)) for view in CONTENT]
        similar = mean_similarity(pairs, title, observed)  # [observed]
        order = np.argsort(-np.where(np.isnan(similar), -np.inf, similar), kind="stable")
        closest = order[similar[order] > 0][:k]  # NaN is not above 0
        rows = np.flatnonzero(eligible)
        label, identifier = self._entities.label(title), self._entities.ids([title])[0]
        found = []
        for code in codes:
            country = unit.names.index(code) if code in unit.names else -1
            here = np.flatnonzero(unit.countries[rows] == country)  # rows of `rows`
            there = here[similar[at[here]] > 0]
            there = there[np.argsort(-similar[at[there]], kind="stable")][:k]
            weights, sizes = similar[at[there]], unit.sizes[rows[there]]
            mine = np.flatnonzero(own & (unit.countries == country))
            names = self._entities.labels(unit.titles[rows[there]])
            found.append({
                "title_id": identifier, "title": label, "country": code, "unit": name,
                "observed": unit.sizes[mine[0]] if len(mine) else np.nan,
                "comparable_size": _mean(sizes, weights),
                "comparable_count": len(there),
                "comparable_share": _share(similar[closest], np.isin(closest, at[here])),
                "comparable_similarity": float(weights.mean()) if len(there) else np.nan,
                "country_mean": _mean(unit.sizes[rows[here]], np.ones(len(here))),
                "comparables": [f"{n} ({size:,.10g})" for n, size in zip(names, sizes, strict=True)],
                "comparable_ids": self._entities.ids(unit.titles[rows[there]]),
                "simulated": bool(unit.simulated[np.concatenate([rows[here], mine])].any()),
            })  # fmt: skip
        return found

    def _eligible(self, title: int, unit: _Unit, own: Flags, limit: np.datetime64 | None) -> Flags:
        """Rows of comparables that launched before the title, and whose size was known before its own was measured."""
        earliest, latest = self._launches
        starts = unit.starts[own & ~np.isnat(unit.starts)]
        known_by = starts.min() if len(starts) else _NEVER
        launch = earliest[title]
        # Without a date the chart says when it came, or it has not come yet; of a year in which it charted, the day.
        if np.isnat(launch) or launch < known_by <= latest[title]:
            launch = known_by
        if limit is not None:
            launch, known_by = min(launch, limit), min(known_by, limit)
        theirs = np.fmin(latest[unit.titles], unit.starts)  # launched by when it was measured; NaT if neither is known
        ends = np.where(np.isnat(unit.ends), _ALWAYS, unit.ends)
        return np.asarray(~own & unit.complete & ~np.isnat(theirs) & (theirs < launch) & (ends < known_by))


def _mean(sizes: npt.NDArray[np.float64], weights: npt.NDArray[Any]) -> float:
    """Weighted geometric mean of sizes, shifted by one; NaN of none."""
    return float(np.expm1(np.average(np.log1p(np.maximum(sizes, 0)), weights=weights))) if len(sizes) else float("nan")


def _share(weights: npt.NDArray[Any], hits: Flags) -> float:
    return float(weights[hits].sum() / weights.sum()) if len(weights) else float("nan")


def _day(value: object) -> np.datetime64:
    try:
        return np.datetime64(pd.Timestamp(value).date().isoformat())  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise BadQuestion(f"before is {value!r}, but must be a date such as '2022-04-03'.") from error
