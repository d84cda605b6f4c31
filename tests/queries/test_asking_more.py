"""Several views at once, weights of one's own, variety, franchises, tags added and taken away, and more filters."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch
from queries.errors import BadFilter, BadQuestion, EmptyQuestion, NoVector, UnknownView
from queries.nodes import Drafted
from queries.search import Query, Search, varied
from queries.space import TitleSpace


def cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_several_views_stand_side_by_side(space: TitleSpace) -> None:
    found = space.similar("21 Grams", view=["theme", "audience"], evidence=False).set_index("label")
    # Theme: Babel at 10°, Apocalypse Now at 60°; audience: 30° and 90°. The Wire has no audience vector.
    babel = found.loc["Babel"]
    assert babel["similarity_theme"] == pytest.approx(cosine(10), abs=1e-6)
    assert babel["similarity_audience"] == pytest.approx(cosine(30), abs=1e-6)
    assert babel["similarity"] == pytest.approx((cosine(10) + cosine(30)) / 2, abs=1e-6)
    assert np.isnan(found.loc["The Wire", "similarity_audience"])
    assert found.loc["The Wire", "similarity"] == pytest.approx(cosine(20) / 2, abs=1e-6)
    assert found["rank"].tolist() == list(range(1, len(found) + 1))


def test_weights_of_ones_own(space: TitleSpace) -> None:
    found = space.similar("21 Grams", view={"theme": 3, "audience": 1}, evidence=False).set_index("label")
    assert found.loc["Babel", "similarity"] == pytest.approx(0.75 * cosine(10) + 0.25 * cosine(30), abs=1e-6)
    only = space.similar("21 Grams", view={"theme": 1, "audience": 0}, evidence=False)
    assert only["id"].tolist() == space.similar("21 Grams", view="theme")["id"].tolist()
    several = space.similar(["21 Grams", "Babel"], k=2, view={"theme": 3, "audience": 1}, evidence=False)
    assert several[several["query"] == "imdb:tt02"]["label"].tolist() == found.index[:2].tolist()


@pytest.mark.parametrize(
    ("view", "error", "says"),
    [
        ([], EmptyQuestion, "No view"),
        (["theme", "story"], UnknownView, "story"),
        ({"theme": -1}, BadQuestion, "at least 0"),
        ({"theme": float("nan")}, BadQuestion, "at least 0"),
        ({"theme": "much"}, BadQuestion, "at least 0"),
        ({"theme": 0}, BadQuestion, "weight 0"),
        (None, UnknownView, "The views are"),
    ],
)
def test_views_that_make_no_sense(space: TitleSpace, view: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        space.similar("Babel", view=view)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"based_on": {"kind": "book"}}, {"Aguirre, the Wrath of God"}),
        ({"based_on": {"kind": "film"}}, set()),
        (
            {"not": {"storyline": "guilt"}, "genre": "Drama", "kind": "film"},
            {"Crash (1996)", "Aguirre, the Wrath of God"},
        ),
        ({"launched": "1997-01-01"}, {"Crash (1996)", "Aguirre, the Wrath of God"}),
        ({"launched": "1996-06-01"}, {"Aguirre, the Wrath of God"}),  # of Crash only the year is known
        ({"launched": "2003-11-22", "year": 2003}, {"21 Grams"}),
        ({"launched": "2003-11-21", "year": 2003}, set()),
        ({"launched": False}, set()),  # Unseen has no vector
        ({}, None),
    ],
)
def test_more_filters(space: TitleSpace, where: dict[str, Any], expected: set[str] | None) -> None:
    found = space.similar("Apocalypse Now", where=where)
    twice = found["label"].duplicated(keep=False) | (found["label"] == "Crash")
    names = found["label"].where(~twice, found["label"] + " (" + found["year"].astype(str) + ")")
    assert len(names) == 7 if expected is None else set(names) == expected


@pytest.mark.parametrize("where", ["film", {"not": "Drama"}, {"launched": "soon"}, {"based_on": {"sort": "book"}}, 7])
def test_more_filters_that_make_no_sense(space: TitleSpace, where: Any) -> None:
    with pytest.raises(BadFilter):
        space.similar("Babel", where=where)


def test_a_varied_answer_starts_with_the_nearest_and_avoids_its_likes(space: TitleSpace) -> None:
    # From 0°: Aguirre 20, 21 Grams 60, Babel 70, The Wire 80, Crash 90, Amélie 240. After Aguirre, what points away.
    plain = space.similar("Apocalypse Now", k=3)["label"].tolist()
    diverse = space.similar("Apocalypse Now", k=3, diversity=0.5)["label"].tolist()
    assert plain == ["Aguirre, the Wrath of God", "21 Grams", "Babel"]
    assert diverse[0] == plain[0]
    assert diverse[1] == "Amélie"  # ½·cos 120 − ½·cos 140 is more than ½·cos 60 − ½·cos 40
    with pytest.raises(BadQuestion, match="0 to 1"):
        space.similar("Babel", diversity=2)


def test_variety_lowers_the_likeness_among_results() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((201, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query, vectors = vectors[0], vectors[1:][np.argsort(-(vectors[1:] @ vectors[0]))]
    scores = vectors @ query

    def likeness(diversity: float) -> float:
        chosen = vectors[list(varied(scores, vectors, 10, diversity))]
        return float((chosen @ chosen.T)[np.triu_indices(10, 1)].mean())

    assert likeness(0.0) > likeness(0.4) > likeness(0.8)
    assert list(varied(scores, vectors, 10, 0.0)) == list(range(10))
    assert sorted(varied(scores, vectors, 300, 0.5)) == list(range(200))


def test_without_the_franchise_there_are_as_many_results(space: TitleSpace) -> None:
    # Babel follows 21 Grams, in this graph.
    assert "Babel" in space.similar("21 Grams", k=3)["label"].tolist()
    without = space.similar("21 Grams", k=3, same_franchise=False)
    assert "Babel" not in without["label"].tolist()
    assert len(without) == 3


@pytest.fixture
def named(tmp_path: Path, write_release: Callable[..., Path]) -> Callable[[list[str]], TitleSpace]:
    """A space of films of these names, one degree apart."""

    def made(names: list[str]) -> TitleSpace:
        kg = KnowledgeGraph.create(tmp_path / "named")
        ids = [f"title:{n}" for n in range(len(names))]
        kg.add(
            Batch(
                source="test",
                entities=pd.DataFrame({"id": ids, "type": "Film", "label": names}),
                facts=pd.DataFrame({"head": ids, "relation": "has_genre", "tail": "genre:drama"}),
            )
        )
        return TitleSpace.open(write_release(kg, tmp_path / "releases", {name: n for n, name in enumerate(ids)}))

    return made


def test_names_tell_a_franchise_where_no_fact_does(named: Callable[[list[str]], TitleSpace]) -> None:
    names = [
        "Toy Story",
        "Toy Story 2",
        "Toy Story: The Ride",
        "Toy Story Theatre",
        "Crash",
        "Crash",
        "Alien",
        "Aliens",
    ]
    space = named(names)
    left = set(space.similar("Toy Story", same_franchise=False)["label"])
    assert left == {"Toy Story Theatre", "Crash", "Alien", "Aliens"}
    # Two films of one name need not belong together.
    assert "Crash" in set(space.similar("title:4", same_franchise=False)["label"])


def test_a_tag_can_be_added_and_taken_away(space: TitleSpace) -> None:
    plain = space.similar("Amélie", k=7, evidence=False)["label"].tolist()
    # At 240°, Crash (1996, 180°) is nearest. Those with guilt lie between 60° and 90°.
    assert plain[0] == "Crash"
    more = space.similar("Amélie", k=7, more={"storyline": "guilt"}, strength=5)
    assert set(more["label"][:3]) == {"21 Grams", "Babel", "Crash"}
    assert more["evidence"].str.startswith("has storyline guilt").sum() == 3
    assert space.similar("Amélie", k=1, more="guilt", strength=5)["id"].tolist() == more["id"].tolist()[:1]
    less = space.similar("Apocalypse Now", k=7, less={"storyline": "guilt"}, strength=5, evidence=False)
    assert set(less["id"][-3:]) == {"imdb:tt02", "imdb:tt03", "imdb:tt05"}
    none = space.similar("Amélie", k=7, more={"storyline": "guilt"}, strength=0, evidence=False)
    assert none["label"].tolist() == plain


@pytest.mark.parametrize("asked", [{}, {"same_franchise": False}, {"view": ["theme", "graph"]}])
def test_the_similarity_that_is_shown_orders_what_was_wished_for(space: TitleSpace, asked: dict[str, Any]) -> None:
    found = space.similar("Amélie", k=7, more="guilt", less={"genre": "War"}, strength=1, **asked)
    assert found["similarity"].is_monotonic_decreasing
    named = found.set_index("id")["named"]
    assert named.to_dict() == pytest.approx(
        dict.fromkeys(named.index, 0.0) | {"imdb:tt02": 0.27, "imdb:tt03": 0.27, "imdb:tt05": 0.27, "imdb:tt01": -0.27}
    )
    if "view" in asked:
        cosines = (found["similarity_theme"] + found["similarity_graph"]) / 2
        np.testing.assert_allclose(found["similarity"], cosines + found["named"], atol=1e-6)


def test_a_bonus_brings_up_what_is_not_among_the_nearest(space: TitleSpace) -> None:
    """Against all cosines, with a bonus for one far title or for most of them, and taken from others."""
    search, matrix = Search(space._answers.vectors), space._answers.vectors.titles("fused")
    query = Query({"fused": matrix[:3]}, {"fused": 1.0})
    every, own = space._answers.vectors.present("fused"), np.arange(3)
    few, most = np.zeros((2, len(matrix)), dtype=np.float32)
    few[3], most[:] = 1.9, np.linspace(0.3, 0, len(matrix))
    for extra in (few, most, -most):
        found = search(query, 3, every, own, bonus=lambda _, extra=extra: extra)
        for i, (at, scores) in enumerate(found):
            worth = np.where(every & (np.arange(len(matrix)) != i), matrix @ matrix[i] + extra, -np.inf)
            np.testing.assert_allclose(scores, np.sort(worth)[::-1][:3], atol=1e-6)
            np.testing.assert_allclose(worth[at], scores, atol=1e-6)


def test_what_a_draft_names_counts_by_its_rarity(space: TitleSpace) -> None:
    storyline, genre, people = (
        space._answers.facts.numbers(name)[0] for name in ("storyline", "has_genre", "directed_by")
    )
    at = {name: space._answers.entities.entity(name) for name in ("tag:journey", "genre:drama", "person:inarritu")}
    one = Drafted(
        id="draft:1",
        label="One",
        vectors={"fused": np.array([-1, 0], dtype=np.float32), "audience": np.array([0, 1], dtype=np.float32)},
        relations=np.array([storyline, genre, people], dtype=np.int16),
        entities=np.array(list(at.values()), dtype=np.int32),
        learnt=np.ones(3, dtype=bool),
    )
    found = space.similar([one, "Amélie"], k=7)
    own = found[found["query"] == "draft:1"].set_index("id")
    assert own["similarity"].is_monotonic_decreasing
    # Five titles have a storyline, two of them a journey; eight a genre, seven of them Drama; two of two this director.
    squares = [math.log(15 / 2) ** 2, math.log(18 / 7) ** 2, math.log(12 / 2) ** 2]
    assert own.loc["imdb:tt08", "named"] == pytest.approx(0.15 * (squares[0] + squares[1]) / sum(squares))
    assert own.loc["imdb:tt02", "named"] == pytest.approx(0.15 * (squares[1] + squares[2]) / sum(squares))
    assert own.loc["imdb:tt05", "named"] == own.loc["imdb:tt02", "named"]  # he acts in it
    assert own.loc["imdb:tt05", "evidence"].startswith("both: genre Drama; has starring Alejandro González Iñárritu")
    assert own.loc["imdb:tt06", "named"] == 0
    assert own.loc["imdb:tt06", "similarity"] == pytest.approx(math.cos(math.radians(60)), abs=1e-6)
    assert (found.loc[found["query"] == "imdb:tt06", "named"] == 0).all()
    for k in range(1, 7):
        assert space.similar(one, k=k)["id"].tolist() == own.index[:k].tolist()
    assert "named" not in space.similar(one, view="audience")  # who watches says nothing of what it is about
    assert "named" not in space.similar("Amélie")


def test_tags_that_nobody_knows(space: TitleSpace) -> None:
    with pytest.raises(BadFilter, match="guilt"):
        space.similar("Babel", more="guild")
    with pytest.raises(BadFilter, match="neither a name"):
        space.similar("Babel", more={"storyline": 3})
    with pytest.raises(BadQuestion, match="is no tag"):
        space.similar("Babel", less=3)
    with pytest.raises(BadQuestion, match="nobody can say"):
        space.similar("Babel", more={"based_on": "Babel"})
    with pytest.raises(BadQuestion, match="strength"):
        space.similar("Babel", more="guilt", strength=-1)


def draft(**vectors: list[float]) -> Drafted:
    made = {name: np.array(vector, dtype=np.float32) for name, vector in vectors.items()}
    nothing = np.zeros(0)
    return Drafted(
        "draft:1", "My draft", made, nothing.astype(np.int16), nothing.astype(np.int32), nothing.astype(np.bool_)
    )


def test_a_title_that_the_release_does_not_hold_is_asked_like_any_other(space: TitleSpace) -> None:
    new = draft(theme=[1, 0], fused=[1, 0])
    assert space.similar(new, k=2)["label"].tolist() == ["Apocalypse Now", "Aguirre, the Wrath of God"]
    both = space.similar([new, "Babel"], k=1)
    assert both["query"].tolist() == ["draft:1", "imdb:tt03"]
    assert space.vectors([new, "Babel"], "theme").loc["draft:1"].tolist() == [1, 0]
    assert space.explain(new, "Babel").text.startswith(
        "My draft (draft) and Babel (film, 2006). Similarity: theme 0.34"
    )
    assert space.lean(new, "Apocalypse Now", "Amélie").lean < 0
    assert space.blend(new, "21 Grams", k=1)["id"].tolist() == ["imdb:tt08"]
    with pytest.raises(NoVector, match="My draft has no vector in the view 'graph'"):
        space.similar(new, view="graph")
