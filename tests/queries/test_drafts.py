"""Titles that have not launched: described by whatever is known, asked about like any other."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import ReleaseDamaged
from embeddings.graph import GraphModel, Triples, embed
from queries import TitleSpace
from queries.errors import (
    BadQuestion,
    EmptyQuestion,
    QueryError,
    UnknownCountry,
    UnknownEntity,
    UnknownLanguage,
    UnknownRelation,
)

pytestmark = pytest.mark.slow  # a release of the sample catalogue is made first

SUMMARY = "A linguist is asked to talk with aliens who arrived in silent ships, and she loses her sense of time."


@pytest.fixture(scope="module")
def space(sample_workspace: Path) -> TitleSpace:
    return TitleSpace.open(sample_workspace)


def test_a_summary_alone_finds_the_film_it_retells(space: TitleSpace) -> None:
    draft = space.draft(summary=SUMMARY)
    for view in ("theme", "graph", "fused"):
        assert "Arrival" in space.similar(draft, k=3, view=view)["label"].tolist()
    made_from = draft.views.set_index("view")["made_from"]
    assert made_from["graph"] == "foreseen from the summary"
    assert made_from["theme"] == "the summary"


def test_the_graph_vector_of_a_draft_is_the_least_squares_answer_to_its_facts(space: TitleSpace) -> None:
    """Against `embeddings.graph.embed`, which knows nothing of releases."""
    draft = space.draft(facts=[("based_on", "Story of Your Life"), ("directed_by", "Denis Villeneuve")], kind="film")
    model = GraphModel.load(space.release.path / "model")
    rows = space.release.table("entities.parquet", "row")["row"].to_numpy()
    facts = Triples(
        heads=np.full(2, model.num_entities),
        relations=np.asarray(draft.relations, dtype=np.int64),
        tails=rows[draft.entities],
        num_entities=model.num_entities + 1,
        num_relations=model.num_relations,
    )
    raw = embed(model, facts)[0]
    types = space.release.table("entities.parquet", "type")["type"].to_numpy()
    films = rows[types == "Film"]
    films = films[model.seen[films]]
    overall = model.entities[rows[model.seen[rows]]].mean(axis=0)
    centred = raw - (model.entities[films].sum(axis=0) + 10 * overall) / (len(films) + 10)
    np.testing.assert_allclose(draft.vectors["graph"], centred / np.linalg.norm(centred), atol=1e-4)
    source = space.draft(facts=[("based_on", "Story of Your Life")], kind="film")
    assert space.similar(source, k=1, view="graph")["label"].tolist() == ["Arrival"]


def test_tags_are_taken_by_name_then_by_their_words_and_what_is_unknown_is_said(space: TitleSpace) -> None:
    draft = space.draft(tags=["heist", "Heists", "quantum plumbing"], people=["Guillermo Arriaga", "Nobody Atall"])
    tags = draft.tags.set_index("given")
    assert tags.loc["heist", "taken_as"] == "heist"
    assert tags.loc["heist", "similarity"] == 1
    assert tags.loc["Heists", "taken_as"] == "heist"
    assert 0.6 <= tags.loc["Heists", "similarity"] <= 1
    assert pd.isna(tags.loc["quantum plumbing", "taken_as"])
    assert tags.loc["Guillermo Arriaga", "relation"] == "written_by"
    assert pd.isna(tags.loc["Nobody Atall", "taken_as"])


def test_a_tag_is_taken_as_what_titles_have_not_as_what_books_have(space: TitleSpace) -> None:
    """Most facts about "family saga" are readers' shelves, and a shelf says nothing of a film."""
    assert space.draft(tags=["family saga"]).tags["relation"].tolist() == ["storyline"]


def test_a_tag_with_its_relation_is_taken_as_that(space: TitleSpace) -> None:
    draft = space.draft(tags=[("storyline", "heist"), ("mood", "bleak")])
    assert draft.tags["relation"].tolist() == ["storyline", "mood"]
    assert space.draft(tags={"storyline": ["heist"], "mood": "bleak"}).tags.equals(draft.tags)


