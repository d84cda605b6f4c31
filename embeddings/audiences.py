"""Who watches a title: co-viewing where viewers are known, and where in the world it is watched.

Sizes are those of a title's first weeks. Charts run for as long as they run, so titles that started late have shorter
histories; a fixed horizon after the first observation makes them comparable.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.fusion import fuse
from embeddings.sparse import reduce, table
from embeddings.views import View, view

#: Columns of the table that `sizes` makes.
SIZES = ["title", "country", "unit", "size", "start", "end", "complete", "simulated"]


def country_code(name: str) -> str:
    """`country:ES` and `es` are `ES`; what is no code of two letters stays as it is."""
    local = name.removeprefix("country:")
    return local.upper() if len(local) == 2 else local


def sizes(catalogue: Catalogue, audience: pd.DataFrame, *, weeks: int) -> pd.DataFrame:
    """Audience of each title by country and unit, over the `weeks` from its first observation anywhere in that unit.

    Several seasons of a series add up; of sources that measure the same thing the largest counts.

    Args:
        catalogue: whose titles.
        audience: as :meth:`kg.KnowledgeGraph.audience` gives it. Sizes without a period are taken as they are.
        weeks: the horizon.

    Returns:
        title (position), country, unit, size, start and end (first and last day counted), complete (whether the unit
        was still measured at the end of the horizon), simulated; ordered by unit, country and title.
    """
    frame = audience.assign(title=catalogue.positions(audience["title"]), country=audience["country"].map(country_code))
    frame = frame[(frame["title"] >= 0) & (frame["title"] < catalogue.num_titles)].copy()
    for column in ("period_start", "period_end"):
        frame[column] = pd.to_datetime(frame[column])
    frame["period_end"] = frame["period_end"].fillna(frame["period_start"])
    first = frame.groupby(["title", "unit"])["period_start"].transform("min")
    limit = first + pd.Timedelta(weeks=weeks)
    measured = frame.groupby(["unit", "source"])["period_end"].transform("max") + pd.Timedelta(days=1)
    frame["complete"] = ~(limit > measured)
    frame = frame[~(frame["period_start"] >= limit)]
    by = ["title", "country", "unit"]
    one = (
        frame.groupby([*by, "source"], dropna=False)
        .agg(
            size=("size", "sum"),
            start=("period_start", "min"),
            end=("period_end", "max"),
            complete=("complete", "all"),
            simulated=("simulated", "any"),
        )
        .reset_index()
    )
    one = one.sort_values("size", ascending=False, kind="stable").drop_duplicates(by)
    return one.sort_values(["unit", "country", "title"], ignore_index=True)[SIZES]


def coviewing_view(catalogue: Catalogue, viewings: pd.DataFrame, *, dim: int, min_viewers: int, seed: int) -> View:
    """Vectors [T, at most dim] of titles with at least `min_viewers` viewers.

    The table of viewers × titles is divided by the square roots of both sides' totals, each raised by its mean so that
    the rarely seen don't dominate, and decomposed (regularised spectral co-clustering; Dhillon, 2001; Qin and Rohe,
    2013). The first axis is popularity and is left out.
    """
    titles = catalogue.positions(viewings["title"])
    at = (titles >= 0) & (titles < catalogue.num_titles)
    own = viewings[at]
    viewers, names = pd.factorize(own["viewer"])
    weights = np.maximum(own["weight"].to_numpy(np.float32), 0)
    matrix = table(viewers.astype(np.int64), titles[at], weights, (max(len(names), 1), catalogue.num_titles))
    known = np.asarray((matrix > 0).sum(axis=0)).ravel() >= min_viewers
    matrix.data[~known[matrix.indices]] = 0
    matrix.eliminate_zeros()
    if matrix.nnz == 0:
        return view("viewings", np.zeros((catalogue.num_titles, 1), dtype=np.float32), "viewings")
    rows, columns = np.asarray(matrix.sum(axis=1)).ravel(), np.asarray(matrix.sum(axis=0)).ravel()
    rows, columns = 1 / np.sqrt(rows + rows.mean()), 1 / np.sqrt(columns + columns[known].mean())
    scaled = matrix.multiply(rows[:, None]).multiply(columns[None, :]).tocsr()
    vectors = reduce(scaled.T.tocsr(), dim + 1, seed=seed)[:, 1:] * columns[:, None]
    return view("viewings", vectors, f"viewings of {len(names):,} viewers", simulated=bool(own["simulated"].any()))


def country_view(catalogue: Catalogue, table_of_sizes: pd.DataFrame, *, dim: int, seed: int) -> View:
    """Vectors [T, at most dim] of titles by where they are watched more than elsewhere.

    The logarithm of a title's size in each country (0 where none is known), less the country's mean and the title's,
    divided by the country's spread, unit by unit; a title that several units measure has the sum.
    """
    countries = sorted(table_of_sizes["country"].unique())
    profile = np.zeros((catalogue.num_titles, max(len(countries), 1)), dtype=np.float32)
    for _, part in table_of_sizes.groupby("unit"):
        rows, positions = pd.factorize(part["title"], sort=True)
        logs = np.zeros((len(positions), len(countries)), dtype=np.float32)
        logs[rows, np.searchsorted(countries, part["country"])] = np.log1p(np.maximum(part["size"], 0))
        logs -= logs.mean(axis=0)
        logs /= np.maximum(logs.std(axis=0), 1e-6)
        profile[positions] += logs - logs.mean(axis=1, keepdims=True)
    units = ", ".join(sorted(table_of_sizes["unit"].unique()))
    made_from = f"sizes ({units}) in {len(countries)} countries"
    rows, columns = np.nonzero(profile)
    vectors = reduce(table(rows, columns, profile[rows, columns], profile.shape), dim, seed=seed)
    return view("countries", vectors, made_from, simulated=bool(table_of_sizes["simulated"].any()))


def audience_view(
    catalogue: Catalogue,
    viewings: pd.DataFrame,
    table_of_sizes: pd.DataFrame,
    *,
    weights: Mapping[str, float],
    dim: int,
    min_viewers: int,
    seed: int,
) -> View:
    """Vectors [T, at most dim] of titles that viewings or sizes by country say something about."""
    parts = [
        coviewing_view(catalogue, viewings, dim=dim, min_viewers=min_viewers, seed=seed),
        country_view(catalogue, table_of_sizes, dim=dim, seed=seed),
    ]
    used = [part for part in parts if part.present.any()]
    made_from = "; ".join(part.made_from for part in used)
    return view("audience", fuse(parts, weights, dim=dim), made_from, simulated=any(part.simulated for part in used))
