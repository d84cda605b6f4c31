"""What people can look at: nearest titles by view, pairs of titles and pairs of countries with similar audiences."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.release import Release
from embeddings.views import unit

_TITLES, _NEAREST, _PAIRS = 20, 10, 20
_MOST = 2000  # titles among which pairs are looked for


def for_people(release: Release) -> dict[str, Any]:
    """titles: the 20 of which most is known, with the ten nearest by view; title_pairs; country_pairs."""
    about = release.table("titles.parquet", "label", "year").to_pydict()
    names = [f"{n} ({int(y)})" if y == y and y is not None else str(n) for n, y in zip(*about.values(), strict=True)]
    views = list(release.manifest["views"])
    known = np.diff(np.asarray(release.array("facts/out.offsets.npy")))[: len(names)]
    present = {view: np.asarray(release.array(f"vectors/{view}.present.npy"))[: len(names)] for view in views}
    vectors = {view: np.asarray(release.array(f"vectors/{view}.npy"))[: len(names)] for view in views}
    fame = known * sum(present[view].astype(float) for view in views)
    famous = np.argsort(-fame, kind="stable")[:_TITLES]
    titles = []
    for title in famous:
        nearest = {}
        for view in views:
            if present[view][title]:
                scores = vectors[view] @ vectors[view][title]
                scores[title] = -np.inf
                scores[~present[view]] = -np.inf
                order = np.argsort(-scores, kind="stable")[:_NEAREST]
                nearest[view] = [{"title": names[i], "similarity": float(scores[i])} for i in order]
        titles.append({"title": names[title], "nearest": nearest})
    return {"titles": titles, "title_pairs": _title_pairs(release, names, known), "country_pairs": _countries(release)}


def _title_pairs(release: Release, names: list[str], known: Any) -> list[dict[str, Any]]:
    """Pairs nearest in the audience view, each title once, among those of which most is known."""
    if "audience" not in release.manifest["views"]:
        return []
    present = np.asarray(release.array("vectors/audience.present.npy"))[: len(names)]
    rows = np.flatnonzero(present)
    rows = rows[np.argsort(-known[rows], kind="stable")[:_MOST]]
    own = np.asarray(release.array("vectors/audience.npy"))[rows]
    return [{"a": names[rows[i]], "b": names[rows[j]], "similarity": s} for i, j, s in _pairs(own)]


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
