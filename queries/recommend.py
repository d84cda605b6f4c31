"""Titles for a viewing history, from what viewers of the same titles watched; what nobody watched, by its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.best import top
from embeddings.release import Release
from queries.asked import Asked
from queries.audience import CONTENT
from queries.entities import Entities, Flags, Positions
from queries.errors import BadQuestion, NotInRelease, NoVector
from queries.filters import Filters
from queries.similar import ranked
from queries.vectors import Floats, Vectors

_ITEMS = "recommend/items.npy"
#: A watched title that is not in the model counts as so many of those nearest to it that are.
_STAND_INS = 5
_REASONS = 3


class Recommender:
    """Answers :meth:`queries.space.TitleSpace.recommend`."""

    def __init__(self, release: Release, entities: Entities, vectors: Vectors, filters: Filters) -> None:
        self._release, self._entities, self._vectors, self._filters = release, entities, vectors, filters

    @cached_property
    def _items(self) -> Positions:
        """Positions of the titles of the model, ascending, [n]."""
        if _ITEMS not in self._release.manifest["files"]:
            raise NotInRelease(self._release.id, "model of what is watched by whom watched what")
        return np.asarray(self._release.array(_ITEMS), dtype=np.int64)

    def __call__(
        self, watched: Asked, k: int, weights: Sequence[float] | None, where: Mapping[str, Any] | None
    ) -> pd.DataFrame:
        """One row a title; see :meth:`queries.space.TitleSpace.recommend`."""
        liked = self._weights(weights, len(watched))
        parts = [watched.vectors(view) for view in CONTENT]
        history, stood_in = self._history(watched, liked, parts)
        known = self._scores(history)  # [n]
        scores = self._everywhere(known, parts, liked)  # [T]
        allowed = self._filters(where) & np.isfinite(scores)
        allowed[watched.positions[watched.positions >= 0]] = False
        worth = np.where(allowed, scores, -np.inf)
        found = top(worth, k)
        found = found[np.isfinite(worth[found])]
        frame = ranked(self._entities, [(found, scores[found])]).rename(columns={"similarity": "score"})
        in_model = np.isin(found, self._items)
        frame["from"] = pd.array(np.where(in_model, "viewings", "content"), dtype="str")
        because = [self._because(watched, liked, int(title), parts) for title in found]
        frame["because"] = pd.array(because, dtype="str")
        frame.attrs["note"] = self._note(watched, stood_in)
        return frame

    @staticmethod
    def _weights(weights: object, count: int) -> npt.NDArray[np.float32]:
        if weights is None:
            return np.ones(count, dtype=np.float32)
        listed = list(weights) if isinstance(weights, Sequence | np.ndarray | pd.Series) else None
        numbers = isinstance(listed, list) and all(
            isinstance(w, int | float | np.number) and not isinstance(w, bool) and np.isfinite(w) for w in listed
        )
        if listed is None or isinstance(weights, str) or not numbers or len(listed) != count:
            raise BadQuestion(f"weights are {weights!r}, but must be {count} numbers, one for each watched title.")
        if not any(listed):
            raise BadQuestion("All weights are 0: nothing is known of the viewer.")
        return np.array(listed, dtype=np.float32)

    def _row(self, item: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """What having watched one title adds to which: numbers among the n, and weights."""
        offsets = self._release.array("recommend/offsets.npy")
        at = slice(int(offsets[item]), int(offsets[item + 1]))
        return self._release.array("recommend/item.npy")[at], self._release.array("recommend/weight.npy")[at]

    def _history(
        self, watched: Asked, liked: npt.NDArray[np.float32], parts: list[tuple[Floats, Flags]]
    ) -> tuple[Floats, int]:
        """How much each title of the model counts as watched, [n], and for how many others stand in."""
        items, history = self._items, np.zeros(len(self._items), dtype=np.float32)
        if not len(items):
            return history, 0
        stood_in = 0
        for i, position in enumerate(watched.positions.tolist()):
            at = int(np.searchsorted(items, position))
            if position >= 0 and at < len(items) and items[at] == position:
                history[at] += liked[i]
                continue
            stood_in += 1
            similar = self._similar(items, [(rows[i], has[i]) for rows, has in parts])
            nearest = top(similar, _STAND_INS)
            nearest = nearest[similar[nearest] > 0]
            history[nearest] += liked[i] * similar[nearest] / max(float(similar[nearest].sum()), 1e-6)
        return history, stood_in

    def _similar(self, titles: Positions, own: list[tuple[Floats, Any]]) -> Floats:
        """Mean cosine in the content views of one vector a view to titles, [n]; 0 where a view is missing."""
        total = np.zeros(len(titles), dtype=np.float32)
        for view, (vector, has) in zip(CONTENT, own, strict=True):
            if has:
                total += self._vectors.titles(view)[titles] @ vector
        return total / np.float32(len(CONTENT))

    def _scores(self, history: Floats) -> Floats:
        scores = np.zeros(len(history), dtype=np.float32)
        for item in np.flatnonzero(history).tolist():
            columns, weights = self._row(item)
            scores[columns] += history[item] * weights
        return scores

    def _everywhere(
        self, known: Floats, parts: list[tuple[Floats, Flags]], liked: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Scores of all titles, [T]; −inf where neither viewings nor content say anything."""
        has = np.logical_or.reduce([self._vectors.present(view) for view in CONTENT])
        taste = np.concatenate([(rows * (own * liked)[:, None]).sum(axis=0) for rows, own in parts])
        near = self._along(taste) / np.float32(max(float(np.abs(liked).sum()) * len(CONTENT), 1e-6))
        if not len(known):
            return np.where(has, near, np.float32(-np.inf))
        vectors, placed = place(self._vectors, self._items)
        scores = np.full(len(has), known.mean(), dtype=np.float32)
        if placed.any() and has.any():
            slope, mean = _ridge(known[placed], vectors[placed])
            scores[has] = weighed(self._along(slope)[has] + mean, near[has])
        scores[~has] = -np.inf
        scores[self._items] = known
        return scores

    def _along(self, direction: Floats) -> Floats:
        """Content vectors of all titles times a direction in them, [T]."""
        sizes = [self._vectors.titles(view).shape[1] for view in CONTENT]
        parts = np.split(direction, np.cumsum(sizes)[:-1])
        return np.sum([self._vectors.titles(view) @ part for view, part in zip(CONTENT, parts, strict=True)], axis=0)

    def _because(
        self, watched: Asked, liked: npt.NDArray[np.float32], title: int, parts: list[tuple[Floats, Flags]]
    ) -> str:
        """The watched titles that speak most for a title."""
        items, added = self._items, np.zeros(len(watched), dtype=np.float32)
        at = int(np.searchsorted(items, title))
        if at < len(items) and items[at] == title:
            for i, position in enumerate(watched.positions.tolist()):
                own = int(np.searchsorted(items, position))
                if position >= 0 and own < len(items) and items[own] == position:
                    columns, weights = self._row(own)
                    added[i] = liked[i] * weights[columns == at].sum()
        if not (added > 0).any():
            for view, (rows, has) in zip(CONTENT, parts, strict=True):
                added += liked * has * (rows @ self._vectors.titles(view)[title])
        labels = watched.labels
        return ", ".join(labels[i] for i in top(added, _REASONS).tolist() if added[i] > 0)

    def _note(self, watched: Asked, stood_in: int) -> str:
        if not len(self._items):
            return "The release was made without viewings: these are the nearest in content to what was watched."
        figures = self._release.manifest["metrics"].get("recommendations", {})
        notes = ["The viewers that this was learnt from are simulated: nobody watched."] * bool(
            figures.get("simulated")
        )
        if stood_in:
            notes.append(f"{stood_in} of {len(watched)} watched titles had too few viewers; their nearest stand in.")
        return " ".join(notes)