def test_a_book_is_no_tag_to_be_guessed_at_by_its_name(space: TitleSpace) -> None:
    plain = space.draft(tags=["heist", "grief"])
    adapted = space.draft(tags=["heist", "grief"], facts=[("based_on", "Story of Your Life")])
    np.testing.assert_array_equal(adapted.vectors["theme"], plain.vectors["theme"])
    assert not np.allclose(adapted.vectors["graph"], plain.vectors["graph"])


def test_what_more_is_known_is_trusted_more(space: TitleSpace) -> None:
    little = space.draft(summary=SUMMARY).views.set_index("view")["trust"]
    more = space.draft(summary=SUMMARY, tags=["alien contact", "grief"], people=["Denis Villeneuve"])
    assert little["fused"] < more.views.set_index("view")["trust"]["fused"] <= 1
    assert "described again by part" in space.metrics["drafts"]["protocol"]


def test_thousands_are_what_they_are_one_by_one(space: TitleSpace) -> None:
    frame = pd.DataFrame(
        {
            "label": ["One", None, "Three"],
            "summary": [None, SUMMARY, float("nan")],
            "tags": [["heist", "grief"], None, ["small town"]],
            "kind": ["film", "series", None],
            "launch": [pd.Timestamp("2024-05-01"), pd.NaT, None],
        }
    )
    many = space.drafts(frame)
    rows = [{k: v for k, v in row.items() if isinstance(v, list | str)} for row in frame.to_dict("records")]
    rows[0]["launch"] = "2024-05-01"
    for draft, row in zip(many, rows, strict=True):
        alone = space.draft(**row)
        assert draft.id == alone.id
        for view, vector in alone.vectors.items():
            np.testing.assert_allclose(draft.vectors[view], vector, atol=1e-4)
    found = space.similar(many, k=2)
    assert found["query"].unique().tolist() == [draft.id for draft in many]


def test_a_draft_may_stand_wherever_a_title_does(space: TitleSpace) -> None:
    draft = space.draft(summary=SUMMARY, tags=["alien contact"], kind="film", countries=["US"], label="Ships")
    assert "alien contact" in space.similar(draft, k=3)["evidence"][0]
    assert space.explain(draft, "Arrival").text.startswith("Ships (draft)")
    assert space.lean(draft, "Arrival", "Babel").lean < 0
    assert len(space.blend(draft, "Babel", k=3)) == 3
    assert "Arrival" not in space.recommend([draft, "Arrival"], k=3)["label"].tolist()
    assert space.audience(draft, ["US", "ES"])["expected"].gt(0).all()
    features = space.audience_features(draft, "US")
    assert features["title"].tolist() == ["Ships"]
    assert features["comparable_count"].item() > 0
    assert space.languages(draft, k=1)["language"].tolist()
    assert space.map().place([draft])[["x", "y"]].notna().all(axis=None)
    assert space.vectors([draft], view="theme").index.tolist() == [draft.id]
    assert len(space.related(draft, kind="book", k=3)) == 3


def test_what_is_missing_of_a_draft_is_predicted(space: TitleSpace) -> None:
    """A draft with the facts of a title stands where that title does by least squares, and lacks what it lacks."""
    facts = [("based_on", "Story of Your Life"), ("directed_by", "Denis Villeneuve"), ("has_genre", "Science Fiction")]
    draft = space.draft(facts=facts, kind="film")
    found = space.predict(draft, "storyline", k=20)
    assert {"alien contact", "first contact"} & set(found["label"])
    assert found["probability"].between(0, 1).all()
    assert "Denis Villeneuve" not in space.predict(draft, "directed_by", k=50)["label"].tolist()
    foreseen = space.draft(summary=SUMMARY, kind="film")
    assert len(space.predict([draft, foreseen], "storyline", k=3)) == 6
    with pytest.raises(BadQuestion, match="can't be the tail of 'has_genre'"):
        space.predict(draft, "has_genre", inverse=True)


def test_what_launches_early_is_compared_with_earlier_titles_alone(space: TitleSpace) -> None:
    draft = space.draft(tags=["alien contact", "grief"], launch="1990-01-01")
    years = space.titles().set_index("id")["year"]
    comparables = space.audience_features(draft, "US")["comparable_ids"].item()
    assert comparables
    assert years[comparables].lt(1990).all()


