"""Titles near titles, exactly, with filters and the reasons in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.best import top
from queries.errors import BadCount, BadFilter, EmptyQuestion, NoVector, UnknownCountry, UnknownTitle, UnknownView
from queries.space import TitleSpace
from queries.vectors import nearest


def labels(space: TitleSpace, **asked: Any) -> list[str]:
    return space.similar("Apocalypse Now", evidence=False, **asked)["label"].tolist()


def test_nearest_first_with_their_cosines(space: TitleSpace) -> None:
    found = space.similar("Apocalypse Now", k=3)
    assert list(found.columns) == ["rank", "id", "label", "kind", "year", "similarity", "evidence"]
    assert found["id"].tolist() == ["imdb:tt08", "imdb:tt02", "imdb:tt03"]  # at 20, 60 and 70 degrees
    assert found["similarity"].tolist() == pytest.approx([math.cos(math.radians(a)) for a in (20, 60, 70)], abs=1e-6)
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["year"].tolist() == [1972, 2003, 2006]


def test_neither_the_title_nor_one_without_a_vector_is_found(space: TitleSpace) -> None:
    found = space.similar("Apocalypse Now", k=100)["id"].tolist()
    assert len(found) == 7
    assert not {"imdb:tt01", "imdb:tt09"} & set(found)


def test_several_titles_at_once_are_answered_one_by_one(space: TitleSpace) -> None:
    together = space.similar(["Babel", "Amélie"], k=2)
    assert together["query"].tolist() == ["imdb:tt03", "imdb:tt03", "imdb:tt06", "imdb:tt06"]
    for name, identifier in (("Babel", "imdb:tt03"), ("Amélie", "imdb:tt06")):
        alone = space.similar(name, k=2)
        part = together[together["query"] == identifier].drop(columns="query")
        assert part["id"].tolist() == alone["id"].tolist()
        assert part["evidence"].tolist() == alone["evidence"].tolist()


def test_evidence_names_what_is_shared_the_rarest_first(space: TitleSpace) -> None:
    found = space.similar("21 Grams", k=10).set_index("id")["evidence"]
    # Of the titles with a storyline 2 in 5 have moral dilemmas and 3 guilt; Drama has nearly every title with a genre.
    assert found["imdb:tt03"] == (
        "Babel – follows → 21 Grams; both: storyline moral dilemmas, guilt; directed by Alejandro González Iñárritu"
    )
    assert found["imdb:tt07"] == "both: genre Drama; nearest in theme (0.94)"
    assert "based on the same book (Heart of Darkness)" in space.similar("Apocalypse Now", k=1)["evidence"][0]
    assert found["imdb:tt06"].startswith("nothing named in common; nearest in ")


def test_hints_are_no_evidence_because_no_vector_has_seen_them(space: TitleSpace) -> None:
    assert not space.similar("21 Grams", k=10)["evidence"].str.contains("novel").any()


def test_a_simulated_view_says_so(space: TitleSpace) -> None:
    found = space.similar("21 Grams", view="audience")
    assert found["id"].tolist() == ["imdb:tt03", "imdb:tt01"]
    assert found["evidence"].str.contains("simulated").all()
    assert "simulated" in found.attrs["note"]
    assert "note" not in space.similar("21 Grams", view="theme").attrs


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"kind": "series"}, ["The Wire"]),
        ({"kind": ["series", "film"], "year": 2004}, ["Crash"]),
        ({"year": (2002, 2004)}, ["21 Grams", "The Wire", "Crash"]),
        ({"year": (None, 1996)}, ["Aguirre, the Wrath of God", "Crash"]),
        ({"year": (2004, None)}, ["Babel", "Crash"]),
        ({"country": "MX"}, ["Babel"]),
        ({"country": "mexico"}, ["Babel"]),
        ({"country": ["country:FR", "CA"]}, ["Amélie", "Crash"]),
        ({"language": ["es", "fr"]}, ["Babel", "Amélie"]),
        ({"genre": "comedy"}, ["Amélie"]),
        ({"genre": "War"}, []),  # the storyline "war" is another thing, and nobody else has the genre
        ({"storyline": "guilt"}, ["21 Grams", "Babel", "Crash"]),
        ({"storyline": ["tag:grief", "journey"]}, ["Aguirre, the Wrath of God", "21 Grams"]),
        ({"directed_by": "Alejandro González Iñárritu"}, ["21 Grams", "Babel"]),
        ({"based_on": True}, ["Aguirre, the Wrath of God"]),
        ({"has_genre": False}, []),
        ({"kind": None, "year": None}, None),
    ],
)
def test_filters_keep_what_meets_them_in_order(
    space: TitleSpace, where: dict[str, Any], expected: list[str] | None
) -> None:
    assert labels(space, where=where) == (labels(space) if expected is None else expected)


def test_filters_come_before_the_k_nearest_are_taken(space: TitleSpace) -> None:
    everything = space.similar("Apocalypse Now", k=100)
    series = everything[everything["kind"] == "series"]
    assert space.similar("Apocalypse Now", k=1, where={"kind": "series"})["id"].tolist() == series["id"].tolist()[:1]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"gnere": "Drama"}, "Did you mean 'genre'"),
        ({"genre": "Drma"}, "Nearest: Drama"),
        ({"genre": 7}, "neither a name"),
        ({"kind": "movie"}, "a film or a series"),
        ({"year": "1990"}, "must be a year or"),
        ({"year": (2000, 1990)}, "2000 is after 1990"),
        ({"year": (1990,)}, "must be a year or"),
        ({"kind": []}, "empty"),
        ({"language": "Klingon"}, "Klingon"),
    ],
)
def test_a_filter_that_makes_no_sense_is_an_error(space: TitleSpace, where: dict[str, Any], says: str) -> None:
    with pytest.raises(BadFilter, match=says):
        space.similar("Babel", where=where)


def test_other_bad_questions(space: TitleSpace) -> None:
    for k in (0, -1, 1_000_000, 2.5, True, None):
        with pytest.raises(BadCount, match="from 1 to"):
            space.similar("Babel", k=k)  # type: ignore[arg-type]
    with pytest.raises(UnknownView, match="graph, theme, audience, fused"):
        space.similar("Babel", view="story")
    with pytest.raises(UnknownCountry):
        space.similar("Babel", where={"country": "Atlantis"})
    with pytest.raises(UnknownCountry):
        space.similar("Babel", where={"country": "QQ"})
    with pytest.raises(EmptyQuestion):
        space.similar([])
    with pytest.raises(NoVector, match=r"fused, theme|nor in any other"):
        space.similar("Unseen")
    with pytest.raises(NoVector, match="it has one in graph, theme, fused"):
        space.similar("The Wire", view="audience")
    with pytest.raises(UnknownTitle):
        space.similar(["Babel", "Bable XYZ"])


def test_vectors_come_as_a_frame(space: TitleSpace) -> None:
    frame = space.vectors(["21 Grams", "Unseen"], view="theme")
    assert frame.index.tolist() == ["imdb:tt02", "imdb:tt09"]
    assert frame.loc["imdb:tt02"].tolist() == pytest.approx([0.5, math.sqrt(0.75)])
    assert frame.loc["imdb:tt09"].isna().all()
    assert len(space.vectors(view="audience")) == 3
    frame.iloc[0, 0] = 9.0  # a copy: the release is untouched
    assert space.vectors("21 Grams").iloc[0, 0] == pytest.approx(0.5)


def test_related_crosses_types_and_names_the_link(space: TitleSpace) -> None:
    found = space.related("Apocalypse Now", kind="book")
    assert found["id"].tolist() == ["book:heart-of-darkness", "book:babel"]
    assert found["link"].tolist() == ["Apocalypse Now – based on → Heart of Darkness", ""]
    assert found["similarity"].tolist() == pytest.approx([math.cos(math.radians(a)) for a in (5, 75)])
    assert space.related("guilt", k=2)["kind"].tolist() == ["person", "film"]
    with pytest.raises(NoVector, match="grief"):
        space.related("grief")


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=3000), st.integers(1, 12))
def test_the_top_is_that_of_a_full_sort(scores: list[int], k: int) -> None:
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    assert top(np.array(scores, dtype=np.float32), k).tolist() == expected


@pytest.mark.parametrize("share", [0.05, 0.6, 1.0])
def test_the_nearest_are_those_of_brute_force(share: float) -> None:
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((7000, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    allowed = rng.random(len(vectors)) < share
    own = np.array([5, 6000, 17])
    found = nearest(vectors, vectors[own], 9, allowed, own)
    for title, (rows, scores) in zip(own, found, strict=True):
        cosines = np.array([float(vectors[title] @ row) for row in vectors])
        cosines[~allowed] = -np.inf
        cosines[title] = -np.inf
        assert rows.tolist() == np.argsort(-cosines)[:9].tolist()
        assert scores == pytest.approx(cosines[rows], abs=1e-5)