def place(vectors: Vectors, titles: Positions) -> tuple[Floats, Flags]:
    """Content vectors side by side, float32 [n, d]; and which of the titles have any, bool [n].

    The views are those that know nothing of viewers. Raises :class:`NoVector` if the release has none of them.
    """
    names = [view for view in CONTENT if view in vectors.names]
    if not names:
        raise NoVector("No title", " + ".join(CONTENT), vectors.names)
    joined = np.concatenate([vectors.titles(view)[titles] for view in names], axis=1)
    return joined, np.logical_or.reduce([vectors.present(view)[titles] for view in names])


def foreseen(scores: Floats, known: Floats, others: Floats) -> Floats:
    """Scores of `others` [m, d] expected from those [n] of titles that lie at `known` [n, d], by ridge regression."""
    slope, mean = _ridge(scores, known)
    return np.asarray(others @ slope + mean, dtype=np.float32)


def weighed(expected: Floats, near: Floats) -> Floats:
    """Expected scores [n] drawn half-way to what nearness [n] to the watched titles says, on the scale of the scores.

    Each finds what the other misses (benchmarks/recommendations.py).
    """
    spread = float(expected.std()) / max(float(near.std()), 1e-6)
    return np.asarray((expected + expected.mean() + spread * (near - near.mean())) / 2, dtype=np.float32)


def _ridge(scores: Floats, vectors: Floats) -> tuple[Floats, np.float32]:
    """Slope [d] and intercept of scores [n] on vectors [n, d], shrunk by the mean eigenvalue of their covariance."""
    centre, mean = vectors.mean(axis=0), scores.mean()
    x = vectors - centre
    gram = (x.T @ x).astype(np.float64)
    gram[np.diag_indices_from(gram)] += max(float(np.trace(gram)) / len(gram), 1e-9)
    slope = np.linalg.solve(gram, (x.T @ (scores - mean)).astype(np.float64)).astype(np.float32)
    return slope, np.float32(mean - centre @ slope)
