"""Simple ways to foresee sizes, and the served one with parts taken away: each learns from some titles and foresees
others, as log sizes with absence as zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.audience_data import FIRST_SCORED, Rows, Task
from benchmarks.audience_network import fit_network
from embeddings.prediction.blocks import Doubles
from embeddings.prediction.comparables import nearest
from embeddings.prediction.inputs import TitleInputs
from embeddings.prediction.pairs import Countries, features
from embeddings.prediction.unit import Forecast, UnitModel

#: Learns from titles and foresees others, [titles, C].
Model = Callable[[Task, Rows, Rows], Doubles]
SEED = 0


def country_mean(task: Task, train: Rows, at: Rows) -> Doubles:
    """What titles gather in each country."""
    return np.tile(task.observed.values[train].mean(axis=0), (len(at), 1))


def indicators(task: Task, *bags: str, least: int = 2, weighted: bool = False) -> Doubles:
    """Bags as columns, [n, items]: 1 or, `weighted`, inverse document frequencies in rows of length 1."""
    columns = []
    for name in bags:
        bag = task.inputs.bags[name]
        items, at, counts = np.unique(bag["item"].to_numpy(dtype=str), return_inverse=True, return_counts=True)
        table = np.zeros((task.inputs.count, len(items)))
        table[bag["row"].to_numpy(), at] = np.log(task.inputs.count / counts)[at] + 1 if weighted else 1
        if weighted:
            table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
        columns.append(table[:, counts >= least])
    return np.concatenate(columns, axis=1)


def ridge(make: Callable[[Task, Rows], Any], penalty: float, task: Task, train: Rows, at: Rows) -> Doubles:
    """Ridge regression of all countries on what `make` makes of the titles."""
    from sklearn.linear_model import Ridge

    x = make(task, train)
    return np.asarray(Ridge(alpha=penalty).fit(x[train], task.observed.values[train]).predict(x[at]))


def metadata(task: Task, _: Rows) -> Doubles:
    return indicators(task, "countries", "kind")


def words(task: Task, train: Rows) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(min_df=2, sublinear_tf=True, stop_words="english")
    vectorizer.fit([task.texts[i] for i in train.tolist()])
    return vectorizer.transform(task.texts)


def content(task: Task, _: Rows) -> Doubles:
    tags = indicators(task, "tags", weighted=True)
    return np.concatenate([task.inputs.vectors["summary"], tags, indicators(task, "kind", "countries", "languages")], 1)


def content_and_people(task: Task, train: Rows) -> Doubles:
    return np.concatenate([content(task, train), indicators(task, "people", weighted=True)], axis=1)


def extra_trees(leaf: int, task: Task, train: Rows, at: Rows) -> Doubles:
    from sklearn.ensemble import ExtraTreesRegressor

    x = content(task, train).astype(np.float32)
    model = ExtraTreesRegressor(200, min_samples_leaf=leaf, max_features=0.3, random_state=SEED)
    return np.asarray(model.fit(x[train], task.observed.values[train]).predict(x[at]))


def kernel_ridge(gamma: float, penalty: float, task: Task, train: Rows, at: Rows) -> Doubles:
    from sklearn.kernel_ridge import KernelRidge

    x, y = content(task, train), task.observed.values[train]
    model = KernelRidge(kernel="rbf", gamma=gamma, alpha=penalty).fit(x[train], y - y.mean(axis=0))
    return np.asarray(y.mean(axis=0) + model.predict(x[at]))


def comparables(k: int, task: Task, train: Rows, at: Rows) -> Doubles:
    """The mean of the `k` nearest titles by summary and tags, launched and measured before, weighted by similarity."""
    tags = indicators(task, "tags", weighted=True)
    vectors = np.concatenate([task.inputs.vectors["summary"], tags], axis=1)
    similar = vectors[at] @ vectors[train].T
    observed = task.observed[train]
    weights = nearest(similar, observed.over, task.observed.launch[at], k)
    mean = observed.values.mean(axis=0)
    return np.asarray(weights @ observed.values + (1 - weights.sum(axis=1, keepdims=True)) * mean)


def trees(extra: bool, leaves: int, rounds: int, task: Task, train: Rows, at: Rows) -> Doubles:
    """LightGBM on pairs: what titles are (main axes), their countries and kind, the country's vector, comparables."""
    import lightgbm

    x, y, z = plain_pairs(task, train, at)
    settings = {
        "objective": "l2",
        "learning_rate": 0.05,
        "num_leaves": leaves,
        "min_data_in_leaf": 200,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "extra_trees": extra,
        "deterministic": True,
        "num_threads": 1,
        "seed": SEED,
        "verbose": -1,
    }
    model = lightgbm.train(settings, lightgbm.Dataset(x, y), rounds)
    return np.asarray(model.predict(z)).reshape(len(at), -1)


