"""How well sizes over titles and countries are foreseen, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MEASURES = ("r2", "rmse", "within_country", "within_title", "precision")
_TOP = 10


def ranks(values: Doubles) -> Doubles:
    """Mean ranks along the first axis; NaN stays NaN and takes no rank."""
    from scipy.stats import rankdata

    found = np.asarray(rankdata(np.where(np.isnan(values), np.inf, values), axis=0), dtype=np.float64)
    return np.where(np.isnan(values), np.nan, found)


def centred_ranks(values: Doubles) -> Doubles:
    """Mean ranks along the first axis about their mean; 0 for NaN."""
    found = ranks(values)
    return np.nan_to_num(found - np.nansum(found, axis=0) / np.maximum((~np.isnan(found)).sum(axis=0), 1))


def correlate(a: Doubles, b: Doubles) -> Doubles:
    """Correlation of the columns of centred ranks `a` and `b`; NaN where all of `b` are one, 0 where `a`'s are."""
    scale = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    found = np.divide((a * b).sum(axis=0), scale, out=np.zeros(len(scale)), where=scale > 0)
    return np.where((b**2).sum(axis=0) > 0, found, np.nan)


def spearman(a: Doubles, b: Doubles) -> Doubles:
    """Spearman's correlation of each column of `a` with that of `b`, where `b` is no NaN."""
    return correlate(centred_ranks(np.where(np.isnan(b), np.nan, a)), centred_ranks(b))


def measure(foreseen: Doubles, values: Doubles) -> dict[str, float]:
    """Figures of `foreseen` [n, C] against `values` [n, C]; pairs of which `values` is NaN are not scored."""
    every = np.arange(len(values))
    return _figures(_by_title(foreseen, values), np.nanmean(spearman(np.maximum(foreseen, 0), values)), every, values)


def bootstrap(
    foreseen: Mapping[str, Doubles], values: Doubles, *, against: Sequence[str], repeats: int, seed: int
) -> dict[str, dict[str, Any]]:
    """95 % intervals over titles drawn with replacement: of each model's figures, and of its lead over some models."""
    generator = np.random.default_rng(seed)
    draws = [generator.integers(0, len(values), len(values)) for _ in range(repeats)]
    true = [centred_ranks(values[rows]) for rows in draws]
    figures = {}
    for name, p in foreseen.items():
        p = np.where(np.isnan(values), np.nan, np.maximum(p, 0))
        by_title = _by_title(p, values)
        figures[name] = [
            _figures(by_title, np.nanmean(correlate(centred_ranks(p[rows]), ranked)), rows, values)
            for rows, ranked in zip(draws, true, strict=True)
        ]
    keys = list(figures[against[0]][0])
    table = {name: np.array([[one[key] for key in keys] for one in own]) for name, own in figures.items()}

    def interval(found: Doubles) -> dict[str, list[float]]:
        ends = np.quantile(found, [0.025, 0.975], axis=0).round(4)
        return {key: ends[:, i].tolist() for i, key in enumerate(keys)}

    return {
        name: {"interval": interval(own)} | {f"lead over {other}": interval(own - table[other]) for other in against}
        for name, own in table.items()
    }


def _by_title(foreseen: Doubles, values: Doubles) -> dict[str, Doubles]:
    """What each title adds to the figures: squared errors, correlation over countries, hits among the first ten."""
    foreseen = np.maximum(np.nan_to_num(foreseen), 0)
    found = {
        "squares": np.nansum((foreseen - values) ** 2, axis=1),
        "within_title": spearman(foreseen.T, values.T),
    }
    if not np.isnan(values).any():
        top = np.argsort(-foreseen, axis=1, kind="stable")[:, :_TOP]
        found["precision"] = (np.take_along_axis(values, top, axis=1) > 0).mean(axis=1)
    return found


def _figures(by_title: Mapping[str, Doubles], within_country: Any, rows: Rows, values: Doubles) -> dict[str, float]:
    some = values[rows]
    known = ~np.isnan(some)
    squares = float(by_title["squares"][rows].sum())
    figures = {
        "r2": 1 - squares / float(((some[known] - some[known].mean()) ** 2).sum()),
        "rmse": float(np.sqrt(squares / known.sum())),
        "within_country": float(within_country),
        "within_title": float(np.nanmean(by_title["within_title"][rows])),
    }
    if "precision" in by_title:
        figures["precision"] = float(by_title["precision"][rows].mean())
    return figures
