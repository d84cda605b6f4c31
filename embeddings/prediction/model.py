"""What audience a title can expect, country by country: one model for each unit, never mixed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

from embeddings.prediction.comparables import Dates
from embeddings.prediction.inputs import TitleInputs
from embeddings.prediction.unit import Observed, UnitModel
from embeddings.views import IntArray

#: Of a release.
FOLDER = "audience_model"
FILE, ARRAYS = "model.json", "arrays-{}.safetensors"
#: Fewer titles with sizes than these teach nothing.
LEAST_TITLES = 30
#: Columns of what `AudienceModel.predict` gives.
COLUMNS = ["row", "country", "unit", "rank", "probability", "expected", "low", "high", "overall"]

_FIRST_WEEKS, _LONG = np.timedelta64(28, "D"), np.timedelta64(182, "D")
_COLUMNS = {"country": "str", "unit": "str"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """A unit's model, the positions and identifiers of the titles that it learnt from, and what was measured of it."""

    model: UnitModel
    titles: IntArray
    ids: Sequence[str]
    simulated: bool
    report: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class AudienceModel:
    """Foresees sizes by title, country and unit.

    Attributes:
        units: the model of each unit.
        views: whose vectors it learnt from.
        relations: whose tails filled its bags, by bag.

    >>> model = fit_audience(sizes, inputs, ids, launches, weeks=8, seed=0)        # doctest: +SKIP
    >>> model.predict(inputs[rows], before=launches[rows], own=rows)               # doctest: +SKIP
    """

    units: Mapping[str, Unit]
    views: Sequence[str] = ()
    relations: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def predict(
        self,
        inputs: TitleInputs,
        before: Dates,
        *,
        own: IntArray | None = None,
        countries: Sequence[str] | None = None,
        k: int = 5,
    ) -> pd.DataFrame:
        """What m titles can expect.

        Args:
            inputs: what is known of them.
            before: the launch of each, datetime64 [m]; comparables' audiences were known by then.
            own: the position of each in the release, −1 for a draft, [m]. A title that was learnt from is answered as
                if it had not been.
            countries: codes; default: all that a unit has. A unit that knows none of them gives no rows.
            k: at most so many comparables are named.

        Returns:
            row (0 … m − 1), country, unit, rank (of the country among all of this title's), probability (of a size
            there, for a title that has one anywhere), expected (size where there is one), low and high (of its
            interval), overall (size with absence as zero, geometric; ranks go by it); comparables: the positions of the
            learning titles that had a size there, their sizes and their weights, as lists.
        """
        parts = [self._of(name, unit, inputs, before, own, countries, k) for name, unit in self.units.items()]
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS, *_LISTS])
        return frame.astype(_COLUMNS)

    @staticmethod
    def _of(
        name: str,
        unit: Unit,
        inputs: TitleInputs,
        before: Dates,
        own: IntArray | None,
        countries: Sequence[str] | None,
        k: int,
    ) -> pd.DataFrame:
        model = unit.model
        at = None
        if own is not None:
            known = pd.Series(np.arange(len(unit.titles)), index=unit.titles)
            at = known.reindex(own).fillna(-1).to_numpy(np.int64)
        forecast = model.predict(inputs, before, at)
        ranks = (-forecast.overall).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") + 1
        codes = {code: i for i, code in enumerate(model.countries)}
        asked = [codes[code] for code in (model.countries if countries is None else countries) if code in codes]
        m, c = inputs.count, len(asked)
        frame = pd.DataFrame(
            {
                "row": np.repeat(np.arange(m), c),
                "country": np.tile(np.array(model.countries, dtype=object)[asked], m),
                "unit": name,
                "rank": ranks[:, asked].ravel(),
                "probability": forecast.presence[:, asked].ravel(),
                "expected": np.expm1(forecast.present_size[:, asked]).ravel(),
                "low": np.expm1(forecast.low[:, asked]).ravel(),
                "high": np.expm1(forecast.high[:, asked]).ravel(),
                "overall": np.expm1(forecast.overall[:, asked]).ravel(),
            }
        )
        named: list[tuple[list[int], list[float], list[float]]] = []
        for weights in forecast.weights:
            nearest = np.argsort(-weights, kind="stable")[: int((weights > 0).sum())]
            for country in asked:
                sizes = np.expm1(model.observed.values[nearest, country])
                there = np.flatnonzero(sizes > 0)[:k]
                some = nearest[there]
                named.append((unit.titles[some].tolist(), sizes[there].round(6).tolist(), weights[some].tolist()))
        for i, column in enumerate(_LISTS):
            frame[column] = pd.Series([one[i] for one in named], dtype=object)
        return frame

    @property
    def report(self) -> dict[str, Any]:
        """What was measured, by unit, with the protocol in words."""
        return {name: dict(unit.report) for name, unit in self.units.items()}

    def save(self, folder: Path) -> None:
        """Write model.json and one file of arrays a unit."""
        folder.mkdir(parents=True, exist_ok=True)
        about = []
        for i, (name, unit) in enumerate(self.units.items()):
            arrays = unit.model.arrays() | {"titles": unit.titles}
            save_file({key: np.ascontiguousarray(values) for key, values in arrays.items()}, folder / ARRAYS.format(i))
            about.append(
                {
                    "unit": name,
                    "countries": list(unit.model.countries),
                    "ids": list(unit.ids),
                    "simulated": unit.simulated,
                    "way": unit.model.way,
                    "errors": dict(unit.model.errors),
                    "report": dict(unit.report),
                }
            )
        relations = {name: sorted(some) for name, some in self.relations.items()}
        description = {"views": list(self.views), "relations": relations, "units": about}
        text = json.dumps(description, ensure_ascii=False, indent=1) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> AudienceModel:
        """Read what `save` wrote; NumPy is enough."""
        description = json.loads((folder / FILE).read_text(encoding="utf-8"))
        units = {}
        for i, about in enumerate(description["units"]):
            arrays = load_file(folder / ARRAYS.format(i))
            titles = arrays.pop("titles")
            units[about["unit"]] = Unit(
                model=UnitModel.from_arrays(about["countries"], arrays, about["way"], about["errors"]),
                titles=titles,
                ids=about["ids"],
                simulated=about["simulated"],
                report=about["report"],
            )
        return cls(units, description["views"], description["relations"])


