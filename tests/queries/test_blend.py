"""Between titles: what is near to both, and to which a third leans."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from queries.errors import AmbiguousTitle, BadQuestion, EmptyQuestion, NoVector
from queries.space import TitleSpace


def cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_a_blend_is_near_to_both(space: TitleSpace) -> None:
    found = space.blend("Apocalypse Now", "21 Grams", k=7)
    # Aguirre lies between them, 20° and 40° away; Babel is at 70° and 10°, The Wire at 80° and 20°.
    assert set(found["label"][:2]) == {"Aguirre, the Wrath of God", "Babel"}
    row = found.set_index("label").loc["Aguirre, the Wrath of God"]
    assert row["similarity_1"] == pytest.approx(cosine(20), abs=1e-6)
    assert row["similarity_2"] == row["similarity"] == pytest.approx(cosine(40), abs=1e-6)
    assert not {"imdb:tt01", "imdb:tt02", "imdb:tt09"} & set(found["id"])
    assert found.attrs["titles"] == ["Apocalypse Now", "21 Grams"]
    assert row["evidence"].startswith("Apocalypse Now: both: storyline journey; based on the same book")
    assert "| 21 Grams: both: genre Drama" in row["evidence"]


def test_a_blend_of_many_with_filters_and_weights(space: TitleSpace) -> None:
    three = space.blend("Apocalypse Now", "21 Grams", "Babel", where={"kind": "series"})
    assert three["label"].tolist() == ["The Wire"]
    listed = space.blend(["Apocalypse Now", "21 Grams"], k=3, view={"theme": 1, "graph": 1}, evidence=False)
    assert listed["id"].tolist() == space.blend("Apocalypse Now", "21 Grams", k=3)["id"].tolist()


@pytest.mark.slow
def test_the_mean_of_two_far_titles_is_no_blend(sample_space: TitleSpace) -> None:
    """On the sample: the least similarity of a blend's results is no lower than that of the middle's neighbours."""
    rng = np.random.default_rng(0)
    ids = sample_space.vectors().index.to_numpy()
    vectors = sample_space.vectors().to_numpy()
    better = []
    for _ in range(30):
        a, b = rng.choice(len(ids), 2, replace=False)
        cosines = vectors @ vectors[[a, b]].T
        middle = cosines.sum(axis=1)
        middle[[a, b]] = -np.inf
        naive = cosines[np.argsort(-middle)[:5]].min(axis=1).mean()
        better.append(sample_space.blend(ids[a], ids[b], k=5, evidence=False)["similarity"].mean() - naive)
    assert np.mean(better) > 0.01


def test_a_title_leans_to_what_it_shares_more_with(space: TitleSpace) -> None:
    found = space.lean("Babel", "21 Grams", "Apocalypse Now")
    assert -1 <= found.lean < -0.5
    assert found.text.startswith("Babel leans to 21 Grams")
    assert "With 21 Grams alone" in found.text
    facets = found.frame[found.frame["aspect"] == "facet"].set_index("facet")
    assert facets.loc["people", "with_a"] == "directed by Alejandro González Iñárritu"
    assert facets.loc["people", "lean"] == "a"
    assert "genre" not in facets.index  # Drama is shared with both
    views = found.frame[found.frame["aspect"] == "view"].set_index("facet")
    assert views.loc["fused", "to_a"] == pytest.approx(cosine(10), abs=1e-6)
    assert views.loc["fused", "to_b"] == pytest.approx(cosine(70), abs=1e-6)
    assert "audience (simulated)" in views.index


def test_leaning_turns_with_its_ends(space: TitleSpace) -> None:
    there, back = space.lean("Babel", "21 Grams", "Amélie"), space.lean("Babel", "Amélie", "21 Grams")
    assert there.lean == pytest.approx(-back.lean)
    assert space.lean("Babel", "21 Grams", "21 Grams").lean == 0
    assert "stands between" in space.lean("Babel", "21 Grams", "21 Grams").text
    assert "Nothing is known" in space.lean("Unseen", "21 Grams", "Babel").text
    assert "&lt;" not in there._repr_html_()


def test_bad_questions(space: TitleSpace) -> None:
    for titles in (("Babel",), (["Babel"],)):
        with pytest.raises(EmptyQuestion, match="at least two"):
            space.blend(*titles)
    with pytest.raises(NoVector):
        space.blend("Babel", "Unseen")
    with pytest.raises(AmbiguousTitle):
        space.lean("Crash", "Babel", "Unseen")
    with pytest.raises(BadQuestion, match="2 and 3 titles"):
        space.lean(["Babel", "21 Grams"], "Babel", ["Unseen", "Amélie", "The Wire"])
    with pytest.raises(EmptyQuestion):
        space.lean([], "Babel", "Unseen")


def test_several_lean_each_their_way(space: TitleSpace) -> None:
    many = space.lean(["Babel", "The Wire"], "21 Grams", "Apocalypse Now")
    each = [space.lean(x, "21 Grams", "Apocalypse Now") for x in ("Babel", "The Wire")]
    assert many.said["x"].tolist() == ["imdb:tt03", "imdb:tt07"]
    assert many.said["lean"].tolist() == [one.lean for one in each]
    assert many.text.split("\n\n") == [one.text for one in each]
    assert list(many.frame.columns) == ["x", "a", "b", *each[0].frame.columns]
    of_wire = many.frame[many.frame["x"] == "imdb:tt07"].drop(columns=["x", "a", "b"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(of_wire, each[1].frame)
    with pytest.raises(BadQuestion, match="see `said`"):
        _ = many.lean
