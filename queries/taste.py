"""Which countries watch alike: who watches more than elsewhere what others watch more than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.best import top
from embeddings.release import Release
from queries.countries import Countries
from queries.entities import Entities, Positions
from queries.errors import EmptyQuestion, NoAudience
from queries.nodes import Node

_REASONS = 5
#: Countries with fewer titles than this in common are not compared.
_LEAST_COMMON = 5


@dataclass(frozen=True, eq=False)
class _Tastes:
    """Sizes in one unit as they differ from what is usual.

    Attributes:
        countries: codes, [c].
        titles: positions, [n].
        values: [c, n]; how much larger the title was there than it was elsewhere and than titles are there, in
            standard deviations of the country's titles. What nobody measured counts as the smallest size there is.
        measured: whether a size is known, bool [c, n].
        simulated: whether any of it is.
    """

    countries: list[str]
    titles: Positions
    values: npt.NDArray[np.float32]
    measured: npt.NDArray[np.bool_]
    simulated: bool


class Taste:
    """Answers :meth:`queries.space.TitleSpace.countries_like`."""

    def __init__(self, release: Release, entities: Entities, countries: Countries) -> None:
        self._release, self._entities, self._countries = release, entities, countries

    @cached_property
    def _units(self) -> dict[str, _Tastes]:
        frame = self._release.table("audience.parquet", "title", "country", "unit", "size", "simulated").to_pandas()
        return {str(unit): _tastes(part) for unit, part in frame.groupby("unit")}

    def __call__(self, country: object, k: int) -> pd.DataFrame:
        """One row a unit and country; see :meth:`queries.space.TitleSpace.countries_like`."""
        if isinstance(country, list | tuple | set | frozenset | pd.Series | pd.Index | np.ndarray):
            if not len(country):
                raise EmptyQuestion("No country is given: the list is empty.")
            found = {code: self(code, k) for code in dict.fromkeys(self._countries.code(one) for one in country)}
            every = pd.concat(found, names=["query"]).reset_index("query").reset_index(drop=True)
            return every.astype({"query": "str"})
        code = self._countries.code(country)
        known = sorted({name for tastes in self._units.values() for name in tastes.countries})
        if code not in known:
            raise NoAudience(code, known)
        parts = [self._like(code, unit, tastes, k) for unit, tastes in self._units.items() if code in tastes.countries]
        return pd.concat(parts, ignore_index=True)

    def markets(self) -> pd.DataFrame:
        """Where an audience is known; see :meth:`queries.space.TitleSpace.markets`."""
        frame = self._release.table("audience.parquet", "title", "country", "unit", "simulated").to_pandas()
        found = frame.groupby(["country", "unit"], as_index=False, observed=True).agg(
            titles=("title", "nunique"), simulated=("simulated", "any")
        )
        return found.sort_values(["titles", "country", "unit"], ascending=[False, True, True], ignore_index=True)

    def shared(self, a: Node, b: Node) -> list[tuple[str, str, float]]:
        """Countries where two titles were larger than is usual for them: code, name, the lesser of the two values."""
        found: dict[str, float] = {}
        for tastes in self._units.values():
            at = [int(i) for title in (a, b) if isinstance(title, int) for i in np.flatnonzero(tastes.titles == title)]
            if len(at) < 2:
                continue
            least = tastes.values[:, at].min(axis=1)
            both = tastes.measured[:, at].all(axis=1) & (least > 0)
            for i in np.flatnonzero(both).tolist():
                code = tastes.countries[i]
                found[code] = max(found.get(code, 0.0), float(least[i]))
        largest = sorted(found.items(), key=lambda item: -item[1])[:_REASONS]
        return [(code, self._name(code), value) for code, value in largest]

    def _like(self, code: str, unit: str, tastes: _Tastes, k: int) -> pd.DataFrame:
        own = tastes.countries.index(code)
        common = (tastes.measured & tastes.measured[own]).sum(axis=1)
        lengths = np.linalg.norm(tastes.values, axis=1)
        cosines = tastes.values @ tastes.values[own] / np.maximum(lengths * lengths[own], 1e-6)
        cosines[(common < _LEAST_COMMON) | (np.arange(len(cosines)) == own)] = -np.inf
        found = top(cosines.astype(np.float32), k)
        found = found[np.isfinite(cosines[found])]
        reasons = [self._reasons(tastes, own, other) for other in found.tolist()]
        codes = [tastes.countries[i] for i in found]
        return pd.DataFrame(
            {
                "rank": np.arange(1, len(found) + 1),
                "country": codes,
                "name": [self._name(name) for name in codes],
                "unit": unit,
                "similarity": cosines[found],
                "titles": common[found],
                "because": pd.array(["; ".join(self._entities.labels(titles)) for titles in reasons], dtype="str"),
                "because_ids": pd.Series([self._entities.ids(titles) for titles in reasons], dtype=object),
                "simulated": tastes.simulated,
            }
        )

    def _reasons(self, tastes: _Tastes, own: int, other: int) -> Positions:
        """Titles that both watch more than others do: those for which the lesser of the two is the largest."""
        least = np.minimum(tastes.values[own], tastes.values[other])
        least[~(tastes.measured[own] & tastes.measured[other])] = 0
        at = top(least, _REASONS)
        return tastes.titles[at[least[at] > 0]]

    def _name(self, code: str) -> str:
        found = self._countries.entities(code)
        if found:
            return self._entities.labels(found[:1])[0]
        import pycountry

        known = pycountry.countries.get(alpha_2=code)
        return str(getattr(known, "common_name", known.name)) if known else code


def _tastes(frame: pd.DataFrame) -> _Tastes:
    """Sizes of one unit (title, country, size, simulated), as far as they are not what size and country explain."""
    countries, rows = np.unique(frame["country"].to_numpy(str), return_inverse=True)
    titles, columns = np.unique(frame["title"].to_numpy(np.int64), return_inverse=True)
    logs = np.zeros((len(countries), len(titles)), dtype=np.float32)
    measured = np.zeros(logs.shape, dtype=bool)
    logs[rows, columns] = np.log1p(np.maximum(frame["size"].to_numpy(float), 0))
    measured[rows, columns] = True
    # What no chart shows was no larger than the smallest that it does.
    logs = np.where(measured, logs, np.where(measured, logs, np.inf).min(axis=1, keepdims=True))
    # Both means at once; then each country's spread to 1, for a long chart is no stronger taste than a short one.
    logs -= logs.mean(axis=0)
    logs -= logs.mean(axis=1, keepdims=True)
    logs /= np.maximum(logs.std(axis=1, keepdims=True), 1e-6)
    return _Tastes(countries.tolist(), titles, logs, measured, bool(frame["simulated"].any()))
