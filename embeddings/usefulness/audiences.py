"""Audience by country, asked about the titles that launched last: what is served, simple ways, and what each part adds.

On all that a workspace knows. Which source knew a title tells how it fared better than what the source says, so the
table shows beside the others what the number of a title's inputs tells by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.prediction.build import inputs_of
from embeddings.prediction.comparables import Dates, nearest
from embeddings.prediction.inputs import TitleInputs
from embeddings.prediction.model import LEAST_TITLES, profiles_of, since
from embeddings.prediction.profiles import grams_of
from embeddings.prediction.unit import Observed, UnitModel
from embeddings.usefulness.forecasts import Doubles, bootstrap, measure
from embeddings.views import View

_TESTED = 0.2  # share of the titles, those launched last
_REPEATS = 200
_SERVED = "served"


def foreseen(
    catalogue: Catalogue,
    facts: Facts,
    views: Sequence[View],
    sizes: pd.DataFrame,
    *,
    weeks: int,
    seed: int,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """By unit that has dates and titles enough: "methods" (r2, within_country, within_title, precision, each with its
    interval, and by how much R² of what is served is ahead) and "protocol".

    Args:
        facts: what may be learnt from.
        views: whose vectors count; none of them made from audiences.
        sizes: as :func:`embeddings.audiences.sizes` makes them.
        weeks: the horizon of the sizes.
    """
    inputs = inputs_of(catalogue, facts, views)
    described = np.zeros(inputs.count, dtype=bool)
    for vectors in inputs.vectors.values():
        described |= vectors.any(axis=1)
    found = {}
    for unit, part in sizes.groupby("unit"):
        never = np.full(catalogue.num_titles, np.datetime64("NaT", "D"))
        titles, observed, countries, whole = profiles_of(part, never, weeks)
        own = np.flatnonzero(whole & described[titles] & ~np.isnat(observed.launch) & since(observed.launch))
        if len(own) < 2 * LEAST_TITLES or len(countries) < 3:
            continue
        first = np.sort(observed.launch[own])[int((1 - _TESTED) * len(own))]
        test, train = own[observed.launch[own] >= first], own[observed.over[own] < first]
        if len(train) < LEAST_TITLES or len(test) < LEAST_TITLES // 2:
            continue
        if tell is not None:
            tell(f"audience by country: {unit}")
        known = observed.values[observed.over < first]
        own_inputs = inputs[titles[train]], inputs[titles[test]]
        methods = _methods(*own_inputs, observed[train], observed[test].launch, countries, known, seed)
        found[str(unit)] = {
            "methods": _table(methods, observed[test].values),
            "protocol": (
                f"{len(test):,} titles first measured from {first} on, in {len(countries)} countries, foreseen from "
                f"{len(train):,} whose {weeks} weeks were over by then. Log sizes, absence as zero; Spearman's "
                "correlations within a country over titles and within a title over countries; 95 %, bootstrap over "
                "titles. What a title is described by comes from all sources, so descriptions may be younger than "
                "launches, and how much is known of a title tells by itself how it fared."
            ),
        }
    return found


def _methods(
    learning: TitleInputs,
    asked: TitleInputs,
    observed: Observed,
    launch: Dates,
    countries: Sequence[str],
    everything: Doubles,
    seed: int,
) -> dict[str, Doubles]:
    """What each method foresees, [asked, C]."""

    def served(way: str | None, k: int = 10, plain: bool = False, without: Sequence[str] = ()) -> UnitModel:
        some = learning.without(*without)
        return UnitModel.fit(some, observed, countries, everything=everything, plain=plain, way=way, k=k, seed=seed)

    model = served(None)
    similar = sum(grams_of(model.blocks, asked))
    weights = nearest(np.asarray(similar), observed.over, launch, 20)
    mean = observed.values.mean(axis=0)
    found = {
        _SERVED: model.predict(asked, launch).overall,
        "country means": np.tile(mean, (asked.count, 1)),
        "ridge on all inputs": _ridge(sum(grams_of(model.blocks, learning)), np.asarray(similar), observed.values),
        "comparables alone": weights @ observed.values + (1 - weights.sum(axis=1, keepdims=True)) * mean,
        "how many inputs there are": _ridge(*_counts(learning, asked), observed.values),
    }
    for name in model.blocks.names:
        found[f"without {name}"] = served(model.way, without=[name]).predict(asked.without(name), launch).overall
    found["without country vectors"] = served(model.way, plain=True).predict(asked, launch).overall
    found["without comparables"] = served(model.way, k=0).predict(asked, launch).overall
    return found


def _table(methods: dict[str, Doubles], values: Doubles) -> dict[str, Any]:
    """Figures of each method with their intervals, and the lead of what is served in R²."""
    sure = bootstrap(methods, values, against=(_SERVED,), repeats=_REPEATS, seed=0)
    ours, table = measure(methods[_SERVED], values), {}
    for name, answer in methods.items():
        own = measure(answer, values)
        row: dict[str, Any] = {
            key: {"mean": own[key], "low": ends[0], "high": ends[1]} for key, ends in sure[name]["interval"].items()
        }
        if name != _SERVED:
            low, high = sure[name][f"lead over {_SERVED}"]["r2"]
            row["ahead"] = {"mean": ours["r2"] - own["r2"], "low": -high, "high": -low}
        table[name] = row
    return table


def _ridge(gram: Any, similar: Doubles, values: Doubles) -> Doubles:
    """Kernel ridge regression, its penalty that of the least error on titles left out one at a time."""
    mean, size = values.mean(axis=0), float(np.trace(gram)) / len(gram)
    best: tuple[float, Doubles] | None = None
    for share in (0.1, 0.3, 1.0, 3.0, 10.0):
        inverse = np.linalg.inv(gram + share * max(size, 1e-9) * np.eye(len(gram)))
        solved = inverse @ (values - mean)
        missed = float(((solved / np.diag(inverse)[:, None]) ** 2).mean())
        if best is None or missed < best[0]:
            best = missed, solved
    assert best is not None
    return np.asarray(mean + similar @ best[1])


def _counts(learning: TitleInputs, asked: TitleInputs) -> tuple[Doubles, Doubles]:
    """Products of how many inputs titles have, learning × learning and asked × learning."""

    def of(inputs: TitleInputs) -> Doubles:
        many = [np.log1p(np.bincount(bag["row"].to_numpy(np.int64), minlength=inputs.count)) for bag in bags(inputs)]
        return np.stack([*many, *(v.any(axis=1) for v in inputs.vectors.values())], axis=1).astype(np.float64)

    def bags(inputs: TitleInputs) -> list[pd.DataFrame]:
        return [inputs.bags[name] for name in sorted(inputs.bags)]

    a, b = of(learning), of(asked)
    centre, spread = a.mean(axis=0), np.maximum(a.std(axis=0), 1e-9)
    a, b = (a - centre) / spread, (b - centre) / spread
    return a @ a.T, b @ a.T
