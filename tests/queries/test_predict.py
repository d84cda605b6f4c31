"""Missing facts: only what can be one and is not known, in the model's order, with the calibration's probabilities."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import ReleaseDamaged
from embeddings.graph import GraphModel, GraphSettings
from embeddings.graph.calibration import EdgeCalibration, Reliability
from embeddings.release_writer import ReleaseWriter
from kg.knowledge_graph import KnowledgeGraph
from queries.errors import (
    AmbiguousEntity,
    BadCount,
    BadRelation,
    NotInRelease,
    NoVector,
    UnknownEntity,
    UnknownRelation,
)
from queries.space import TitleSpace

#: Where an entity stands; a relation moves nothing, but "based_on" moves by (10, 0) and back.
PLACES = {
    "imdb:tt02": (0.0, 0.0),
    "imdb:tt03": (0.5, 0.0),
    "imdb:tt01": (3.0, 0.0),
    "imdb:tt08": (3.5, 0.0),
    "imdb:tt05": (2.0, 2.0),
    "tag:moral-dilemmas": (0.1, 0.0),
    "tag:guilt": (0.2, 0.0),
    "tag:war": (1.0, 0.0),
    "tag:journey": (2.0, 0.0),
    "tag:grief": (4.0, 0.0),
    "book:heart-of-darkness": (13.0, 0.0),
    "person:inarritu": (0.0, 0.1),
    "genre:drama": (0.0, 0.2),
    "country:MX": (0.0, 0.3),
}
KNOTS = [-3.0, 0.0]  # probability rises from 0.1 to 0.9 between these log shares
PROBABILITIES = [0.1, 0.9]


def reopened(
    release: Path, kg: KnowledgeGraph, folder: Path, *, calibrated: bool = True, learnt: bool = True
) -> TitleSpace:
    """The hand-made release with a model of the places above."""
    entities = kg.entities()
    rows = dict(zip(entities["id"], entities["row"], strict=True))
    names = [name for name, relation in kg.schema.relations.items() if not relation.identity]
    vectors = np.full((max(rows.values()) + 1, 2), 1e3, dtype=np.float32)
    seen = np.zeros(len(vectors), dtype=bool)
    for name, place in PLACES.items():
        vectors[rows[name]], seen[rows[name]] = place, True
    relations = np.zeros((len(names), 2), dtype=np.float32)
    relations[names.index("based_on")] = (10, 0)
    model = GraphModel(
        entities=vectors,
        relations=relations,
        inverse_relations=-relations,
        seen=seen,
        settings=GraphSettings(dim=2),
    )
    nothing = Reliability([0, 1], [0], [0], [0], 0.0)
    manifest = json.loads((release / "manifest.json").read_text())
    with ReleaseWriter(folder) as out:
        for name in manifest["files"]:
            shutil.copy(release / name, out.file(name))
        model.save(out.file("model/graph.json").parent)
        if calibrated:
            EdgeCalibration(
                log_shares=np.array(KNOTS),
                top_probabilities=np.array(PROBABILITIES),
                probabilities=np.array(PROBABILITIES) / 2,
                reliability=nothing,
                top_reliability=nothing,
                protocol="chosen",
            ).save(out.file("edges/calibration.json"))
        metrics = {"edge_probabilities": {"protocol": "Not measured: too few."}} if learnt else {}
        return TitleSpace.open(out.publish({**manifest, "metrics": manifest["metrics"] | metrics}))


@pytest.fixture
def predicting(release: Path, graph: KnowledgeGraph, tmp_path: Path) -> TitleSpace:
    return reopened(release, graph, tmp_path / "releases")


def test_unknown_tags_in_the_order_of_their_distance_with_their_probabilities(predicting: TitleSpace) -> None:
    found = predicting.predict("imdb:tt03", "storyline")
    assert list(found) == ["rank", "id", "label", "kind", "year", "probability", "score", "evidence"]
    # Babel is known for moral dilemmas and guilt; what is left, by the distance from (0.5, 0).
    distances = {"tag:war": 0.5, "tag:journey": 1.5, "tag:grief": 3.5}
    assert found["id"].tolist() == list(distances)
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["score"].tolist() == pytest.approx([-d for d in distances.values()], abs=1e-3)
    total = sum(math.exp(-d) for d in distances.values())
    log_shares = [-d - math.log(total) for d in distances.values()]
    assert found["probability"].tolist() == pytest.approx(np.interp(log_shares, KNOTS, PROBABILITIES), abs=1e-3)


def test_the_other_end_is_asked_inversely(predicting: TitleSpace) -> None:
    found = predicting.predict("Heart of Darkness", "based_on", inverse=True)
    # (13, 0) − (10, 0) is Apocalypse Now's place; that and Aguirre are known, and books have no vector here.
    assert found["id"].tolist() == ["imdb:tt05", "imdb:tt03", "imdb:tt02"]
    assert found["year"].tolist() == [2004, 2006, 2003]
    tails = predicting.predict("Crash (2004)", "based on")
    assert tails["id"].tolist() == ["book:heart-of-darkness", "imdb:tt08", "imdb:tt01", "imdb:tt03", "imdb:tt02"]


def test_k_cuts_and_the_sum_of_types_holds(predicting: TitleSpace) -> None:
    assert len(predicting.predict("imdb:tt03", "storyline", k=2)) == 2
    everything = predicting.predict("21 Grams", "directed_by", k=100)
    assert everything.empty  # the only person with a vector is known to have directed it
    assert list(everything) == list(predicting.predict("imdb:tt03", "storyline"))


def test_the_evidence_is_who_has_it_and_is_near(predicting: TitleSpace) -> None:
    found = predicting.predict("imdb:tt03", "storyline").set_index("id")["evidence"]
    assert found["tag:grief"] == "as 21 Grams (0.98)"  # ten degrees apart in the graph view
    assert found["tag:journey"] == "as Aguirre, the Wrath of God (0.64) and Apocalypse Now (0.34)"
    found = predicting.predict("Heart of Darkness", "based_on", inverse=True).set_index("id")["evidence"]
    assert found["imdb:tt02"] == "as Aguirre, the Wrath of God (0.77) and Apocalypse Now (0.50)"


def test_what_is_known_through_the_inverse_is_known(predicting: TitleSpace) -> None:
    # Babel follows 21 Grams, so 21 Grams is followed by it, whichever of the two names is used.
    for relation, inverse in (("followed_by", False), ("follows", True)):
        assert "imdb:tt03" not in predicting.predict("21 Grams", relation, inverse=inverse)["id"].tolist()
    one, other = predicting.predict("21 Grams", "followed_by"), predicting.predict("21 Grams", "follows", inverse=True)
    pd.testing.assert_frame_equal(one, other)
    assert len(one) == 4  # three other titles, and the book


def test_several_of_one_name_are_told_apart_by_the_relation(predicting: TitleSpace) -> None:
    assert predicting.predict("Babel", "starring")["id"].tolist() == ["person:inarritu"]  # nobody stars in a book
    with pytest.raises(AmbiguousEntity, match="book:babel"):
        predicting.predict("Babel", "storyline")
    with pytest.raises(AmbiguousEntity):
        predicting.predict("Crash", "storyline")


def test_several_are_answered_one_after_the_other(predicting: TitleSpace) -> None:
    names = predicting.titles()["id"].tolist()[:2]
    both = predicting.predict(names, "storyline", k=2)
    assert both["query"].unique().tolist() == names
    alone = predicting.predict(names[0], "storyline", k=2)
    pd.testing.assert_frame_equal(both[both["query"] == names[0]].drop(columns="query"), alone)


def test_bad_questions_say_what_is_wrong(predicting: TitleSpace) -> None:
    with pytest.raises(UnknownRelation, match="storyline"):
        predicting.predict("imdb:tt03", "storylines")
    with pytest.raises(UnknownRelation, match="There are"):
        predicting.predict("imdb:tt03", "zzz")
    with pytest.raises(BadRelation, match=r"guilt can't be the head of 'storyline'.*inverse=True"):
        predicting.predict("tag:guilt", "storyline")
    with pytest.raises(BadRelation, match="can't be the tail of 'directed_by': that is a Person") as error:
        predicting.predict("War", "directed_by", inverse=True)
    assert "inverse" not in str(error.value)
    with pytest.raises(BadRelation, match="learnt nothing of 'music_by'"):
        predicting.predict("imdb:tt03", "music_by")
    with pytest.raises(BadRelation, match="learnt nothing of 'adaptation_hint'"):  # it gives answers away
        predicting.predict("imdb:tt03", "adaptation_hint")
    with pytest.raises(NoVector):
        predicting.predict("The Wire", "storyline")
    with pytest.raises(UnknownEntity):
        predicting.predict("qqqqqq", "storyline")
    for k in (0, -1, 10**9, True, "ten"):
        with pytest.raises(BadCount):
            predicting.predict("imdb:tt03", "storyline", k=k)  # type: ignore[arg-type]


def test_an_older_release_says_that_it_is_too_old(space: TitleSpace) -> None:
    with pytest.raises(NotInRelease, match="titlegraph refresh"):
        space.predict("imdb:tt03", "storyline")


def test_without_a_calibration_there_is_an_order_but_no_probability(
    release: Path, graph: KnowledgeGraph, tmp_path: Path
) -> None:
    found = reopened(release, graph, tmp_path / "releases", calibrated=False).predict("imdb:tt03", "storyline")
    assert found["id"].tolist() == ["tag:war", "tag:journey", "tag:grief"]
    assert found["probability"].isna().all()
    assert found.attrs["note"] == "Not measured: too few."


@pytest.mark.parametrize("name", ["edges/calibration.json", "model/graph.safetensors"])
def test_a_file_that_can_not_be_read_is_an_error(predicting: TitleSpace, name: str) -> None:
    file = predicting.release.path / name
    file.write_bytes(b"\xff" * file.stat().st_size)
    with pytest.raises(ReleaseDamaged):
        predicting.predict("imdb:tt03", "storyline")
