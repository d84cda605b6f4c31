"""Whatever is asked, the answer is a frame or an error of ours: never a traceback from inside NumPy."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.errors import EmbeddingError, ReleaseDamaged
from queries.errors import BadCount, EmptyQuestion, QueryError
from queries.space import TitleSpace

NAMES = ["Apocalypse Now", "imdb:tt02", "Babel", "Unseen", "Crash", "The Wire", "guilt", "Drama", "ES", "Spain", "zzz"]
VIEWS = ["graph", "theme", "audience", "fused", "story"]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**6),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(NAMES),
    st.sampled_from([np.nan, pd.NA, pd.NaT, b"bytes", object()]),
)
anything = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from(["kind", "year", "storyline", "mood", "x"]), scalars, max_size=2),
)
titles = st.one_of(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3), anything)
counts = st.one_of(st.integers(1, 9), scalars)
views = st.one_of(
    st.sampled_from(VIEWS),
    st.lists(st.sampled_from(VIEWS), max_size=3),
    st.dictionaries(st.sampled_from(VIEWS), scalars, max_size=3),
    anything,
)
conditions = st.one_of(
    st.dictionaries(
        st.sampled_from(
            ["kind", "year", "country", "language", "genre", "launched", "storyline", "based_on", "not", "x"]
        ),
        st.one_of(anything, st.sampled_from(["film", "Drama", (1990, None), ["film", "series"]])),
        max_size=2,
    ),
    anything,
)
QUESTIONS: dict[str, list[st.SearchStrategy[Any]]] = {
    "find": [titles, counts],
    "explain": [titles, titles],
    "lean": [titles, titles, titles],
    "related": [titles, scalars, counts],
    "vectors": [titles, views],
    "audience_features": [titles, anything],
    "countries_like": [anything, counts],
    "languages": [titles, anything, counts],
    "trends": [anything, anything, counts],
}
KEYWORDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "similar": {
        "titles": titles, "k": counts, "view": views, "where": conditions, "more": anything, "less": anything,
        "diversity": scalars, "strength": scalars, "same_franchise": st.booleans(),
    },
    "recommend": {"watched": titles, "k": counts, "weights": anything, "where": conditions},
    "trends": {"where": conditions, "period": scalars, "min_titles": counts},
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_any_positional_question(space: TitleSpace, name: str, data: st.DataObject) -> None:
    arguments = [data.draw(strategy) for strategy in QUESTIONS[name]]
    with suppress(QueryError, EmbeddingError):
        getattr(space, name)(*arguments)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
@pytest.mark.parametrize("name", sorted(KEYWORDS))
def test_any_question_by_keyword(space: TitleSpace, name: str, data: st.DataObject) -> None:
    given_ones = KEYWORDS[name]
    needed = {"similar": {"titles"}, "recommend": {"watched"}}.get(name, set())
    chosen = needed | set(data.draw(st.lists(st.sampled_from(sorted(given_ones)), max_size=3)))
    with suppress(QueryError, EmbeddingError):
        getattr(space, name)(**{key: data.draw(given_ones[key], label=key) for key in sorted(chosen)})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(names=st.lists(titles, max_size=3), view=views, where=conditions, k=counts)
def test_any_blend(space: TitleSpace, names: list[Any], view: Any, where: Any, k: Any) -> None:
    with suppress(QueryError, EmbeddingError):
        space.blend(*names, view=view, where=where, k=k)


@pytest.mark.parametrize("k", [0, -1, 1_000_000, 2.5, float("nan"), True, None, "3"])
def test_a_count_that_is_none(space: TitleSpace, k: Any) -> None:
    for ask in (
        lambda: space.similar("Babel", k=k),
        lambda: space.blend("Babel", "21 Grams", k=k),
        lambda: space.recommend("Babel", k=k),
        lambda: space.related("Babel", k=k),
        lambda: space.find("Babel", k),
        lambda: space.languages("Babel", k=k),
        lambda: space.countries_like("ES", k),
    ):
        with pytest.raises(BadCount, match="from 1 to"):
            ask()


def test_names_that_are_none(space: TitleSpace) -> None:
    for name in (None, float("nan"), 7, "", "  ", [], [None], [float("nan")], {"Babel": 1}, b"Babel"):
        with pytest.raises(EmptyQuestion):
            space.similar(name)  # type: ignore[arg-type]


def test_titles_come_in_any_list(space: TitleSpace) -> None:
    names = ["Babel", "21 Grams"]
    expected = space.similar(names, k=1, evidence=False)
    for listed in (tuple(names), pd.Series(names), pd.Index(names), np.array(names)):
        pd.testing.assert_frame_equal(space.similar(listed, k=1, evidence=False), expected)  # type: ignore[arg-type]


def test_a_release_that_was_deleted_while_it_is_open(rewrite: Any) -> None:
    folder = rewrite()
    space = TitleSpace.open(folder)
    (folder / "trends/periods.parquet").unlink()
    (folder / "recommend/weight.npy").unlink()
    with pytest.raises(ReleaseDamaged, match=r"periods\.parquet"):
        space.trends()
    with pytest.raises(ReleaseDamaged, match=r"weight\.npy"):
        space.recommend("Babel")
