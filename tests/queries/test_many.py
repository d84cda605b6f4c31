"""Many titles at once are understood as each of them alone is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from queries.errors import AmbiguousTitle, EmptyQuestion, UnknownTitle
from queries.space import TitleSpace

#: Identifiers, of aliases too, labels however written, other labels, labels with a year.
NAMES = [
    "imdb:tt01",
    "tmdb:28",
    "apocalypse now",
    "21 Grams",
    "Babel",
    "imdb:tt03",
    "Crash (2004)",
    "AMELIE",
    "Le Fabuleux Destin d'Amélie Poulain",
    "Aguirre, der Zorn Gottes",
]


def test_a_hundred_names_are_what_each_is_alone(space: TitleSpace) -> None:
    alone = [space._answers.entities.title(name) for name in NAMES]
    assert space._answers.entities.titles(NAMES * 30).tolist() == alone * 30
    together = space.similar(NAMES * 30, k=2, evidence=False)
    assert together["query"].tolist() == np.repeat(space._answers.entities.ids(alone * 30), 2).tolist()


@pytest.mark.parametrize(
    ("name", "error"),
    [("Crash", AmbiguousTitle), ("Apocalipse Nou", UnknownTitle), ("", EmptyQuestion), (3, EmptyQuestion)],
)
def test_one_bad_name_among_many_is_as_bad_as_alone(space: TitleSpace, name: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        space._answers.entities.titles([*NAMES * 30, name])  # type: ignore[list-item]


def test_related_answers_several_at_once(space: TitleSpace) -> None:
    names = ["Heart of Darkness", "imdb:tt01"]
    found = space.related(names, kind="film", k=2)
    assert found["query"].unique().tolist() == ["book:heart-of-darkness", "imdb:tt01"]
    for name, own in zip(names, found["query"].unique(), strict=True):
        alone = space.related(name, kind="film", k=2)
        rows = found[found["query"] == own].drop(columns="query").reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone)
