"""Relations in figures, and those that seem to say the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kg import Batch, KnowledgeGraph
from kg.statistics import relations, suspects


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    kg.workspace.schema_file.write_text(
        """
        @prefix my: <https://example.org/my#> .
        @prefix tg: <https://w3id.org/titlegraph/schema#> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        my:adapted_as a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
        my:adapts a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
        my:beside a owl:ObjectProperty ; rdfs:domain tg:Work ; rdfs:range tg:Work .
        """
    )
    return KnowledgeGraph.open(kg.workspace.path)


def frame(*facts: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["head", "relation", "tail"])


def test_figures_worked_out_by_hand(kg: KnowledgeGraph) -> None:
    labels = pd.DataFrame({"id": ["title:1", "person:a"], "type": ["Film", "Person"], "label": ["One", "Ann"]})
    cast = [
        ("title:1", "starring", "person:a"),
        ("title:1", "starring", "person:b"),
        ("title:2", "starring", "person:a"),
    ]
    directors = [("title:1", "directed_by", "person:a"), ("title:2", "directed_by", "person:a")]
    kg.add(Batch(source="first", entities=labels, facts=frame(*cast, *directors)))
    kg.add_facts(frame(*cast[:2], ("title:2", "same_as", "title:3")), source="second")
    table = relations(kg).set_index("relation")
    assert list(table.index[:2]) == ["starring", "directed_by"]
    starring = table.loc["starring"]
    assert (starring["facts"], starring["heads"], starring["tails"]) == (3, 2, 2)
    assert (starring["tails_per_head"], starring["heads_per_tail"], starring["cardinality"]) == (1.5, 1.5, "n-n")
    assert starring["sources"] == ["first", "second"]
    assert (starring["label"], starring["domain"], starring["range"]) == ("starring", "Title", "Person")
    assert starring["example"] == "One – starring – Ann"  # they stand in the most facts
    assert table.loc["directed_by", "cardinality"] == "n-1"
    assert table.loc["same_as", ["facts", "cardinality"]].tolist() == [1, "1-1"]
    assert table.loc["mood", ["facts", "heads"]].tolist() == [0, 0]
    assert pd.isna(table.loc["mood", "cardinality"])
    assert pd.isna(table.loc["mood", "example"])
    assert set(table.index) == set(kg.schema.relations)


def test_an_empty_workspace(kg: KnowledgeGraph) -> None:
    assert (relations(kg)["facts"] == 0).all()
    assert suspects(kg).empty


def test_suspected_inverses_duplicates_and_symmetric_relations(kg: KnowledgeGraph) -> None:
    pairs = [(f"title:{i}", f"book:{i}") for i in range(6)]
    facts = [(film, "based_on", book) for film, book in pairs]
    facts += [(book, "my:adapted_as", film) for film, book in pairs[:4]] + [("book:0", "my:adapted_as", "title:9")]
    facts += [(film, "my:adapts", book) for film, book in pairs[:3]]
    facts += [
        ("title:1", "my:beside", "title:2"),
        ("title:2", "my:beside", "title:1"),
        ("title:3", "my:beside", "title:4"),
    ]
    facts += [
        ("title:4", "my:beside", "title:3"),
        ("title:5", "my:beside", "title:6"),
        ("title:7", "my:beside", "title:7"),
    ]
    facts += [(f"title:{i}", "follows", f"title:{i + 1}") for i in range(5)]
    facts += [(f"title:{i + 1}", "followed_by", f"title:{i}") for i in range(5)]  # declared, so no suspicion
    kg.add_facts(frame(*facts))
    found = {
        (s.relation, s.other, s.kind): (s.shared, s.share, s.share_of_relation, s.share_of_other)
        for s in suspects(kg).itertuples()
    }
    assert found.pop(("my:beside", "my:beside", "symmetric")) == (4, 4 / 5, 4 / 5, 4 / 5)
    by_names = {frozenset(names[:2]): (names[2], values) for names, values in found.items()}
    assert by_names.pop(frozenset({"based_on", "my:adapts"}))[0] == "duplicate"
    kind, (shared, share, *_) = by_names.pop(frozenset({"based_on", "my:adapted_as"}))
    assert (kind, shared, share) == ("inverse", 4, 4 / 5)
    kind, (shared, share, *_) = by_names.pop(frozenset({"my:adapts", "my:adapted_as"}))
    assert (kind, shared, share) == ("inverse", 3, 1.0)
    assert not by_names
    assert suspects(kg, share=0.9)["shared"].tolist() == [3, 3]
    assert suspects(kg, least=4)["shared"].tolist() == [4, 4]
