"""Neighbourhoods and paths."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import Batch, KnowledgeGraph
from kg.errors import UnknownEntity
from kg.network import paths

FACTS = [
    ("imdb:tt1", "based_on", "book:dark"),
    ("imdb:tt1", "starring", "person:brando"),
    ("imdb:tt1", "directed_by", "person:coppola"),
    ("imdb:tt2", "directed_by", "person:coppola"),
    ("imdb:tt2", "starring", "person:brando"),
    ("imdb:tt2", "has_genre", "genre:drama"),
    ("imdb:tt1", "has_genre", "genre:drama"),
    ("imdb:tt3", "has_genre", "genre:drama"),
    ("imdb:tt3", "directed_by", "person:inarritu"),
]


def frame(facts: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(facts, columns=["head", "relation", "tail"])


@pytest.fixture
def kg(tmp_path: Path) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    names = pd.DataFrame(
        {
            "id": ["imdb:tt1", "book:dark", "tmdb:1", "imdb:tt2", "imdb:tt3"],
            "type": ["Title", "Book", "Film", "Film", "Film"],
            "label": ["Apocalypse Now", "Heart of Darkness", "Apocalypse Now", "Twin", "Twin"],
        }
    )
    told = pd.DataFrame({"title": ["imdb:tt1"], "kind": ["film"], "year": [1979]})
    kg.add(Batch(source="list", entities=names, facts=frame(FACTS).assign(weight=2.0), titles=told))
    more = [
        ("tmdb:1", "starring", "person:brando"),
        ("tmdb:1", "same_as", "imdb:tt1"),
        ("tmdb:1", "mood", "mood:gritty"),
    ]
    others = pd.DataFrame({"title": ["tmdb:1"], "year": [1980]})
    kg.add(Batch(source="other", facts=frame(more).assign(weight=3.0), titles=others))
    return kg


@pytest.mark.parametrize("name", ["imdb:tt1", "tmdb:1", "Apocalypse Now"])
def test_one_hop_by_any_name(kg: KnowledgeGraph, name: str) -> None:
    graph = kg.network(name)
    assert isinstance(graph, nx.MultiDiGraph)
    assert set(graph) == {"imdb:tt1", "book:dark", "person:brando", "person:coppola", "genre:drama", "mood:gritty"}
    assert graph.nodes["imdb:tt1"] == {"label": "Apocalypse Now", "type": "Film", "year": 1979}
    assert graph.nodes["book:dark"] == {"label": "Heart of Darkness", "type": "Book", "year": None}
    assert graph.edges["imdb:tt1", "person:brando", "starring"] == {"sources": ["list", "other"], "weight": 3.0}
    assert all(relation != "same_as" for _, _, relation in graph.edges(keys=True))


def test_facts_are_followed_in_both_directions(kg: KnowledgeGraph) -> None:
    assert set(kg.network("person:coppola")) == {"person:coppola", "imdb:tt1", "imdb:tt2"}


def test_more_hops(kg: KnowledgeGraph) -> None:
    reference = nx.Graph((h, t) for h, _, t in [*FACTS, ("imdb:tt1", "mood", "mood:gritty")])
    for hops in range(5):
        expected = nx.single_source_shortest_path_length(reference, "book:dark", cutoff=hops)
        graph = kg.network("book:dark", hops)
        assert set(graph) == set(expected)
        assert graph.nodes["book:dark"]["label"] == "Heart of Darkness"
    assert kg.network("book:dark", 9).number_of_edges() == len(FACTS) + 1


def test_several_at_once(kg: KnowledgeGraph) -> None:
    graph = kg.network(["book:dark", "person:inarritu"])
    assert set(graph) == {"book:dark", "imdb:tt1", "person:inarritu", "imdb:tt3"}


def test_unknown_and_ambiguous_names(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownEntity, match=r"Nearest: Apocalypse Now"):
        kg.network("Apocalipse Now")
    with pytest.raises(UnknownEntity) as caught:
        kg.network("Twin")
    assert caught.value.nearest == ["imdb:tt2", "imdb:tt3"]


# -- paths


def test_the_most_specific_way_comes_first(kg: KnowledgeGraph) -> None:
    found = paths(kg, "Apocalypse Now", "imdb:tt2")
    assert [way.entities[1:-1] for way in found] == [("person:brando",), ("person:coppola",), ("genre:drama",)]
    # Brando and Coppola each have two neighbours, drama three.
    assert [way.cost for way in found] == pytest.approx([np.log2(3), np.log2(3), np.log2(4)])
    assert found[1].facts == (
        (("imdb:tt1", "directed_by", "person:coppola"),),
        (("imdb:tt2", "directed_by", "person:coppola"),),
    )


def test_a_fact_between_two_entities_is_the_shortest_way(kg: KnowledgeGraph) -> None:
    first, *_ = paths(kg, "book:dark", "tmdb:1")
    assert (first.entities, first.cost) == (("book:dark", "imdb:tt1"), 0.0)
    assert first.facts == ((("imdb:tt1", "based_on", "book:dark"),),)


def test_limits(kg: KnowledgeGraph) -> None:
    assert len(paths(kg, "imdb:tt1", "imdb:tt2", limit=2)) == 2
    assert paths(kg, "imdb:tt1", "imdb:tt2", max_hops=1) == []
    assert paths(kg, "imdb:tt1", "imdb:tt1") == []
    assert paths(kg, "book:dark", "person:inarritu", max_hops=3) == []
    assert len(paths(kg, "book:dark", "person:inarritu", max_hops=4)) == 1
    with pytest.raises(UnknownEntity):
        paths(kg, "imdb:tt1", "imdb:tt99")


def test_new_facts_make_new_ways(kg: KnowledgeGraph) -> None:
    assert paths(kg, "book:dark", "imdb:tt3", max_hops=2) == []
    kg.add_facts(frame([("imdb:tt3", "based_on", "book:dark")]))
    assert len(paths(kg, "book:dark", "imdb:tt3", max_hops=2)) == 1


edges = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=14, unique=True)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(edges=edges, max_hops=st.integers(1, 4))
def test_all_ways_in_order_of_cost(
    edges: list[tuple[int, int]], max_hops: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """networkx lists all simple paths; theirs must be ours, the cheapest first."""
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("any") / "workspace")
    kg.add_facts(frame([(f"title:{a}", "follows", f"title:{b}") for a, b in edges]))
    reference = nx.Graph((f"title:{a}", f"title:{b}") for a, b in edges if a != b)
    first, last = f"title:{edges[0][0]}", f"title:{edges[-1][1]}"
    if first == last or first not in reference or last not in reference:
        assert paths(kg, first, last, max_hops, limit=1000) == []
        return
    expected = {
        tuple(way): sum(np.log2(1 + reference.degree(node)) for node in way[1:-1])
        for way in nx.all_simple_paths(reference, first, last, cutoff=max_hops)
    }
    found = paths(kg, first, last, max_hops, limit=1000)
    assert {way.entities: way.cost for way in found} == pytest.approx(expected)
    assert len(found) == len(expected)
    costs = [way.cost for way in found]
    assert costs == sorted(costs)