def test_a_draft_without_a_summary_needs_nothing_that_trains(sample_workspace: Path) -> None:
    code = (
        "import sys; from titlegraph import TitleSpace; space = TitleSpace.open(sys.argv[1]); "
        "draft = space.draft(tags=['heist', 'grief'], people=['Guillermo Arriaga'], kind='film'); "
        "print(space.similar(draft, k=1)['label'][0]); "
        "print([name for name in ('torch', 'pykeen', 'transformers', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(sample_workspace)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize(
    ("described", "error", "words"),
    [
        ({}, EmptyQuestion, "says nothing to compare by"),
        ({"kind": "film", "countries": ["ES"]}, None, ""),
        ({"kind": "film", "runtime": 90}, EmptyQuestion, "says nothing"),
        ({"tags": [1]}, BadQuestion, "Among the draft's tags is 1"),
        ({"tags": ["heist"], "kind": "opera"}, BadQuestion, "'opera'"),
        ({"tags": ["heist"], "runtime": -3}, BadQuestion, "-3"),
        ({"tags": ["heist"], "launch": "tomorrow"}, BadQuestion, "'tomorrow'"),
        ({"tags": ["heist"], "countries": ["Atlantis"]}, UnknownCountry, "Atlantis"),
        ({"tags": ["heist"], "languages": ["Klingonish"]}, UnknownLanguage, "Klingonish"),
        ({"facts": [("based_on", "no such book")]}, UnknownEntity, "must lead to something known"),
        ({"facts": [("basedon", "Arrival")]}, UnknownRelation, "based_on"),
        ({"facts": ["based_on"]}, BadQuestion, "a relation and what it leads to"),
        ({"facts": 5}, BadQuestion, "facts are 5, but must be a list"),
        ({"tags": 5}, BadQuestion, "tags are 5, but must be a list"),
        ({"tags": ["heist"], "people": [float("nan")]}, BadQuestion, "people is nan"),
        ({"sumary": "a"}, BadQuestion, "Did you mean summary?"),
        ({"summary": float("nan"), "tags": None}, EmptyQuestion, "says nothing"),
    ],
)
def test_bad_drafts_get_clear_errors(
    space: TitleSpace, described: dict[str, Any], error: type[QueryError] | None, words: str
) -> None:
    if error is None:
        assert len(space.draft(**described).views)
        return
    with pytest.raises(error, match=words):
        space.draft(**described)


def test_what_can_not_be_read_in_full_is_said(space: TitleSpace) -> None:
    spanish = "Un hombre vuelve a su pueblo para enterrar a su padre y descubre secretos que nadie quiso contar nunca."
    assert "does not seem to be English" in space.draft(summary=spanish).notes[0]
    chinese = "一名退休侦探回到小镇寻找失踪的妹妹,却发现她加入了盗窃团伙。"
    assert "does not seem to be English" in space.draft(summary=chinese).notes[0]
    broken = space.draft(label="half a \ud83d pair", summary="half a \ud83d pair", tags=["\ud83d"])
    assert broken.label == "half a ? pair"
    assert "10,000 words only about the first" in space.draft(summary="the heist " * 5_000).notes[0]
    assert space.draft(summary=SUMMARY).notes == []


@pytest.mark.parametrize(
    "file",
    ["fusion/tags.json", "fusion/fusion.safetensors", "content/content.safetensors", "audience_model/model.json"],
)
def test_a_model_that_can_not_be_read_is_an_error(sample_workspace: Path, tmp_path: Path, file: str) -> None:
    """Of the right size and with nothing in it, which opening does not see."""
    folder = shutil.copytree(TitleSpace.open(sample_workspace).release.path, tmp_path / "release")
    (folder / file).write_bytes(bytes((folder / file).stat().st_size))
    opened = TitleSpace.open(folder)
    with pytest.raises(ReleaseDamaged, match="can't be read"):
        opened.audience(opened.draft(tags=["heist"]), "US")


def test_tables_that_are_none(space: TitleSpace) -> None:
    with pytest.raises(EmptyQuestion):
        space.drafts(pd.DataFrame({"tags": []}))
    with pytest.raises(BadQuestion, match="DataFrame"):
        space.drafts([{"tags": ["heist"]}])  # type: ignore[arg-type]
