"""Kind, year, countries and languages as a small vector."""

from __future__ import annotations

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.rarity import rarity
from embeddings.sparse import reduce, table
from embeddings.views import View, view

_DECADES = np.arange(1900, 2040, 10)


def metadata_view(catalogue: Catalogue, *, dim: int, seed: int) -> View:
    """Vectors [T, at most dim]: a year counts to the two nearest decades, in proportion; a rare country counts more."""
    titles = catalogue.titles
    parts = [_multi(titles[column], column) for column in ("countries", "languages")]
    parts.append(_multi(titles["kind"].map(lambda kind: [kind] if isinstance(kind, str) else None), "kind"))
    parts.append(_decades(titles["year"]))
    cells = pd.concat(parts, ignore_index=True)
    columns, names = pd.factorize(cells["feature"], sort=True)
    rows = cells["row"].to_numpy(np.int64)
    counts = np.bincount(columns, minlength=len(names))
    fields = pd.Series(names).str.partition(":")[0].map(cells.groupby("field")["row"].nunique())
    values = cells["value"].to_numpy(np.float32) * rarity(counts, fields)[columns]
    matrix = table(rows, columns.astype(np.int64), values, (len(titles), max(len(names), 1)))
    return view("metadata", reduce(matrix, dim, seed=seed), "kind, year, countries and languages")


def _multi(values: pd.Series, name: str) -> pd.DataFrame:
    """One row for each value of each title's list."""
    long = pd.DataFrame({"row": np.arange(len(values)), "value": values.array}).explode("value").dropna()
    return long.assign(field=name, feature=name + ":" + long["value"].astype(str), value=1.0)


def _decades(years: pd.Series) -> pd.DataFrame:
    known = years.notna().to_numpy()
    at = np.clip((years[known].to_numpy(np.float64) - _DECADES[0]) / 10, 0, len(_DECADES) - 1.001)
    low = np.floor(at).astype(int)
    rows = np.flatnonzero(known)
    parts = [
        pd.DataFrame(
            {"row": rows, "field": "year", "feature": [f"year:{d}" for d in _DECADES[low + step]], "value": share}
        )
        for step, share in ((0, 1 - (at - low)), (1, at - low))
    ]
    return pd.concat(parts, ignore_index=True)
