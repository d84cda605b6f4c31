"""What audience to expect: what comparable titles had, country by country.

Charts are censored: no size known somewhere means that a title was too small there or not to be had, and not that
nobody watched. So two figures stand side by side: how large the comparables with a known size were, and what share of
the comparables have one there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from embeddings.best import top
from embeddings.release import Release
from queries.asked import Asked
from queries.countries import Countries
from queries.entities import Entities, Flags, Positions
from queries.errors import EmptyQuestion, NoAudience
from queries.launches import Dates, day, launches
from queries.nodes import Drafted, Node
from queries.vectors import Floats, Vectors, mean_similarity

#: The views that know nothing of audiences; comparables are chosen by them, or a title's own audience would choose.
CONTENT = ("graph", "theme")

_COLUMNS = [
    "title_id",
    "title",
    "country",
    "unit",
    "observed",
    "comparable_size",
    "comparable_count",
    "comparable_share",
    "comparable_similarity",
    "country_mean",
    "comparables",
    "comparable_ids",
    "simulated",
]
_FIGURES = ("observed", "comparable_size", "comparable_share", "comparable_similarity", "country_mean")
_NEVER, _ALWAYS = np.datetime64("9999-12-31"), np.datetime64("0001-01-01")


@dataclass(frozen=True, slots=True)
class _Unit:
    """Sizes in one unit, n rows ordered by country and title.

    Attributes:
        titles: the title of each row, [n].
        observed: every title that has a row, ascending, [u]; `at` [n] is where in it each row's title stands.
        rows: the rows of each country.
        sizes, simulated: of each row, [n].
        starts, ends: first and last day measured, [n]; NaT where it is not known.
        complete: whether the horizon was over, [n].
        launched: a day by which the title had launched, [n]; NaT where it is not known.
    """

    titles: Positions
    observed: Positions
    at: Positions
    rows: dict[str, slice]
    sizes: npt.NDArray[np.float64]
    simulated: Flags
    starts: Dates
    ends: Dates
    complete: Flags
    launched: Dates


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
            titles = part["title"].to_numpy().astype(np.int64)
            starts, ends = (part[name].to_numpy().astype("datetime64[D]") for name in ("start", "end"))
            observed, at = np.unique(titles, return_inverse=True)
            codes = part["country"].combine_chunks().dictionary_encode()  # numbered as they come: in order
            bounds = np.searchsorted(codes.indices.to_numpy(), np.arange(len(codes.dictionary) + 1)).tolist()
            slices = [slice(low, high) for low, high in pairwise(bounds)]
            units[unit] = _Unit(
                titles=titles,
                observed=observed,
                at=at,
                rows=dict(zip(codes.dictionary.to_pylist(), slices, strict=True)),
                sizes=part["size"].to_numpy(),
                simulated=part["simulated"].to_numpy(),
                starts=starts,
                ends=np.where(np.isnat(ends), _ALWAYS, ends),
                complete=part["complete"].to_numpy(),
                launched=np.fmin(self._launches[1][titles], starts),  # by when it was measured
            )
        return units

    @cached_property
    def _launches(self) -> tuple[Dates, Dates]:
        return launches(self._release)

    def features(self, asked: Asked, countries: Sequence[str] | None, k: int, before: object | None) -> pd.DataFrame:
        """One row for each title, unit and country. See :meth:`queries.space.TitleSpace.audience_features`."""
        known = sorted({code for unit in self._units.values() for code in unit.rows})
        codes = known if countries is None else [self._known(name, known) for name in countries]
        if not codes and countries is not None:
            raise EmptyQuestion("No country is given: the list is empty.")
        limit = None if before is None else day(before)
        rows: list[dict[str, Any]] = []
        vectors = {view: asked.vectors(view)[0] for view in CONTENT}
        for number, (node, card) in enumerate(zip(asked.nodes, zip(asked.ids, asked.labels, strict=True), strict=True)):
            own = {view: rows_of[number] for view, rows_of in vectors.items()}
            for name, unit in self._units.items():
                rows += self._of(node, card, own, name, unit, codes, k, limit)
        return pd.DataFrame(rows, columns=_COLUMNS).astype(dict.fromkeys(_FIGURES, float))

    def _known(self, name: object, known: list[str]) -> str:
        code = self._countries.code(name)
        if code not in known:
            raise NoAudience(code, known)
        return code

    def _of(
        self,
        title: Node,
        card: tuple[str, str],
        vectors: Mapping[str, Floats],
        name: str,
        unit: _Unit,
        codes: Sequence[str],
        k: int,
        limit: np.datetime64 | None,
    ) -> list[dict[str, Any]]:
        own = unit.titles == title if isinstance(title, int) else np.zeros(len(unit.titles), dtype=bool)
        eligible = self._eligible(title, unit, own, limit)
        views = [(self._vectors.titles(view), self._vectors.present(view), vectors[view]) for view in CONTENT]
        similar = mean_similarity(views, unit.observed)  # [u]
        similar = np.where(similar > 0, similar, 0)  # nor is NaN above 0
        anywhere = np.zeros(len(unit.observed), dtype=bool)
        anywhere[unit.at[eligible]] = True
        closest = _closest(np.where(anywhere, similar, 0), k)
        identifier, label = card
        found = []
        for code in codes:
            rows = np.arange(len(own))[unit.rows.get(code, slice(0))]
            here = rows[eligible[rows]]
            there = here[_closest(similar[unit.at[here]], k)]
            weights, sizes = similar[unit.at[there]], unit.sizes[there]
            mine = rows[own[rows]]
            names = self._entities.labels(unit.titles[there])
            found.append(
                {
                    "title_id": identifier,
                    "title": label,
                    "country": code,
                    "unit": name,
                    "observed": unit.sizes[mine[0]] if len(mine) else np.nan,
                    "comparable_size": _mean(sizes, weights),
                    "comparable_count": len(there),
                    "comparable_share": _share(similar[closest], np.isin(closest, unit.at[here])),
                    "comparable_similarity": float(weights.mean()) if len(there) else np.nan,
                    "country_mean": _mean(unit.sizes[here], np.ones(len(here))),
                    "comparables": [f"{n} ({size:,.10g})" for n, size in zip(names, sizes, strict=True)],
                    "comparable_ids": self._entities.ids(unit.titles[there]),
                    "simulated": bool(unit.simulated[np.concatenate([here, mine])].any()),
                }
            )
        return found

    def _eligible(self, title: Node, unit: _Unit, own: Flags, limit: np.datetime64 | None) -> Flags:
        """Rows of comparables that launched before the title, and whose size was known before its own was measured."""
        earliest, latest = self._launches
        starts = unit.starts[own & ~np.isnat(unit.starts)]
        known_by = starts.min() if len(starts) else _NEVER
        if isinstance(title, Drafted):
            said = _NEVER if title.launch is None else np.datetime64(title.launch.isoformat())
            launch = said if limit is None else min(said, limit)
            return np.asarray(unit.complete & (unit.launched < launch) & (unit.ends < launch))
        launch = earliest[title]
        # Without a date the chart says when it came, or it has not come yet; of a year in which it charted, the day.
        if np.isnat(launch) or launch < known_by <= latest[title]:
            launch = known_by
        if limit is not None:
            launch, known_by = min(launch, limit), min(known_by, limit)
        # NaT is before nothing.
        return np.asarray(~own & unit.complete & (unit.launched < launch) & (unit.ends < known_by))


def _closest(similar: Floats, k: int) -> Positions:
    """Positions of the `k` largest similarities above 0, the largest first."""
    known = np.nan_to_num(similar)
    at = top(known, k)
    return at[known[at] > 0]


def _mean(sizes: npt.NDArray[np.float64], weights: npt.NDArray[Any]) -> float:
    """Weighted geometric mean of sizes, shifted by one; NaN of none."""
    return float(np.expm1(np.average(np.log1p(np.maximum(sizes, 0)), weights=weights))) if len(sizes) else float("nan")


def _share(weights: npt.NDArray[Any], hits: Flags) -> float:
    return float(weights[hits].sum() / weights.sum()) if len(weights) else float("nan")
