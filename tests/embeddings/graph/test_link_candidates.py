"""What a release's link prediction ranks answers among: entities under the name they go by now, that facts mention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.graph import GraphSettings
from embeddings.links import link
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
