"""In what ways two titles are comparable."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from queries.errors import AmbiguousTitle, BadQuestion
from queries.space import TitleSpace


def test_what_both_have_with_its_rarity(space: TitleSpace) -> None:
    frame = space.explain("21 Grams", "Babel").frame
    assert list(frame.columns) == ["aspect", "facet", "relation", "what", "id", "weight", "learnt"]
    both = frame[frame["aspect"] == "both"].set_index("id")
    assert set(both.index) == {
        "tag:moral-dilemmas",
        "tag:guilt",
        "person:inarritu",
        "hint:based-on-novel",
        "genre:drama",
    }
    # Five titles have a storyline: two of them moral dilemmas, three guilt. Eight have a genre, seven of them Drama.
    assert both.loc["tag:moral-dilemmas", "weight"] == pytest.approx(math.log((5 + 10) / 2))
    assert both.loc["tag:guilt", "weight"] == pytest.approx(math.log((5 + 10) / 3))
    assert both.loc["genre:drama", "weight"] == pytest.approx(math.log((8 + 10) / 7))
    assert both.loc["person:inarritu", "facet"] == "people"
    assert both.loc["genre:drama", "facet"] == "genre"
    assert both.loc["tag:guilt", "facet"] == "storyline"
    assert both["learnt"].to_dict()["hint:based-on-novel"] is False  # known, but no vector was made from it


def test_a_language_is_no_place_and_what_happens_somewhere_is(space: TitleSpace) -> None:
    facets = {relation.name: relation.facet for relation in space._answers.facts.relations}
    assert facets["in_language"] == "language"
    assert facets["produced_in"] == facets["takes_place_in"] == "place"
    assert facets["main_subject"] == "subject"
    assert facets["based_on"] == "source material"
    assert facets["starring"] == "people"


def test_what_only_one_has(space: TitleSpace) -> None:
    frame = space.explain("21 Grams", "Babel").frame
    assert frame.loc[frame["aspect"] == "only a", "id"].tolist() == ["tag:grief"]
    assert set(frame.loc[frame["aspect"] == "only b", "id"]) == {"imdb:tt02", "country:MX"}


def test_similarity_view_by_view(space: TitleSpace) -> None:
    frame = space.explain("21 Grams", "Babel").frame
    cosines = frame[frame["aspect"] == "similarity"].set_index("facet")["weight"]
    assert cosines["fused"] == pytest.approx(math.cos(math.radians(10)), abs=1e-6)
    assert cosines["audience"] == pytest.approx(math.cos(math.radians(30)), abs=1e-6)
    without = space.explain("Apocalypse Now", "Amélie").frame
    assert "audience" not in set(without.loc[without["aspect"] == "similarity", "facet"])


def test_paths_by_way_of_one_entity_or_none(space: TitleSpace) -> None:
    frame = space.explain("Babel", "Crash (2004)").frame
    assert frame.loc[frame["aspect"] == "path", "what"].tolist() == [
        "Babel – directed by → Alejandro González Iñárritu ← starring – Crash"
    ]
    direct = space.explain("21 Grams", "Babel").frame
    assert direct.loc[direct["aspect"] == "path", "what"].tolist() == ["Babel – follows → 21 Grams"]
    source = space.explain("Apocalypse Now", "Aguirre, the Wrath of God")
    assert "based on the same book (Heart of Darkness)" in source.text


def test_the_paragraph_says_it_in_words(space: TitleSpace) -> None:
    text = space.explain("21 Grams", "Babel").text
    assert text.startswith("21 Grams (film, 2003) and Babel (film, 2006). Similarity: ")
    assert "audience (simulated) 0.87" in text
    assert "directed by Alejandro González Iñárritu" in text
    assert "Only 21 Grams: storyline grief." in text
    assert text.endswith("3 years lie between them.")
    assert "They share no fact." in space.explain("Apocalypse Now", "Amélie").text
    assert str(space.explain("21 Grams", "Babel")) == text


def test_it_works_both_ways(space: TitleSpace) -> None:
    there, back = space.explain("21 Grams", "Babel").frame, space.explain("Babel", "21 Grams").frame
    swapped = back.assign(aspect=back["aspect"].replace({"only a": "only b", "only b": "only a"}))
    key = ["aspect", "facet", "what"]
    assert sorted(map(tuple, there[key].values)) == sorted(map(tuple, swapped[key].values))


def test_a_title_without_any_vector_can_still_be_explained(space: TitleSpace) -> None:
    text = space.explain("Unseen", "Babel").text
    assert "no view has both" in text
    with pytest.raises(AmbiguousTitle):
        space.explain("Crash", "Babel")


def test_one_is_explained_with_each_of_several_and_several_in_pairs(space: TitleSpace) -> None:
    others = ["Babel", "Unseen", "Crash (2004)"]
    many = space.explain("21 Grams", others)
    assert many.said["a"].tolist() == ["imdb:tt02"] * 3
    assert many.said["b"].tolist() == ["imdb:tt03", "imdb:tt09", "imdb:tt05"]
    assert many.said["text"].tolist() == [space.explain("21 Grams", other).text for other in others]
    assert list(many.frame.columns)[:3] == ["a", "b", "aspect"]
    of_babel = many.frame[many.frame["b"] == "imdb:tt03"].drop(columns=["a", "b"])
    pd.testing.assert_frame_equal(of_babel, space.explain("21 Grams", "Babel").frame)
    paired = space.explain(["21 Grams", "Amélie"], ["Babel", "The Wire"])
    assert paired.said["text"][1] == space.explain("Amélie", "The Wire").text
    assert paired.text == "\n\n".join(paired.said["text"])
    assert len(space.explain(["21 Grams"], ["Babel"]).frame["a"].unique()) == 1
    with pytest.raises(BadQuestion, match="2 and 3 titles"):
        space.explain(["21 Grams", "Amélie"], others)


@pytest.mark.slow
def test_tags_that_come_near_are_named_by_facet(sample_space: TitleSpace) -> None:
    explanation = sample_space.explain("Apocalypse Now", "Platoon")
    near = explanation.frame[explanation.frame["aspect"] == "nearest"]
    assert len(near)
    assert (near["weight"] >= 0.5).all()
    both = explanation.frame.loc[explanation.frame["aspect"] == "both", "id"]
    for pair in near["id"]:
        mine, yours = pair.split()
        assert mine != yours
        assert {mine, yours}.isdisjoint(both)
    assert near.groupby("facet").size().max() <= 3
    assert "Near each other: " in explanation.text


@pytest.mark.slow
def test_countries_where_both_were_larger_than_usual(sample_space: TitleSpace) -> None:
    explanation = sample_space.explain("Narcos", "Money Heist")
    there = explanation.frame[explanation.frame["aspect"] == "audience"]
    assert len(there)
    assert (there["weight"] > 0).all()
    assert "Both were watched more than usual in" in explanation.text
