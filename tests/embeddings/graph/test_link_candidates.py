"""What a release's link prediction ranks answers among: entities under the name they go by now, that facts mention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.graph import GraphSettings
from embeddings.links import fact_marks, link
from kg import Batch, KnowledgeGraph


def test_merged_names_and_things_without_facts_are_no_candidates(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w")
    films = [f"tmdb:{n}" for n in range(30)]
    facts = pd.DataFrame({"head": films, "relation": "storyline", "tail": [f"tag:{n % 3}" for n in range(30)]})
    named = pd.DataFrame({"id": films, "type": "Film", "label": [f"Film {name}" for name in films]})
    idle = pd.DataFrame({"id": ["tag:never-used"], "type": ["Storyline"], "label": ["never used"]})
    kg.replace(Batch(source="keywords", facts=facts, entities=pd.concat([named, idle])))
    numbers = [f"imdb:tt{n}" for n in range(30)]
    names = pd.DataFrame({"id": numbers, "type": "Film", "label": [f"Film {name}" for name in films]})
    same = pd.DataFrame({"head": numbers, "relation": "same_as", "tail": films})
    kg.replace(Batch(source="names", entities=names, facts=same))
    late = pd.DataFrame({"head": ["tmdb:99"], "relation": "storyline", "tail": ["tag:0"]})
    called = pd.DataFrame({"id": ["tmdb:99"], "type": "Film", "label": "The latest"})
    kg.replace(Batch(source="late", facts=late, entities=called))

    catalogue = Catalogue.of(kg)
    known = catalogue.facts(kg.triples())
    assert len(known) == 31
    held_out = np.isin(known.heads, catalogue.positions(pd.Series(films[:3])))
    settings = GraphSettings(dim=8, epochs=1, threads=1)
    found = link(catalogue, known[~held_out], known[held_out], settings, most_measured=10)
    assert found.model.num_entities > 60  # rows are append-only
    assert found.metrics["unseen"] == 3
    assert "among all 31 entities that may be an answer" in found.metrics["protocol"]  # 28 films and 3 tags


def test_releases_are_asked_about_the_same_facts_whatever_is_new(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w")
    facts = pd.DataFrame({"head": [f"title:film-{n:03}" for n in range(200)], "relation": "storyline", "tail": "tag:0"})
    kg.add(Batch(source="films", titles=pd.DataFrame({"title": facts["head"], "kind": "film"}), facts=facts))
    asked = []
    for _ in range(2):
        catalogue = Catalogue.of(kg)
        some = catalogue.facts(kg.triples())
        marks = fact_marks(some, catalogue, seed=7)
        ids = catalogue.entities["id"].to_numpy()
        asked.append(set(ids[some.heads[np.argsort(marks)[:40]]]))
        kg.add_facts(facts.iloc[:10].assign(head=[f"title:film-{n:03}a" for n in range(10)]))
    assert len(asked[0] & asked[1]) >= 35  # new facts take the place of a few
    assert len(fact_marks(some[np.arange(5)], catalogue, seed=7)) == 5
    assert not (fact_marks(some, catalogue, seed=8) == fact_marks(some, catalogue, seed=7)).any()