_LISTS = ("comparables", "comparable_sizes", "comparable_weights")


def fit_audience(
    sizes: pd.DataFrame,
    inputs: TitleInputs,
    ids: Sequence[str],
    launches: Dates,
    *,
    weeks: int,
    k: int = 10,
    coverage: float = 0.8,
    relations: Mapping[str, Sequence[str]] | None = None,
    start: AudienceModel | None = None,
    seed: int,
) -> AudienceModel:
    """Learn, unit by unit, from every described title that was measured from its launch to its horizon's end.

    Args:
        sizes: as :func:`embeddings.audiences.sizes` makes them.
        inputs: of all T titles.
        ids: their identifiers.
        launches: when each launched, datetime64 [T], NaT where unknown; used where sizes have no dates.
        weeks: the horizon of the sizes.
        k: comparables of a title.
        coverage: of the intervals.
        relations: whose tails filled the bags of `inputs`, by bag; kept for those who make inputs of other titles.
        start: the model of a catalogue much like this one, whose choices are kept unit by unit.
        seed: of everything random.
    """
    described = np.zeros(inputs.count, dtype=bool)
    for values in inputs.vectors.values():
        described |= values.any(axis=1)
    for name in {"tags", "people"} & set(inputs.bags):
        described[inputs.bags[name]["row"].to_numpy(np.int64)] = True
    units = {}
    before = {} if start is None else start.units
    for name, part in ((str(unit), part) for unit, part in sizes.groupby("unit")):
        titles, observed, countries, whole = profiles_of(part, launches, weeks)
        learning = np.flatnonzero(whole & described[titles] & since(observed.launch))
        if len(learning) < LEAST_TITLES or len(countries) < 2:
            continue
        own = titles[learning]
        model = UnitModel.fit(
            inputs[own],
            observed[learning],
            countries,
            everything=observed.values[whole],
            k=k,
            coverage=coverage,
            start=before[name].model if name in before else None,
            seed=seed,
        )
        units[name] = Unit(
            model=model,
            titles=own,
            ids=[ids[i] for i in own.tolist()],
            simulated=bool(part["simulated"].any()),
            report=report_of(model, weeks),
        )
    return AudienceModel(units, sorted(inputs.vectors), relations or {})


def profiles_of(
    part: pd.DataFrame, launches: Dates, weeks: int
) -> tuple[IntArray, Observed, list[str], npt.NDArray[np.bool_]]:
    """The sizes of one unit as profiles.

    Returns titles (positions, ascending, [n]), what they gathered in C countries, the countries' codes, and whether
    each title's horizon is over, bool [n].
    """
    titles, rows = np.unique(part["title"].to_numpy(np.int64), return_inverse=True)
    countries = sorted(part["country"].unique())
    values = np.zeros((len(titles), len(countries)))
    values[rows, np.searchsorted(countries, part["country"])] = np.log1p(np.maximum(part["size"], 0))
    by_title = part.groupby("title")
    start: Dates = by_title["start"].min().to_numpy().astype("datetime64[D]")
    over: Dates = (start + np.timedelta64(7 * weeks - 1, "D")).astype("datetime64[D]")
    observed = Observed(values=values, launch=np.where(np.isnat(start), launches[titles], start), over=over)
    return titles, observed, countries, by_title["complete"].all().to_numpy(bool)


def since(launch: Dates) -> npt.NDArray[np.bool_]:
    """Which titles may have sizes that are whole, bool [n]: not those that may have been out when measuring began.

    Where measuring went on for half a year at least, these are the titles first seen in its first four weeks.
    """
    known = launch[~np.isnat(launch)]
    if not len(known) or known.max() - known.min() < _LONG:
        return np.ones(len(launch), dtype=bool)
    return np.asarray(np.isnat(launch) | (launch >= known.min() + _FIRST_WEEKS))


def report_of(model: UnitModel, weeks: int) -> dict[str, Any]:
    """What was measured while learning: each title foreseen without itself."""
    values, foreseen = model.observed.values, np.maximum(model.size.left_out, 0)
    spread = float(((values - values.mean()) ** 2).sum()) or 1.0
    by_country = values - values.mean(axis=0)
    return {
        "titles": len(values),
        "countries": len(model.countries),
        "served": model.way,
        "why": "the least mean squared error of "
        + ", ".join(f"{way} {error:.4f}" for way, error in model.errors.items())
        + " on the fifth of the titles that launched last, the readings learnt on the others",
        "r2": 1 - float(((values - foreseen) ** 2).sum()) / spread,
        "r2_country_means": 1 - float((by_country**2).sum()) / spread,
        "protocol": f"Natural logarithm of one plus what a title gathers in the {weeks} weeks from its first "
        "observation anywhere, absence as zero; profiles over countries of titles foreseen by kernel regression, each "
        "title left out in turn; titles that may have been out before measuring began are left out.",
    }
