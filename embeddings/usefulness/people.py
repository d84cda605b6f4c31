"""What people can look at: nearest titles by view, pairs of titles and pairs of countries with similar audiences.

Beside every similarity stand the year and how many watch a title: two titles may be alike in nothing but their era, or
in being known to everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from embeddings.release import Release
from embeddings.usefulness.measures import Floats
from embeddings.views import IntArray, unit

_TITLES, _NEAREST, _PAIRS = 20, 10, 20
_MOST = 500  # titles, those known best, among which pairs are looked for


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """How well the T titles of a release are known.

    Attributes:
        names, years: label, and year (NaN where unknown).
        viewers: how many people in the viewings watched each.
        countries: in how many countries its audience is known.
        fame: 0 for the one known best, 1 for the next, …, by viewers, by the size of its audience, then by its facts.
    """

    names: Sequence[str]
    years: Floats
    viewers: IntArray
    countries: IntArray
    fame: IntArray

    @classmethod
    def of(cls, release: Release, viewings: pd.DataFrame) -> Known:
        """From a release and the viewings of its workspace."""
        about = release.table("titles.parquet", "id", "label", "year").to_pandas()
        n = len(about)
        seen = viewings.groupby("title")["viewer"].nunique() if len(viewings) else pd.Series(dtype=np.int64)
        viewers: IntArray = seen.reindex(about["id"]).fillna(0).to_numpy().astype(np.int64)
        audience = release.table("audience.parquet", "title", "country", "unit", "size").to_pandas()
        measured = audience.groupby("title")["country"].nunique()
        countries: IntArray = measured.reindex(range(n)).fillna(0).to_numpy().astype(np.int64)
        facts = np.diff(np.asarray(release.array("facts/out.offsets.npy")))[:n]
        ranks = [_ranks(viewers)]
        for _, part in audience.groupby("unit"):
            ranks.append(_ranks(part.groupby("title")["size"].sum().reindex(range(n)).fillna(0).to_numpy()))
        best = np.min(ranks, axis=0)
        order = np.lexsort((-facts, best))
        fame = np.empty(n, dtype=np.int64)
        fame[order] = np.arange(n)
        years = about["year"].to_numpy(np.float64, na_value=np.nan)
        return cls(names=about["label"].tolist(), years=years, viewers=viewers, countries=countries, fame=fame)

    def __call__(self, title: int) -> dict[str, Any]:
        """title, year, viewers and countries of one."""
        year = self.years[title]
        return {
            "title": str(self.names[title]),
            "year": None if np.isnan(year) else int(year),
            "viewers": int(self.viewers[title]),
            "countries": int(self.countries[title]),
        }


def for_people(release: Release, viewings: pd.DataFrame) -> dict[str, Any]:
    """titles: the 20 that are known best, with the ten nearest by view; title_pairs; country_pairs."""
    known = Known.of(release, viewings)
    views = list(release.manifest["views"])
    n = len(known.names)
    present = {view: np.asarray(release.array(f"vectors/{view}.present.npy"))[:n] for view in views}
    vectors = {view: np.asarray(release.array(f"vectors/{view}.npy"))[:n] for view in views}
    titles = []
    for title in np.argsort(known.fame)[:_TITLES].tolist():
        nearest = {}
        for view in views:
            if present[view][title]:
                scores = np.where(present[view], vectors[view] @ vectors[view][title], -np.inf)
                scores[title] = -np.inf
                order = np.argsort(-scores, kind="stable")[:_NEAREST].tolist()
                nearest[view] = [known(i) | {"similarity": float(scores[i])} for i in order if np.isfinite(scores[i])]
        titles.append(known(title) | {"nearest": nearest})
    pairs = [] if "audience" not in views else _title_pairs(vectors["audience"], present["audience"], known)
    return {"titles": titles, "title_pairs": pairs, "country_pairs": _countries(release)}


def _title_pairs(vectors: Any, present: Any, known: Known) -> list[dict[str, Any]]:
    """Pairs nearest in the audience view, each title once, among those that are known best."""
    rows = np.flatnonzero(present)
    rows = rows[np.argsort(known.fame[rows], kind="stable")[:_MOST]]
    return [{"a": known(int(rows[i])), "b": known(int(rows[j])), "similarity": s} for i, j, s in _pairs(vectors[rows])]


def _countries(release: Release) -> list[dict[str, Any]]:
    """Pairs of countries that watch the same titles more than others do: profiles of log size, unit by unit."""
    frame = release.table("audience.parquet").to_pandas()
    found = []
    for unit_name, part in frame.groupby("unit"):
        table = part.pivot_table(index="country", columns="title", values="size", aggfunc="sum", fill_value=0.0)
        if len(table) < 3:
            continue
        logs = np.log1p(table.to_numpy(np.float64).clip(min=0))
        logs = logs - logs.mean(axis=0)
        logs = unit(logs - logs.mean(axis=1, keepdims=True))
        found += [
            {"unit": str(unit_name), "a": str(table.index[i]), "b": str(table.index[j]), "similarity": s}
            for i, j, s in _pairs(logs, once=False)
        ]
    return found


def _ranks(values: Any) -> IntArray:
    """0 for the largest; those that have nothing come after all."""
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return np.where(values > 0, ranks, len(values))


def _pairs(vectors: Any, *, once: bool = True) -> list[tuple[int, int, float]]:
    """The most similar pairs of rows; with `once`, no row twice."""
    scores = np.triu(vectors @ vectors.T, 1)
    scores[np.tril_indices(len(scores))] = -np.inf
    order = np.argsort(-scores, axis=None, kind="stable")[: _PAIRS * 50]
    found: list[tuple[int, int, float]] = []
    used: set[int] = set()
    for at in order.tolist():
        i, j = divmod(at, len(scores))
        if np.isfinite(scores[i, j]) and not (once and used & {i, j}):
            found.append((i, j, float(scores[i, j])))
            used |= {i, j}
        if len(found) == _PAIRS:
            break
    return found