def network(epochs: int, task: Task, train: Rows, at: Rows) -> Doubles:
    """The published predictor: title's vector, country's vector and comparables, one hidden layer, squared error."""
    x, y, z = plain_pairs(task, train, at)
    model, _ = fit_network(x, y, np.zeros(len(y), dtype=bool), epochs=epochs, rate=1e-3, seed=SEED)
    return model(z).reshape(len(at), -1)


def plain_pairs(task: Task, train: Rows, at: Rows, dim: int = 48) -> tuple[Doubles, Doubles, Doubles]:
    """Features of the pairs that learn, their log sizes, and features of the pairs asked about."""
    from sklearn.decomposition import PCA

    vectors = np.concatenate([content(task, train), indicators(task, "people", weighted=True)], axis=1)
    vectors = PCA(dim, random_state=SEED).fit(vectors[train]).transform(vectors)
    meta = indicators(task, "kind", "countries", least=10)
    values = task.observed.values[train]
    axes = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)[2][:8].T  # [C, 8]
    similar = vectors @ vectors[train].T
    similar /= np.linalg.norm(vectors, axis=1)[:, None] * np.linalg.norm(vectors[train], axis=1)[None]
    similar[train, np.arange(len(train))] = 0
    weights = nearest(similar, task.observed.over[train], task.observed.launch, 10)
    stats = Countries.of(values)

    def made(rows: Rows) -> Doubles:
        nothing = np.zeros((len(rows), values.shape[1]))
        pairs = features(nothing, nothing, stats, weights[rows], values)[..., [2, 3, 4, 7, 8, 9]]
        titles = np.concatenate([vectors[rows], meta[rows]], axis=1)
        shape = (len(rows), values.shape[1])
        parts = [
            pairs,
            np.broadcast_to(titles[:, None], (*shape, titles.shape[1])),
            np.broadcast_to(axes[None], (*shape, axes.shape[1])),
        ]
        return np.concatenate(parts, axis=-1).reshape(shape[0] * shape[1], -1)

    return made(train), values.ravel(), made(at)


def served(
    task: Task,
    train: Rows,
    at: Rows,
    *,
    inputs: TitleInputs | None = None,
    last: np.datetime64,
    plain_countries: bool = False,
    way: str | None = None,
    k: int = 10,
) -> tuple[UnitModel, Forecast]:
    """The model of a release, learnt from `train` and from all profiles known by `last`."""
    inputs = task.inputs if inputs is None else inputs
    train = train[task.week[train] >= FIRST_SCORED]  # the others' sizes are not whole
    model = UnitModel.fit(
        inputs[train],
        task.observed[train],
        task.countries,
        everything=None if plain_countries else task.known(last),
        plain=plain_countries,
        way=way,
        k=k,
        seed=SEED,
    )
    return model, model.predict(inputs[at], task.observed.launch[at])


def missingness(task: Task, _: Rows) -> Doubles:
    """Which inputs a title has, and nothing of what they say."""
    has = [values.any(axis=1) for values in task.inputs.vectors.values()]
    has += [np.bincount(bag["row"], minlength=task.inputs.count) > 0 for bag in task.inputs.bags.values()]
    return np.stack(has, axis=1).astype(np.float64)


def counts(task: Task, train: Rows) -> Doubles:
    """How many tags, people and so on a title has."""
    many = [np.log1p(np.bincount(bag["row"], minlength=task.inputs.count)) for bag in task.inputs.bags.values()]
    return np.concatenate([np.stack(many, axis=1), missingness(task, train)], axis=1)


#: What is tuned: names, and models by setting.
RIDGES: Mapping[str, Mapping[str, Model]] = {
    "ridge: country, kind": {f"{p}": partial(ridge, metadata, p) for p in (1, 3, 10, 30)},
    "ridge: TF-IDF": {f"{p}": partial(ridge, words, p) for p in (1, 2, 4, 8, 16)},
    "ridge: MiniLM, tags, metadata": {f"{p}": partial(ridge, content, p) for p in (1, 2, 4, 8, 16)},
}
TUNED: Mapping[str, Mapping[str, Model]] = RIDGES | {
    "ridge: the same and people": {f"{p}": partial(ridge, content_and_people, p) for p in (1, 2, 4, 8, 16)},
    "ExtraTrees": {f"leaf {n}": partial(extra_trees, n) for n in (3, 8, 15)},
    "RBF kernel ridge": {
        f"{g}, {p}": partial(kernel_ridge, g, p) for g in (0.05, 0.1, 0.3, 1.0) for p in (0.3, 1.0, 3.0)
    },
    "comparables alone": {f"{k}": partial(comparables, k) for k in (10, 20, 40, 80)},
    "LightGBM": {
        f"{'extra, ' if e else ''}{n} leaves, {r} rounds": partial(trees, e, n, r)
        for e, n, r in ((False, 7, 60), (False, 15, 120), (True, 15, 120), (True, 7, 200))
    },
    "published predictor": {f"{e} epochs": partial(network, e) for e in (1, 2, 4)},
}
