"""What a release is about."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from embeddings.catalogue import Catalogue
from kg import Batch, KnowledgeGraph


def test_a_film_known_by_number_alone_is_no_answer_until_somebody_names_it(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w")
    facts = pd.DataFrame({"head": ["tmdb:862", "imdb:tt1"], "relation": "storyline", "tail": ["tag:toys", "tag:toys"]})
    named = pd.DataFrame({"id": ["imdb:tt1"], "type": ["Film"], "label": ["1917"]})
    films = pd.DataFrame({"title": ["tmdb:862", "imdb:tt1"], "kind": "film"})
    kg.replace(Batch(source="keywords", facts=facts, titles=films, entities=named))
    assert Catalogue.of(kg).titles["label"].tolist() == ["1917"]
    names = pd.DataFrame({"id": ["imdb:tt2"], "type": ["Film"], "label": ["Toy Story"]})
    same = pd.DataFrame({"head": ["imdb:tt2"], "relation": "same_as", "tail": ["tmdb:862"]})
    kg.replace(Batch(source="names", entities=names, facts=same))
    assert sorted(Catalogue.of(kg).titles["label"]) == ["1917", "Toy Story"]
