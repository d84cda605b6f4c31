"""Gradient-boosted trees over a title's vectors, the country's and what is foreseen of the pair.

LightGBM (Ke et al., NeurIPS 2017). Several forests, each learnt without a part of the titles and stopped by it: a title
that was learnt from is answered by the one that has not seen it, others by their mean. Learnt with lightgbm, read with
NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.errors import ExtraMissing
from embeddings.prediction.blocks import Doubles
from embeddings.prediction.folds import FOLDS, answered, folds_of
from embeddings.views import FloatArray, IntArray

_TITLE_AXES, _COUNTRY_AXES = 24, 8
_ROUNDS, _PATIENCE = 200, 10
_SETTINGS = {
    "objective": "l2",
    "learning_rate": 0.08,
    "num_leaves": 7,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "extra_trees": True,
    "deterministic": True,
    "num_threads": 1,  # two that wait for each other on a busy machine took ten times as long
    "verbose": -1,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Forests:
    """F forests of at most t trees with at most s inner nodes each.

    Attributes:
        feature, left, right: [F, t, s]; a child below zero is leaf −1 − child.
        threshold: [F, t, s]; at most this goes left.
        leaf: what each leaf adds, [F, t, s + 1].
        axes: main axes of titles' vectors, [d, a]; titles' places on them are features.
        countries: vectors of the countries, [C, b].
        fold: which forest has not seen each of the n learning titles, [n].
    """

    feature: IntArray
    left: IntArray
    right: IntArray
    threshold: Doubles
    leaf: Doubles
    axes: FloatArray
    countries: Doubles
    fold: IntArray

    @classmethod
    def fit(cls, titles: FloatArray, x: Doubles, values: Doubles, axes: Doubles, *, seed: int) -> Forests:
        """Learn from n titles.

        Args:
            titles: their vectors [n, d], d at least 1.
            x: features of pairs [n, C, f].
            values: log sizes [n, C].
            axes: main axes of profiles, [k, C]; a country's place on the first is its vector.
            seed: of everything random.

        Raises :class:`ExtraMissing` without lightgbm.
        """
        try:
            import lightgbm
        except ImportError as error:
            raise ExtraMissing("lightgbm", "Learning from audiences") from error
        own = np.linalg.svd(titles - titles.mean(axis=0), full_matrices=False)[2][:_TITLE_AXES].T  # [d, a]
        countries = axes[:_COUNTRY_AXES].T  # [C, b]
        told = _side_by_side(np.asarray(titles @ own, dtype=np.float64), countries, x)  # [n, C, a + b + f]
        fold = folds_of(len(values), seed=seed)
        settings = _SETTINGS | {"seed": seed, "min_data_in_leaf": max(20, values.size // 400)}
        models = []
        for n in range(FOLDS):
            learning, held = (
                lightgbm.Dataset(told[side].reshape(-1, told.shape[-1]), values[side].ravel())
                for side in (fold != n, fold == n)
            )
            stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
            models.append(lightgbm.train(settings, learning, _ROUNDS, valid_sets=[held], callbacks=[stop]))
        return cls(**trees_of(models), axes=np.asarray(own, dtype=np.float32), countries=countries, fold=fold)

    def __call__(self, titles: FloatArray, x: Doubles, own: IntArray | None = None) -> Doubles:
        """Log sizes [m, C] of titles [m, d] with features of pairs [m, C, f].

        `own` [m] is the number of each among the learning titles, −1 where it is none.
        """
        told = _side_by_side(np.asarray(titles @ self.axes, dtype=np.float64), self.countries, x)
        every = self.answers(told.reshape(-1, told.shape[-1])).reshape(-1, *told.shape[:2])  # [F, m, C]
        return answered(every, self.fold, own)

    def answers(self, x: Doubles) -> Doubles:
        """What each forest says of features [r, f], [F, r]."""
        forest, tree = (np.arange(size) for size in self.feature.shape[:2])
        at = np.zeros((len(forest), len(x), len(tree)), dtype=np.int64)  # [F, r, t]
        trees, rows = (forest[:, None, None], tree), np.arange(len(x))[:, None]
        while (inner := at >= 0).any():
            node = (*trees, np.where(inner, at, 0))
            low = x[rows, self.feature[node]] <= self.threshold[node]
            at = np.where(inner, np.where(low, self.left[node], self.right[node]), at)
        return np.asarray(self.leaf[(*trees, -1 - at)].sum(axis=-1))

    def without(self, number: int) -> Forests:
        """Only the forest that has not seen learning title `number`, whoever is asked about."""
        only = slice(self.fold[number], self.fold[number] + 1)
        parts = {name: getattr(self, name)[only] for name in ("feature", "left", "right", "threshold", "leaf")}
        return replace(self, **parts, fold=np.zeros_like(self.fold))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays for a file."""
        return {name: np.asarray(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Forests:
        return cls(**dict(arrays))


def _side_by_side(titles: Doubles, countries: Doubles, x: Doubles) -> Doubles:
    """Titles [m, a], countries [C, b] and pairs [m, C, f] as features [m, C, a + b + f]."""
    shape = x.shape[:2]
    parts = [
        np.broadcast_to(titles[:, None], (*shape, titles.shape[1])),
        np.broadcast_to(countries, (*shape, countries.shape[1])),
        x,
    ]
    return np.concatenate(parts, axis=-1)


def trees_of(models: Sequence[Any]) -> dict[str, npt.NDArray[Any]]:
    """The trees of LightGBM's boosters as arrays; those that are short of nodes, or missing, are filled with zeros."""
    dumped = [model.dump_model(num_iteration=model.best_iteration)["tree_info"] for model in models]
    forests = [[tree["tree_structure"] for tree in forest] for forest in dumped]
    trees = max(len(forest) for forest in forests)
    inner = max(max((_inner(tree) for forest in forests for tree in forest), default=0), 1)
    shape = (len(forests), trees, inner)
    whole = {name: np.full(shape, -1, dtype=np.int64) for name in ("left", "right")}
    whole["feature"] = np.zeros(shape, dtype=np.int64)
    threshold, leaf = np.zeros(shape), np.zeros((*shape[:2], inner + 1))

    def fill(forest: int, tree: int, node: Mapping[str, Any]) -> int:
        if "split_index" not in node:
            at = int(node.get("leaf_index", 0))
            leaf[forest, tree, at] = node["leaf_value"]
            return -1 - at
        at = int(node["split_index"])
        whole["feature"][forest, tree, at] = node["split_feature"]
        threshold[forest, tree, at] = node["threshold"]
        for side in ("left", "right"):
            whole[side][forest, tree, at] = fill(forest, tree, node[f"{side}_child"])
        return at

    for f, forest in enumerate(forests):
        for t, tree in enumerate(forest):
            fill(f, t, tree)
    return {**whole, "threshold": threshold, "leaf": leaf}


def _inner(node: Mapping[str, Any]) -> int:
    """How many inner nodes a tree has."""
    return 1 + _inner(node["left_child"]) + _inner(node["right_child"]) if "split_index" in node else 0
