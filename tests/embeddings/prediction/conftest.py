"""A world in which audiences follow from tags: two sorts of titles, two groups of countries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from embeddings.prediction import AudienceModel, TitleInputs, bag, fit_audience

COUNTRIES = {"east": ["JP", "KR", "TW", "TH"], "west": ["DE", "ES", "FR", "US"]}
NUM_TITLES = 120


@dataclass(frozen=True)
class World:
    """Titles 0 … n − 1, of sort "east" or "west" in turn; the second half of each sort's tags is noise."""

    inputs: TitleInputs
    sizes: pd.DataFrame
    ids: list[str]
    launches: np.ndarray[tuple[int], np.dtype[np.datetime64]]


def sort_of(title: int) -> str:
    return ("east", "west")[title % 2]


def made(seed: int = 0, unit: str = "points") -> World:
    rng = np.random.default_rng(seed)
    rows, items, sizes = [], [], []
    launches = np.datetime64("2021-01-04") + 7 * np.arange(NUM_TITLES) // 2
    for title in range(NUM_TITLES):
        words = [f"tag:{sort_of(title)}-{i}" for i in rng.choice(6, 3, replace=False)]
        words += [f"tag:noise-{i}" for i in rng.choice(20, 3, replace=False)]
        rows += [title] * len(words)
        items += words
        fame = rng.normal(0, 0.4)
        for where, codes in COUNTRIES.items():
            for code in codes:
                mean = (4.0 if where == sort_of(title) else 1.0) + fame + rng.normal(0, 0.3)
                if where == sort_of(title) or rng.random() < 0.3:
                    start = launches[title]
                    sizes.append((title, code, unit, float(np.expm1(mean)), start, start + 6, True, False))
    frame = pd.DataFrame(
        sizes, columns=["title", "country", "unit", "size", "start", "end", "complete", "simulated"]
    ).sort_values(["unit", "country", "title"], ignore_index=True)
    inputs = TitleInputs(
        count=NUM_TITLES,
        vectors={"theme": rng.normal(size=(NUM_TITLES, 5)).astype(np.float32)},
        bags={"tags": bag(np.array(rows), items)},
    )
    return World(inputs, frame, [f"title:{i}" for i in range(NUM_TITLES)], launches)


@pytest.fixture(scope="session")
def world() -> World:
    return made()


@pytest.fixture(scope="session")
def learn() -> Callable[[World], AudienceModel]:
    return lambda world: fit_audience(world.sizes, world.inputs, world.ids, world.launches, weeks=8, seed=0)


@pytest.fixture(scope="session")
def model(world: World, learn: Callable[[World], AudienceModel]) -> AudienceModel:
    return learn(world)
